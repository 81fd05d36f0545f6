package worker

import (
	"context"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/ledger"
)

// How long a stop may take beyond the longest call that may be in flight as it begins.
const (
	// stopRecord is for the last answer to be recorded, where Redis is away just then.
	stopRecord = 10 * time.Second
	// stopRest is for all else: connections that hang, the queue's goodbye, the workers' list.
	stopRest = 5 * time.Second
	// stopProcess is for what a process has beside its worker: the dashboard's last answers, the last traces.
	stopProcess = 5 * time.Second
)

// StopWithin is the longest that a process may take to stop that serves accounts whose calls take callTimeout at the
// most: Redis may be frozen meanwhile. With Redis there, it takes as long as the calls in flight.
func StopWithin(callTimeout time.Duration) time.Duration {
	return callTimeout + stopRecord + stopRest + stopProcess
}

// CallTimeout is the longest that a call of an account may be on its way, of those that a worker serves.
func CallTimeout(accounts []Account) time.Duration {
	longest := time.Duration(0)
	for _, a := range accounts {
		longest = max(longest, a.callTimeout())
	}
	return longest
}

func (a Account) callTimeout() time.Duration {
	if a.configured != nil {
		return a.configured.CallTimeout
	}
	return config.DefaultCallTimeout
}

// StopWithin is what a stop of this worker's process may take, by the accounts that it serves now.
func (w *Worker) StopWithin() time.Duration { return w.grace() + stopRest + stopProcess }

// grace is how long a stop waits for calls in flight and their recording.
func (w *Worker) grace() time.Duration {
	if w.cfg.Grace > 0 {
		return w.cfg.Grace
	}
	longest := time.Duration(0)
	for _, l := range w.all() {
		longest = max(longest, l.account.callTimeout())
	}
	return longest + stopRecord
}

// stopping gives the end of all waiting: hard ends when grace has passed since ctx has, and no sooner. Whatever else
// stops a lane (it is idle, its account has changed or is not served), nothing cuts its answers off.
func (w *Worker) stopping(ctx context.Context) (hard context.Context, release func()) {
	hard, end := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		w.log.Info("stopping: calls in flight are finished and recorded", "within", w.StopWithin())
		late := time.AfterFunc(w.grace(), end)
		<-hard.Done()
		late.Stop()
	})
	return hard, func() { unhook(); end() }
}

// await waits for something, at the most until d after hard has ended, and says whether it came.
func await(hard context.Context, d time.Duration, wait func()) bool {
	done := make(chan struct{})
	go func() { // what hangs ends with the process
		defer close(done)
		wait()
	}()
	select {
	case <-done:
		return true
	case <-hard.Done():
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// handlers are the runs of a serving lane.
type handlers struct {
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// enter lets a run begin, unless close was called.
func (h *handlers) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.running.Add(1)
	}
	return !h.closed
}

// close lets no more runs begin, and waits for those under way: each returns when what it was told is recorded.
func (h *handlers) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.running.Wait()
}

// contact is how steadily Redis answers, as the watcher's looks tell.
type contact struct {
	mu          sync.Mutex
	since, last time.Time // the zero time: it does not answer
}

// answered tells that Redis answered a look; the gap since the last one is no more than most where it was there all along.
func (c *contact) answered(most time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.since.IsZero() || now.Sub(c.last) > most {
		c.since = now
	}
	c.last = now
}

func (c *contact) failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Time{}
}

// steady says whether Redis has answered all along for so long.
func (c *contact) steady(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.since.IsZero() && c.last.Sub(c.since) >= d
}

// mayTakeBack says whether leases that ran out may be taken from their runs: not before Redis has been there for as long as
// a lease lasts. Where it was away, runs could not renew theirs, and hold answers that they are about to record; what they
// sent must not be sent again.
func (w *Worker) mayTakeBack() bool { return w.contact.steady(w.cfg.Ledger.Options().Lease) }

// holes looks at a job's window, and leaves leases that ran out where they may not be taken back.
func (w *Worker) holes(ctx context.Context, id string, grace time.Duration) (ledger.Look, error) {
	if w.mayTakeBack() {
		return w.cfg.Ledger.Holes(ctx, id, grace)
	}
	return w.cfg.Ledger.HolesBesideLeases(ctx, id, grace)
}

// lookedSince says whether the watcher has looked at the ledger since then, and was answered. A look that finds a job of an
// account wakes its lane.
func (w *Worker) lookedSince(t time.Time) bool {
	return time.Duration(w.looked.Load()) > t.Sub(w.began)
}

// lookGap is the longest gap between two looks that were answered in which no run can have failed to renew its lease: it
// does so each quarter of its life.
func (w *Worker) lookGap() time.Duration { return w.cfg.Look + w.cfg.Ledger.Options().Lease/5 }
