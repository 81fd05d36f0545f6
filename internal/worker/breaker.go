package worker

import (
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// breaker watches over a lane's calls. Calls that fail as calls, one after another with none passing between, open it;
// so does a single 401. While it is open nothing counts against any store's budget, and the first call that passes
// closes it.
type breaker struct {
	trips chan struct{} // it has opened

	mu   sync.Mutex
	row  int // failed calls since the last that passed
	open *trip
}

// trip is why a lane does not serve, and how often it tries.
type trip struct {
	state, reason  string
	first, longest time.Duration // between two tries
}

// breakerRow is how many calls in a row open the breaker: fewer than a store's budget, so that an outage that begins
// while one chunk alone is at work does not use that chunk's up.
const breakerRow = 5

// How often a lane that does not serve tries: an outage passes, a wrong key is mended by a person.
const (
	outageFirst, outageLongest   = time.Second, 20 * time.Second
	refusedFirst, refusedLongest = 5 * time.Second, 2 * time.Minute
)

func newBreaker() *breaker { return &breaker{trips: make(chan struct{}, 1)} }

// tripped gives why the lane cannot serve; nil where it can.
func (b *breaker) tripped() *trip {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// Passed closes the breaker.
func (b *breaker) Passed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row, b.open = 0, nil
}

// Failed opens it at the last of too many in a row. It says whether the failure counts against stores' budgets.
func (b *breaker) Failed(reason string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row++
	if b.open != nil {
		if b.open.state == job.LaneOutage {
			b.open.reason = outageReason(reason)
		}
		return false
	}
	if b.row < breakerRow {
		return true
	}
	b.trip(&trip{state: job.LaneOutage, reason: outageReason(reason), first: outageFirst, longest: outageLongest})
	return false
}

func outageReason(last string) string { return "calls fail, the last with: " + last }

// Refused opens it at once: the account's key, serial number, scheme or clock is wrong in this worker.
func (b *breaker) Refused(reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trip(&trip{state: job.LaneRefused, reason: reason, first: refusedFirst, longest: refusedLongest})
}

func (b *breaker) trip(t *trip) {
	b.open = t
	select {
	case b.trips <- struct{}{}:
	default:
	}
}
