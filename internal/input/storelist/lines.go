package storelist

import (
	"errors"
	"io"
	"iter"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/i18n"
)

// LineKind is what a row of a list is.
type LineKind int

// The kinds of rows.
const (
	StoreLine LineKind = iota // a store's, or a bad one
	AboveLine                 // above a spreadsheet's header: a title
	HeadLine
	BlankLine
)

// Line is a row of a list with all that stands in it, for who gives the list back.
type Line struct {
	Number int // of the line or row, from 1
	Kind   LineKind
	Values []Value      // by column; valid until the next Line
	ID     string       // of a store
	Own    string       // the merchant's own number of it, where the list has a column of these beside the IDs
	Why    i18n.Message // there is none: why the row is bad

	width int // of a spreadsheet's row
}

// Value is what a cell holds.
type Value struct {
	Text   string
	Number float64 // where Format is not ""
	Format string  // of a number or a date in a spreadsheet: how it is displayed
	Bool   bool    // it is TRUE or FALSE, as Text says
}

// everySource is a source that can give every row.
type everySource interface{ everything() }

// Lines gives every row of a list in order, repeats, bad rows and blank ones too, instead of IDs, and takes nothing out.
// Text that is no UTF-8 is taken for GB18030, or all of it is where gb18030 says so: see Survey. An error is the last
// thing it gives.
func (rd *Reader) Lines(gb18030 bool) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		defer rd.Close() // it was only read
		src, ok := rd.src.(everySource)
		if !ok {
			yield(Line{}, rd.columnless())
			return
		}
		src.everything()
		for {
			r, err := rd.src.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = rd.ended()
			}
			if err != nil {
				yield(Line{}, err)
				return
			}
			if !yield(r.full(gb18030), nil) {
				return
			}
		}
	}
}

// columnless is the error of a list that has no columns.
func (rd *Reader) columnless() error {
	return listError(rd.opts.Name, 0, "list.no_columns", "format", rd.src.format())
}

// full is a row with all that stands in it.
func (r *row) full(gb18030 bool) Line {
	line := Line{Number: r.line, Kind: r.kind, Values: r.values, width: r.width}
	if line.Values == nil {
		line.Values = make([]Value, len(r.raw))
		for i, s := range r.raw {
			line.Values[i].Text = decodeAs(s, gb18030)
		}
	}
	if r.kind == StoreLine {
		if line.ID, line.Why = r.id, r.fault; line.Why.IsZero() {
			line.ID, line.Why = ID(r.id)
		}
		line.Own = r.own
	}
	return line
}

// decodeAs gives UTF-8. Some texts of GB18030, short ones mostly, happen to be UTF-8 as well.
func decodeAs(s string, gb18030 bool) string {
	if !gb18030 {
		return decode(s)
	}
	d, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return d
}

// Survey is what is known of a list once it was read to its end.
type Survey struct {
	Width   int  // of its widest row
	Book    bool // it is a workbook
	Head    bool // it has a header
	GB18030 bool // its text is in it, more likely than in UTF-8
	Marked  bool // its text begins with a byte-order mark
	Comma   rune // what parts its cells; 0 where it is a spreadsheet

	Encoding string // as Reading has it
}

// Survey reads a list to its end. Its error is the first that Lines would give.
func (rd *Reader) Survey() (Survey, error) {
	var s Survey
	utf, gb := 0, 0
	if sheet, ok := rd.src.(*sheet); ok {
		s.Book, sheet.bare = true, true
	}
	t, text := rd.src.(*table)
	if text {
		s.Comma = rune(t.rows.comma)
		t.each = func(cells []string) {
			for _, c := range cells {
				switch {
				case !utf8.ValidString(c):
					gb++
				case utf8.RuneCountInString(c) < len(c):
					utf++
				}
			}
		}
	}
	for line, err := range rd.Lines(false) {
		if err != nil {
			return s, err
		}
		s.Width = max(s.Width, len(line.Values), line.width)
		s.Head = s.Head || line.Kind == HeadLine
	}
	s.GB18030, s.Marked, s.Encoding = text && gb > utf, rd.Marked(), rd.Reading().Encoding
	return s, nil
}
