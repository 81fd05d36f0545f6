package ratelimit

import (
	"time"
)

const (
	// slack is how late a slot may be used: what a scheduler takes, not what a stop does.
	slack = 10 * time.Millisecond
	// margin is added to the time that a round trip may take.
	margin = 2 * time.Millisecond
	// stall is how much further than a round trip asks for slots are reserved: a process may be held up for as long
	// without losing the slots that follow.
	stall = 50 * time.Millisecond
	// fresh is for how long what Redis said of refusals is taken for how things stand.
	fresh = 60 * time.Millisecond
	// step is the longest that is slept at a time: clocks jump, machines sleep, and what was waited for may be over.
	step = 250 * time.Millisecond
	// redisBackoff is for how long a Redis that could not be asked is left alone.
	redisBackoff = 250 * time.Millisecond
)

// dispatch reserves slots and gives them out, for as long as somebody waits.
func (l *Limiter) dispatch() {
	t := time.NewTimer(step)
	defer t.Stop()
	for {
		l.mu.Lock()
		sleep, goOn := l.advance(time.Now())
		l.runs = goOn
		l.mu.Unlock()
		if !goOn {
			return
		}
		t.Reset(min(max(sleep, 0), step))
		select {
		case <-l.ctx.Done():
		case <-l.news:
		case <-t.C:
		}
	}
}

// advance does what is due now. It returns for how long nothing is, and whether anybody waits. l.mu is held.
func (l *Limiter) advance(now time.Time) (sleep time.Duration, goOn bool) {
	if l.ctx.Err() != nil {
		return 0, false
	}
	l.hand(now)
	if l.waiting.empty() {
		l.state.Wasting = time.Time{}
		l.giveBack(now)
		return 0, false
	}
	sleep = step
	if wait := l.reserve(now); wait > 0 {
		sleep = min(sleep, wait)
	}
	if len(l.slots.held) > 0 {
		due := l.slots.held[0].due
		sleep = min(sleep, due.Sub(now))
		// Somebody may have been refused since Redis was asked last.
		look := due.Add(-l.clock.patience() - margin)
		if l.slots.looked.Before(look.Add(-max(l.clock.patience()+slack, fresh))) {
			if now.Before(look) {
				sleep = min(sleep, look.Sub(now))
			} else {
				l.exchange(now, false)
			}
		}
	}
	return sleep, true
}

// hand gives the slots whose moment has come to those who wait. l.mu is held.
func (l *Limiter) hand(now time.Time) {
	for len(l.slots.held) > 0 && !l.slots.held[0].due.After(now) && !l.waiting.empty() {
		p := l.slots.next()
		if now.Sub(p.due) > slack || !l.guard.AllowN(now, 1) {
			l.wasted(p, now)
			continue
		}
		l.state.Wasting = time.Time{}
		l.waiting.pop().slot <- p
	}
}

// wasted takes note of a slot that nobody could use though somebody waited. l.mu is held.
func (l *Limiter) wasted(p *Permit, now time.Time) {
	l.slots.back = append(l.slots.back, p)
	l.state.Wasted++
	if l.state.Wasting.IsZero() {
		l.state.Wasting = now
	}
	l.tellWaste(now)
}

// giveBack returns all slots that are held: nobody waits. l.mu is held.
func (l *Limiter) giveBack(now time.Time) {
	if len(l.slots.held) == 0 || l.ctx.Err() != nil {
		return
	}
	l.slots.back = append(l.slots.back, l.slots.held...)
	l.slots.held, l.slots.last = nil, time.Time{}
	l.slots.latest = 0 // it is no longer ours
	l.exchange(now, false)
}

// reserve asks for slots, as many as those who wait can use and as far ahead as a round trip asks for. It returns how
// long to wait before that changes by itself, 0 for not before there is news. l.mu is held.
func (l *Limiter) reserve(now time.Time) time.Duration {
	for {
		if l.waiting.len() <= len(l.slots.held)+l.slots.asked {
			return 0
		}
		if wait := l.state.StoppedUntil.Sub(now); wait > 0 {
			return wait
		}
		if wait := l.told.retry.Sub(now); wait > 0 {
			return wait
		}
		if l.clock.trip == 0 { // how far Redis is away is not known yet
			if l.slots.flying == 0 {
				l.exchange(now, false)
			}
			return 0
		}
		ahead := l.clock.patience() + stall
		if len(l.slots.held)+l.slots.asked > 0 {
			if wait := l.slots.reach(now, l.every()).Sub(now.Add(ahead)); wait > 0 {
				return wait
			}
		}
		l.exchange(now, true)
	}
}

// lead is how far ahead of Redis' clock a slot must be to be of use here.
func (l *Limiter) lead() time.Duration { return l.clock.patience() - l.clock.trip/2 + margin }
