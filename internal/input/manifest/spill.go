package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/storelink/storelink/internal/input/storeset"
	"github.com/storelink/storelink/internal/job"
)

// spillAt is how many bytes of store IDs are held in memory before they are written out.
const spillAt = 16 << 20

// spill holds the rows of a flat table by target, whatever their order in the table: in memory up to spillAt bytes, then
// in a temporary file, into which all targets' rows are written one after another each time that much has come together.
// So a target's rows are in as many blocks as there were such times, at most, in order.
//
// Memory: twice spillAt for what is not yet written (what grows is copied), some 300 bytes a target, 16 bytes a block
// (for 20 million rows of 4,000 targets, 200 MB in 12 blocks each: 1 MB), and, while one target's rows are read, what
// storeset.Set keeps of that many stores to drop repeats. Those 20 million rows took 51 MiB at the peak, all told. The
// file is as large as the IDs with a line end each.
type spill struct {
	dir     string
	at      int // spillAt, or less in tests
	file    *os.File
	size    int64 // of the file
	held    int   // bytes in memory
	targets []*rows
	removed bool // the file has no name any more
	closed  bool
}

// rows are those of one target.
type rows struct {
	buf     []byte
	blocks  []block
	rows    int64
	repeats bool // there are, or it is not known yet
}

type block struct {
	at     int64
	length int64
}

// add adds a row to a target. A target that is one more than there are is made.
func (s *spill) add(target int, id string) error {
	if target == len(s.targets) {
		s.targets = append(s.targets, &rows{repeats: true})
	}
	r := s.targets[target]
	r.buf = append(append(r.buf, id...), '\n')
	r.rows++
	if s.held += len(id) + 1; s.held < s.at {
		return nil
	}
	return s.write()
}

// write writes out what is in memory.
func (s *spill) write() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "storelink-manifest-*")
		if err != nil {
			return spillError(err)
		}
		s.file = f
		s.removed = os.Remove(f.Name()) == nil // so that nothing is left of it, whatever happens; else close does it
	}
	w := bufio.NewWriterSize(s.file, min(s.held, 1<<20))
	for _, r := range s.targets {
		if len(r.buf) == 0 {
			continue
		}
		if _, err := w.Write(r.buf); err != nil {
			return spillError(err)
		}
		r.blocks = append(r.blocks, block{s.size, int64(len(r.buf))})
		s.size += int64(len(r.buf))
		r.buf = nil // another target may be the one that grows next
	}
	s.held = 0
	if err := w.Flush(); err != nil {
		return spillError(err)
	}
	return nil
}

// settle counts a target's stores and its repeats.
func (s *spill) settle(target int) (stores, repeats int64, err error) {
	for _, err := range s.stores(target) {
		if err != nil {
			return 0, 0, err
		}
		stores++
	}
	r := s.targets[target]
	repeats = r.rows - stores
	r.repeats = repeats > 0
	return stores, repeats, nil
}

// stores gives a target's stores in order, each once.
func (s *spill) stores(target int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if s.closed {
			yield("", errors.New("manifest: it is closed"))
			return
		}
		r := s.targets[target]
		in := bufio.NewReaderSize(s.open(r), 32<<10)
		var seen storeset.Set
		for range r.rows {
			line, err := in.ReadSlice('\n')
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF // what was written is there, or something is wrong with the file
				}
				yield("", spillError(err))
				return
			}
			id := string(bytes.TrimSuffix(line, []byte("\n")))
			if r.repeats && !seen.Add(id) {
				continue
			}
			if !yield(id, nil) {
				return
			}
		}
	}
}

// open gives a target's rows as one text.
func (s *spill) open(r *rows) io.Reader {
	parts := make([]io.Reader, 0, len(r.blocks)+1)
	for _, b := range r.blocks {
		parts = append(parts, io.NewSectionReader(s.file, b.at, b.length))
	}
	return io.MultiReader(append(parts, bytes.NewReader(r.buf))...)
}

// close gives the file back.
func (s *spill) close() error {
	s.closed = true
	s.targets = nil
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if !s.removed {
		if e := os.Remove(f.Name()); err == nil {
			err = e
		}
	}
	if err != nil {
		return spillError(err)
	}
	return nil
}

func spillError(err error) error {
	return job.Fail(job.CodeIO, "manifest.temporary_file", "error", cause(err))
}

// cause is why a file operation failed, without the path, which the sentence around it names.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
