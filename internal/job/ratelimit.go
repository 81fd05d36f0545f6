package job

import (
	"fmt"
	"strings"
	"time"
)

// RateLimit is how the rate limit of one interface stands, as a worker saw it last. What is 0, or nil, is not so, or not
// known.
type RateLimit struct {
	Rate    float64   `json:"rate"`    // calls a second in force
	Allowed float64   `json:"allowed"` // calls a second that WeChat Pay permits
	At      time.Time `json:"at"`      // when that was; the zero time where the worker has not used it

	RateLimitedAt *time.Time `json:"rate_limited_at,omitempty"` // when WeChat Pay refused a call last (429)
	StoppedUntil  *time.Time `json:"stopped_until,omitempty"`   // until when nobody calls, after refusals in a row
	AnotherClient float64    `json:"another_client,omitempty"`  // calls a second that somebody else seems to use
	RoundTrip     float64    `json:"redis_round_trip_ms,omitempty"`
	WastingSince  *time.Time `json:"wasting_since,omitempty"` // since when slots go to waste, and no call is sent
	Wasted        int64      `json:"wasted,omitempty"`        // slots that went to waste in this worker
}

// What is worth telling of a rate limit.
const (
	rateLimitedTold = 10 * time.Minute
	roundTripTold   = 50.0 // milliseconds
	anotherTold     = 0.5  // calls a second
	wastingTold     = time.Second
)

// Wasting reports whether slots have gone to waste for long enough to be told.
func (r RateLimit) Wasting(now time.Time) bool {
	return r.WastingSince != nil && now.Sub(*r.WastingSince) >= wastingTold
}

// Notable reports whether there is more to tell than the rate.
func (r RateLimit) Notable(now time.Time) bool {
	return !r.At.IsZero() && (r.RateLimitedAt != nil && now.Sub(*r.RateLimitedAt) < rateLimitedTold ||
		r.AnotherClient >= anotherTold || r.RoundTrip >= roundTripTold || r.Wasting(now))
}

// Text says how the rate limit stands, for a person: the rate in force, and what it comes from.
func (r RateLimit) Text(now time.Time) string {
	parts := []string{fmt.Sprintf("%.3g of %.4g calls a second", r.Rate, r.Allowed)}
	if r.RateLimitedAt != nil {
		if ago := max(0, now.Sub(*r.RateLimitedAt)); ago < rateLimitedTold {
			parts = append(parts, "a call was rate limited "+short(ago)+" ago")
		}
	}
	if r.AnotherClient >= anotherTold {
		parts = append(parts, fmt.Sprintf("another client uses about %.0f calls a second", r.AnotherClient))
	}
	switch {
	case r.Wasting(now):
		parts = append(parts, fmt.Sprintf("no slot could be used for %s, Redis takes %.0f ms a round trip",
			short(now.Sub(*r.WastingSince)), r.RoundTrip))
	case r.RoundTrip >= roundTripTold:
		parts = append(parts, fmt.Sprintf("waiting for Redis: %.0f ms a round trip", r.RoundTrip))
	}
	return strings.Join(parts, "; ")
}

// short is a duration in whole seconds, or in whole minutes from one on.
func short(d time.Duration) string {
	if d >= time.Minute {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
