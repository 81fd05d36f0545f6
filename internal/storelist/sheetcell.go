package storelist

import (
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/xlsx"
)

// What is wrong with cells that hold no text.
const (
	asText = ": give the column the format Text and enter the store ID again"

	whyTooLong  = "the number has more than 15 digits, and a spreadsheet keeps 15: its last digits are lost" + asText
	whyFraction = "the number is not a whole one" + asText
	whyDate     = "the spreadsheet has made this a date or a time" + asText
	whyBool     = "the cell holds TRUE or FALSE, and no store ID"
	whyError    = "the cell holds an error, and no store ID: mend its formula"
	whyUnsaved  = "the cell holds a formula whose result is not in the file: open the spreadsheet in the program that it is for" +
		" and save it again"
)

// storeID gives the ID that a cell holds, or what it shows and why that is none. Of a number, what is stored decides, and
// how it is displayed does not matter, as long as the display only groups or rounds: one that adds characters (0000000
// shows 7 as 0000007) makes it unsure what its reader takes for the ID.
func cellID(c xlsx.Cell, text string) (id, fault string) {
	switch c.Kind {
	case xlsx.Date:
		return text, whyDate
	case xlsx.Bool:
		return text, whyBool
	case xlsx.Error:
		return text, whyError
	case xlsx.Unsaved:
		return "=…", whyUnsaved
	case xlsx.Number:
		digits, whole, exact := c.Integer()
		switch {
		case !exact:
			return text, whyTooLong
		case !whole:
			return text, whyFraction
		case adds(c.Format, len(strings.TrimPrefix(digits, "-"))):
			return text, "the cell shows this number with characters that it does not hold (its format is " + Shown(c.Format) +
				")" + asText
		}
		return digits, ""
	}
	return text, ""
}

// adds says whether a number format shows more characters of an ID than a number's digits: zeros in front of them, or
// letters, digits, _ or - of its own. Only the format's first part, for positive numbers, is looked at.
func adds(format string, digits int) bool {
	zeros, whole := 0, true
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == ';':
			return zeros > digits
		case strings.HasPrefix(strings.ToLower(format[i:]), "general"):
			i += len("general") - 1
		case c == '"' || c == '[':
			end := strings.IndexByte(format[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 {
				return true
			}
			if c == '"' && partOfID(format[i+1:i+1+end]) {
				return true
			}
			i += end + 1
		case c == '_' || c == '*':
			i++
		case c == '\\':
			if i++; i < len(format) && partOfID(format[i:i+1]) {
				return true
			}
		case c == '0':
			if whole {
				zeros++
			}
		case c == '.':
			whole = false
		case c == 'E' || c == 'e':
			whole = false
			i++ // its sign
		case partOfID(string(c)):
			return true
		}
	}
	return zeros > digits
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
		why := "the list is empty: it has no store IDs"
		if len(visible) < len(w.Sheets()) {
			why = "the spreadsheet's visible sheets are empty: choose a hidden one by --sheet NAME; there are " +
				quoted(sheetNames(w.Sheets()))
		}
		return xlsx.Sheet{}, listErrorf(opts.Name, 0, "%s", why)
	}
	return xlsx.Sheet{}, listErrorf(opts.Name, 0, "several sheets have something in them: %s: choose one by --sheet NAME or by its"+
		" number", quoted(sheetNames(filled)))
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
	return xlsx.Sheet{}, listErrorf(opts.Name, 0, "--sheet %q: there is no such sheet; there are %s", opts.Sheet,
		quoted(sheetNames(all)))
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
