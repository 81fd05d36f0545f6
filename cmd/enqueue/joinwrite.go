package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/terminal"
)

// write reads the list, once to its end to know its width and that it can be read, and once to give it back: in place where it
// stays what it is, else row by row.
func (l *joinedList) write(ctx context.Context, w io.Writer, f *resultsFlags, j *joining) error {
	var survey storelist.Survey
	inPlace := false
	err := l.read(ctx, func(r *storelist.Reader) (err error) {
		inPlace = r.InPlace() && ending(f.output) == ".xlsx" && !j.many && j.only == ""
		survey, err = r.Survey()
		return err
	})
	if err != nil {
		return err
	}
	if ending(f.output) == ".xlsx" {
		if err := report.CheckWidth(survey.Width + len(j.columns)); err != nil {
			return err
		}
	}
	if inPlace {
		return writingError(l.read(ctx, func(r *storelist.Reader) error { return r.WriteBook(w, survey.Width, j.behind(ctx, nil)) }))
	}
	form, err := formOf(f, survey, j.shown)
	if err != nil {
		return err
	}
	if form.own && !j.shown {
		l.opts.Keep = true
		return writingError(l.read(ctx, func(r *storelist.Reader) error { return r.WriteText(w, survey, j.behind(ctx, report.NoFormula)) }))
	}
	out, finish, err := form.begin(w)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := l.read(ctx, func(r *storelist.Reader) error { return j.copyRows(ctx, r, survey, out) }); err != nil {
		return err
	}
	return writingError(finish())
}

// behind gives what stands behind a list's rows, none of which is changed; guard keeps what is added from being taken for a
// formula, and is nil where it cannot be.
func (j *joining) behind(ctx context.Context, guard func(string) string) storelist.Behind {
	return storelist.Behind{Columns: len(j.columns), Of: func(line storelist.Line) ([][]string, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		added, err := j.added(line)
		if err != nil {
			return nil, err
		}
		for _, cells := range added {
			j.count(line)
			for i := range cells {
				if guard != nil {
					cells[i] = guard(cells[i])
				}
			}
		}
		return added, nil
	}}
}

// count counts a row of a store.
func (j *joining) count(line storelist.Line) {
	if line.Kind == storelist.StoreLine {
		j.rows++
	}
}

// copyRows writes the list's rows anew, with what stands behind them.
func (j *joining) copyRows(ctx context.Context, r *storelist.Reader, survey storelist.Survey, out report.Joined) error {
	var cells []report.Cell
	for line, err := range r.Lines(survey.GB18030) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		added, err := j.added(line)
		if err != nil {
			return err
		}
		cells = append(cells[:0], reportCells(line.Values)...)
		own := len(cells)
		for _, more := range added {
			cells = cells[:own]
			if more != nil && own < survey.Width {
				cells = append(cells, make([]report.Cell, survey.Width-own)...)
			}
			for _, text := range more {
				cells = append(cells, report.Cell{Text: text})
			}
			row := report.Row{Head: line.Kind == storelist.HeadLine, Cells: cells}
			if survey.Book && !j.many && j.only == "" {
				row.Line = line.Number
			}
			if err := j.add(out, row); err != nil {
				return writingError(err)
			}
			j.count(line)
		}
	}
	return nil
}

// add writes a row; on a terminal, which it must not steer.
func (j *joining) add(out report.Joined, row report.Row) error {
	for i := range row.Cells {
		if j.shown {
			row.Cells[i].Text = terminal.Printable(row.Cells[i].Text)
		}
	}
	return out.Add(row)
}

// joinedForm is how a list is given back.
type joinedForm struct {
	book     bool // a new workbook
	own      bool // text in the list's own form: nothing of it has to be changed
	encoding report.Encoding
	comma    rune
}

// formOf tells how a list is given back. Text is in the list's own encoding and has its separator, as far as neither --encoding
// nor the file's name says otherwise; a terminal gets UTF-8.
func formOf(f *resultsFlags, list storelist.Survey, shown bool) (joinedForm, error) {
	own := listEncoding(storelist.Reading{Encoding: list.Encoding}, list.Marked)
	form := joinedForm{book: ending(f.output) == ".xlsx", encoding: own, comma: list.Comma}
	if form.book {
		return form, nil
	}
	if list.Book || shown {
		form.encoding = report.UTF8
	}
	if f.encoding != "" {
		var err error
		if form.encoding, err = report.ParseEncoding(f.encoding); err != nil {
			return form, err
		}
	}
	switch {
	case ending(f.output) == ".tsv":
		form.comma = '\t'
	case list.Comma == 0, list.Comma == '\t' && ending(f.output) == ".csv" && ending(f.join) == ".tsv":
		form.comma = ','
	}
	form.own = !list.Book && form.encoding == own && form.comma == list.Comma
	return form, nil
}

// ending is that of a file's name, without .gz.
func ending(name string) string {
	return strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")))
}

// begin begins the table that is given back; finish ends it.
func (form joinedForm) begin(w io.Writer) (out report.Joined, finish func() error, err error) {
	if form.book {
		out := report.NewJoinedBook(w, 0)
		return out, out.Flush, nil
	}
	encoded, err := form.encoding.Writer(w)
	if err != nil {
		return nil, nil, &writing{err}
	}
	out = report.NewJoinedCSV(encoded, form.comma)
	return out, func() error {
		if err := out.Flush(); err != nil {
			return err
		}
		return encoded.Close()
	}, nil
}

// writingError is an error of where the list is written to, unless it says of itself what it is.
func writingError(err error) error {
	if err == nil || job.AsError(err).Code != job.CodeInternal || errors.Is(err, context.Canceled) {
		return err
	}
	return &writing{err}
}
