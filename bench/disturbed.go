package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// calm is what the network is like where something else is disturbed.
var calm = usage{jitter: 2 * time.Millisecond, rtt: time.Millisecond, workers: 2}

// refused makes ten runs of a minute, the server's own work being another each time, and counts what is refused.
func refused(b *bench) ([]harness.Figure, error) {
	minute, runs := pick(b, 60, 6), pick(b, 10, 2)
	spreads := ms(0, 300, 1000)
	total := make([]tally, runs)
	_, err := b.atATime(runs, func(i int) ([]harness.Figure, error) {
		c := usage{jitter: 20 * time.Millisecond, spread: spreads[i%len(spreads)], rtt: time.Millisecond, workers: []int{1, 2, 8}[i/len(spreads)%3]}
		w, err := b.at(c, worldKind{}, minute)
		if err != nil {
			return nil, err
		}
		defer w.close()
		s, err := w.after(time.Duration(minute) * time.Second)
		total[i] = s.between(0, minute)
		b.log("refused: %s: %.1f %%, %d refused", c, total[i].share(calls20), total[i].refused)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	var shares []float64
	n, calls := 0, 0
	for _, t := range total {
		shares = append(shares, t.share(calls20))
		n, calls = n+t.refused, calls+t.admitted+t.refused
	}
	median, spread := harness.Median(shares)
	return []harness.Figure{
		harness.Figure{Group: "refused", Name: fmt.Sprintf("%d runs of a minute, jitter 20ms, own work 0, 300ms and 1000ms in turn", runs),
			Value: float64(n), Unit: "calls", Note: fmt.Sprintf("of %d", calls)}.AtMost(0),
		{Group: "refused", Name: "their share of the allowance", Value: median, Unit: "%", Spread: spread},
	}, nil
}

// settle is how long workers are left alone before something happens.
func (b *bench) settle() time.Duration { return pick(b, 30*time.Second, 6*time.Second) }

// watch is how long is looked at what happens then.
func (b *bench) watch() time.Duration { return pick(b, 25*time.Second, 8*time.Second) }

// disturbed runs a case for so many events: each is made to happen, and what comes after it looked at.
func (b *bench) disturbed(c usage, kind worldKind, events int, happen func(w *world, i int) error,
	look func(w *world, i int, all []arrival, at, end time.Time) []harness.Figure) (out []harness.Figure, err error) {
	w, err := b.at(c, kind, int((b.settle() + time.Duration(events)*(b.watch()+15*time.Second)).Seconds()))
	if err != nil {
		return nil, err
	}
	defer w.close()
	if _, err := w.after(b.settle()); err != nil {
		return nil, err
	}
	for i := range events {
		if err := happen(w, i); err != nil {
			return out, err
		}
		at := time.Now()
		if err := pause(b.ctx, b.watch()); err != nil {
			return out, err
		}
		all, err := w.arrivals()
		if err != nil {
			return out, err
		}
		slices.SortFunc(all, func(a, b arrival) int { return a.At.Compare(b.At) })
		figures := look(w, i, all, at, time.Now())
		for _, f := range figures {
			b.log("%s: %.2f %s, %s", f.Name, f.Value, f.Unit, f.Note)
		}
		out = append(out, figures...)
	}
	return out, nil
}

// reached holds against its bar after how many seconds a share of the allowance was reached; where it never was, that is as
// long as it was watched.
func (b *bench) reached(f harness.Figure, after float64) harness.Figure {
	f.Value, f.Unit = after, "s"
	if after < 0 {
		f.Value = b.watch().Seconds()
		f.Note += "; it was not reached while it was watched"
	}
	f = f.AtMost(5)
	*f.Met = *f.Met && after >= 0
	return f
}

// distance has Redis move away and come back while a job runs.
func distance(b *bench) ([]harness.Figure, error) {
	steps := []struct {
		rtt    time.Duration
		wanted float64
	}{{30 * time.Millisecond, 93}, {200 * time.Millisecond, 90}, {time.Millisecond, 95}, {200 * time.Millisecond, 90}, {30 * time.Millisecond, 93},
		{time.Millisecond, 95}}
	counts := pick(b, []int{1, 2, 8}, []int{2})
	return b.atATime(len(counts), func(i int) ([]harness.Figure, error) {
		c := calm
		c.workers = counts[i]
		before := c.rtt
		return b.disturbed(c, worldKind{}, len(steps),
			func(w *world, i int) error { w.link.SetRTT(steps[i].rtt); return nil },
			func(w *world, i int, all []arrival, at, end time.Time) []harness.Figure {
				after, worst := until(all, at, end, steps[i].wanted)
				name := fmt.Sprintf("%s, Redis from %s to %s: until %d s hold %g %% of the allowance", workers(c.workers), short(before),
					short(steps[i].rtt), int(windowOf.Seconds()), steps[i].wanted)
				before = steps[i].rtt
				return []harness.Figure{b.reached(harness.Figure{Group: "distance", Name: name,
					Note: fmt.Sprintf("the worst such window has %.0f %%, %d calls refused", worst, refusedIn(all, at, end))}, after)}
			})
	})
}

// clock has Redis' clock set while a job runs.
func clock(b *bench) ([]harness.Figure, error) {
	shifts := []time.Duration{-30 * time.Second, -time.Hour, 24 * time.Hour, -24 * time.Hour}
	return b.atATime(len(shifts), func(i int) ([]harness.Figure, error) {
		return b.disturbed(calm, worldKind{clock: true}, 2,
			func(w *world, event int) error { // set, and right again
				return w.clock.Shift([]time.Duration{shifts[i], 0}[event])
			},
			func(w *world, event int, all []arrival, at, end time.Time) []harness.Figure {
				after, _ := until(all, at, end, 90)
				n := refusedIn(all, at, end)
				d := []time.Duration{shifts[i], -shifts[i]}[event]
				note := fmt.Sprintf("5 s hold 90 %% of the allowance from %.1f s after it on, %d calls refused", after, n)
				if after < 0 {
					note = fmt.Sprintf("5 s never hold 90 %% of the allowance, %d calls refused", n)
				}
				f := harness.Figure{Group: "clock", Name: fmt.Sprintf("Redis' clock set by %+g s: the longest time without a call", d.Seconds()),
					Value: pauseIn(all, at, end).Seconds(), Unit: "s", Note: note}.AtMost(5)
				f.Bar += ", none refused"
				*f.Met = *f.Met && n == 0
				return []harness.Figure{f}
			})
	})
}

// storm has WeChat Pay, or a gateway before it, refuse everything for ten seconds.
func storm(b *bench) ([]harness.Figure, error) {
	type kind struct {
		workers int
		gateway bool
	}
	kinds := []kind{{2, false}, {8, false}, {2, true}, {8, true}}
	lasts := pick(b, 10*time.Second, 4*time.Second)
	return b.atATime(len(kinds), func(i int) ([]harness.Figure, error) {
		c, by := calm, "WeChat Pay"
		c.workers = kinds[i].workers
		if kinds[i].gateway {
			c.more, by = []string{"--gateway-refusals", "1"}, "a gateway"
		}
		return b.disturbed(c, worldKind{}, 1,
			func(w *world, _ int) error {
				return errors.Join(w.ask(http.MethodPost, "/sandbox/faults", `{"outage":"429"}`), pause(b.ctx, lasts),
					w.ask(http.MethodPost, "/sandbox/faults", `{"outage":""}`))
			},
			func(w *world, _ int, all []arrival, at, end time.Time) []harness.Figure {
				s, _, err := w.seconds()
				if err != nil {
					b.log("storm: %v", err)
				}
				name := fmt.Sprintf("%s refuses everything for %g s, %s: ", by, lasts.Seconds(), workers(c.workers))
				after, _ := until(all, at, end, 95)
				return []harness.Figure{
					harness.Figure{Group: "storm", Name: name + "calls meanwhile", Unit: "calls",
						Value: float64(s.between(0, len(s.Throttled)).throttled)}.AtMost(8),
					b.reached(harness.Figure{Group: "storm", Name: name + "after its end, until 5 s hold 95 % of the allowance",
						Note: fmt.Sprintf("%d calls refused afterwards", refusedIn(all, at, end))}, after),
				}
			})
	})
}
