package storelist

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// record is a row of a CSV text.
type record struct {
	line   int      // its first, from 1
	cells  []string // valid until the next record
	folded bool     // a cell of it goes over several lines
	kept   kept     // the bytes that it came in, where these are kept
}

// kept are the bytes of one or several lines, as they came, valid until the next record.
type kept struct {
	bytes []byte
	end   int // how many of them are the last line's end
}

// blank says whether a record has nothing in it.
func (r record) blank() bool {
	for _, cell := range r.cells {
		if plain(cell) != "" {
			return false
		}
	}
	return true
}

// records reads CSV as RFC 4180 has it, and what spreadsheets and web exports make of it: a cell that is ="000123" without
// quotes around it, white space behind a closing quote, and notes behind a # that know nothing of quotes. A record is bounded
// like a line, so that a quote that is never closed costs no more.
type records struct {
	in    *text
	comma byte

	row  []byte   // the cells of a record with quotes, one behind another
	ends []int    // where each ends in row
	out  []string // of the last record
}

// next gives the next record; one without a cell is an empty line.
func (c *records) next() (record, error) {
	c.in.forget()
	line, number, err := c.in.line()
	if err != nil {
		return record{}, err
	}
	r := record{line: number}
	c.out = c.out[:0]
	switch {
	case len(line) == 0:
	case bytes.IndexByte(line, '"') < 0:
		c.split(string(line))
	default:
		folded, err := c.quoted(line, number)
		if err != nil {
			return record{}, err
		}
		r.folded = folded
	}
	r.cells, r.kept = c.out, kept{c.in.kept, c.in.end}
	return r, nil
}

func (c *records) split(s string) {
	for {
		end := strings.IndexByte(s, c.comma)
		if end < 0 {
			c.out = append(c.out, s)
			return
		}
		c.out = append(c.out, s[:end])
		s = s[end+1:]
	}
}

// quoted reads a record whose first line has quotes.
func (c *records) quoted(line []byte, number int) (folded bool, err error) {
	note := len(line) > 1 && line[0] == '#' && line[1] != c.comma
	if note && bytes.Count(line, quote)%2 == 1 {
		c.out = append(c.out, string(line))
		return false, nil
	}
	first, opened := line, number
	c.row, c.ends = c.row[:0], c.ends[:0]
	for more := true; more; {
		if line, more, number, err = c.field(line, number); err != nil {
			if note && errors.Is(err, errStray) { // no other line was read: of an even number of quotes none stays open
				c.out = append(c.out, string(first))
				return false, nil
			}
			if errors.Is(err, errStray) {
				err = listError(c.in.name, number, "list.stray_quote")
			}
			return false, err
		}
		c.ends = append(c.ends, len(c.row))
	}
	c.cut()
	return number > opened, nil
}

// quote and byteOrderMark are what a cell may begin with; the mark where files were put one behind another.
var (
	quote         = []byte{'"'}
	byteOrderMark = []byte("\ufeff")
)

var errStray = errors.New("stray quote") // list.stray_quote

// field reads a cell, and gives what is behind it and its separator, whether there is more, and the line that this is in.
func (c *records) field(line []byte, number int) (rest []byte, more bool, _ int, err error) {
	open := bytes.TrimPrefix(line, byteOrderMark)
	if !bytes.HasPrefix(open, quote) {
		cell, rest, more := bytes.Cut(line, []byte{c.comma})
		if bytes.IndexByte(cell, '"') >= 0 && !isTextTrick(cell) {
			return nil, false, number, errStray
		}
		c.row = append(c.row, cell...)
		return rest, more, number, nil
	}
	if line, number, err = c.cell(open[1:], number); err != nil {
		return nil, false, number, err
	}
	for len(line) > 0 && line[0] != c.comma && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	switch {
	case len(line) == 0:
		return nil, false, number, nil
	case line[0] == c.comma:
		return line[1:], true, number, nil
	}
	return nil, false, number, errStray
}

// cell reads a quoted cell from behind its quote to behind the one that closes it, and gives what is left of the line that
// this is in.
func (c *records) cell(line []byte, opened int) (rest []byte, number int, err error) {
	number = opened
	for {
		end := bytes.IndexByte(line, '"')
		if end >= 0 {
			c.row = append(c.row, line[:end]...)
			if line = line[end+1:]; len(line) == 0 || line[0] != '"' {
				return line, number, nil
			}
			c.row = append(c.row, '"')
			line = line[1:]
			continue
		}
		c.row = append(append(c.row, line...), '\n')
		if len(c.row) > maxLine {
			return nil, number, c.unclosed(opened)
		}
		line, number, err = c.in.line()
		if errors.Is(err, io.EOF) {
			return nil, opened, c.unclosed(opened)
		}
		if err != nil {
			return nil, number, err
		}
	}
}

// isTextTrick says whether a cell is ="000123", by which web exports keep a spreadsheet from taking the text for a number.
func isTextTrick(cell []byte) bool {
	cell = bytes.TrimRight(cell, " \t")
	return len(cell) > 3 && cell[0] == '=' && cell[1] == '"' && bytes.IndexByte(cell[2:], '"') == len(cell)-3
}

func (c *records) cut() {
	s, begin := string(c.row), 0
	for _, end := range c.ends {
		c.out = append(c.out, s[begin:end])
		begin = end
	}
}

func (c *records) unclosed(line int) error {
	return listError(c.in.name, line, "list.unclosed_quote")
}

// swallowed says whether a cell of a record that goes over several lines has rows of the list in it: a line of it has as many
// separators as a row of width columns and an ID where that belongs, or the name of the IDs' column. Then a quote was
// opened by mistake, and closed by another one further down.
func (c *records) swallowed(r record, at, width int) bool {
	if !r.folded || width < 2 {
		return false
	}
	for i, cell := range r.cells {
		lines := strings.Split(cell, "\n")
		for n := 1; n < len(lines); n++ {
			parts := strings.Split(lines[n], string(c.comma))
			count := len(parts)
			if n == len(lines)-1 {
				count += len(r.cells) - 1 - i // what stands behind the closing quote
			}
			if count != width {
				continue
			}
			for _, part := range parts {
				if familyOf(plain(part)) != noFamily {
					return true
				}
			}
			if at < len(parts) && storeLike(strings.Trim(plain(parts[at]), `"`)) {
				return true
			}
		}
	}
	return false
}

func (c *records) swallowing(line int) error {
	return listError(c.in.name, line, "list.swallowing_quote")
}
