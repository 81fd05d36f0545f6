package ratelimit

import (
	"math"
	"time"
)

// told is what was logged already.
type told struct {
	rate    float64
	another bool
	away    time.Time // when it was last said that Redis is away; the zero time while it is not
	waste   bool
	retry   time.Time // when Redis may be asked again
}

// How often something that lasts is said again, and how long slots must go to waste to be worth a word.
const (
	tellAgain  = 30 * time.Second
	wasteTold  = time.Second
	anotherMin = 0.5 // calls a second
)

// tell logs what has changed with an exchange. l.mu is held.
func (l *Limiter) tell(now time.Time) {
	s := &l.state
	if !l.told.away.IsZero() {
		l.told.away = time.Time{}
		l.log.Info("Redis reached again; calls go on", "round_trip", s.RoundTrip)
	}
	if l.told.waste && s.Wasting.IsZero() {
		l.told.waste = false
		l.log.Info("slots used again", "wasted", s.Wasted, "round_trip", s.RoundTrip)
	}
	if another := s.Another >= anotherMin; another != l.told.another {
		l.told.another = another
		if another {
			l.log.Warn("another client uses the same allowance", "calls_per_second", s.Another)
		} else {
			l.log.Info("allowance free again")
		}
	}
	if math.Abs(s.Rate-l.told.rate) >= l.allowed/100 {
		l.told.rate = s.Rate
		attrs := []any{"calls_per_second", s.Rate, "allowed", l.allowed}
		if !s.Refused.IsZero() {
			attrs = append(attrs, "rate_limited_ago", now.Sub(s.Refused).Round(time.Second))
		}
		l.log.Info("rate limit", attrs...)
	}
}

// tellWaste logs that slots go to waste, where they have for a while. l.mu is held.
func (l *Limiter) tellWaste(now time.Time) {
	if l.told.waste || now.Sub(l.state.Wasting) < wasteTold {
		return
	}
	l.told.waste = true
	l.log.Warn("slots go to waste; no calls are made", "since", l.state.Wasting, "round_trip", l.clock.latest)
}

// tellAway logs that Redis is away, at once and now and then. l.mu is held.
func (l *Limiter) tellAway(err error, now time.Time) {
	if !l.told.away.IsZero() && now.Sub(l.told.away) < tellAgain {
		return
	}
	l.told.away = now
	l.log.Warn("could not reserve a slot in Redis; no calls are made", "error", err)
}

// jumped logs that Redis' clock has jumped. l.mu is held.
func (l *Limiter) jumped() {
	l.state.Jumps++
	l.log.Warn("Redis' clock jumped; reservations moved with it")
}
