package sandbox_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// clock is a clock that moves only when it is told to.
type clock struct{ ahead atomic.Int64 }

func newClock() (*clock, func() time.Time) {
	c, began := new(clock), time.Now()
	return c, func() time.Time { return began.Add(time.Duration(c.ahead.Load())) }
}

func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// burst sends n calls and tells how many kept the pace.
func (c client) burst(n int, q request) (kept int) {
	c.t.Helper()
	for range n {
		switch r := c.send(q); r.status {
		case 200:
			kept++
		case 429:
			c.wantStatus(r, 429, "RATELIMIT_EXCEEDED")
			if id := r.header.Get("Request-Id"); !strings.HasSuffix(id, "-270924289") {
				c.t.Fatalf("Request-Id %q", id)
			}
		default:
			c.t.Fatalf("HTTP %d %s", r.status, r.body)
		}
	}
	return kept
}

var associateCall = request{path: partnerBase + associate, body: body(sandbox.BrandID, "1")}

func TestNoSlidingSecondHasMoreThanTheRate(t *testing.T) {
	t.Parallel()
	clock, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 5, Now: now})
	for _, step := range []struct {
		after     time.Duration
		send, get int
	}{
		{0, 3, 3},
		{500 * time.Millisecond, 4, 2},         // 5 in the second
		{499*time.Millisecond + 999_999, 2, 0}, // 999.999999 ms after the first three
		{1, 4, 3},                              // one second after them, they no longer count
		{500*time.Millisecond - 1, 1, 0},       //
		{1, 3, 2},                              // one second after the two
		{10 * time.Second, 7, 5},               // an idle time saves nothing up
		{time.Second, 6, 5},                    //
	} {
		clock.move(step.after)
		if got := c.burst(step.send, associateCall); got != step.get {
			t.Fatalf("after %v: %d of %d calls kept the pace, want %d", step.after, got, step.send, step.get)
		}
	}
	s := c.sandbox.Stats()
	if i := s.Interfaces[0]; len(s.Interfaces) != 1 || i.Calls != 30 || i.Admitted != 20 || i.Refused != 10 ||
		i.MaxInSecond != 11 || i.Interface != "associate-stock" || i.Identity != sandbox.PartnerMchID {
		t.Errorf("%+v", s.Interfaces)
	}
	if s.Codes["RATELIMIT_EXCEEDED"] != 10 || s.Answers[200] != 20 {
		t.Errorf("%+v", s)
	}
}

func TestTheRateIsTwentyUnlessSaid(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Options{Keys: keys(), Now: func() time.Time { return time.Unix(1e9, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	c := newDirectClient(t, sandbox.Options{})
	c.sandbox, c.http.Transport = s, direct{s.Handler()}
	q := associateCall
	q.timestamp = "1000000000"
	kept := 0
	for range 25 {
		if r := c.try(q); r.status == 200 {
			kept++
		}
	}
	if kept != 20 {
		t.Errorf("%d calls kept the pace", kept)
	}
}

func TestRefusedCallsCountWhereToldSo(t *testing.T) {
	t.Parallel()
	clock, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 2, CountRefused: true, Now: now})
	if got := c.burst(2, associateCall); got != 2 {
		t.Fatalf("%d kept the pace", got)
	}
	for range 5 { // hammering on keeps the door shut
		clock.move(500 * time.Millisecond)
		if got := c.burst(2, associateCall); got != 0 {
			t.Fatal("a call among refused ones kept the pace")
		}
	}
	clock.move(time.Second)
	if got := c.burst(3, associateCall); got != 2 {
		t.Fatalf("after a second's rest %d kept the pace", got)
	}
}

func TestEachIdentityAndInterfaceHasAnAllowanceOfItsOwn(t *testing.T) {
	t.Parallel()
	_, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 1, Now: now})
	for _, q := range []request{
		associateCall,
		{path: partnerBase + "stocks/stock-1/disassociate-stores", body: associateCall.body},
		{path: partnerBase + "stock-bundles/b/associate-stores", body: associateCall.body},
		{path: partnerBase + "stock-bundles/b/disassociate-stores", body: associateCall.body},
		{path: partnerBase + "stocks/stock-1/associated-stores?brand_id=1", method: "GET"},
		{mode: job.Brand, path: brandBase + associate, body: body("", "1")},
		{mode: job.Brand, path: brandBase + "stocks/stock-1/associated-stores", method: "GET"},
	} {
		if got := c.burst(2, q); got != 1 {
			t.Errorf("%s: %d kept the pace", q.path, got)
		}
	}
	other := associateCall
	other.path = strings.Replace(other.path, "stock-1", "stock-2", 1)
	other.body = body("other-brand", "1")
	if got := c.burst(1, other); got != 0 {
		t.Error("another stock and brand of the same partner's has an allowance of its own")
	}
}

func TestCallsThatAreNotBelievedDoNotCount(t *testing.T) {
	t.Parallel()
	_, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 1, Now: now})
	wrong := associateCall
	wrong.key = otherKey()
	c.wantStatus(c.send(wrong), 401, "SIGN_ERROR")
	if got := c.burst(1, associateCall); got != 1 {
		t.Error("a call with a wrong signature used the allowance up")
	}
	malformed := associateCall
	malformed.body = "{}"
	c.wantStatus(c.send(malformed), 429, "RATELIMIT_EXCEEDED")
}

func TestArrivalsAreKeptInOrder(t *testing.T) {
	t.Parallel()
	clock, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 2, Now: now, KeepArrivals: 3})
	c.burst(3, associateCall)
	clock.move(time.Second)
	c.burst(1, associateCall)
	var refused []bool
	arrivals := c.sandbox.Arrivals()
	for _, a := range arrivals {
		refused = append(refused, a.Refused)
	}
	if !slices.Equal(refused, []bool{false, true, false}) || arrivals[2].At.Sub(arrivals[1].At) != time.Second {
		t.Errorf("%+v", arrivals)
	}
}

func TestACallCountsWhenItHasArrived(t *testing.T) {
	t.Parallel()
	keys() // made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		// Calls sent 100 ms apart, each delayed by up to 300 ms on the way: they overtake one another, and a second may
		// see more arrivals than were sent in it.
		c := newDirectClient(t, sandbox.Options{KeepArrivals: 100,
			Faults: sandbox.Faults{Seed: 1, JitterIn: 300 * time.Millisecond}})
		began := time.Now()
		done := make(chan struct{})
		const n = 40
		for range n {
			go func() { c.send(associateCall); done <- struct{}{} }()
			time.Sleep(100 * time.Millisecond)
		}
		for range n {
			<-done
		}
		gaps := map[time.Duration]bool{}
		var last time.Duration
		for _, a := range c.sandbox.Arrivals() {
			at := a.At.Sub(began)
			gaps[at-last] = true
			last = at
		}
		if most := c.sandbox.Stats().Interfaces[0].MaxInSecond; len(gaps) < n/2 || most < 11 || most > 13 {
			t.Errorf("%d different gaps, at most %d arrivals in a second", len(gaps), most)
		}
	})
}
