package chunker

// writer packs numbers of a few bits each, the first bits highest.
type writer struct {
	b    []byte
	acc  uint64
	held int
}

// put appends the lowest width bits of v; width is at most 62.
func (w *writer) put(v uint64, width int) {
	if width > 32 {
		w.put(v>>32, width-32)
		v, width = v&0xffffffff, 32
	}
	w.acc = w.acc<<width | v
	w.held += width
	for w.held >= 8 {
		w.held -= 8
		w.b = append(w.b, byte(w.acc>>w.held))
	}
}

// done fills the last byte with zeros.
func (w *writer) done() []byte {
	if w.held > 0 {
		w.b = append(w.b, byte(w.acc<<(8-w.held)))
	}
	return w.b
}

// reader is its counterpart. Past the end it gives zeros and notes it.
type reader struct {
	b     []byte
	acc   uint64
	held  int
	short bool
}

func (r *reader) get(width int) uint64 {
	if width > 32 {
		high := r.get(width - 32)
		return high<<32 | r.get(32)
	}
	for r.held < width {
		if len(r.b) == 0 {
			r.short = true
			return 0
		}
		r.acc = r.acc<<8 | uint64(r.b[0])
		r.b = r.b[1:]
		r.held += 8
	}
	r.held -= width
	v := r.acc >> r.held & (1<<width - 1)
	return v
}

// done says whether all was read, and nothing but the zeros of the last byte is left.
func (r *reader) done() bool {
	return !r.short && len(r.b) == 0 && r.held < 8 && r.acc&(1<<r.held-1) == 0
}
