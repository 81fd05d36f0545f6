package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/input/spool"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// maxJoin bounds a list that is not a file, in bytes: it is read twice, and so kept.
const maxJoin = 16 << 30

// checkJoin checks the flags of results --join.
func (a *app) checkJoin(f *resultsFlags) error {
	if err := f.readFlags.check(); err != nil {
		return err
	}
	switch {
	case f.output == "" && a.json:
		return job.Fail(job.CodeUsage, "flag.join_json")
	case same(f.join, f.output):
		return job.Fail(job.CodeUsage, "flag.output_is_list", "file", f.output)
	}
	format := report.CSV
	switch ext := strings.ToLower(filepath.Ext(f.output)); {
	case f.output == "", ext == ".csv", ext == ".tsv":
	case ext == ".xlsx":
		format = report.Workbook
	default:
		return job.Fail(job.CodeUsage, "flag.output_kind", "file", f.output)
	}
	if err := checkEncoding(f.encoding, format); err != nil || f.output == "" {
		return err
	}
	return checkWritable(f.output)
}

// join gives a list back with what became of its stores.
func (a *app) join(ctx context.Context, s *site, id string, f *resultsFlags) (err error) {
	status, err := s.ledger.Status(ctx, id)
	if err != nil {
		return err
	}
	j := newJoin(status, a.language(), job.Outcome(f.only))
	defer func() { err = firstOf(err, j.known.Close()) }()
	for row, err := range s.ledger.Rows(ctx, id, j.only) {
		if err != nil {
			return err
		}
		if err := j.known.Add(row.StoreID, j.outcome(row)); err != nil {
			return err
		}
	}
	l, err := a.joinedList(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, l.close()) }()
	if f.output == "" {
		j.shown = a.screen.Terminal
		return onStandardOutput(l.write(ctx, a.out, f, j))
	}
	rows, err := toFile(f.output, func(w io.Writer) (int64, error) {
		err := l.write(ctx, w, f, j)
		return j.rows, err
	})
	if err != nil {
		return err
	}
	return a.reportWritten(rows, f.output, nil)
}

func firstOf(err, second error) error {
	if err != nil {
		return err
	}
	return second
}

// joinedList is a list that can be read twice.
type joinedList struct {
	opts  storelist.Options
	path  string       // a file's, or
	spool *spool.Spool // what came from elsewhere
}

func (a *app) joinedList(ctx context.Context, f *resultsFlags) (*joinedList, error) {
	l := &joinedList{opts: f.readFlags.options(), path: f.join}
	l.opts.Name, l.opts.Sheet = f.join, f.sheet
	if info, err := os.Stat(f.join); f.join != storelist.Stdin && (err != nil || info.Mode().IsRegular() || info.IsDir()) {
		return l, nil
	}
	in := interruptible(ctx, func() (io.ReadCloser, error) {
		in, _, err := storelist.Open(f.join, a.in)
		return in, err
	})
	defer in.Close()
	if f.join == storelist.Stdin {
		l.opts.Name = "<stdin>"
	}
	var err error
	if l.spool, err = spool.From(in, maxJoin); err == nil && l.spool.Size() > maxJoin {
		err = job.Fail(job.CodeBadList, "cmd.list_join_large", "bytes", int64(maxJoin))
	}
	return l, err
}

func (l *joinedList) close() error {
	if l.spool == nil {
		return nil
	}
	return l.spool.Close()
}

// read reads the list once.
func (l *joinedList) read(ctx context.Context, with func(*storelist.Reader) error) error {
	var in io.Reader
	if l.spool != nil {
		in = l.spool.Reader()
	} else {
		f, _, err := storelist.Open(l.path, nil)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	reader, err := storelist.NewReader(ctx, in, l.opts)
	if err != nil {
		return err
	}
	return firstOf(with(reader), reader.Close())
}
