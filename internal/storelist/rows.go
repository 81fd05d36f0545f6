package storelist

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
)

// Rows reads a table that has a header, for those who need more of it than the store IDs: CSV or TSV, with all that a
// list may have around it (gzip, encodings, byte-order marks, blank rows). It streams.
type Rows struct {
	table  *table
	opts   Options
	header []string
}

// NewRows reads a table's header. Of the options, Name, Column and MaxText count. Errors are those of a list.
func NewRows(ctx context.Context, r io.Reader, opts Options) (*Rows, error) {
	in, _, err := newText(&input{ctx: ctx, from: r}, opts.Name, opts.MaxText)
	if err != nil {
		return nil, err
	}
	head, err := in.Peek(in.Size())
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	c := csv.NewReader(in)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord = separator(bytes.TrimLeft(head, " \t\n")), -1, true
	t := &table{name: opts.Name, csv: c, comma: c.Comma}
	first, _, err := t.read()
	if errors.Is(err, io.EOF) {
		return nil, listErrorf(opts.Name, 0, "the table is empty")
	}
	if err != nil {
		return nil, err
	}
	rows := &Rows{table: t, opts: opts}
	for _, cell := range first {
		rows.header = append(rows.header, plain(cell))
	}
	return rows, nil
}

// Header gives the columns' names.
func (r *Rows) Header() []string { return r.header }

// IDColumn finds the column of the store IDs, from 0, as a list's is found: by Options.Column, or else by its name.
func (r *Rows) IDColumn() (int, error) {
	at, _, err := findColumn(r.header, r.opts)
	return at, err
}

// Next gives the next row that has something in it, without white space around its cells, and its line; io.EOF after the
// last. The cells are valid until the next call. A row may have fewer cells than the header, or more.
func (r *Rows) Next() (cells []string, line int, err error) {
	if cells, line, err = r.table.read(); err != nil {
		return nil, 0, err
	}
	for i, cell := range cells {
		cells[i] = plain(cell)
	}
	return cells, line, nil
}

// Format is what the table is: "CSV" or "TSV".
func (r *Rows) Format() string {
	if r.table.comma == '\t' {
		return "TSV"
	}
	return "CSV"
}
