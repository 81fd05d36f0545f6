package storelist

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/storelink/storelink/internal/input/xlsx"
)

// Behind is what is written behind the rows of a list that is given back.
type Behind struct {
	Columns int // how many columns there are
	// Of gives what stands in them for a row: once, nil to leave the row as it is; or as often as the row is to be given back,
	// and never for nothing. Rows come in order.
	Of func(Line) ([][]string, error)
}

// InPlace reports whether WriteBook can give the list back.
func (rd *Reader) InPlace() bool {
	s, ok := rd.src.(*sheet)
	return ok && s.book.Plain()
}

// WriteBook writes a workbook, one that is InPlace and whose Survey has come to its end before, as it is, with columns
// behind those of its list: see xlsx.Workbook.Append. Each row is given back once; no Line has Values but the header's.
func (rd *Reader) WriteBook(w io.Writer, width int, more Behind) error {
	defer rd.Close() // it was only read
	s := rd.src.(*sheet)
	s.everything()
	s.bare = true
	var line Line // that comes next; its Number is 0 before the first, and beyond all rows at the end
	err := s.book.Append(w, s.chosen, xlsx.Added{First: width + 1, Columns: more.Columns, Cells: func(number int) ([]string, error) {
		for line.Number < number {
			r, err := s.next()
			switch {
			case errors.Is(err, io.EOF):
				line = Line{Number: xlsx.MaxRows + 1}
			case err != nil:
				return nil, err
			default:
				line = r.full(false)
			}
		}
		if line.Number > number {
			return nil, nil
		}
		all, err := more.Of(line)
		if err != nil || len(all) == 0 {
			return nil, err
		}
		return all[0], nil
	}})
	return s.inFile(err, 0)
}

// WriteText writes a text, one of CSV, TSV or an ID a line that was opened with Options.Keep and whose survey this is, with
// columns behind its own: in its encoding and with its separator, and each line in the bytes that it came in. A text in UTF-16 is
// the same text, and one that was packed is not.
func (rd *Reader) WriteText(w io.Writer, survey Survey, more Behind) error {
	t, ok := rd.src.(*table)
	if !ok {
		return rd.columnless()
	}
	encoded, err := survey.encoder(w)
	if err != nil {
		return err
	}
	out := &behind{out: bufio.NewWriterSize(encoded, 64<<10), comma: byte(survey.Comma), width: survey.Width}
	if survey.Encoding == "GB18030" {
		out.encode = simplifiedchinese.GB18030.NewEncoder()
	}
	t.everything()
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			if err := out.out.Flush(); err != nil {
				return err
			}
			return encoded.Close()
		}
		if err == nil {
			err = rd.ended()
		}
		if err != nil {
			return err
		}
		all, err := more.Of(r.full(survey.GB18030))
		if err != nil {
			return err
		}
		if err := out.row(r, all); err != nil {
			return err
		}
	}
}

// encoder gives a writer of what the list's lines are kept in, which has the list's mark before it.
func (s Survey) encoder(w io.Writer) (io.WriteCloser, error) {
	mark := unicode.IgnoreBOM
	if s.Marked {
		mark = unicode.UseBOM
	}
	switch {
	case s.Encoding == utf16LE:
		return transform.NewWriter(w, unicode.UTF16(unicode.LittleEndian, mark).NewEncoder()), nil
	case s.Encoding == utf16BE:
		return transform.NewWriter(w, unicode.UTF16(unicode.BigEndian, mark).NewEncoder()), nil
	case s.Marked:
		_, err := w.Write(byteOrderMark)
		return asItIs{w}, err
	}
	return asItIs{w}, nil
}

type asItIs struct{ io.Writer }

func (asItIs) Close() error { return nil }

// behind writes kept lines with cells behind them.
type behind struct {
	out    *bufio.Writer
	comma  byte
	width  int
	encode transformer // of what is added; nil for UTF-8
	cells  bytes.Buffer
	end    []byte // of a line of the list
}

type transformer interface{ Bytes([]byte) ([]byte, error) }

// row writes a row as often as there is something for it. What is added to a row that is narrower than the list stands where
// it stands in all rows.
func (b *behind) row(r row, all [][]string) error {
	line, end := r.kept.bytes[:len(r.kept.bytes)-r.kept.end], r.kept.bytes[len(r.kept.bytes)-r.kept.end:]
	if len(end) > 0 && len(b.end) == 0 {
		b.end = bytes.Clone(end)
	}
	for i, cells := range all {
		if i > 0 && len(end) == 0 { // the last line, once more
			_, _ = b.out.Write(append(b.end, '\n')[:max(1, len(b.end))]) // an error sticks to out
		}
		_, _ = b.out.Write(line)
		if cells != nil {
			for n := len(r.raw); n < b.width; n++ {
				_ = b.out.WriteByte(b.comma)
			}
			added, err := b.fields(cells)
			if err != nil {
				return err
			}
			_, _ = b.out.Write(added)
		}
		if _, err := b.out.Write(end); err != nil {
			return err
		}
	}
	return nil
}

// fields are cells as a CSV line has them, with a separator before each.
func (b *behind) fields(cells []string) ([]byte, error) {
	b.cells.Reset()
	_ = b.cells.WriteByte(b.comma)
	w := csv.NewWriter(&b.cells)
	w.Comma = rune(b.comma)
	if err := w.Write(cells); err != nil {
		return nil, err
	}
	w.Flush()
	added := bytes.TrimSuffix(b.cells.Bytes(), []byte{'\n'})
	if b.encode == nil {
		return added, nil
	}
	return b.encode.Bytes(added)
}
