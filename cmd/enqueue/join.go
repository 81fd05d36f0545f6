package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/spool"
	"github.com/storelink/storelink/internal/storelist"
)

// joinColumns are what --join adds to a list.
var joinColumns = []string{"storelink_outcome", "storelink_code", "storelink_message", "storelink_meaning",
	"storelink_request_id", "storelink_attempts", "storelink_decided_at"}

// maxJoin bounds a list that is not a file, in bytes: it is read twice, and so kept.
const maxJoin = 16 << 30

// checkJoin checks the flags of results --join.
func (a *app) checkJoin(f *resultsFlags) error {
	switch {
	case f.only != "":
		return job.Errorf(job.CodeUsage, "--only and --join exclude each other: a list is given back with all of its rows")
	case f.output == "" && a.json:
		return job.Errorf(job.CodeUsage, "--join gives a table and no JSON: name its file by --output")
	case same(f.join, f.output):
		return job.Errorf(job.CodeUsage, "--output %s is the list itself: name another file", f.output)
	}
	format := results.ReportCSV
	switch ext := strings.ToLower(filepath.Ext(f.output)); {
	case f.output == "", ext == ".csv", ext == ".tsv":
	case ext == ".xlsx":
		format = reportBook
	default:
		return job.Errorf(job.CodeUsage, "a list that is given back is .xlsx, .csv or .tsv, as its name ends: %q does not", f.output)
	}
	if err := checkEncoding(f.encoding, format); err != nil || f.output == "" {
		return err
	}
	return checkWritable(f.output)
}

// join gives a list back with what became of its stores.
func (a *app) join(ctx context.Context, s *site, id string, f *resultsFlags) (err error) {
	known := &report.Outcomes{}
	defer func() { err = firstOf(err, known.Close()) }()
	lang := a.language()
	for row, err := range s.ledger.Rows(ctx, id, "") {
		if err != nil {
			return err
		}
		if err := known.Add(row.StoreID, outcomeCells(row, lang)); err != nil {
			return err
		}
	}
	l, err := a.joinedList(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, l.close()) }()
	if f.output == "" {
		_, err := l.write(ctx, a.out, f, known, lang)
		return onStandardOutput(err)
	}
	o, err := create(f.output)
	if err != nil {
		return err
	}
	defer o.drop()
	rows, err := l.write(ctx, o, f, known, lang)
	if err != nil {
		return notWritten(f.output, err)
	}
	if err := o.commit(); err != nil {
		return unwritable(f.output, err)
	}
	return a.reportWritten(rows, f.output, nil)
}

func firstOf(err, second error) error {
	if err != nil {
		return err
	}
	return second
}

// outcomeCells are what stands in joinColumns for a store.
func outcomeCells(r job.Row, lang catalogue.Lang) []string {
	meaning, decided := "", ""
	if e, ok := catalogue.Of(r); ok {
		meaning = e.Say(lang)
	}
	if r.DecidedAt != nil {
		decided = r.DecidedAt.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return []string{string(r.Outcome), r.Code, r.Message, meaning, r.RequestID, strconv.Itoa(r.Attempts), decided}
}

// wordCells are what stands there for a row that has no outcome, by the word for it.
func wordCells(word, why string, lang catalogue.Lang) []string {
	e, _ := catalogue.Lookup(word)
	return []string{word, "", why, e.Say(lang), "", "", ""}
}

// joinedList is a list that can be read twice.
type joinedList struct {
	opts  storelist.Options
	path  string       // a file's, or
	spool *spool.Spool // what came from elsewhere
}

func (a *app) joinedList(ctx context.Context, f *resultsFlags) (*joinedList, error) {
	l := &joinedList{opts: storelist.Options{Name: f.join, Column: f.column, Sheet: f.sheet}, path: f.join}
	if info, err := os.Stat(f.join); f.join != storelist.Stdin && (err != nil || info.Mode().IsRegular() || info.IsDir()) {
		return l, nil
	}
	in := interruptible(ctx, func() (io.ReadCloser, error) {
		in, _, err := storelist.Open(f.join, a.in)
		return in, err
	})
	defer in.Close()
	if f.join == storelist.Stdin {
		l.opts.Name = "<stdin>"
	}
	var err error
	if l.spool, err = spool.From(in, maxJoin); err == nil && l.spool.Size() > maxJoin {
		err = job.Errorf(job.CodeBadList, "the list has more than %d bytes", int64(maxJoin))
	}
	return l, err
}

func (l *joinedList) close() error {
	if l.spool == nil {
		return nil
	}
	return l.spool.Close()
}

// read reads the list once.
func (l *joinedList) read(with func(*storelist.Reader) error) error {
	var in io.Reader
	if l.spool != nil {
		in = l.spool.Reader()
	} else {
		f, _, err := storelist.Open(l.path, nil)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	reader, err := storelist.NewReader(in, l.opts)
	if err != nil {
		return err
	}
	return firstOf(with(reader), reader.Close())
}

// write reads the list, once to its end to know its width and that it can be read, and once to give it back.
func (l *joinedList) write(ctx context.Context, w io.Writer, f *resultsFlags, known *report.Outcomes,
	lang catalogue.Lang) (rows int64, err error) {
	var survey storelist.Survey
	if err := l.read(func(r *storelist.Reader) (err error) { survey, err = r.Survey(); return err }); err != nil {
		return 0, err
	}
	out, finish, err := newJoined(w, f, survey)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	err = l.read(func(r *storelist.Reader) error {
		var cells []report.Cell
		for line, err := range r.Lines(survey.GB18030) {
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			cells = cells[:0]
			for _, v := range line.Values {
				cells = append(cells, report.Cell(v))
			}
			added, err := addedCells(line, known, lang)
			if err != nil {
				return err
			}
			if added != nil {
				cells = append(cells, make([]report.Cell, survey.Width-len(cells))...)
			}
			for _, text := range added {
				cells = append(cells, report.Cell{Text: text})
			}
			row := report.Row{Head: line.Kind == storelist.HeadLine, Cells: cells}
			if r.Stats().Sheet != "" {
				row.Line = line.Number
			}
			if err := out.Add(row); err != nil {
				return writingError(err)
			}
			if line.Kind == storelist.StoreLine {
				rows++
			}
		}
		return nil
	})
	if err != nil {
		return rows, err
	}
	if err := finish(); err != nil {
		return rows, writingError(err)
	}
	return rows, nil
}

// addedCells are what comes behind a row's own cells; nil for nothing.
func addedCells(line storelist.Line, known *report.Outcomes, lang catalogue.Lang) ([]string, error) {
	switch {
	case line.Kind == storelist.HeadLine:
		return newNames(line.Values), nil
	case line.Kind != storelist.StoreLine:
		return nil, nil
	case line.Why != "":
		return wordCells(catalogue.SetAside, line.Why, lang), nil
	}
	cells, ok, err := known.Find(line.ID)
	if err == nil && !ok {
		cells = wordCells(catalogue.NotInJob, "", lang)
	}
	return cells, err
}

// newNames are the names of the added columns, told apart from those of a list that was given back before.
func newNames(names []storelist.Value) []string {
	out := slices.Clone(joinColumns)
	for n := 2; slices.ContainsFunc(names, func(v storelist.Value) bool { return slices.Contains(out, strings.TrimPrefix(v.Text, "\ufeff")) }); n++ {
		for i, name := range joinColumns {
			out[i] = name + "_" + strconv.Itoa(n)
		}
	}
	return out
}

// newJoined begins the table that is given back.
func newJoined(w io.Writer, f *resultsFlags, survey storelist.Survey) (report.Joined, func() error, error) {
	if strings.EqualFold(filepath.Ext(f.output), ".xlsx") {
		out, err := report.NewJoinedBook(w, survey.Width+len(joinColumns), 0)
		if err != nil {
			return nil, nil, err
		}
		return out, out.Flush, nil
	}
	encoding, err := report.ParseEncoding(f.encoding)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := encoding.Writer(w)
	if err != nil {
		return nil, nil, &writing{err}
	}
	comma := ','
	if strings.EqualFold(filepath.Ext(f.output), ".tsv") {
		comma = '\t'
	}
	out := report.NewJoinedCSV(encoded, comma)
	return out, func() error {
		if err := out.Flush(); err != nil {
			return err
		}
		return encoded.Close()
	}, nil
}

// writingError is an error of where the list is written to, unless it says of itself what it is.
func writingError(err error) error {
	if job.AsError(err).Code != job.CodeInternal {
		return err
	}
	return &writing{err}
}
