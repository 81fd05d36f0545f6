package ratelimit

import (
	"slices"
	"time"
)

// slots are the reservations of a process: those that it holds, and those that it has asked for.
type slots struct {
	held       []*Permit // by their moment
	asked      int       // exchanges under way that want one
	flying     int       // exchanges under way
	generation int64     // of those that are held
	latest     int64     // the latest that was ever held, by Redis' clock; 0 for none
	epoch      int64     // of latest
	last       time.Time // the moment of the latest
	apart      time.Duration
	looked     time.Time // when an exchange was sent last
	heard      time.Time // when the latest that was answered was sent
	back       []*Permit // to be given back
}

// add takes in a slot that was reserved: after those of others if queued, and every is how far slots are apart.
func (s *slots) add(p *Permit, queued bool, every time.Duration) {
	apart := every
	if queued && p.epoch == s.epoch && p.at > s.latest && s.latest > 0 {
		// Others have slots between two of ours, as far as nobody had to wait for us.
		apart = min(time.Duration(p.at-s.latest)*time.Microsecond, time.Second)
		apart = max(every, s.apart+(apart-s.apart)/4)
	}
	s.apart, s.latest, s.epoch = apart, p.at, p.epoch
	if p.due.After(s.last) {
		s.last = p.due
	}
	i, _ := slices.BinarySearchFunc(s.held, p, func(a, b *Permit) int { return a.due.Compare(b.due) })
	s.held = slices.Insert(s.held, i, p)
}

// next takes the first out.
func (s *slots) next() *Permit {
	p := s.held[0]
	s.held[0] = nil
	s.held = s.held[1:]
	return p
}

// drop forgets all that is held: it is void.
func (s *slots) drop() { s.held, s.back, s.last, s.latest = nil, nil, time.Time{}, 0 }

// reach is until when the slots go that are held or asked for, where they are every apart at the least.
func (s *slots) reach(now time.Time, every time.Duration) time.Time {
	reach := s.last
	if reach.Before(now) {
		reach = now
	}
	return reach.Add(time.Duration(s.asked) * max(s.apart, every))
}
