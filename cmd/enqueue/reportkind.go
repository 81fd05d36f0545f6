package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/report"
)

// reportFormat tells a report's format by its file's name.
func reportFormat(name string) (report.Format, error) {
	if strings.EqualFold(filepath.Ext(name), ".xlsx") {
		return report.Workbook, nil
	}
	format, err := report.FormatOf(name)
	if err != nil {
		return "", job.Fail(job.CodeUsage, "cmd.report_kind", "file", name)
	}
	return format, nil
}

// checkEncoding checks --encoding for a report of a format.
func checkEncoding(encoding string, format report.Format) error {
	if encoding != "" && format != report.CSV {
		return job.Fail(job.CodeUsage, "cmd.report_encoding", "encoding", encoding, "format", format)
	}
	_, err := report.ParseEncoding(encoding)
	return err
}

func (a *app) wish(only job.Outcome, encoding string) reportWish {
	return reportWish{only: only, encoding: encoding, lang: a.language()}
}

// newReport begins a report on a job.
func newReport(ctx context.Context, ledger *ledger.Ledger, id string, wish reportWish, w io.Writer,
	format report.Format) (report.Writer, error) {
	status, err := ledger.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	encoding, err := report.ParseEncoding(wish.encoding)
	if err != nil {
		return nil, err
	}
	out, err := report.NewWriter(w, report.Options{Status: status, Format: format, Encoding: encoding, Lang: wish.lang,
		Only: wish.only})
	if err != nil {
		return nil, &writing{err}
	}
	return out, nil
}
