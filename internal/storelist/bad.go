package storelist

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/job"
)

// BadRow is a row that has no good store ID.
type BadRow struct {
	Line   int    `json:"line"`   // from 1; a spreadsheet's row
	Column string `json:"column"` // its name, or its number where there is no header
	Value  string `json:"value"`  // as it came, shortened
	Why    string `json:"why"`    // for a person, without the value
}

// BadRows are what a list was refused for: the first of its bad rows, and how many there are.
type BadRows struct {
	First []BadRow `json:"first"`
	Count int64    `json:"count"`
	file  string
}

// shownBadRows is how many bad rows are told.
const shownBadRows = 10

// Add counts a bad row, and keeps it where it is among the first.
func (b *BadRows) Add(r BadRow) {
	if len(b.First) < shownBadRows {
		b.First = append(b.First, r)
	}
	b.Count++
}

// Error tells the first bad rows, a line each.
func (b *BadRows) Error() string {
	var s strings.Builder
	for i, r := range b.First {
		if i > 0 {
			s.WriteByte('\n')
		}
		fmt.Fprintf(&s, "  line %d, column %s: %q: %s", r.Line, r.Column, r.Value, r.Why)
	}
	if more := b.Count - int64(len(b.First)); more > 0 {
		fmt.Fprintf(&s, "\n  … and %d more", more)
	}
	return s.String()
}

// err is the refusal: one sentence with file and line, and the rows below it.
func (b *BadRows) err() error {
	first := b.First[0]
	what := "1 row of the list has no good store ID"
	if b.Count > 1 {
		what = fmt.Sprintf("%d rows of the list have no good store ID", b.Count)
	}
	e := listErrorf(b.file, first.Line, "%s, nothing was sent (mend the list, or go on without these rows by --set-aside"+
		" FILE):\n%w", what, b)
	e.Err = b
	return e
}

// storeID is what faults call a store's ID.
const storeID = "store ID"

// Fault says why s can be no ID, or nothing where it can. what names it: "store ID", "brand ID".
func Fault(what, s string) string {
	switch {
	case job.ValidID(s):
		return ""
	case s == "":
		return "the " + what + " is missing"
	case damaged(s):
		return "a spreadsheet has turned this number into another form and may have lost digits of it: give the column the" +
			" format Text and export the list again"
	case strings.HasPrefix(s, "'"):
		return "it begins with an apostrophe, a spreadsheet's mark for text: take that out"
	case len(s) > job.MaxIDLength && validCharacters(s):
		return fmt.Sprintf("it is %d characters long, and a %s has at most %d", len(s), what, job.MaxIDLength)
	case !utf8.ValidString(s):
		return "it is not text"
	}
	for _, c := range s {
		if !job.ValidID(string(c)) {
			if c >= '０' && c <= 'ｚ' {
				return fmt.Sprintf("%q is a full-width character: a %s has only 0-9, A-Z, a-z, _ and -", c, what)
			}
			return fmt.Sprintf("%q cannot stand in a %s, which has only 0-9, A-Z, a-z, _ and -", c, what)
		}
	}
	return "it is no " + what
}

func validCharacters(s string) bool {
	for i := range len(s) {
		if !job.ValidID(s[i : i+1]) {
			return false
		}
	}
	return true
}

// unmasked takes off the apostrophe that a CSV report of ours puts before an ID that a spreadsheet would take for a formula
// (-A1): a report can be a list again. No ID has an apostrophe, so that nothing else can be meant.
func unmasked(s string) string {
	if strings.HasPrefix(s, "'-") && job.ValidID(s[1:]) {
		return s[1:]
	}
	return s
}

// damaged says whether s is a number as spreadsheets write those that they have read as a quantity: 1.00000001E+08,
// 1E+08, 100000001.0, 100,000,001. None of these can be an ID.
func damaged(s string) bool {
	digits, marks := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == '+' || c == ',':
			marks++
		case (c == 'e' || c == 'E') && i > 0 && i < len(s)-1:
		case c == '-' && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E'):
		default:
			return false
		}
	}
	return digits > 0 && marks > 0
}

// Shown is a value as an error shows it.
func Shown(s string) string {
	const most = 60
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "?")
	}
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return s
}

// WriteAside writes a bad row, as it came, behind what is said of it. Its error is one of job.CodeIO.
func WriteAside(w io.Writer, said, raw []string) error {
	c := csv.NewWriter(w)
	if err := c.Write(append(said, raw...)); err != nil {
		return asideError(err)
	}
	c.Flush()
	return asideError(c.Error())
}

func asideError(err error) error {
	if err == nil {
		return nil
	}
	return job.Errorf(job.CodeIO, "the rows set aside cannot be written, so nothing was sent: %w", err)
}
