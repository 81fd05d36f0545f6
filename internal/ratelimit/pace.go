// Package ratelimit is the pace: how often calls of one identity may be put on one interface of WeChat Pay's, counted
// over all workers together. It has two stages: golang.org/x/time/rate within the process, and a reservation in Redis,
// on Redis' clock, across all of them. It must never let a call through that it has no slot for: with Redis away, none.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"
)

// Options say what is allowed.
type Options struct {
	Rate   float64 // calls in any second, all workers together; 0 for no pace at all
	Logger *slog.Logger
}

// Pace is one process' part in a pace. At any time it holds one reservation at the most, and gives it, when its moment
// comes, to the most urgent of those who wait then. A slot is used at its moment or not at all, so that a process that
// stood still does not make up for it by a burst.
type Pace struct {
	rdb     redis.UniversalClient
	keys    []string
	allowed float64
	log     *slog.Logger
	local   *rate.Limiter // the first stage

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	pumping sync.WaitGroup

	mu      sync.Mutex
	waiting waiters
	pumps   bool // a goroutine serves those who wait
	state   State
	trip    time.Duration   // the quickest round trip to Redis seen
	told    float64         // the rate that was logged last; the pump alone has it
	answers []time.Duration // how long those took that Redis was not told of yet
}

// State is how things stand, as far as this process knows.
type State struct {
	Rate         float64   // calls a second in force; 0 before the first reservation
	Why          string    // why calls are stopped, or why the rate is what it is
	At           time.Time // when Redis was asked last; the zero time before the first reservation
	StoppedUntil time.Time // the zero time unless a refusal stopped them
	Away         error     // why Redis could not be asked, the last time
}

// ErrClosed is what those who wait get when the pace is closed.
var ErrClosed = errors.New("the pace is closed")

// New gives this process' part in the pace that name names: identity and interface.
func New(rdb redis.UniversalClient, name string, o Options) *Pace {
	p := &Pace{rdb: rdb, keys: []string{"storelink:1:pace:{" + name + "}"}, allowed: o.Rate, log: o.Logger}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.local = rate.NewLimiter(rate.Limit(o.Rate), 1)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Close lets those who wait go without a slot, and waits for the pace's own goroutine.
func (p *Pace) Close() {
	p.cancel()
	p.pumping.Wait()
}

// Wait returns when a call may be made: at once, or not at all. Of those who wait in this process the lower urgency
// goes first, and of the same the first; every eighth slot goes to whoever has waited longest. It ends with ctx, or ErrClosed.
func (p *Pace) Wait(ctx context.Context, urgency int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.allowed <= 0 {
		return nil
	}
	for {
		w := &waiter{urgency: urgency, slot: make(chan moment, 1)}
		p.enter(w)
		select {
		case <-ctx.Done():
			p.leave(w)
			return ctx.Err()
		case <-p.ctx.Done():
			p.leave(w)
			return ErrClosed
		case m := <-w.slot:
			if err := ctx.Err(); err != nil {
				return err
			}
			if m.fresh() {
				return nil
			}
		}
	}
}

func (p *Pace) enter(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting.push(w)
	if !p.pumps && p.ctx.Err() == nil {
		p.pumps = true
		p.pumping.Go(p.pump)
	}
}

func (p *Pace) leave(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting.remove(w)
}

// moment is when a slot is due by this process' clock, and how late it may be used.
type moment struct {
	at    time.Time // not before this
	use   time.Time // when it is surely due
	slack time.Duration
}

func (m moment) fresh() bool { return time.Since(m.at) <= m.slack }

// slack is how late a slot may be used, beside the way to Redis and back: what a scheduler takes, not what a stop does.
const slack = 10 * time.Millisecond

// pump takes slots and hands them out, as long as somebody waits.
func (p *Pace) pump() {
	for {
		p.mu.Lock()
		if p.waiting.empty() || p.ctx.Err() != nil {
			p.pumps = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		if p.local.Wait(p.ctx) != nil {
			continue // closed
		}
		slot, m, ok := p.reserve()
		if !ok || !p.approach(slot, m) || !m.fresh() {
			continue
		}
		p.mu.Lock()
		w := p.waiting.pop()
		if w != nil {
			w.slot <- m
		}
		p.mu.Unlock()
		if w == nil {
			p.giveBack(slot)
		}
	}
}

// How Redis is asked.
const (
	redisTimeout = 2 * time.Second
	redisBackoff = 250 * time.Millisecond
)

// reserve takes a slot. Without one it has waited for what stood in the way.
func (p *Pace) reserve() (slot int64, m moment, ok bool) {
	ctx, cancel := context.WithTimeout(p.ctx, redisTimeout)
	defer cancel()
	p.mu.Lock()
	times := make([]byte, 0, 8*len(p.answers))
	for i, d := range p.answers {
		if i > 0 {
			times = append(times, ',')
		}
		times = strconv.AppendInt(times, d.Microseconds(), 10)
	}
	p.answers = p.answers[:0]
	p.mu.Unlock()
	asked := time.Now()
	reply, err := reserve.Run(ctx, p.rdb, p.keys, p.allowed, times).StringSlice()
	trip := time.Since(asked)
	var r reservation
	if err == nil {
		r, err = parse(reply)
	}
	if err != nil {
		p.note(func(s *State) { s.Away = err })
		if p.ctx.Err() == nil {
			p.log.Warn("the pace cannot be asked: no calls are made", "error", err)
		}
		p.sleep(redisBackoff)
		return 0, m, false
	}
	p.note(func(s *State) {
		s.Away, s.Rate, s.At = nil, r.rate, asked
		if r.granted {
			s.StoppedUntil, s.Why = time.Time{}, r.why()
			if p.trip == 0 || trip < p.trip {
				p.trip = trip
			}
		} else {
			s.StoppedUntil, s.Why = time.Now().Add(r.wait), stoppedWhy
		}
		m.slack = slack + 2*p.trip
	})
	p.tell(r)
	if !r.granted {
		p.sleep(r.wait)
		return 0, m, false
	}
	// Redis said "wait" somewhere on the way there and back: never before asked+wait, so freshness is measured from
	// there; the slot is used by when the reply came, which is never too early.
	m.at, m.use = asked.Add(r.wait), asked.Add(trip+r.wait)
	return r.slot, m, true
}

// approach waits for a slot's moment, and says whether it may still be used: another process may have been refused
// meanwhile, which stops everybody. Redis is asked of that just before.
func (p *Pace) approach(slot int64, m moment) bool {
	if ask := time.Until(m.use) - m.slack; ask > 0 {
		if !p.sleep(ask) {
			return false
		}
		ctx, cancel := context.WithTimeout(p.ctx, redisTimeout)
		defer cancel()
		stop, err := p.rdb.HGet(ctx, p.keys[0], "stop").Int64()
		if err != nil && !errors.Is(err, redis.Nil) || stop > slot {
			return false // the next reservation tells why
		}
	}
	return p.sleep(time.Until(m.use))
}

const stoppedWhy = "WeChat Pay refused a call for its pace (429): nobody calls for a while"

func (p *Pace) note(change func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.state)
}

// reservation is what the reserve script returns.
type reservation struct {
	granted bool
	wait    time.Duration
	rate    float64 // calls a second in force
	slot    int64   // by Redis' clock, in microseconds
	jitter  time.Duration
	refused time.Duration // ago; negative for never
}

func parse(reply []string) (r reservation, err error) {
	var n [6]int64
	if len(reply) != len(n) {
		return r, fmt.Errorf("the pace's script returned %d fields", len(reply))
	}
	for i := range n {
		if n[i], err = strconv.ParseInt(reply[i], 10, 64); err != nil {
			return r, fmt.Errorf("the pace's script: %w", err)
		}
	}
	return reservation{granted: n[0] == 1, wait: time.Duration(n[1]) * time.Microsecond, rate: float64(n[2]) / 1000,
		slot: n[3], jitter: time.Duration(n[4]) * time.Microsecond, refused: time.Duration(n[5]) * time.Microsecond}, nil
}

// refusalTold is for how long a refusal is given as a reason for the pace.
const refusalTold = 10 * time.Minute

// why says why the rate is what it is.
func (r reservation) why() string {
	why := fmt.Sprintf("answer times spread by %v", r.jitter.Round(time.Millisecond))
	if r.refused >= 0 && r.refused < refusalTold {
		why += fmt.Sprintf(", a call was refused for its pace (429) %v ago", r.refused.Round(time.Second))
	}
	return why
}

// tell logs the rate in force where it has moved by a hundredth since that was told last.
func (p *Pace) tell(r reservation) {
	if !r.granted || math.Abs(r.rate-p.told) < p.allowed/100 {
		return
	}
	p.told = r.rate
	p.log.Info("the pace", "calls_per_second", r.rate, "allowed", p.allowed, "why", r.why())
}

func (p *Pace) giveBack(slot int64) {
	ctx, cancel := context.WithTimeout(p.ctx, redisTimeout)
	defer cancel()
	if err := giveBack.Run(ctx, p.rdb, p.keys, p.allowed, slot).Err(); err != nil {
		p.log.Debug("a slot was lost", "error", err)
	}
}

// sleep waits, and says whether it did to the end.
func (p *Pace) sleep(d time.Duration) bool {
	if d <= 0 {
		return p.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Answered tells how long an answer took, from putting the call on the wire: the spread of these times is what the
// network needs as a margin.
func (p *Pace) Answered(elapsed time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers) < maxAnswers {
		p.answers = append(p.answers, max(elapsed, 0))
	}
}

// maxAnswers is how many answer times Redis is told of at once.
const maxAnswers = 32

// Refused tells of a 429: the pace is stopped for all workers, and slowed down. An error says that the others could not
// be told.
func (p *Pace) Refused(ctx context.Context) error {
	if p.allowed <= 0 {
		return p.refusedWithoutPace(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	reply, err := refuse.Run(ctx, p.rdb, p.keys, p.allowed).StringSlice()
	if err != nil {
		return fmt.Errorf("tell other workers of a refusal: %w", err)
	}
	if len(reply) != 2 {
		return fmt.Errorf("the pace's script returned %d fields", len(reply))
	}
	stopped, err1 := strconv.ParseInt(reply[0], 10, 64)
	thousandths, err2 := strconv.ParseInt(reply[1], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("the pace's script: %w", err)
	}
	p.note(func(s *State) {
		s.StoppedUntil, s.Why = time.Now().Add(time.Duration(stopped)*time.Microsecond), stoppedWhy
		s.Rate = float64(thousandths) / 1000
	})
	return nil
}

// refusedWithoutPace keeps a caller without a pace from hammering.
func (p *Pace) refusedWithoutPace(ctx context.Context) error {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// FirstRate is the rate in force, in calls a second, of a pace that nobody has used yet: reserve's.
func FirstRate(allowed float64) float64 { return allowed * 0.975 }

// State gives how things stand.
func (p *Pace) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}
