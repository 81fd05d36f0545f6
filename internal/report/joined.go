package report

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

// Joined writes a list with the outcomes' columns behind its own.
type Joined interface {
	// Add writes a row.
	Add(Row) error
	// Flush writes out what is held back.
	Flush() error
	// Close gives temporary files back; it can be called after Flush.
	Close()
}

// Row is a row of a list, with what comes behind its own cells.
type Row struct {
	Line  int  // of a spreadsheet, in which it stays; 0 for the next one
	Head  bool // it is the header
	Cells []Cell
}

// NewJoinedCSV writes CSV or TSV, by comma. A text that a spreadsheet would take for a formula gets an apostrophe before
// it, unless it is a number.
func NewJoinedCSV(w io.Writer, comma rune) Joined {
	j := &joinedCSV{buf: bufio.NewWriterSize(w, 64<<10)}
	j.csv = csv.NewWriter(j.buf)
	j.csv.Comma = comma
	return j
}

type joinedCSV struct {
	buf   *bufio.Writer
	csv   *csv.Writer
	cells []string
}

func (j *joinedCSV) Add(r Row) error {
	j.cells = j.cells[:0]
	for _, c := range r.Cells {
		j.cells = append(j.cells, NoFormula(c.Text))
	}
	return j.csv.Write(j.cells)
}

func (j *joinedCSV) Flush() error {
	j.csv.Flush()
	if err := j.csv.Error(); err != nil {
		return err
	}
	return j.buf.Flush()
}

func (j *joinedCSV) Close() {}

// NoFormula keeps a spreadsheet from taking a CSV field for a formula: see noFormula. A number with its sign is none
// and stays.
func NoFormula(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') && len(s) > 1 && strings.Trim(s[1:], "0123456789") == "" {
		return s
	}
	return noFormula(s)
}

// CheckWidth refuses more columns than a workbook's sheet can have.
func CheckWidth(width int) error {
	if width > SheetColumns {
		return job.Fail(job.CodeUsage, "report.too_wide", "n", width, "most", SheetColumns)
	}
	return nil
}

// NewJoinedBook writes a workbook, of as many sheets as it takes, each with the list's header if it has one. rows is how many a
// sheet may have: SheetRows unless set.
func NewJoinedBook(w io.Writer, rows int) Joined {
	if rows == 0 {
		rows = SheetRows
	}
	return &joinedBook{out: w, sheets: sheets{file: excelize.NewFile(), title: "Stores", rows: rows}}
}

type joinedBook struct {
	out io.Writer
	sheets
	header []Cell
}

func (j *joinedBook) Add(r Row) error {
	if r.Head {
		j.header = slices.Clone(r.Cells)
	}
	if j.header != nil && len(j.names) > 0 && j.full() {
		if err := j.add(0, j.header); err != nil {
			return err
		}
	}
	return j.add(r.Line, r.Cells)
}

func (j *joinedBook) Flush() error {
	if err := j.end(); err != nil {
		return err
	}
	if err := j.file.DeleteSheet("Sheet1"); err != nil {
		return err
	}
	return j.write(j.out)
}

func (j *joinedBook) Close() { j.close() }
