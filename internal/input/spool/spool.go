// Package spool keeps bytes that are written once and then read at any place: in memory while they are few, and in a
// temporary file beyond that. A spreadsheet cannot be read from a pipe, and neither can a list be read twice from one.
//
// It must never leave a file behind: the file has lost its name before the first byte is in it, where the system allows
// that, and else is removed by Close.
package spool

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/storelink/storelink/internal/job"
)

// InMemory is how many bytes a spool keeps in memory.
const InMemory = 8 << 20

// Spool is written first and read afterwards. Its zero value is empty and ready. Writing is not safe for concurrent use;
// reading is.
type Spool struct {
	memory []byte
	file   *os.File // everything, once there is one
	remove bool     // the file still has its name
	size   int64
}

// From spools r to its end, or to one byte more than most, which the caller has to refuse: see Size.
func From(r io.Reader, most int64) (*Spool, error) {
	s := &Spool{}
	if _, err := io.Copy(s, io.LimitReader(r, most+1)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Write appends. Its errors are those of the temporary file.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(p) <= InMemory {
		s.memory = append(s.memory, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if s.file == nil {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		err = tempError(err)
	}
	return n, err
}

// spill moves what is in memory to a file.
func (s *Spool) spill() error {
	f, err := os.CreateTemp("", "storelink-*")
	if err != nil {
		return tempError(err)
	}
	s.file = f
	s.remove = os.Remove(f.Name()) != nil // an open file keeps its name on Windows
	if _, err := f.Write(s.memory); err != nil {
		return tempError(err)
	}
	s.memory = nil
	return nil
}

// Size is how many bytes were written.
func (s *Spool) Size() int64 { return s.size }

// ReadAt is io.ReaderAt.
func (s *Spool) ReadAt(p []byte, at int64) (int, error) {
	switch {
	case at < 0:
		return 0, fmt.Errorf("read a spool at %d", at)
	case s.file != nil:
		return s.file.ReadAt(p, at)
	case at >= int64(len(s.memory)):
		return 0, io.EOF
	}
	n := copy(p, s.memory[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader reads all of it from its beginning; each Reader has a place of its own.
func (s *Spool) Reader() io.Reader { return io.NewSectionReader(s, 0, s.size) }

// Close gives the memory and the file back. It can be called twice.
func (s *Spool) Close() error {
	f, remove := s.file, s.remove
	*s = Spool{}
	if f == nil {
		return nil
	}
	err := f.Close()
	if remove {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

func tempError(err error) error {
	return job.Fail(job.CodeIO, "list.temporary_file", "error", err)
}
