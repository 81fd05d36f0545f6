package main

import (
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// setAside is the file of a list's bad rows, which is a list again once they are mended.
type setAside struct {
	file *output
	name string
	lang i18n.Lang
	rows report.Aside
}

// add keeps a bad row.
func (s *setAside) add(r storelist.Rejected) error {
	return s.failed(s.rows.Add(r.Line, reportCells(r.Cells), r.Why))
}

// finish writes the file, of a list that was read to its end, and gives it its name.
func (s *setAside) finish(r *storelist.Reader) error {
	reading := r.Reading()
	list := report.AsideList{Form: s.form(reading.Format), Lang: s.lang, ID: reading.Column.Number, Comma: r.Comma(),
		Encoding: listEncoding(reading, r.Marked())}
	header, columns := r.Header()
	list.Header, list.Columns = reportCells(header), columns
	if reading.Format == "xlsx" { // its texts are UTF-8, and who opens it looks at them in a spreadsheet program
		list.Encoding = report.UTF8BOM
	}
	if strings.EqualFold(filepath.Ext(s.name), ".tsv") {
		list.Comma = '\t'
	}
	if err := s.rows.Write(s.file, list); err != nil {
		return s.failed(err)
	}
	return s.failed(s.file.commit())
}

// form is how the file is written: as its name ends, or else as the list is.
func (s *setAside) form(format string) report.AsideForm {
	switch ext := strings.ToLower(filepath.Ext(s.name)); {
	case format == "JSON lines":
		return report.AsideLines
	case ext == ".xlsx", format == "xlsx" && ext != ".csv" && ext != ".tsv" && ext != ".txt":
		return report.AsideBook
	}
	return report.AsideText
}

func (s *setAside) failed(err error) error {
	if err == nil {
		return nil
	}
	return job.Fail(job.CodeIO, "cmd.list_aside_unwritable", "file", s.name, "error", cause(err))
}

// drop gives back what is kept, and takes back a file that was not finished.
func (s *setAside) drop() {
	_ = s.rows.Close() // nobody wants it any more
	s.file.drop()
}

// listEncoding is how a list's text is encoded, as its reader says it.
func listEncoding(r storelist.Reading, marked bool) report.Encoding {
	switch {
	case r.Encoding == "GB18030":
		return report.GB18030
	case r.Encoding == "UTF-16LE":
		return report.UTF16LE
	case r.Encoding == "UTF-16BE":
		return report.UTF16BE
	case marked:
		return report.UTF8BOM
	}
	return report.UTF8
}

// reportCells are a list's cells as a report writes them; nil for none.
func reportCells(values []storelist.Value) []report.Cell {
	if values == nil {
		return nil
	}
	cells := make([]report.Cell, len(values))
	for i, v := range values {
		cells[i] = report.Cell(v)
	}
	return cells
}
