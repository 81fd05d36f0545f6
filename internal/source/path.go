package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// checkPath refuses a path by what is written in it.
func (o *Opener) checkPath(path string) error {
	switch {
	case path == "":
		return fail(job.CodeUsage, "", "source.empty")
	case path == "-":
		return fail(job.CodeUsage, "", "source.stdin")
	case strings.ContainsRune(path, 0):
		return fail(job.CodeUsage, "", "source.zero_byte")
	case !filepath.IsAbs(path):
		return fail(job.CodeUsage, path, "source.relative")
	case slices.Contains(strings.Split(filepath.ToSlash(path), "/"), ".."):
		return fail(job.CodeUsage, path, "source.dots")
	}
	for _, dir := range o.config.Dirs {
		if _, ok := below(dir, filepath.Clean(path)); ok {
			return nil
		}
	}
	return fail(job.CodeUsage, path, "source.outside")
}

// below gives path as seen from dir, if it lies below it. Both are clean and absolute.
func below(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	return rel, err == nil && rel != "." && filepath.IsLocal(rel)
}

// openPath opens a file. What symbolic links lead to is found first and must lie within the folders; then it is opened
// from there through os.Root, so that a link put in its way meanwhile leads nowhere else.
func (o *Opener) openPath(ctx context.Context, path string) (*Source, error) {
	if err := o.checkPath(path); err != nil {
		return nil, err
	}
	file, err := o.open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err == nil && info.Size() > o.config.MaxBytes {
		err = tooLarge(path, o.config.MaxBytes)
	}
	if err != nil {
		_ = file.Close() // nothing was read from it
		return nil, unreadable(path, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.config.Timeout, tooLong(path, o.config.Timeout))
	return &Source{Name: filepath.Base(path), Place: path, Size: info.Size(), body: &reader{
		ctx: ctx, cancel: cancel, in: &steadyFile{File: file, path: path, size: info.Size(), changed: info.ModTime()},
		place: path, size: info.Size(), most: o.config.MaxBytes,
	}}, nil
}

// open opens the file that a path leads to, if that is a regular file within the folders.
func (o *Opener) open(path string) (*os.File, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	for _, dir := range o.config.Dirs {
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			continue // it is not there at the moment
		}
		rel, ok := below(dir, real)
		if !ok {
			continue
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, unreadable(path, err)
		}
		defer root.Close() // a file that was opened stays open
		// A device may do something as it is opened, and a pipe waits for its writer: neither is opened to see what it is.
		info, err := root.Stat(rel)
		if err == nil {
			err = regular(path, info)
		}
		if err != nil {
			return nil, unreadable(path, err)
		}
		file, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, unreadable(path, err)
		}
		return file, nil
	}
	return nil, fail(job.CodeUsage, path, "source.link_outside")
}

func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fail(job.CodeBadList, path, "list.folder")
	case !info.Mode().IsRegular():
		return fail(job.CodeBadList, path, "source.no_file")
	}
	return nil
}

// unreadable is why a file cannot be read, in the terms of the path that was asked for.
func unreadable(path string, err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return e
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return fail(job.CodeBadList, path, "list.unreadable", "error", err)
}

// steadyFile is a file that must not change while it is read.
type steadyFile struct {
	*os.File
	path    string
	size    int64
	changed time.Time
}

func (f *steadyFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if err == nil {
		return n, nil
	}
	info, statErr := f.Stat()
	if statErr != nil {
		return n, fail(job.CodeIO, f.path, "list.unreadable", "error", statErr)
	}
	if info.Size() != f.size || !info.ModTime().Equal(f.changed) {
		return n, fail(job.CodeIO, f.path, "source.changed")
	}
	return n, err
}
