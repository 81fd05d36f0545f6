package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// differenceRow is a line of a difference as JSON lines.
type differenceRow struct {
	StoreID   string        `json:"store_id"`
	Operation job.Operation `json:"operation"`
}

// differenceWriter writes a difference in one format. flush ends it; close follows in any case.
type differenceWriter struct {
	write func(id string, op job.Operation) error
	flush func() error
	close func()
}

func newDifferenceWriter(w io.Writer, format report.Format) (differenceWriter, error) {
	none := func() {}
	switch format {
	case report.Workbook:
		book, err := report.NewDifference(w)
		if err != nil {
			return differenceWriter{}, err
		}
		return differenceWriter{book.Write, book.Flush, book.Close}, nil
	case report.CSV:
		out := csv.NewWriter(w)
		return differenceWriter{
			write: func(id string, op job.Operation) error { return out.Write([]string{report.NoFormula(id), string(op)}) },
			flush: func() error { out.Flush(); return out.Error() },
			close: none,
		}, out.Write([]string{"store_id", "operation"})
	}
	buffer := bufio.NewWriter(w)
	out := json.NewEncoder(buffer)
	return differenceWriter{
		write: func(id string, op job.Operation) error { return out.Encode(differenceRow{id, op}) },
		flush: buffer.Flush,
		close: none,
	}, nil
}

// writeDifference writes what a resync would do to a file: a list with a column that says what is to be done.
func writeDifference(rows iter.Seq2[job.Row, error], name string) (n int64, err error) {
	format, err := reportFormat(name)
	if err != nil {
		return 0, err
	}
	return toFile(name, func(w io.Writer) (int64, error) { return copyDifference(rows, w, format) })
}

func copyDifference(rows iter.Seq2[job.Row, error], w io.Writer, format report.Format) (n int64, err error) {
	out, err := newDifferenceWriter(w, format)
	if err != nil {
		return 0, &writing{err}
	}
	defer out.close()
	for row, err := range rows {
		if err != nil {
			return n, err
		}
		if err := out.write(row.StoreID, row.Operation); err != nil {
			return n, &writing{err}
		}
		n++
	}
	if err := out.flush(); err != nil {
		return n, &writing{err}
	}
	return n, nil
}
