package xlsx

import (
	"encoding/xml"
	"io"
	"slices"
	"strconv"

	"github.com/storelink/storelink/internal/i18n"
)

// Rows gives a sheet's rows.
type Rows struct {
	w      *Workbook
	m      *markup
	inside bool // <sheetData>
	row    Row
	last   int    // the last row's number
	areas  []area // of formulas that fill several cells, down to the row that is being read or further
}

// Row is a row that the sheet has something to say of: rows without anything may be missing.
type Row struct {
	Number int // from 1
	Hidden bool
	Cells  []Cell // by column; cells without a value may be missing
}

// Rows opens a sheet. The last call of Next, which gives an error, closes it; so does Close.
func (w *Workbook) Rows(s Sheet) (*Rows, error) {
	m, err := w.open(s.part, "worksheet", maxPart)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, damaged(i18n.E("sheet.missing", "sheet", s.Name))
	}
	return &Rows{w: w, m: m}, nil
}

// Close ends reading before the last row. It can be called twice.
func (r *Rows) Close() {
	if r.m != nil {
		r.m.close()
		r.m = nil
	}
}

// Next gives the next row, which is valid until it is called again, and io.EOF after the last: then the sheet has been
// read to its end, and its checksum was right. Rows come in ascending order.
func (r *Rows) Next() (Row, error) {
	if r.m == nil {
		return Row{}, io.EOF
	}
	for {
		e, err := r.m.next()
		if err != nil {
			r.Close()
			return Row{}, err
		}
		switch {
		case e.depth == 2 && e.end:
			r.inside = false
		case e.start == nil:
		case e.depth == 2:
			r.inside = e.start.Name.Local == "sheetData"
		case e.depth == 3 && r.inside && e.start.Name.Local == "row":
			if err := r.read(e.start); err != nil {
				r.Close()
				return Row{}, unexpected(err)
			}
			return r.row, nil
		}
	}
}

func (r *Rows) read(start *xml.StartElement) error {
	number := r.last + 1
	if s := attr(start, "r"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n <= r.last {
			return damaged(i18n.E("sheet.row_order", "row", s, "last", r.last))
		}
		number = n
	}
	if number > MaxRows {
		return damaged(i18n.E("sheet.many_rows", "most", MaxRows))
	}
	r.last = number
	r.areas = slices.DeleteFunc(r.areas, func(a area) bool { return a.bottom < number })
	r.row = Row{Number: number, Hidden: truth(attr(start, "hidden")), Cells: r.row.Cells[:0]}
	column := 0
	for {
		e, err := r.m.next()
		switch {
		case err != nil:
			return err
		case e.end && e.depth == 3:
			return nil
		case e.start == nil || e.depth != 4 || e.start.Name.Local != "c":
			continue
		}
		next := column + 1
		if ref := attr(e.start, "r"); ref != "" {
			if next = columnOf(ref, number); next <= column {
				return damaged(i18n.E("sheet.cell_place", "cell", ref, "row", number))
			}
		}
		if column = next; column > MaxColumns {
			return damaged(i18n.E("sheet.many_columns", "row", number))
		}
		cell, err := r.cell(e.start, column)
		if err != nil {
			return err
		}
		if cell.Column = column; cell.Kind != Blank {
			r.row.Cells = append(r.row.Cells, cell)
		}
	}
}

// columnOf reads a cell's name, such as AB12, which must be in the row; 0 where it is none. Small letters are read too:
// some programs write them.
func columnOf(ref string, row int) int {
	column, rest := letters(ref)
	if rest != strconv.Itoa(row) {
		return 0
	}
	return column
}

// letters reads a column's letters, of which three are the most, and gives what stands behind them.
func letters(ref string) (column int, rest string) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i]|0x20 >= 'a' && ref[i]|0x20 <= 'z'; i++ {
		column = column*26 + int(ref[i]|0x20-'a') + 1
	}
	return column, ref[i:]
}

// cell reads a cell whose start has just come.
func (r *Rows) cell(start *xml.StartElement, column int) (Cell, error) {
	c := written{kind: attr(start, "t"), style: attr(start, "s"), formula: r.filled(column)}
	for {
		e, err := r.m.next()
		switch {
		case err != nil:
			return Cell{}, err
		case e.end && e.depth == 4:
			return r.w.cell(c)
		case e.start == nil || e.depth != 5:
			continue
		}
		switch e.start.Name.Local {
		case "v":
			c.has = true
			c.value, err = r.m.text()
		case "is":
			c.inline, err = r.m.rich()
		case "f":
			c.formula = true
			if err = r.fills(e.start); err == nil {
				err = r.m.skip()
			}
		default:
			err = r.m.skip()
		}
		if err != nil {
			return Cell{}, err
		}
	}
}
