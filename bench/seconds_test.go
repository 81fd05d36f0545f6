package main

import (
	"testing"
	"time"
)

func TestSharesAreOfTheSecondsAskedFor(t *testing.T) {
	t.Parallel()
	s := seconds{Admitted: []int{20, 10, 15, 20}, Refused: []int{0, 5, 0, 0}, AlsoUsed: []int{5, 5}, AlsoRefused: []int{1, 0}}
	if got := s.between(0, 2); got.share(20) != 75 || got.refused != 5 || got.alsoUsed != 10 || got.alsoRefused != 1 {
		t.Errorf("the first two: %+v, %v %%", got, got.share(20))
	}
	if got := s.between(2, 6); got.share(20) != 100*35./80 { // two of them stood still
		t.Errorf("the four after: %+v, %v %%", got, got.share(20))
	}
}

// every gives calls at even distances.
func every(from time.Time, d, span time.Duration) (all []arrival) {
	for at := time.Duration(0); at < span; at += d {
		all = append(all, arrival{At: from.Add(at)})
	}
	return all
}

func TestUntilFindsTheFirstGoodWindow(t *testing.T) {
	t.Parallel()
	event := time.Unix(1000, 0)
	all := every(event.Add(-10*time.Second), 50*time.Millisecond, 10*time.Second)
	all = append(all, every(event.Add(3*time.Second), 50*time.Millisecond, 20*time.Second)...)
	after, worst := until(all, event, event.Add(20*time.Second), 95)
	if after != 2.75 || worst != 40 { // a window of 5 s may lack 250 ms
		t.Errorf("after 3 s of standing still: %v s, worst %v %%", after, worst)
	}
	if got := pauseIn(all, event, event.Add(20*time.Second)); got != 3*time.Second {
		t.Errorf("it stood still for %v", got)
	}
	if after, _ := until(all, event.Add(18*time.Second), event.Add(40*time.Second), 95); after != 0 {
		t.Errorf("while calls go on: %v s", after)
	}
	if after, _ := until(nil, event, event.Add(20*time.Second), 95); after != -1 {
		t.Errorf("without a call: %v s", after)
	}
	if got := pauseIn(nil, event, event.Add(20*time.Second)); got != 20*time.Second {
		t.Errorf("without a call it stood still for %v", got)
	}
}

func TestTheGridHasEachCaseOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range grid() {
		if seen[c.String()] {
			t.Errorf("%s is there twice", c)
		}
		seen[c.String()] = true
	}
	if len(seen) != 162 {
		t.Errorf("%d cases", len(seen))
	}
	values := map[string]bool{}
	for _, c := range chosen() {
		if !seen[c.String()] && len(c.more) == 0 {
			t.Errorf("%s is not in the grid", c)
		}
		for _, v := range c.values() {
			values[v] = true
		}
	}
	for _, c := range grid() {
		for _, v := range c.values() {
			if !values[v] {
				t.Errorf("no case with %s is chosen", v)
				values[v] = true
			}
		}
	}
}
