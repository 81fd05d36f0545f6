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
	Unsaved      // a formula whose result is not in the file
)

// Cell is a cell of a row.
type Cell struct {
	Column int // from 1
	Kind   Kind
	Format string  // the number format of a number or a date, such as #,##0
	Number float64 // of a number or a date
	text   string  // of a text that is shared: its number
	shared bool
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

// cell makes a cell of what the sheet says of it.
func (w *Workbook) cell(kind, style, value, inline string, has, formula bool) (Cell, error) {
	if formula && !has && inline == "" {
		return Cell{Kind: Unsaved}, nil
	}
	switch kind {
	case "s":
		if !has {
			return Cell{}, nil
		}
		return Cell{Kind: Text, text: value, shared: true}, nil
	case "str":
		return textCell(unescape(value)), nil
	case "inlineStr":
		return textCell(inline), nil
	case "b":
		if has {
			return Cell{Kind: Bool, text: map[bool]string{true: "TRUE", false: "FALSE"}[truth(value)]}, nil
		}
		return Cell{}, nil
	case "e":
		return Cell{Kind: Error, text: value}, nil
	case "d":
		return Cell{Kind: Date, text: value}, nil
	case "", "n":
		return w.number(style, strings.TrimSpace(value)), nil
	}
	return Cell{Kind: Error, text: value}, nil
}

func textCell(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Cell{Kind: Text, text: s}
}

func (w *Workbook) number(style, value string) Cell {
	if value == "" {
		return Cell{}
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789.+-eE") != "" {
		return Cell{Kind: Error, text: value}
	}
	c := Cell{Kind: Number, Number: n, Format: "General"}
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(w.styles) {
		c.Format = w.styles[i]
	}
	if isDate(c.Format) {
		c.Kind = Date
	}
	return c
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
