package main

import (
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// list is a store list that is open, and where its bad rows go.
type list struct {
	ctx      context.Context // ends the reading
	in       io.ReadCloser
	opts     storelist.Options
	setAside *setAside // nil where bad rows are refused
	stats    storelist.Stats
	reading  job.Reading
	warning  func(i18n.Message)
}

// openList opens a list and begins its file of bad rows. It reads nothing yet.
func (a *app) openList(ctx context.Context, path string, f *submitFlags) (*list, error) {
	if err := apart(path, f.setAside, f.report); err != nil {
		return nil, err
	}
	l := &list{ctx: ctx, opts: f.readFlags.options(), warning: a.warning}
	l.opts.Sheet = f.sheet
	var err error
	if info, e := os.Stat(path); path != storelist.Stdin && (e != nil || info.Mode().IsRegular() || info.IsDir()) {
		l.in, l.opts.Name, err = storelist.Open(path, nil)
	} else {
		l.opts.Name = path
		if path == storelist.Stdin {
			l.opts.Name = "<stdin>"
		}
		l.in = interruptible(ctx, func() (io.ReadCloser, error) {
			in, _, err := storelist.Open(path, a.in)
			return in, err
		})
	}
	if err != nil {
		return nil, err
	}
	if f.setAside != "" {
		file, err := create(f.setAside)
		if err != nil {
			_ = l.in.Close() // nothing was read from it
			return nil, err
		}
		l.setAside = &setAside{file: file, name: f.setAside, lang: a.language()}
	}
	return l, nil
}

// all gives the list's IDs. The file of bad rows stands before the last of them has been handed on: nothing is sent of a
// list whose bad rows could not be told.
func (l *list) all() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		opts := l.opts
		if l.setAside != nil {
			opts.SetAside = l.setAside.add
		}
		reader, err := storelist.NewReader(l.ctx, l.in, opts)
		if err != nil {
			yield("", err)
			return
		}
		for id, err := range reader.IDs() {
			if !yield(id, err) || err != nil {
				return
			}
		}
		if l.stats = reader.Stats(); l.stats.Hidden > 0 {
			l.warning(i18n.M("cmd.list_hidden", "rows", l.stats.Hidden, "sheet", l.stats.Sheet))
		}
		for _, said := range reader.Warnings() {
			l.warning(said)
		}
		l.reading = reader.Reading()
		if l.setAside == nil {
			return
		}
		if err := l.setAside.finish(reader); err != nil {
			yield("", err)
		}
	}
}

// counts are the rows that were not handed on.
func (l *list) counts() (repeats, setAside int64) { return l.stats.Repeats, l.stats.SetAside }

// read is how the list was read, once it was.
func (l *list) read() job.Reading { return l.reading }

// close gives the list back, and a file of bad rows that was not finished.
func (l *list) close() {
	_ = l.in.Close() // it was only read
	if l.setAside != nil {
		l.setAside.drop()
	}
}

// interruptible reads what may keep its reader waiting for ever (a terminal, a pipe) until ctx ends. The read under way
// then is left to end with the process: nothing can call it off.
func interruptible(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = out.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		from, err := open()
		if err == nil {
			_, err = io.Copy(in, from)
			_ = from.Close() // it was only read
		}
		_ = in.CloseWithError(err)
	}()
	return out
}

// apart refuses to write over the list, or two files over each other.
func apart(list, setAside, report string) error {
	switch {
	case list != storelist.Stdin && same(list, setAside):
		return job.Fail(job.CodeUsage, "flag.set_aside_is_list", "file", setAside)
	case list != storelist.Stdin && same(list, report):
		return job.Fail(job.CodeUsage, "flag.report_is_list", "file", report)
	case same(setAside, report):
		return job.Fail(job.CodeUsage, "flag.set_aside_is_report")
	}
	return nil
}

// same says whether two names are those of one regular file.
func same(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return infoA.Mode().IsRegular() && os.SameFile(infoA, infoB)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}
