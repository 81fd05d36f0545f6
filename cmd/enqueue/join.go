package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/spool"
	"github.com/storelink/storelink/internal/storelist"
	"github.com/storelink/storelink/internal/terminal"
)

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
		format = report.Workbook
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
	status, err := s.ledger.Status(ctx, id)
	if err != nil {
		return err
	}
	j := newJoin(status, a.language())
	defer func() { err = firstOf(err, j.known.Close()) }()
	for row, err := range s.ledger.Rows(ctx, id, "") {
		if err != nil {
			return err
		}
		if err := j.known.Add(row.StoreID, j.outcome(row)); err != nil {
			return err
		}
	}
	l, err := a.joinedList(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, l.close()) }()
	if f.output == "" {
		j.shown = a.screen.Terminal
		_, err := l.write(ctx, a.out, f, j)
		return onStandardOutput(err)
	}
	rows, err := toFile(f.output, func(w io.Writer) (int64, error) { return l.write(ctx, w, f, j) })
	if err != nil {
		return err
	}
	return a.reportWritten(rows, f.output, nil)
}

func firstOf(err, second error) error {
	if err != nil {
		return err
	}
	return second
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
func (l *joinedList) read(ctx context.Context, with func(*storelist.Reader) error) error {
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
	reader, err := storelist.NewReader(ctx, in, l.opts)
	if err != nil {
		return err
	}
	return firstOf(with(reader), reader.Close())
}

// write reads the list, once to its end to know its width and that it can be read, and once to give it back.
func (l *joinedList) write(ctx context.Context, w io.Writer, f *resultsFlags, j *joining) (rows int64, err error) {
	var survey storelist.Survey
	if err := l.read(ctx, func(r *storelist.Reader) (err error) { survey, err = r.Survey(); return err }); err != nil {
		return 0, err
	}
	out, finish, err := newJoined(w, f, survey, len(j.columns), j.shown)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	err = l.read(ctx, func(r *storelist.Reader) error {
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
			added, err := j.added(line)
			if err != nil {
				return err
			}
			own := len(cells)
			for _, more := range added {
				cells = cells[:own]
				if more != nil {
					cells = append(cells, make([]report.Cell, survey.Width-own)...)
				}
				for _, text := range more {
					cells = append(cells, report.Cell{Text: text})
				}
				for i := range cells {
					if j.shown {
						cells[i].Text = terminal.Printable(cells[i].Text)
					}
				}
				row := report.Row{Head: line.Kind == storelist.HeadLine, Cells: cells}
				if r.Stats().Sheet != "" && !j.many {
					row.Line = line.Number
				}
				if err := out.Add(row); err != nil {
					return writingError(err)
				}
				if line.Kind == storelist.StoreLine {
					rows++
				}
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

// newJoined begins the table that is given back, with so many columns more than the list's. Text is in the list's own encoding
// and has its separator, as far as neither --encoding nor the file's name says otherwise; a terminal gets UTF-8.
func newJoined(w io.Writer, f *resultsFlags, list storelist.Survey, more int, shown bool) (report.Joined, func() error, error) {
	if strings.EqualFold(filepath.Ext(f.output), ".xlsx") {
		out, err := report.NewJoinedBook(w, list.Width+more, 0)
		if err != nil {
			return nil, nil, err
		}
		return out, out.Flush, nil
	}
	encoding, err := report.ParseEncoding(f.encoding)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case f.encoding != "" || shown:
	case list.GB18030:
		encoding = report.GB18030
	case list.Marked:
		encoding = report.UTF8BOM
	}
	encoded, err := encoding.Writer(w)
	if err != nil {
		return nil, nil, &writing{err}
	}
	comma := ','
	switch ext := strings.ToLower(filepath.Ext(f.output)); {
	case ext == ".tsv":
		comma = '\t'
	case list.Comma == ';', f.output == "" && list.Comma != 0:
		comma = list.Comma
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
