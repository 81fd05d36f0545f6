package storeset

import (
	"math/bits"
	"slices"
)

// numbers is a set of numbers in little memory, whose zero value is empty: those that share all but their last 16 bits are
// kept as sorted 16-bit values, two bytes each, or where they are many as one bit each.
type numbers struct {
	blocks map[uint64]*block // by the number without its last 16 bits
	at     uint64            // the block of the number that came last: lists are often in order
	last   *block
}

// A block is a bitmap from so many numbers on, which is as large as they are then: 8 KiB.
const (
	blockBits = 16
	blockMost = 1 << blockBits / 16
)

// block is the numbers of one prefix.
type block struct {
	sorted []uint16                     // while they are few; nil once there is a bitmap
	bitmap *[1 << blockBits / 64]uint64 // nil while they are few
}

// add puts a number into the set and reports whether it is new.
func (s *numbers) add(n uint64) bool {
	b := s.block(n)
	if b == nil {
		if s.blocks == nil {
			s.blocks = map[uint64]*block{}
		}
		b = &block{}
		s.at, s.last = n>>blockBits, b
		s.blocks[s.at] = b
	}
	return b.add(uint16(n))
}

// has reports whether a number is in the set.
func (s *numbers) has(n uint64) bool {
	b := s.block(n)
	return b != nil && b.has(uint16(n))
}

func (s *numbers) block(n uint64) *block {
	if s.last != nil && s.at == n>>blockBits {
		return s.last
	}
	b := s.blocks[n>>blockBits]
	if b != nil {
		s.at, s.last = n>>blockBits, b
	}
	return b
}

func (b *block) has(v uint16) bool {
	if b.bitmap != nil {
		return b.bitmap[v/64]>>(v%64)&1 != 0
	}
	_, found := slices.BinarySearch(b.sorted, v)
	return found
}

func (b *block) add(v uint16) bool {
	if b.bitmap != nil {
		before := b.bitmap[v/64]
		b.bitmap[v/64] |= 1 << (v % 64)
		return bits.OnesCount64(before) != bits.OnesCount64(b.bitmap[v/64])
	}
	at := len(b.sorted)
	if at > 0 && b.sorted[at-1] >= v {
		var found bool
		if at, found = slices.BinarySearch(b.sorted, v); found {
			return false
		}
	}
	if len(b.sorted) == blockMost {
		b.bitmap = new([1 << blockBits / 64]uint64)
		for _, one := range b.sorted {
			b.bitmap[one/64] |= 1 << (one % 64)
		}
		b.sorted = nil
		return b.add(v)
	}
	if len(b.sorted) == cap(b.sorted) { // by a quarter, not by half: there are many blocks, and memory is what this is for
		grown := make([]uint16, len(b.sorted), len(b.sorted)+len(b.sorted)/4+4)
		copy(grown, b.sorted)
		b.sorted = grown
	}
	b.sorted = slices.Insert(b.sorted, at, v)
	return true
}
