// Package ratelimit is the rate limit: how often calls of one identity may be put on one interface of WeChat Pay's, counted
// over all workers together. A slot is the permission to send one call at one moment; slots are reserved in Redis, on
// Redis' clock, and golang.org/x/time/rate guards each process beside that. It must never let a call through that has no
// slot: with Redis away, none.
package ratelimit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"
)

// Options say what is allowed.
type Options struct {
	Rate   float64 // calls in any second, all workers together; 0 for no limit at all
	Logger *slog.Logger
}

// Limiter is one process' part in a rate limit. It reserves slots one by one, only as far ahead as a round trip to Redis
// asks for, and gives each at its moment to the most urgent of those who wait then. A slot is used at its moment or not
// at all, so that a process that stood still does not make up for it by a burst.
type Limiter struct {
	rdb     redis.UniversalClient
	keys    []string
	allowed float64
	log     *slog.Logger
	guard   *rate.Limiter // the process' own

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	news   chan struct{} // the dispatch loop has something to look at

	mu      sync.Mutex
	waiting waiters
	runs    bool // the dispatch loop does
	slots   slots
	clock   clock
	seen    seen
	state   State
	told    told
}

// State is how things stand, as far as this process knows.
type State struct {
	Allowed float64   // calls a second that WeChat Pay permits
	Rate    float64   // calls a second in force; 0 before the first exchange
	At      time.Time // when Redis was asked last; the zero time before the first exchange

	StoppedUntil time.Time     // until when nobody may call after refusals; the zero time, or past, where that is not so
	Refused      time.Time     // when a call was rate limited last, in whichever worker; the zero time for never
	Another      float64       // calls a second that another client seems to use; 0 for none
	RoundTrip    time.Duration // to Redis and back
	Away         error         // why Redis could not be asked, the last time
	Wasting      time.Time     // since when slots have gone to waste and none was used; the zero time where that is not so
	Wasted       int64         // slots that went to waste in this process
	Jumps        int64         // how often Redis' clock was seen to jump
}

// ErrClosed is what those who wait get when the limiter is closed.
var ErrClosed = errors.New("the rate limit is closed")

// New returns this process' part in the rate limit that name names: identity and interface.
func New(rdb redis.UniversalClient, name string, o Options) *Limiter {
	l := &Limiter{rdb: rdb, keys: []string{"storelink:1:ratelimit:{" + name + "}"}, allowed: o.Rate, log: o.Logger,
		news: make(chan struct{}, 1), state: State{Allowed: o.Rate}}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	// Slots are further apart than that; as many may be close as come within the time that the first may be late, and the
	// extra calls of a survey.
	l.guard = rate.NewLimiter(rate.Limit(o.Rate), 4+int(o.Rate*slack.Seconds()))
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Close lets those who wait go without a slot, and waits for the limiter's own goroutines.
func (l *Limiter) Close() {
	l.mu.Lock() // so that none is begun afterwards
	l.cancel()
	l.mu.Unlock()
	l.work.Wait()
}

// Wait returns when a call may be sent: at once, or not at all. Of those who wait in this process the lower urgency
// goes first, and of the same the first; every eighth slot goes to whoever has waited longest. It ends with ctx, or
// ErrClosed. What becomes of the call is told to the permit.
func (l *Limiter) Wait(ctx context.Context, urgency int) (*Permit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.allowed <= 0 {
		return &Permit{limiter: l, due: time.Now()}, nil
	}
	w := &waiter{urgency: urgency, slot: make(chan *Permit, 1)}
	l.enter(w)
	for {
		select {
		case <-ctx.Done():
			l.leave(w)
			return nil, ctx.Err()
		case <-l.ctx.Done():
			l.leave(w)
			return nil, ErrClosed
		case p := <-w.slot:
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if time.Since(p.due) <= slack {
				return p, nil
			}
			l.late(w, p) // this goroutine was woken too late: it keeps its place
		}
	}
}

func (l *Limiter) enter(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting.push(w)
	l.serve()
}

// late takes back whoever has missed a slot, without losing its place.
func (l *Limiter) late(w *waiter, p *Permit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wasted(p, time.Now())
	l.waiting.back(w)
	l.serve()
}

func (l *Limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting.remove(w)
	l.wake()
}

// serve sees to it that the dispatch loop runs. l.mu is held.
func (l *Limiter) serve() {
	if l.ctx.Err() != nil {
		return
	}
	if !l.runs {
		l.runs = true
		l.work.Go(l.dispatch)
	}
	l.wake()
}

func (l *Limiter) wake() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// State returns how things stand.
func (l *Limiter) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Permit is a slot that was given to one call.
type Permit struct {
	limiter *Limiter
	at      int64 // by Redis' clock, in microseconds
	epoch   int64 // of that clock
	due     time.Time
	probe   bool // the others wait for what becomes of it
}

// Sent is how a call went on its way.
type Sent struct {
	At      time.Time     // when its first bytes were written; the zero time where nobody knows
	Elapsed time.Duration // from there to the end of the answer
	// RTTVar is the kernel's mean deviation of the round-trip time of the call's connection; 0 where the system does not
	// tell.
	RTTVar time.Duration
}

// Answered tells that the call was answered, in whatever way but for its rate.
func (p *Permit) Answered(s Sent) {
	l := p.limiter
	if l.allowed <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.answered(p, s)
	if p.probe {
		l.report()
	}
}

// Refused tells of a 429. An error says that the others could not be told.
func (p *Permit) Refused(ctx context.Context) error {
	l := p.limiter
	if l.allowed <= 0 {
		return refusedWithoutLimit(ctx)
	}
	return l.refused(ctx, p)
}

// refusedWithoutLimit keeps a caller without a rate limit from hammering.
func refusedWithoutLimit(ctx context.Context) error {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
