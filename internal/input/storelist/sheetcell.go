package storelist

import (
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/xlsx"
	"github.com/storelink/storelink/internal/job"
)

// What is wrong with cells that hold no text.
var (
	whyTooLong  = i18n.M("list.lost_digits")
	whyFraction = i18n.M("list.fraction")
	whyDate     = i18n.M("list.is_date")
	whyBool     = i18n.M("list.is_bool")
	whyError    = i18n.M("list.is_error")
	whyUnsaved  = i18n.M("list.unsaved")
	whyEmpty    = i18n.M("list.all_unsaved")
)

// Of the cells that bad rows are given out with, those with nothing in them too: a sheet may have one value in its last
// column in every row. So many are fine, and so many times the file's size.
const (
	maxWidth   = 1 << 24
	widthRatio = 100
)

func badWidth(name string, r xlsx.Row) error {
	return listError(name, r.Number, "list.too_wide", "column", r.Cells[len(r.Cells)-1].Column)
}

// cellID gives the ID that a cell holds, or what it shows and why that is none. Of a number, what is stored decides, and
// how it is displayed does not matter, as long as the display only groups or rounds: one that adds characters (0000000
// shows 7 as 0000007) makes it unsure what its reader takes for the ID.
func (s *sheet) cellID(c xlsx.Cell, text string, row int) (id string, fault i18n.Message) {
	switch c.Kind {
	case xlsx.Date:
		return text, whyDate
	case xlsx.Bool:
		return text, whyBool
	case xlsx.Error:
		return text, whyError
	case xlsx.Unsaved:
		return unsavedIn(c.Column, row), whyUnsaved
	case xlsx.Number:
		digits, whole, exact := c.Integer()
		switch {
		case !exact:
			return text, whyTooLong
		case !whole:
			return text, whyFraction
		case s.adds(c.Format, len(strings.TrimPrefix(digits, "-"))):
			return text, i18n.M("list.format_adds", "format", Shown(c.Format))
		}
		return digits, fault
	}
	return text, fault
}

// unsavedMark begins what stands for a formula without a result. What the formula gives may be an ID.
const unsavedMark = "=… ("

// unsavedIn is what stands for a formula without a result: which cell that is.
func unsavedIn(column, row int) string { return unsavedMark + xlsx.Name(column, row) + ")" }

// empties are the formulas that have an empty text for their result, in rows with nothing else in them. Where others of
// their column have a result, they are what people draw further than their list goes (=IF(B9="","",B9)), and blank rows;
// where no formula has one, it is more likely that nothing was calculated.
type empties struct {
	first  map[int]int  // by column, the first such row
	result map[int]bool // by column, that a formula has a result
	told   bool
}

func newEmpties() empties { return empties{map[int]int{}, map[int]bool{}, false} }

// note looks at a row that is read.
func (e *empties) note(r xlsx.Row) {
	nothing := true
	for _, c := range r.Cells {
		if nothing = nothing && c.Nothing(); c.Formula && c.Kind != xlsx.Unsaved && !c.Nothing() {
			e.result[c.Column] = true
		}
	}
	for _, c := range r.Cells {
		if nothing && e.first[c.Column] == 0 {
			e.first[c.Column] = r.Number
		}
	}
}

// end gives a bad row for all of the IDs' column, once, where they are none that may be passed over.
func (e *empties) end(column int) (row, bool) {
	line := e.first[column]
	if line == 0 || e.result[column] || e.told {
		return row{}, false
	}
	e.told = true
	return row{line: line, id: unsavedIn(column, line), fault: whyEmpty}, true
}

// looks is what a number format adds to a number's digits. It is found out once for each format.
type looks struct {
	zeros int  // it shows at least so many digits before the point
	own   bool // it has letters, digits, _ or - of its own
}

// adds says whether a number format shows more characters of an ID than a number's digits.
func (s *sheet) adds(format string, digits int) bool {
	l, known := s.looks[format]
	if !known {
		l = looksOf(format)
		s.looks[format] = l
	}
	return l.own || l.zeros > digits
}

// looksOf looks at a format's first part alone, which is for positive numbers.
func looksOf(format string) (l looks) {
	const general = "general"
	for i, whole := 0, true; i < len(format); i++ {
		c := format[i]
		switch {
		case c == ';':
			return l
		case len(format)-i >= len(general) && strings.EqualFold(format[i:i+len(general)], general):
			i += len(general) - 1
		case c == '"' || c == '[':
			end := strings.IndexByte(format[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 || c == '"' && partOfID(format[i+1:i+1+end]) {
				l.own = true
				return l
			}
			i += end + 1
		case c == '_' || c == '*':
			i++
		case c == '\\':
			if i++; i < len(format) && partOfID(format[i:i+1]) {
				l.own = true
			}
		case c == '0':
			if whole {
				l.zeros++
			}
		case c == '.':
			whole = false
		case c == 'E' || c == 'e':
			whole = false
			i++ // its sign
		case partOfID(string(c)):
			l.own = true
		}
	}
	return l
}

func partOfID(s string) bool {
	for i := range len(s) {
		if job.ValidID(s[i : i+1]) {
			return true
		}
	}
	return false
}

// chooseSheet finds the sheet that holds the list.
func chooseSheet(w *xlsx.Workbook, opts Options) (xlsx.Sheet, error) {
	var visible []xlsx.Sheet
	for _, s := range w.Sheets() {
		if !s.Hidden {
			visible = append(visible, s)
		}
	}
	if opts.Sheet != "" {
		return namedSheet(w.Sheets(), visible, opts)
	}
	var filled []xlsx.Sheet
	for _, s := range visible {
		has, err := hasRows(w, s)
		if err != nil {
			return xlsx.Sheet{}, err
		}
		if has {
			filled = append(filled, s)
		}
	}
	switch len(filled) {
	case 1:
		return filled[0], nil
	case 0:
		if len(visible) < len(w.Sheets()) {
			return xlsx.Sheet{}, listError(opts.Name, 0, "list.hidden_sheets", "sheets", quoted(sheetNames(w.Sheets())))
		}
		return xlsx.Sheet{}, listError(opts.Name, 0, "list.empty")
	}
	if stores, ours, err := reportSheet(w, filled); ours || err != nil {
		return stores, err
	}
	return xlsx.Sheet{}, listError(opts.Name, 0, "list.several_sheets", "sheets", quoted(sheetNames(filled)))
}

// namedSheet finds the sheet that the operator named, or numbered among those that can be seen.
func namedSheet(all, visible []xlsx.Sheet, opts Options) (xlsx.Sheet, error) {
	for _, same := range []func(a, b string) bool{
		func(a, b string) bool { return a == b },
		func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) },
	} {
		for _, s := range all {
			if same(s.Name, opts.Sheet) {
				return s, nil
			}
		}
	}
	if n, err := strconv.Atoi(opts.Sheet); err == nil && n >= 1 && n <= len(visible) {
		return visible[n-1], nil
	}
	return xlsx.Sheet{}, listError(opts.Name, 0, "list.no_sheet", "sheet", opts.Sheet, "sheets", quoted(sheetNames(all)))
}

func sheetNames(sheets []xlsx.Sheet) (names []string) {
	for _, s := range sheets {
		names = append(names, s.Name)
	}
	return names
}

// hasRows says whether a sheet has something in it.
func hasRows(w *xlsx.Workbook, s xlsx.Sheet) (bool, error) {
	rows, err := w.Rows(s)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	probe := &sheet{book: w}
	for {
		r, err := rows.Next()
		if err != nil {
			return false, ignoreEOF(err)
		}
		if blank, err := probe.blank(r); err != nil || !blank {
			return err == nil, err
		}
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
