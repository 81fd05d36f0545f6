package report

import (
	"io"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// Workbook is the format of a report that is a workbook, beside those of rows (RowWriter).
const Workbook Format = "xlsx"

// Options say what a report is about and how it is written.
type Options struct {
	Status   job.Status // of the job or batch
	Format   Format
	Encoding Encoding // of CSV
	Lang     catalogue.Lang
	Only     job.Outcome // the only one that rows are given of; "" for all
}

// Writer writes a report, row after row. Close follows in any case, and gives back what it may still hold.
type Writer interface {
	Write(job.Row) error
	Rows() int64
	Flush() error
	Close()
}

// NewWriter begins a report, with the columns that such a job's has. w stays the caller's to close.
func NewWriter(w io.Writer, opts Options) (Writer, error) {
	if opts.Format == Workbook {
		return NewBook(w, BookOptions{Status: opts.Status, Lang: opts.Lang, Only: opts.Only})
	}
	encoded, err := opts.Encoding.Writer(w)
	if err != nil {
		return nil, err
	}
	text := NewRowWriter(encoded, opts.Format, MoreColumns(opts.Status)...)
	return &textWriter{RowWriter: text, encoded: encoded}, nil
}

// textWriter writes a report as CSV or JSON lines, in an encoding.
type textWriter struct {
	*RowWriter
	encoded io.WriteCloser
}

func (t *textWriter) Flush() error {
	if err := t.RowWriter.Flush(); err != nil {
		return err
	}
	return t.encoded.Close()
}

func (t *textWriter) Close() {}
