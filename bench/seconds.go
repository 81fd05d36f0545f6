package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// seconds are the calls of one interface by the second, as /sandbox/seconds tells them.
type seconds struct {
	First       time.Time
	Admitted    []int
	Refused     []int
	Throttled   []int
	AlsoUsed    []int `json:"also_used"`
	AlsoRefused []int `json:"also_refused"`
}

// seconds asks the sandbox; before the first call it gives none.
func (w *world) seconds() (s seconds, called bool, err error) {
	r, err := http.Get(w.url + "/sandbox/seconds")
	if err != nil {
		return s, false, err
	}
	defer r.Body.Close()
	lines := json.NewDecoder(r.Body)
	if !lines.More() {
		return s, false, nil
	}
	if err := lines.Decode(&s); err != nil {
		return s, false, err
	}
	if lines.More() {
		return s, false, errors.New("more than one interface was called")
	}
	return s, true, nil
}

// firstCall waits for it and gives its time.
func (w *world) firstCall() (at time.Time, err error) {
	err = harness.Until(w.ctx, 60*time.Second, "the first call", func() (bool, error) {
		s, called, err := w.seconds()
		at = s.First
		return called, err
	})
	if err != nil && len(w.others) > 0 {
		err = fmt.Errorf("%w: %s", err, w.others[len(w.others)-1].Tail())
	}
	return at, err
}

// tally is what some seconds hold.
type tally struct {
	seconds                                             int
	admitted, refused, throttled, alsoUsed, alsoRefused int
}

// between counts the seconds from (inclusive) to (exclusive) after the first call.
func (s seconds) between(from, to int) tally {
	sum := func(list []int) (n int) {
		for _, one := range list[min(from, len(list)):min(to, len(list))] {
			n += one
		}
		return n
	}
	return tally{to - from, sum(s.Admitted), sum(s.Refused), sum(s.Throttled), sum(s.AlsoUsed), sum(s.AlsoRefused)}
}

// share is what was used of so many calls a second, in percent.
func (t tally) share(perSecond int) float64 {
	return 100 * float64(t.admitted) / float64(perSecond*t.seconds)
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// windowOf is how long the calls after an event are looked at, at a time.
const windowOf = 5 * time.Second

// until tells how many seconds after an event the first windowOf begins that uses so much of the allowance, and what the
// calls in the worst such window use. Both look at calls up to end; without such a window, seconds is -1.
func until(all []arrival, event, end time.Time, wanted float64) (after, worst float64) {
	after, worst = -1, 100
	const step = 50 * time.Millisecond
	for at := event; !at.Add(windowOf).After(end); at = at.Add(step) {
		n := 0
		for _, a := range all {
			if !a.Refused && !a.At.Before(at) && a.At.Before(at.Add(windowOf)) {
				n++
			}
		}
		share := 100 * float64(n) / (calls20 * windowOf.Seconds())
		worst = min(worst, share)
		if after < 0 && share >= wanted {
			after = at.Sub(event).Seconds()
		}
	}
	return after, worst
}

// pauseIn is the longest time without an admitted call between two moments.
func pauseIn(all []arrival, from, to time.Time) time.Duration {
	last, longest := from, time.Duration(0)
	for _, a := range all {
		if a.Refused || a.At.Before(from) || a.At.After(to) {
			continue
		}
		longest, last = max(longest, a.At.Sub(last)), a.At
	}
	return max(longest, to.Sub(last))
}

// refusedIn are the calls refused between two moments.
func refusedIn(all []arrival, from, to time.Time) (n int) {
	for _, a := range all {
		if a.Refused && !a.At.Before(from) && !a.At.After(to) {
			n++
		}
	}
	return n
}
