package chunker

import (
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// A packed chunk is a kind, the number of IDs, the length of the prefix that they share and the prefix; then what the
// kind says. All kinds keep the order, and Encode takes the one that comes out shortest.
//
//	offsets  digits all of one length: that length, the smallest as 8 bytes, the bits a number takes; then what each is
//	         above the smallest. 200 random nine-digit IDs take 750 bytes and a header of 12.
//	deltas   the same, each as what it is above or below the one before (zigzag), the first as the 8 bytes: for sorted
//	         lists.
//	text     6 bits a character, which is all that an ID's characters need; the length of each before it.
const (
	kindOffsets = 1
	kindDeltas  = 2
	kindText    = 3
)

// maxDigits is how many digits a number of the first two kinds may have: 10^18 fits into 63 bits.
const maxDigits = 18

// alphabet is every character that an ID may have (job.ValidID): 64 of them.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abcdefghijklmnopqrstuvwxyz"

var sextets = func() (t [256]byte) {
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// Encode appends a packed chunk of 1 to job.MaxStoresPerCall valid IDs to dst.
func Encode(dst []byte, ids []string) []byte {
	prefix, digits := shape(ids)
	dst = append(dst, kindText, byte(len(ids)))
	start := len(dst) - 2
	dst = append(dst, byte(len(prefix)))
	dst = append(dst, prefix...)
	if digits == 0 {
		return appendText(dst, ids, len(prefix))
	}
	var room [job.MaxStoresPerCall]uint64
	numbers := room[:0]
	smallest, largest, span := ^uint64(0), uint64(0), uint64(0)
	for i, id := range ids {
		n := number(id[len(prefix):])
		if i > 0 {
			span |= zigzag(n, numbers[i-1])
		}
		smallest, largest = min(smallest, n), max(largest, n)
		numbers = append(numbers, n)
	}
	width, steps := bits.Len64(largest-smallest), bits.Len64(span)
	if steps < width {
		dst[start] = kindDeltas
		dst = append(dst, byte(digits), byte(steps))
		dst = binary.AppendUvarint(dst, numbers[0])
		w := writer{b: dst}
		for i := 1; i < len(numbers); i++ {
			w.put(zigzag(numbers[i], numbers[i-1]), steps)
		}
		return w.done()
	}
	dst[start] = kindOffsets
	dst = append(dst, byte(digits), byte(width))
	dst = binary.AppendUvarint(dst, smallest)
	w := writer{b: dst}
	for _, n := range numbers {
		w.put(n-smallest, width)
	}
	return w.done()
}

// shape gives the prefix that all IDs share, and how many digits follow it in each; 0 where something else follows. The
// prefix of IDs that are all digits and of one length is empty: as numbers they are shorter.
func shape(ids []string) (prefix string, digits int) {
	prefix = ids[0]
	same := true
	for _, id := range ids[1:] {
		same = same && len(id) == len(ids[0])
		n := 0
		for n < len(prefix) && n < len(id) && prefix[n] == id[n] {
			n++
		}
		prefix = prefix[:n]
	}
	if !same {
		return prefix[:min(len(prefix), shortest(ids)-1)], 0
	}
	// The digits at the end of the prefix belong to the numbers as far as those have room for them.
	from := len(ids[0])
	for from > 0 && len(ids[0])-from < maxDigits && allDigit(ids, from-1) {
		from--
	}
	if from > len(prefix) || from == len(ids[0]) {
		return prefix[:min(len(prefix), len(ids[0])-1)], 0
	}
	return prefix[:from], len(ids[0]) - from
}

func shortest(ids []string) int {
	n := len(ids[0])
	for _, id := range ids {
		n = min(n, len(id))
	}
	return n
}

// allDigit says whether every ID has a digit at a place.
func allDigit(ids []string, at int) bool {
	for _, id := range ids {
		if c := id[at]; c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func number(s string) uint64 {
	n := uint64(0)
	for i := range len(s) {
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// zigzag is how far n is from before, the sign in the lowest bit. Both are below 2^62.
func zigzag(n, before uint64) uint64 {
	d := int64(n - before)
	return uint64(d<<1) ^ uint64(d>>63)
}

func appendText(dst []byte, ids []string, prefix int) []byte {
	w := writer{b: dst}
	for _, id := range ids {
		w.put(uint64(len(id)-prefix-1), 6)
		for i := prefix; i < len(id); i++ {
			w.put(uint64(sextets[id[i]]), 6)
		}
	}
	return w.done()
}

// ErrCorrupt says that what should be a packed chunk is none.
var ErrCorrupt = i18n.E("list.corrupt_chunk")

// Count gives the number of IDs in a packed chunk without unpacking it; 0 where it is none.
func Count(b []byte) int {
	if len(b) < 3 || b[0] < kindOffsets || b[0] > kindText || b[1] > job.MaxStoresPerCall {
		return 0
	}
	return int(b[1])
}

// Decode unpacks a chunk. What Encode cannot have written is refused with ErrCorrupt.
func Decode(b []byte) ([]string, error) {
	n := Count(b)
	if n == 0 || len(b) < 3+int(b[2]) {
		return nil, ErrCorrupt
	}
	kind, prefix := b[0], string(b[3:3+int(b[2])])
	b = b[3+len(prefix):]
	if prefix != "" && !job.ValidID(prefix) {
		return nil, ErrCorrupt
	}
	if kind == kindText {
		return decodeText(b, n, prefix)
	}
	if len(b) < 2 || b[0] == 0 || b[0] > maxDigits || b[1] > 62 || len(prefix)+int(b[0]) > job.MaxIDLength {
		return nil, ErrCorrupt
	}
	digits, width := int(b[0]), int(b[1])
	first, size := binary.Uvarint(b[2:])
	if size <= 0 {
		return nil, ErrCorrupt
	}
	r := reader{b: b[2+size:]}
	limit := pow10(digits)
	length := len(prefix) + digits
	all := make([]byte, 0, n*length)
	for i := range n {
		v := first
		switch {
		case kind == kindOffsets:
			v += r.get(width)
		case i > 0:
			d := r.get(width)
			first += uint64(int64(d>>1) ^ -int64(d&1))
			v = first
		}
		if v >= limit {
			return nil, ErrCorrupt
		}
		all = appendNumber(append(all, prefix...), v, digits)
	}
	if !r.done() {
		return nil, ErrCorrupt
	}
	text := string(all)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = text[i*length : (i+1)*length]
	}
	return ids, nil
}

func decodeText(b []byte, n int, prefix string) ([]string, error) {
	r := reader{b: b}
	var all strings.Builder
	all.Grow(n*len(prefix) + len(b)*4/3)
	ends := make([]int, n)
	for i := range ends {
		length := int(r.get(6)) + 1
		if len(prefix)+length > job.MaxIDLength {
			return nil, ErrCorrupt
		}
		all.WriteString(prefix)
		for range length {
			all.WriteByte(alphabet[r.get(6)])
		}
		if r.short {
			return nil, ErrCorrupt
		}
		ends[i] = all.Len()
	}
	if !r.done() {
		return nil, ErrCorrupt
	}
	text, start := all.String(), 0
	ids := make([]string, n)
	for i, end := range ends {
		ids[i], start = text[start:end], end
	}
	return ids, nil
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

func appendNumber(b []byte, v uint64, digits int) []byte {
	b = append(b, "000000000000000000"[:digits]...)
	for i := len(b) - 1; v > 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return b
}
