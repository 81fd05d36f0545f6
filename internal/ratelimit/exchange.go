package ratelimit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// redisTimeout bounds an exchange.
const redisTimeout = 2 * time.Second

// reply is what both scripts return.
type reply struct {
	at, epoch, generation int64
	hold                  time.Duration
	rate, another         float64
	refused               time.Duration // ago; negative for never
	slot                  int64         // 0 for none
}

func parse(fields []string) (r reply, err error) {
	var n [8]int64
	if len(fields) < 7 || len(fields) > len(n) {
		return r, fmt.Errorf("the rate limit's script returned %d fields", len(fields))
	}
	for i := range fields {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return r, fmt.Errorf("the rate limit's script: %w", err)
		}
	}
	return reply{at: n[0], epoch: n[1], generation: n[2], hold: time.Duration(n[3]) * time.Microsecond,
		rate: float64(n[4]) / 1000, refused: time.Duration(n[5]) * time.Microsecond, another: float64(n[6]) / 1000,
		slot: n[7]}, nil
}

// exchange asks Redis in a goroutine of its own, so that several can be under way. l.mu is held.
func (l *Limiter) exchange(now time.Time, want bool) {
	lead := l.lead()
	args := l.arguments(now, want, lead)
	if want {
		l.slots.asked++
	}
	l.slots.looked = now
	l.slots.flying++
	l.work.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, redisTimeout)
		defer cancel()
		sent := time.Now()
		fields, err := exchangeScript.Run(ctx, l.rdb, l.keys, args...).StringSlice()
		came := time.Now()
		var r reply
		if err == nil {
			r, err = parse(fields)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.slots.flying--
		if want {
			l.slots.asked--
		}
		defer l.wake()
		if err != nil {
			l.away(err, came)
			return
		}
		if l.take(r, sent, came) && r.slot > 0 {
			queued := time.Duration(r.slot-r.at)*time.Microsecond > lead+margin
			l.slots.add(&Permit{limiter: l, at: r.slot, epoch: r.epoch, due: l.clock.local(r.slot), probe: r.hold > 0},
				queued, l.every())
			if !l.runs { // whoever waited has left meanwhile
				l.giveBack(came)
			}
		}
	})
}

// report tells Redis at once of what was seen. l.mu is held.
func (l *Limiter) report() {
	if l.ctx.Err() == nil {
		l.exchange(time.Now(), false)
	}
}

// every is how far slots are apart in force.
func (l *Limiter) every() time.Duration {
	return time.Duration(float64(time.Second) / max(l.state.Rate, l.allowed/1000))
}

// arguments are the exchange script's. What is told in them is told once. l.mu is held.
func (l *Limiter) arguments(now time.Time, want bool, lead time.Duration) []any {
	expected, wrong := l.clock.redis(now)
	// It gets there somewhat later than now, and may be held up on the way.
	tolerance := wrong + (l.clock.patience() + 100*time.Millisecond).Microseconds()
	latest, ok := l.slots.latest, l.seen.ok
	if l.slots.epoch != l.clock.epoch {
		latest = 0
	}
	if l.seen.epoch != l.clock.epoch {
		ok = 0
	}
	var back []string
	for _, p := range l.slots.back {
		if p.epoch == l.clock.epoch {
			back = append(back, strconv.FormatInt(p.at, 10))
		}
	}
	l.slots.back = nil
	times := l.seen.times()
	l.seen.forget()
	wanted := 0
	if want {
		wanted = 1
	}
	return []any{l.allowed, wanted, lead.Microseconds(), l.clock.epoch, expected, tolerance, latest, ok, times,
		l.seen.uneven().Microseconds(), strings.Join(back, ","), l.slots.generation}
}

// take takes in what Redis said, and reports whether its slot, if it has one, holds. Answers may overtake one another: one
// to an older question says nothing of how things stand, and its slot is void if calls were stopped since. l.mu is held.
func (l *Limiter) take(r reply, sent, came time.Time) bool {
	jumped := l.clock.observe(r.epoch, r.at, sent, came)
	if jumped {
		l.jumped()
	}
	if sent.Before(l.slots.heard) {
		return r.generation == l.slots.generation
	}
	l.slots.heard = sent
	if r.generation != l.slots.generation {
		l.slots.drop()
		l.slots.generation = r.generation
	}
	s := &l.state
	s.Away, s.Rate, s.At, s.Another, s.RoundTrip = nil, r.rate, came, r.another, l.clock.trip
	s.StoppedUntil, s.Refused = time.Time{}, time.Time{}
	if r.hold > 0 {
		s.StoppedUntil = came.Add(r.hold)
	}
	if r.refused >= 0 {
		s.Refused = came.Add(-r.refused)
	}
	l.told.retry = time.Time{}
	l.tell(came)
	return true
}

// away takes note of a Redis that cannot be asked. l.mu is held.
func (l *Limiter) away(err error, now time.Time) {
	if l.ctx.Err() != nil {
		return
	}
	l.told.retry = now.Add(redisBackoff)
	l.tellAway(err, now)
	l.state.Away = err
}

// refused tells Redis of a 429.
func (l *Limiter) refused(ctx context.Context, p *Permit) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	sent := time.Now()
	fields, err := refuseScript.Run(ctx, l.rdb, l.keys, l.allowed, p.at, p.epoch).StringSlice()
	came := time.Now()
	var r reply
	if err == nil {
		r, err = parse(fields)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.wake()
	if err != nil {
		l.state.StoppedUntil = came.Add(time.Second) // this process at least
		return fmt.Errorf("tell other workers of a refusal: %w", err)
	}
	l.take(r, sent, came)
	return nil
}
