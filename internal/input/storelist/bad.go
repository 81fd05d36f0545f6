package storelist

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/job"
)

// BadRow is a row that has no good store ID.
type BadRow struct {
	Line   int    `json:"line"`           // from 1; a spreadsheet's row
	Column string `json:"column"`         // its name, or its number where there is no header
	Cell   string `json:"cell,omitempty"` // a spreadsheet's, such as B3
	Value  string `json:"value"`          // as it came, shortened
	Why    string `json:"why"`            // for a person, without the value
}

// BadRows are what a list was refused for: the first of its bad rows, how many there are, and the reasons, each once with the
// lines that it is for.
type BadRows struct {
	First  []BadRow    `json:"first"`
	Count  int64       `json:"count"`
	Groups []*BadGroup `json:"groups,omitempty"`
	file   string
}

// BadGroup are the bad rows that are so for one reason.
type BadGroup struct {
	Why    string   `json:"why"`
	Column string   `json:"column"`
	Count  int64    `json:"count"`
	Lines  string   `json:"lines"`  // such as 3-5, 9; it ends in … where there are more
	Values []string `json:"values"` // the first of them

	ranges, from, to int // that are written to Lines; the one that is not yet; its last line
}

// How much is told: bad rows and reasons, and of each reason values and ranges of lines.
const (
	shownBadRows = 10
	shownValues  = 3
	shownRanges  = 10
)

// Add counts a bad row, and keeps it where it is among the first.
func (b *BadRows) Add(r BadRow) {
	if len(b.First) < shownBadRows {
		b.First = append(b.First, r)
	}
	b.Count++
	for _, g := range b.Groups {
		if g.Why == r.Why && g.Column == r.Column {
			g.add(r)
			return
		}
	}
	if len(b.Groups) < shownBadRows {
		g := &BadGroup{Why: r.Why, Column: r.Column}
		g.add(r)
		b.Groups = append(b.Groups, g)
	}
}

func (g *BadGroup) add(r BadRow) {
	g.Count++
	if len(g.Values) < shownValues {
		g.Values = append(g.Values, r.Value)
	}
	switch {
	case g.ranges > shownRanges:
	case g.Count > 1 && r.Line == g.to+1:
		g.to = r.Line
		g.Lines = g.Lines[:strings.LastIndexByte(g.Lines, ' ')+1] + fmt.Sprintf("%d-%d", g.from, g.to)
	case g.ranges == shownRanges:
		g.ranges++
		g.Lines += ", …"
	default:
		if g.Count > 1 {
			g.Lines += ", "
		}
		g.ranges++
		g.from, g.to = r.Line, r.Line
		g.Lines += strconv.Itoa(r.Line)
	}
}

// Error tells the reasons, a line each.
func (b *BadRows) Error() string {
	var s strings.Builder
	more := b.Count
	for i, g := range b.Groups {
		if i > 0 {
			s.WriteByte('\n')
		}
		more -= g.Count
		if g.Count == 1 {
			fmt.Fprintf(&s, "  line %s, column %s: %q: %s", g.Lines, g.Column, g.Values[0], g.Why)
			continue
		}
		values := quoted(g.Values)
		if g.Count > int64(len(g.Values)) {
			values += ", …"
		}
		fmt.Fprintf(&s, "  lines %s, column %s: %s: %s (%d rows)", g.Lines, g.Column, values, g.Why, g.Count)
	}
	if more > 0 {
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
