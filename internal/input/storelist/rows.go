package storelist

import (
	"context"
	"io"

	"github.com/storelink/storelink/internal/i18n"
)

// Rows reads a table that has a header, for those who need more of it than the store IDs: CSV or TSV, with all that a
// list may have around it (gzip, encodings, byte-order marks, blank rows, titles above the header). It streams.
type Rows struct {
	table  *table
	header headRow
	at     int   // the column of the store IDs
	err    error // or why there is none
}

// NewRows finds a table's header. Of the options, SetAside, Sheet, NoHeader and MaxIDs do not count. Errors are those of a
// list.
func NewRows(ctx context.Context, r io.Reader, opts Options) (*Rows, error) {
	in, err := newText(&input{ctx: ctx, from: r}, opts.Name, opts.MaxText)
	if err != nil {
		return nil, err
	}
	t := &table{name: opts.Name, rows: records{in: in}}
	if t.held, err = t.rows.begin(opts); err != nil {
		return nil, err
	}
	h := holding{search: search{opts: opts}}
	if err := t.hold(&h, maxHeld); err != nil {
		return nil, err
	}
	if len(h.rows) == 0 {
		return nil, listError(opts.Name, 0, "list.empty_table")
	}
	rows := &Rows{table: t}
	return rows, rows.find(&h)
}

// find finds the header, which is the first row where no name says that it is another, and the column of the IDs.
func (r *Rows) find(h *holding) error {
	s, i, at := &h.search, -1, 0
	s.withoutOurs()
	name := s.opts.columnName()
	switch {
	case s.opts.HeaderLine > 0:
		found, _, err := s.inLine()
		if err != nil {
			return err
		}
		i, at = found.row, found.at
	case name != "":
		for j := 0; j < len(s.rows) && i < 0 && r.err == nil; j++ {
			if at, r.err = s.cellNamed(s.rows[j], name); at >= 0 {
				i = j
			}
		}
		if i < 0 && r.err == nil {
			r.err = s.noSuchColumn(name, s.rows[0])
		}
	default:
		if i, at, r.err = s.firstKnown(); s.opts.Column != "" {
			at, r.err = s.opts.columnNumber()-1, s.tooFar()
		} else if i < 0 {
			r.err = s.unknown(s.rows[0])
		}
	}
	t := r.table
	t.head = s.header(max(i, 0), at)
	if t.head.ids == OwnIDs && r.err == nil {
		r.err = ownNumbers(s.opts.Name, s.rows[t.head.row].line, t.head.name)
	}
	r.header, r.at = s.rows[t.head.row], at
	t.settle(t.head, h)
	t.given = h.at[t.head.row] + 1
	return s.above(&t.head)
}

// Header gives the columns' names.
func (r *Rows) Header() []string { return r.header.names }

// HeaderLine is the line that the header stands in.
func (r *Rows) HeaderLine() int { return r.header.line }

// Warnings returns what a person ought to know of how the table is read.
func (r *Rows) Warnings() []i18n.Message { return r.table.head.warnings }

// IDColumn finds the column of the store IDs, from 0, as a list's is found: by Options.Column, or else by its name.
func (r *Rows) IDColumn() (int, error) { return r.at, r.err }

// Next gives the next row that has something in it, without white space around its cells, and its line; io.EOF after the
// last. The cells are valid until the next call. A row may have fewer cells than the header, or more.
func (r *Rows) Next() (cells []string, line int, err error) {
	for {
		rec, kind, err := r.table.record()
		if err != nil {
			return nil, 0, err
		}
		if kind == AboveLine || rec.blank() {
			continue
		}
		if rec.folded && r.table.rows.swallowed(rec, r.at, r.table.head.width) {
			return nil, 0, r.table.rows.swallowing(rec.line)
		}
		for i, cell := range rec.cells {
			rec.cells[i] = plain(cell)
		}
		return rec.cells, rec.line, nil
	}
}

// Format is what the table is: "CSV" or "TSV".
func (r *Rows) Format() string {
	if r.table.rows.comma == '\t' {
		return "TSV"
	}
	return "CSV"
}
