package sandbox

import (
	"time"

	"github.com/storelink/storelink/internal/job"
)

// maxSeconds is for how long a window counts by the second: a day.
const maxSeconds = 24 * 60 * 60

// second is what one window counted in one second.
type second struct{ admitted, refused, throttled, alsoUsed, alsoRefused int32 }

// SecondStats are the calls of one account at one interface by the second: each list's nth number is that of the second
// that began n seconds after First. The last second is the current one; after a day no more are added.
type SecondStats struct {
	Account   string    `json:"account"`
	Mode      job.Mode  `json:"mode"`
	Interface string    `json:"interface"`
	First     time.Time `json:"first"` // when the first call had come in

	Admitted    []int32 `json:"admitted"`     // calls within the rate limit
	Refused     []int32 `json:"refused"`      // calls refused for the rate limit: 429
	Throttled   []int32 `json:"throttled"`    // admitted calls that a fault answered with 429 all the same
	AlsoUsed    []int32 `json:"also_used"`    // calls of the other client, refused ones too (Faults.AlsoUsed)
	AlsoRefused []int32 `json:"also_refused"` // those of them that were refused for the rate limit
}

// second is the one that a call at that moment belongs to, nil if it is not counted by the second.
func (w *window) second(at time.Time) *second {
	n := int(at.Sub(w.first) / time.Second)
	if n < 0 || n >= maxSeconds {
		return nil
	}
	for len(w.seconds) <= n {
		w.seconds = append(w.seconds, second{})
	}
	return &w.seconds[n]
}

// throttled notes that a call which had been admitted at that moment was answered 429 by a fault.
func (w *window) throttled(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == 0 {
		return // the figures have begun anew meanwhile
	}
	if s := w.second(at); s != nil {
		s.throttled++
	}
}

// Seconds are the calls by the second, for each account and interface that has been called since the sandbox was made,
// or since Forget or ForgetStats.
func (s *Sandbox) Seconds() []SecondStats {
	var all []SecondStats
	for _, a := range s.accounts {
		for i := range a.windows {
			if one, called := a.windows[i].bySecond(s.now()); called {
				one.Account, one.Mode, one.Interface = a.Name, a.Mode, iface(i).String()
				all = append(all, one)
			}
		}
	}
	return all
}

func (w *window) bySecond(now time.Time) (SecondStats, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callOther(now)
	if w.calls == 0 {
		return SecondStats{}, false
	}
	w.second(now) // a second in which nothing happened is one too
	one := SecondStats{First: w.first}
	for _, s := range w.seconds {
		one.Admitted = append(one.Admitted, s.admitted)
		one.Refused = append(one.Refused, s.refused)
		one.Throttled = append(one.Throttled, s.throttled)
		one.AlsoUsed = append(one.AlsoUsed, s.alsoUsed)
		one.AlsoRefused = append(one.AlsoRefused, s.alsoRefused)
	}
	return one, true
}
