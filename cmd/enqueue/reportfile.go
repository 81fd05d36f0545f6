package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/terminal"
)

// output is a file that appears under its name whole or not at all: it is written beside it, and then takes its place.
// What is no regular file (a device, a pipe) is written to as it is.
type output struct {
	*os.File
	name  string // the name that it gets; symbolic links followed
	plain bool   // it has that name already
}

var errFolder = i18n.E("cmd.report_folder")

// create begins to write a file.
func create(name string) (*output, error) {
	target := name
	if real, err := filepath.EvalSymlinks(name); err == nil {
		target = real
	}
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return nil, unwritable(name, errFolder)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return nil, unwritable(name, err)
		}
		return &output{File: f, name: target, plain: true}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, unwritable(name, err)
	}
	mode, replaced := fs.FileMode(0o666), err == nil // less what the umask takes
	if replaced {
		mode = info.Mode().Perm()
	}
	beside := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text()[:8]+".part")
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err == nil && replaced {
		// What was for few to read is so when it is written anew, and what was for many is so too.
		if err = f.Chmod(mode); err != nil {
			err = errors.Join(err, f.Close(), os.Remove(beside))
		}
	}
	if err != nil {
		return nil, unwritable(name, err)
	}
	return &output{File: f, name: target}, nil
}

// commit gives the file its name.
func (o *output) commit() error {
	if o.plain {
		return o.Close()
	}
	err := o.Sync()
	if closed := o.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(o.File.Name(), o.name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(o.File.Name()))
	}
	return nil
}

// drop takes back what was written. After commit it does nothing.
func (o *output) drop() {
	if o.Close() == nil && !o.plain { // else it is committed
		_ = os.Remove(o.File.Name()) // nothing better can be done with it
	}
}

func unwritable(name string, err error) error {
	return job.Fail(job.CodeIO, "cmd.report_unwritable", "file", name, "error", cause(err))
}

// checkReport checks, before anything is sent, that a report can be written under a name, in an encoding.
func checkReport(name, encoding string) error {
	format, err := reportFormat(name)
	if err != nil {
		return err
	}
	if err := checkEncoding(encoding, format); err != nil {
		return err
	}
	return checkWritable(name)
}

// checkWritable checks, before anything is sent, that a file can be written. That there is no such folder, or that it is
// one, is a mistake in the call; all else may be so at the moment alone.
func checkWritable(name string) error {
	o, err := create(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errFolder) {
		e := *job.AsError(err)
		e.Code = job.CodeUsage
		return &e
	}
	if err != nil {
		return err
	}
	o.drop()
	return nil
}

// reportWish is how a report is wanted.
type reportWish struct {
	only     job.Outcome // "" for all stores
	encoding string      // of CSV
	lang     i18n.Lang
	shown    bool // it goes to a terminal
}

// writeReport writes what became of a job's stores to a file.
func writeReport(ctx context.Context, ledger *ledger.Ledger, id string, wish reportWish, name string) (rows int64, err error) {
	format, err := reportFormat(name)
	if err != nil {
		return 0, err
	}
	return toFile(name, func(w io.Writer) (int64, error) { return copyRows(ctx, ledger, id, wish, w, format) })
}

// toFile writes rows to a file, which has its name once all of them are there, and says how many there are. What broke it
// off is the file (a *writing), or where the rows come from.
func toFile(name string, write func(io.Writer) (rows int64, err error)) (rows int64, err error) {
	o, err := create(name)
	if err != nil {
		return 0, err
	}
	defer o.drop()
	if rows, err = write(o); err == nil {
		if err := o.commit(); err != nil {
			return 0, unwritable(name, err)
		}
		return rows, nil
	}
	if e := (*writing)(nil); errors.As(err, &e) {
		err = unwritable(name, e.err)
	}
	return 0, err
}

// writing is an error of where a report is written to, as opposed to where it comes from.
type writing struct{ err error }

func (w *writing) Error() string { return fmt.Sprintf("write the report: %v", w.err) }
func (w *writing) Unwrap() error { return w.err }

// copyRows writes a job's rows as a report.
func copyRows(ctx context.Context, ledger *ledger.Ledger, id string, wish reportWish, w io.Writer,
	format report.Format) (int64, error) {
	report, err := newReport(ctx, ledger, id, wish, w, format)
	if err != nil {
		return 0, err
	}
	defer report.Close()
	for row, err := range ledger.Rows(ctx, id, wish.only) {
		if err != nil {
			return 0, err
		}
		if wish.shown { // what it must not steer
			row.Code, row.Message, row.RequestID = terminal.Line(row.Code), terminal.Line(row.Message), terminal.Line(row.RequestID)
		}
		if err := report.Write(row); err != nil {
			return 0, &writing{err}
		}
	}
	if err := report.Flush(); err != nil {
		return 0, &writing{err}
	}
	return report.Rows(), nil
}
