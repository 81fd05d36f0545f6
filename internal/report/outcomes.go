package report

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"io"
	"slices"

	"github.com/storelink/storelink/internal/input/spool"
)

// Outcomes keeps what became of stores until it is asked for, in a spool; 16 bytes a store are in memory. It is asked in
// the order that it was told in for the most part, and then reads on. First all is added, then it is asked.
type Outcomes struct {
	spool spool.Spool
	out   *bufio.Writer
	index []place
	seed  maphash.Seed

	asked  bool
	sorted bool
	in     *bufio.Reader
	held   []string // what comes next: an ID and its cells; nil at the end
	packed []byte
}

// place is where a store's cells are.
type place struct{ hash, at uint64 }

// Add keeps a store's cells.
func (o *Outcomes) Add(id string, cells []string) error {
	if o.out == nil {
		o.out, o.seed = bufio.NewWriterSize(&o.spool, 64<<10), maphash.MakeSeed()
	}
	at := uint64(o.spool.Size()) + uint64(o.out.Buffered())
	o.index = append(o.index, place{maphash.String(o.seed, id), at})
	b := o.packed[:0]
	for _, s := range append([]string{id}, cells...) {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	o.packed = b
	_, err := o.out.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}

// Find gives a store's cells; false where it was not added. They are valid until the next call.
func (o *Outcomes) Find(id string) ([]string, bool, error) {
	if o.out == nil {
		return nil, false, nil
	}
	if !o.asked {
		o.asked = true
		if err := o.out.Flush(); err != nil {
			return nil, false, err
		}
		o.in = bufio.NewReaderSize(o.spool.Reader(), 64<<10)
		if err := o.ahead(); err != nil {
			return nil, false, err
		}
	}
	if o.held != nil && o.held[0] == id {
		cells := o.held[1:]
		return cells, true, o.ahead()
	}
	return o.search(id)
}

// All gives the cells of every time that a store was added, in that order: in a batch it may be in many jobs.
func (o *Outcomes) All(id string) ([][]string, error) {
	if o.out == nil {
		return nil, nil
	}
	if _, _, err := o.Find(""); err != nil { // no store has that ID; from now on it can be searched
		return nil, err
	}
	var all [][]string
	err := o.each(id, func(cells []string) bool { all = append(all, cells); return true })
	return all, err
}

// ahead reads what comes next.
func (o *Outcomes) ahead() error {
	var err error
	if o.held, err = read(o.in); errors.Is(err, io.EOF) {
		o.held, err = nil, nil
	}
	return err
}

func read(in *bufio.Reader) ([]string, error) {
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	packed := make([]byte, size)
	if _, err := io.ReadFull(in, packed); err != nil {
		return nil, err
	}
	var out []string
	for len(packed) > 0 {
		n, w := binary.Uvarint(packed)
		out = append(out, string(packed[w:w+int(n)]))
		packed = packed[w+int(n):]
	}
	return out, nil
}

// search finds a store that does not come next.
func (o *Outcomes) search(id string) (cells []string, found bool, err error) {
	err = o.each(id, func(c []string) bool { cells, found = c, true; return false })
	return cells, found, err
}

// each hands on the cells of a store, as often as it was added, until it is told that this is enough.
func (o *Outcomes) each(id string, with func(cells []string) bool) error {
	if !o.sorted {
		o.sorted = true
		slices.SortFunc(o.index, func(a, b place) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at)) })
	}
	hash := maphash.String(o.seed, id)
	i, _ := slices.BinarySearchFunc(o.index, hash, func(p place, h uint64) int { return cmp.Compare(p.hash, h) })
	for ; i < len(o.index) && o.index[i].hash == hash; i++ {
		at := int64(o.index[i].at)
		found, err := read(bufio.NewReaderSize(io.NewSectionReader(&o.spool, at, o.spool.Size()-at), 512))
		if err != nil {
			return err
		}
		if found[0] == id && !with(found[1:]) {
			return nil
		}
	}
	return nil
}

// Close gives back what was spooled.
func (o *Outcomes) Close() error { return o.spool.Close() }
