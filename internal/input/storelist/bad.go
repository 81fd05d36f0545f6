package storelist

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// BadRow is a row that has no good store ID.
type BadRow struct {
	Line   int    `json:"line"`           // from 1; a spreadsheet's row
	Column string `json:"column"`         // its name, or its number where there is no header
	Cell   string `json:"cell,omitempty"` // a spreadsheet's, such as B3
	Value  string `json:"value"`          // as it came, shortened

	Why i18n.Message `json:"-"` // without the value; in JSON its English text is why, and why_code and why_args are beside it
}

// whyJSON is a reason in JSON.
type whyJSON struct {
	Why  string    `json:"why"`
	Code string    `json:"why_code"`
	Args i18n.Args `json:"why_args,omitempty"`
}

func jsonOf(why i18n.Message) whyJSON { return whyJSON{why.String(), why.Code, why.Args} }

func (w whyJSON) message() (m i18n.Message, err error) {
	data, err := json.Marshal(struct {
		Code string    `json:"code"`
		Args i18n.Args `json:"args"`
		Text string    `json:"text"`
	}{w.Code, w.Args, w.Why})
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}

// MarshalJSON has the reason's English text and its code.
func (r BadRow) MarshalJSON() ([]byte, error) {
	type row BadRow
	return json.Marshal(struct {
		row
		whyJSON
	}{row(r), jsonOf(r.Why)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *BadRow) UnmarshalJSON(data []byte) error {
	type row BadRow
	why := whyJSON{}
	err := json.Unmarshal(data, (*row)(r))
	if err == nil {
		err = json.Unmarshal(data, &why)
	}
	if err == nil {
		r.Why, err = why.message()
	}
	return err
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
	Why    i18n.Message `json:"-"` // as a BadRow's
	Column string       `json:"column"`
	Count  int64        `json:"count"`
	Lines  string       `json:"lines"`  // such as 3-5, 9; it ends in … where there are more
	Values []string     `json:"values"` // the first of them

	ranges, from, to int // that are written to Lines; the one that is not yet; its last line
}

// MarshalJSON has the reason's English text and its code.
func (g *BadGroup) MarshalJSON() ([]byte, error) {
	type group BadGroup
	return json.Marshal(struct {
		whyJSON
		*group
	}{jsonOf(g.Why), (*group)(g)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (g *BadGroup) UnmarshalJSON(data []byte) error {
	type group BadGroup
	why := whyJSON{}
	err := json.Unmarshal(data, (*group)(g))
	if err == nil {
		err = json.Unmarshal(data, &why)
	}
	if err == nil {
		g.Why, err = why.message()
	}
	return err
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
		if g.Why.Equal(r.Why) && g.Column == r.Column {
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

// Error has the reasons in English, a line each.
func (b *BadRows) Error() string { return b.AsMessage().String() }

// AsMessage is the rows' reasons, a line each.
func (b *BadRows) AsMessage() i18n.Message {
	reasons := b.Reasons()
	if len(reasons) == 0 {
		return i18n.Message{}
	}
	return i18n.M("list.reasons", "first", reasons[0], "others", reasons[1:])
}

// Reasons are the reasons, each with its lines and the first of its values; the last is how many other rows there are, if any.
func (b *BadRows) Reasons() (all []i18n.Message) {
	more := b.Count
	for _, g := range b.Groups {
		more -= g.Count
		if g.Count == 1 {
			all = append(all, i18n.M("list.bad_row", "line", g.Lines, "column", g.Column, "value", g.Values[0], "why", g.Why))
			continue
		}
		values := quoted(g.Values)
		if g.Count > int64(len(g.Values)) {
			values = append(values, "…")
		}
		all = append(all, i18n.M("list.bad_group", "lines", g.Lines, "column", g.Column, "values", values, "why", g.Why, "n", g.Count))
	}
	if more > 0 {
		all = append(all, i18n.M("list.more_bad_rows", "n", more))
	}
	return all
}

// err is the refusal: one sentence with file and line, and the rows below it.
func (b *BadRows) err() error {
	first := b.First[0]
	e := listError(b.file, first.Line, "list.bad_rows", "n", b.Count, "rows", b.Reasons())
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
	return job.Fail(job.CodeIO, "list.aside_unwritten", "error", err)
}
