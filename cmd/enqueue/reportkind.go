package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/results"
)

// reportBook is the format of a report that is a workbook, beside those of the results.
const reportBook results.ReportFormat = "xlsx"

// reportFormat tells a report's format by its file's name.
func reportFormat(name string) (results.ReportFormat, error) {
	if strings.EqualFold(filepath.Ext(name), ".xlsx") {
		return reportBook, nil
	}
	format, err := results.ReportFormatOf(name)
	if err != nil {
		return "", job.Errorf(job.CodeUsage, "a report's name ends in .xlsx, .csv or .jsonl, which says how it is written: %q does"+
			" not", name)
	}
	return format, nil
}

// checkEncoding checks --encoding for a report of a format.
func checkEncoding(encoding string, format results.ReportFormat) error {
	if encoding != "" && format != results.ReportCSV {
		return job.Errorf(job.CodeUsage, "--encoding %s is for CSV: .%s has an encoding of its own", encoding, format)
	}
	_, err := report.ParseEncoding(encoding)
	return err
}

func (a *app) wish(only job.Outcome, encoding string) reportWish {
	return reportWish{only: only, encoding: encoding, lang: a.language()}
}

// reportWriter writes a report, row after row. Close follows in any case, and gives back what it may still hold.
type reportWriter interface {
	Write(job.Row) error
	Rows() int64
	Flush() error
	Close()
}

// newReport begins a report on a job.
func newReport(ctx context.Context, ledger *results.Ledger, id string, wish reportWish, w io.Writer,
	format results.ReportFormat) (reportWriter, error) {
	status, err := ledger.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	if format == reportBook {
		book, err := report.NewBook(w, report.BookOptions{Status: status, Lang: wish.lang, Only: wish.only})
		if err != nil {
			return nil, &writing{err}
		}
		return book, nil
	}
	encoding, err := report.ParseEncoding(wish.encoding)
	if err != nil {
		return nil, err
	}
	encoded, err := encoding.Writer(w)
	if err != nil {
		return nil, &writing{err}
	}
	var more []string
	switch {
	case status.Targets > 0:
		more = results.BatchColumns
	case status.Operation == job.Resync:
		more = results.ResyncColumns
	}
	return &textReport{ReportWriter: results.NewReportWriter(encoded, format, more...), encoded: encoded}, nil
}

// textReport is a report as CSV or JSON lines, in an encoding.
type textReport struct {
	*results.ReportWriter
	encoded io.WriteCloser
}

func (t *textReport) Flush() error {
	if err := t.ReportWriter.Flush(); err != nil {
		return err
	}
	return t.encoded.Close()
}

func (t *textReport) Close() {}
