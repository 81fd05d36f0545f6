package storelist

import (
	"strings"

	"github.com/storelink/storelink/internal/i18n"
)

// OurPrefix is what the names of the columns begin with that we add to a list (its outcomes, or why a row was set aside). A
// list that has them is read as if they were not there.
const OurPrefix = "storelink_"

// lone returns the only column, from 0, that is not one of ours.
func lone(names []string) (at int, ok bool) {
	at = -1
	for i, name := range names {
		if strings.HasPrefix(name, OurPrefix) {
			continue
		}
		if at >= 0 {
			return -1, false
		}
		at = i
	}
	return at, at >= 0
}

// Rejected is a row that has no good store ID, with all that stands in it.
type Rejected struct {
	Line  int // of its first character, or a spreadsheet's row, from 1
	Why   i18n.Message
	Cells []Value // by column, or one with a line of JSON; of text in the list's own bytes. Valid until the next row
}

// Header returns the cells of the list's header, of text in the list's own bytes, and nil where it has none; and how many
// columns its first row has. The cells stay valid.
func (rd *Reader) Header() (cells []Value, columns int) { return rd.src.header() }

// Marked reports whether the list is a text that begins with a byte-order mark.
func (rd *Reader) Marked() bool { return rd.text != nil && rd.text.marked }

// Comma returns what parts the cells of a text; 0 where nothing does.
func (rd *Reader) Comma() rune {
	if t, ok := rd.src.(*table); ok {
		return rune(t.rows.comma)
	}
	return 0
}

// rawValues are a text's cells in the bytes that they came in.
func rawValues(cells []string) []Value {
	out := make([]Value, len(cells))
	for i, s := range cells {
		out[i].Text = s
	}
	return out
}

// cells are all that stands in a row.
func (r *row) cells() []Value {
	if r.values != nil {
		return r.values
	}
	return rawValues(r.raw)
}
