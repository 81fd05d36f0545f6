package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is what a cell holds.
type Kind int

// The kinds of cells.
const (
	Blank   Kind = iota
	Text         // of the list itself, or a formula's result
	Number       // a quantity, whatever its display
	Date         // a number that is displayed as a date or a time, or a date
	Bool         // TRUE or FALSE
	Error        // #N/A and the like
	Unsaved      // a formula whose result is not in the file, or of which the file says that it is none
)

// Cell is a cell of a row.
type Cell struct {
	Column  int // from 1
	Kind    Kind
	Formula bool    // it is a formula's result, or has none
	Format  string  // the number format of a number or a date, such as #,##0; at most 255 characters
	Number  float64 // of a number or a date
	text    string  // of a text that is shared: its number
	shared  bool
}

// Nothing says whether the cell is a formula whose result is an empty text.
func (c Cell) Nothing() bool { return c.Formula && c.Kind == Text && !c.shared && c.text == "" }

// Name is what a cell is called, such as AB12.
func Name(column, row int) string {
	letters := ""
	for ; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return letters + strconv.Itoa(row)
}

// maxExact is the first number of sixteen digits: a spreadsheet keeps fifteen (Microsoft, Excel specifications and
// limits), so that one of more digits may have lost some.
const maxExact = 1e15

// Integer gives a number's digits, if it is a whole number; exact is false where it is too long for a spreadsheet to have
// kept every digit.
func (c Cell) Integer() (digits string, whole, exact bool) {
	if c.Number != math.Trunc(c.Number) {
		return "", false, true
	}
	if math.Abs(c.Number) >= maxExact {
		return "", true, false
	}
	return strconv.FormatInt(int64(c.Number), 10), true, true
}

// Text gives a cell's value as text: of a number its digits, of a date YYYY-MM-DD, HH:MM:SS or both. "" is also what a
// text without characters gives.
func (w *Workbook) Text(c Cell) (string, error) {
	switch {
	case c.shared:
		return w.strings.get(w, c.text)
	case c.Kind == Number:
		return plainNumber(c.Number), nil
	case c.Kind == Date && c.text == "":
		return w.from.text(c.Number), nil
	}
	return c.text, nil
}

func plainNumber(n float64) string {
	if math.Abs(n) >= 1e21 || n != 0 && math.Abs(n) < 1e-9 {
		return strconv.FormatFloat(n, 'G', -1, 64)
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// written is what a sheet says of a cell.
type written struct {
	kind, style   string // its t and s
	value, inline string // its <v> and <is>
	has, formula  bool   // there is a <v>; it is a formula's
}

// cell makes a cell of what the sheet says of it.
func (w *Workbook) cell(c written) (out Cell, err error) {
	if c.formula && (w.uncalculated || c.unsaved()) {
		return Cell{Kind: Unsaved, Formula: true}, nil
	}
	switch c.kind {
	case "s":
		if number := strings.TrimSpace(c.value); number != "" {
			out = Cell{Kind: Text, text: number, shared: true}
		}
	case "str":
		if out = textCell(unescape(c.value)); c.formula {
			out.Kind = Text // that of nothing is how spreadsheet programs write a formula's empty text
		}
	case "inlineStr":
		out = textCell(c.inline)
	case "b":
		if value := strings.TrimSpace(c.value); value != "" {
			out = Cell{Kind: Bool, text: map[bool]string{true: "TRUE", false: "FALSE"}[truth(value)]}
		}
	case "d":
		out = Cell{Kind: Date, text: c.value}
	case "", "n":
		out, err = w.number(c.style, strings.TrimSpace(c.value))
	default: // "e", or what no program writes
		out = Cell{Kind: Error, text: c.value}
	}
	out.Formula = c.formula
	return out, err
}

// unsaved says whether a formula's cell has no result in it: openpyxl and others leave <v> empty or out, since they do
// not calculate. An empty text is a result where its type is said to be one, as of =IF(B2="","",B2).
func (c written) unsaved() bool {
	switch {
	case c.kind == "str":
		return !c.has && c.inline == ""
	case c.kind == "inlineStr":
		return c.inline == ""
	}
	return strings.TrimSpace(c.value) == ""
}

func textCell(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Cell{Kind: Text, text: s}
}

func (w *Workbook) number(at, value string) (Cell, error) {
	if value == "" {
		return Cell{}, nil
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789.+-eE") != "" {
		return Cell{Kind: Error, text: value}, nil
	}
	look, err := w.style(at)
	c := Cell{Kind: Number, Number: n, Format: look.format}
	if look.date {
		c.Kind = Date
	}
	return c, err
}

// epoch is the day from which a workbook counts days.
type epoch int

const (
	epoch1900 epoch = iota // 1 is 1900-01-01, and 60 a day that never was
	epoch1904              // 0 is 1904-01-01
)

// text writes days, and parts of one, as a date and a time, to the second.
func (e epoch) text(days float64) string {
	if days < 0 || days >= 2_958_466 { // 10000-01-01
		return plainNumber(days)
	}
	begin := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case e == epoch1904:
		begin = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		begin = begin.AddDate(0, 0, 1)
	}
	whole := math.Floor(days)
	at := begin.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round((days-whole)*86400)) * time.Second)
	switch {
	case days < 1 && days > 0 && e == epoch1900:
		return at.Format(time.TimeOnly)
	case at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}
