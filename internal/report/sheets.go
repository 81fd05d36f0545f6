// Package report writes what became of a job's stores for people: as a workbook (.xlsx) with a summary, or beside the rows
// of the list that they came from; and in the encodings that spreadsheets expect of a CSV file. It keeps no rows: what is
// not written yet is in temporary files.
//
// It must never alter an ID, and never write a text in a way that a spreadsheet takes for a formula.
package report

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

// What a sheet can hold (Microsoft, Excel specifications and limits).
const (
	SheetRows    = excelize.TotalRows
	SheetColumns = excelize.MaxColumns
	cellText     = excelize.TotalCellChars // UTF-16 units
)

// Cell is what stands in a cell: a text, or a number where Format says how it is displayed.
type Cell struct {
	Text   string
	Number float64
	Format string
	Bool   bool // it is TRUE or FALSE, as Text says
}

// column is how a column of a sheet looks.
type column struct {
	name  string
	width float64 // in characters
}

// sheets writes rows to as many sheets as they need. Texts are stored as texts, whatever they begin with.
type sheets struct {
	file    *excelize.File
	title   string
	columns []column // their names stand in each sheet's first row, unless head is 0
	rows    int      // a sheet's rows at most
	head    int      // the style of the names; 0 for a sheet without names
	styles  map[string]int

	stream *excelize.StreamWriter // nil before the first row
	names  []string               // of the sheets so far
	row    int                    // the last one written
	cells  []any
}

// next begins a sheet.
func (s *sheets) next() error {
	if err := s.end(); err != nil {
		return err
	}
	name := s.title
	if n := len(s.names); n > 0 {
		name = fmt.Sprintf("%s %d", s.title, n+1)
	}
	if _, err := s.file.NewSheet(name); err != nil {
		return err
	}
	var err error
	if s.stream, err = s.file.NewStreamWriter(name); err != nil {
		return err
	}
	s.names, s.row = append(s.names, name), 0
	for i, c := range s.columns {
		if c.width > 0 {
			if err := s.stream.SetColWidth(i+1, i+1, c.width); err != nil {
				return err
			}
		}
	}
	if s.head == 0 {
		return nil
	}
	if err := s.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(s.columns))
	for i, c := range s.columns {
		cells[i] = excelize.Cell{StyleID: s.head, Value: c.name}
	}
	s.row = 1
	return s.stream.SetRow("A1", cells)
}

// full says whether the sheet under way has no room for another row.
func (s *sheets) full() bool { return s.stream == nil || s.row >= s.rows }

// add writes a row: on the next line, on the line given, or on a new sheet.
func (s *sheets) add(line int, cells []Cell) error {
	if s.full() {
		if err := s.next(); err != nil {
			return err
		}
	}
	s.cells = s.cells[:0]
	for _, c := range cells {
		switch {
		case c.Format != "":
			style, err := s.style(c.Format)
			if err != nil {
				return err
			}
			s.cells = append(s.cells, excelize.Cell{StyleID: style, Value: c.Number})
		case c.Text == "":
			s.cells = append(s.cells, nil)
		case c.Bool:
			s.cells = append(s.cells, c.Text == "TRUE")
		default:
			if long(c.Text) {
				return job.Fail(job.CodeUsage, "report.long_text", "text", fmt.Sprintf("%.30s…", c.Text), "most", cellText)
			}
			s.cells = append(s.cells, c.Text)
		}
	}
	s.row = max(s.row+1, line)
	return s.stream.SetRow(fmt.Sprintf("A%d", s.row), s.cells)
}

func long(s string) bool { return len(s) > cellText && len(utf16.Encode([]rune(s))) > cellText }

// maxFormats is how many number formats a workbook of ours may have; numbers beyond them show as they are.
const maxFormats = 500

// style gives the style that displays numbers in a format.
func (s *sheets) style(format string) (int, error) {
	if format == "General" {
		return 0, nil
	}
	if id, ok := s.styles[format]; ok || len(s.styles) >= maxFormats {
		return id, nil
	}
	id, err := s.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return 0, nil // a format that is none: the number counts
	}
	if s.styles == nil {
		s.styles = map[string]int{}
	}
	s.styles[format] = id
	return id, nil
}

// end finishes the sheet under way, and lets people filter it by any column.
func (s *sheets) end() error {
	if s.stream == nil {
		return nil
	}
	if s.head != 0 && s.row > 1 {
		last, err := excelize.CoordinatesToCellName(len(s.columns), s.row)
		if err != nil {
			return err
		}
		if err := s.file.AutoFilter(s.names[len(s.names)-1], "A1:"+last, nil); err != nil {
			return err
		}
	}
	err := s.stream.Flush()
	s.stream = nil
	return err
}

// close gives the temporary files back. It can be called after write, and twice.
func (s *sheets) close() {
	if s.file != nil {
		_ = s.file.Close() // nobody wants what is in it
		s.file = nil
	}
}

// write writes the workbook, whose first sheet is shown first, and gives its temporary files back. It goes to out as it is
// packed: of itself, excelize packs all of it into memory first.
func (s *sheets) write(out io.Writer) error {
	file := s.file
	s.file = nil
	file.SetActiveSheet(0)
	buf := bufio.NewWriterSize(out, 64<<10)
	file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(buf) })
	_, err := file.WriteToBuffer()
	if err == nil {
		err = buf.Flush()
	}
	return errors.Join(err, file.Close())
}
