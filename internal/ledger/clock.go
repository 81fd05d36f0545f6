package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/redisconn"
)

// trusted is how far this machine's clock may be from Redis' without a word: a round trip measures no better.
const trusted = time.Second

// Now is the time by Redis' clock, which decides for all workers, as far as Sync has told: this machine's before.
func (l *Ledger) Now() time.Time { return time.Now().Add(time.Duration(l.ahead.Load())) }

// Sync measures how far Redis' clock is ahead of this machine's, which may be wrong.
func (l *Ledger) Sync(ctx context.Context) error {
	asked := time.Now()
	there, err := l.rdb.Time(ctx).Result()
	if err != nil {
		return redisconn.CommandError("ask for its time", err)
	}
	trip := time.Since(asked)
	ahead := there.Sub(asked.Add(trip / 2))
	if ahead.Abs() < trusted+trip {
		ahead = 0
	}
	l.ahead.Store(int64(ahead))
	return nil
}

// evenClock is Redis' clock as it goes on evenly from where it was seen last: a clock that shows something else was set, or is
// another server's. Each job has its own, since the servers of a cluster have theirs.
type evenClock struct {
	mu    sync.Mutex
	there time.Time // what it showed
	here  time.Time // when that was asked for, by this machine's monotonic clock; the zero time: never
	set   time.Time // when it was last found set, by the same; the zero time: never
}

// look takes note of what Redis' clock shows.
func (e *evenClock) look(there, asked time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.here.IsZero() && (there.Sub(e.there)-asked.Sub(e.here)).Abs() > trusted+time.Since(asked) {
		e.set = time.Now()
	}
	e.there, e.here = there, asked
}

// now is what it shows now unless it was set since, in Unix milliseconds; 0 where it was never looked at.
func (e *evenClock) now() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.here.IsZero() {
		return 0
	}
	return e.there.Add(time.Since(e.here)).UnixMilli()
}

// setWithin says whether it was found set in the last d: leases that were renewed by the old one say nothing until their runs
// have renewed them by the new one.
func (e *evenClock) setWithin(d time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.set.IsZero() && time.Since(e.set) < d
}

// clockOf is a job's clock.
func (l *Ledger) clockOf(id string) *evenClock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clocks[id] == nil {
		l.clocks[id] = new(evenClock)
	}
	return l.clocks[id]
}
