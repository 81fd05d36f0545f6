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
