package storelist

import (
	"errors"
	"io"

	"github.com/storelink/storelink/internal/xlsx"
)

// Behind are the columns that are written behind those of a list that is given back.
type Behind struct {
	Columns int // how many there are
	// Of gives what stands in them for a row; nil to leave the row as it is. Rows come in order, and of a workbook none has
	// Values but the header.
	Of func(Line) ([]string, error)
}

// InPlace reports whether WriteBook can give the list back.
func (rd *Reader) InPlace() bool {
	s, ok := rd.src.(*sheet)
	return ok && s.book.Plain()
}

// WriteBook writes a workbook, one that is InPlace and whose Survey has come to its end before, as it is, with columns
// behind those of its list: see xlsx.Workbook.Append.
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
		return more.Of(line)
	}})
	return s.inFile(err, 0)
}
