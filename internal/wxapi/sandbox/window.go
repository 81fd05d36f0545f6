package sandbox

import (
	"sync"
	"sync/atomic"
	"time"
)

// window is the allowance of one account at one interface: at most rate calls in any sliding second, whatever instant
// it is laid at. That is the strictest reading of "20 a second"; who keeps within it keeps within every other.
type window struct {
	rate         int // 0: no limit
	countRefused bool

	mu      sync.Mutex
	counted []time.Time // ring of the last rate calls that count
	next    int         // the oldest of them, once there are rate of them

	last     time.Time   // when the last call came, whosever it was
	lastCall time.Time   // when the last call but the other client's came
	recent   []time.Time // every call of the last second, refused ones too, from head on
	head     int

	first           time.Time
	calls, admitted int64
	busiest         int // most calls in any sliding second
	seconds         []second

	other otherClient
}

func (w *window) init(rate int, countRefused bool) { w.rate, w.countRefused = rate, countRefused }

// arrive counts a call that came at the given moment, and says whether it is within the allowance: that is so if fewer
// than rate counted calls came in the second before it (a call exactly one second old is out of it).
func (w *window) arrive(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at.Before(w.last) {
		at = w.last // two calls whose goroutines overtook each other on the way here
	}
	w.callOther(at)
	w.last, w.lastCall = at, at
	if w.calls == 0 {
		w.first = at
	}
	w.calls++
	w.notice(at)
	ok := w.count(at)
	if ok {
		w.admitted++
	}
	if s := w.second(at); s != nil {
		if ok {
			s.admitted++
		} else {
			s.refused++
		}
	}
	return ok
}

// count counts a call, whosever it is, and says whether it is within the allowance.
func (w *window) count(at time.Time) bool {
	ok := w.rate == 0 || len(w.counted) < w.rate || at.Sub(w.counted[w.next]) >= time.Second
	if w.rate > 0 && (ok || w.countRefused) {
		if len(w.counted) < w.rate {
			w.counted = append(w.counted, at)
		} else {
			w.counted[w.next] = at
			w.next = (w.next + 1) % w.rate
		}
	}
	return ok
}

// notice keeps the busiest second.
func (w *window) notice(at time.Time) {
	for w.head < len(w.recent) && at.Sub(w.recent[w.head]) >= time.Second {
		w.head++
	}
	if w.head > 0 && w.head >= len(w.recent)/2 {
		w.recent = w.recent[:copy(w.recent, w.recent[w.head:])]
		w.head = 0
	}
	w.recent = append(w.recent, at)
	w.busiest = max(w.busiest, len(w.recent)-w.head)
}

// forgetCounts starts the figures again; the allowance goes on as it is.
func (w *window) forgetCounts() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first = time.Time{}
	w.calls, w.admitted, w.busiest = 0, 0, 0
	w.recent, w.head = w.recent[:0], 0
	w.seconds, w.other.calls, w.other.refused = nil, 0, 0
}

// Arrival is one call with a good signature, as it came in.
type Arrival struct {
	At        time.Time `json:"at"` // when it had come in whole, after the simulated way
	Account   string    `json:"account"`
	Interface string    `json:"interface"`
	Refused   bool      `json:"refused"` // with 429, for the pace
}

// arrivalLog keeps the latest arrivals.
type arrivalLog struct {
	keep   int
	number atomic.Uint64 // of calls that came in, good or not

	mu   sync.Mutex
	ring []Arrival
	next int
}

func (l *arrivalLog) add(a Arrival) {
	if l.keep <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < l.keep {
		l.ring = append(l.ring, a)
		return
	}
	l.ring[l.next] = a
	l.next = (l.next + 1) % l.keep
}

// Arrivals are the latest Options.KeepArrivals calls whose signature was good, the oldest first.
func (s *Sandbox) Arrivals() []Arrival {
	l := &s.arrivals
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(append([]Arrival(nil), l.ring[l.next:]...), l.ring[:l.next]...)
}

func (l *arrivalLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.next = nil, 0
}
