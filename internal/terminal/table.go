package terminal

import (
	"io"
	"slices"
	"strings"
)

// Column is a column of a table.
type Column struct {
	Name  string
	Right bool // figures stand at the right

	Least int // how narrow its texts may be cut, in columns; 0 for not at all, as an ID that is copied from the screen
	Drop  int // the column with the highest goes first where there is no room; 0 stays
}

// Cell is what stands in a row's column. Text may come from outside.
type Cell struct {
	Text  string
	Style Style
}

// Table is rows under the names of their columns.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// Add adds a row, a cell for each column.
func (t *Table) Add(cells ...Cell) {
	row := make([]Cell, len(t.Columns))
	for i := range row {
		if i < len(cells) {
			row[i] = Cell{Line(cells[i].Text), cells[i].Style}
		}
	}
	t.rows = append(t.rows, row)
}

// gap is what stands between two columns.
const gap = "  "

// WritePlain writes the table for an output that is no terminal: all columns, whole, two spaces apart.
func (t *Table) WritePlain(w io.Writer) error {
	widths := make([]int, len(t.Columns))
	names := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		names[i].Text = c.Name
	}
	rows := append([][]Cell{names}, t.rows...)
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], Width(c.Text))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, c := range row {
			text := c.Text
			if i < len(row)-1 {
				text = Pad(text, widths[i], false) + gap
			}
			b.WriteString(text)
		}
		if _, err := io.WriteString(w, b.String()+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the table so that it fits the screen: wide texts are cut first, then whole columns are left out, whose names
// it gives. An output without a width gets everything.
func (t *Table) Write(w io.Writer, s Screen) (left []string, err error) {
	if s.Plain() {
		return nil, t.WritePlain(w)
	}
	lines, left := t.Lines(s, s.Width())
	for _, line := range lines {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return left, err
		}
	}
	return left, nil
}

// Lines lays the table out in at most so many columns, 0 for no bound: its names, then its rows. It tells the names of the
// columns that had no room.
func (t *Table) Lines(s Screen, width int) (lines, left []string) {
	shown, widths, left := t.fit(width)
	names := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = Cell{c.Name, Bold}
	}
	for _, row := range append([][]Cell{names}, t.rows...) {
		var b strings.Builder
		for n, i := range shown {
			c := t.Columns[i]
			text := Cut(row[i].Text, widths[n])
			blank := strings.Repeat(" ", max(0, widths[n]-Width(text)))
			text = s.Paint(row[i].Style, text)
			switch {
			case c.Right:
				text = blank + text
			case n < len(shown)-1:
				text += blank
			}
			if n > 0 {
				b.WriteString(gap)
			}
			b.WriteString(text)
		}
		line := b.String()
		if width > 0 {
			line = Cut(line, width)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines, left
}

// fit decides which columns are shown, and how wide.
func (t *Table) fit(width int) (shown, widths []int, left []string) {
	natural := make([]int, len(t.Columns))
	all := len(gap) * (len(t.Columns) - 1)
	for i, c := range t.Columns {
		natural[i] = Width(c.Name)
		for _, row := range t.rows {
			natural[i] = max(natural[i], Width(row[i].Text))
		}
		all += natural[i]
	}
	for i, c := range t.Columns {
		empty := !slices.ContainsFunc(t.rows, func(row []Cell) bool { return row[i].Text != "" })
		if width <= 0 || all <= width || !empty || c.Drop == 0 { // nobody misses an empty one
			shown = append(shown, i)
		}
	}
	for {
		widths = widths[:0]
		over := len(gap)*(len(shown)-1) - width
		for _, i := range shown {
			widths = append(widths, natural[i])
			over += natural[i]
		}
		if width <= 0 || t.cut(shown, widths, over) {
			return shown, widths, left
		}
		last := -1
		for n, i := range shown {
			if t.Columns[i].Drop > 0 && (last < 0 || t.Columns[i].Drop > t.Columns[shown[last]].Drop) {
				last = n
			}
		}
		if last < 0 {
			return shown, widths, left // the lines are cut
		}
		left = append(left, t.Columns[shown[last]].Name)
		shown = slices.Delete(shown, last, last+1)
	}
}

// cut takes so many columns away, always from the widest that may be cut, and says whether that was possible.
func (t *Table) cut(shown, widths []int, over int) bool {
	for ; over > 0; over-- {
		widest := -1
		for n, i := range shown {
			least := t.Columns[i].Least
			if least > 0 && widths[n] > max(least, Width(t.Columns[i].Name)) && (widest < 0 || widths[n] > widths[widest]) {
				widest = n
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
	}
	return true
}
