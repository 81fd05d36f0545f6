// Package storeset is a set of store IDs that costs little memory: what a list's repeats are found with, and what two
// lists are compared by. It must never take two IDs for one.
package storeset

import "hash/maphash"

// Set is a set of store IDs; the zero value is empty. It is used by one goroutine at a time. Numbers of up to 18 digits are kept exactly, for each length
// apart, since 007 and 7 are two stores: some two bytes each where ten million have nine digits, up to 60 where they are
// scattered over more than twelve. Other IDs are kept as a 128-bit hash under keys
// made anew for each list: that any two of ten million IDs were taken for one has odds of one in 10^24.
type Set struct {
	numbers [19]numbers // by length
	hashes  map[[2]uint64]struct{}
	seeds   [2]maphash.Seed
}

// Add puts an ID into the set and says whether it is new.
func (s *Set) Add(id string) bool {
	if n, ok := number(id); ok {
		return s.numbers[len(id)].add(n)
	}
	if s.hashes == nil {
		s.hashes = map[[2]uint64]struct{}{}
		s.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	}
	h := s.hash(id)
	if _, known := s.hashes[h]; known {
		return false
	}
	s.hashes[h] = struct{}{}
	return true
}

// Has says whether an ID is in the set.
func (s *Set) Has(id string) bool {
	if n, ok := number(id); ok {
		return s.numbers[len(id)].has(n)
	}
	if s.hashes == nil {
		return false
	}
	_, ok := s.hashes[s.hash(id)]
	return ok
}

func (s *Set) hash(id string) [2]uint64 {
	return [2]uint64{maphash.String(s.seeds[0], id), maphash.String(s.seeds[1], id)}
}

func number(id string) (n uint64, ok bool) {
	if len(id) > 18 {
		return 0, false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return 0, false
		}
		n = n*10 + uint64(id[i]-'0')
	}
	return n, true
}
