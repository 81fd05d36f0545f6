package sandbox_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// took sends n calls one after another under these faults, and gives how long each was on its way before it counted,
// and how long it took afterwards.
func took(c client, n int, f sandbox.Faults) (before, after []time.Duration) {
	c.t.Helper()
	if err := c.sandbox.SetFaults(f); err != nil {
		c.t.Fatal(err)
	}
	for range n {
		began := time.Now()
		c.send(associateCall)
		arrivals := c.sandbox.Arrivals()
		at := arrivals[len(arrivals)-1].At
		before, after = append(before, at.Sub(began)), append(after, time.Since(at))
	}
	return before, after
}

func TestWorkComesAfterACallHasCounted(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{KeepArrivals: 1})
		before, after := took(c, 40, sandbox.Faults{Work: 80 * time.Millisecond, WorkSpread: 300 * time.Millisecond})
		seen := map[time.Duration]bool{}
		for i := range after {
			if before[i] != 0 || after[i] < 80*time.Millisecond || after[i] >= 380*time.Millisecond {
				t.Fatalf("%v before a call counted, %v afterwards", before[i], after[i])
			}
			seen[after[i]] = true
		}
		if len(seen) < 35 {
			t.Errorf("%d different times of 40", len(seen))
		}
	})
}

func TestARefusalTakesNoWork(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{Rate: 1, KeepArrivals: 1})
		if err := c.sandbox.SetFaults(sandbox.Faults{Work: 900 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		c.send(associateCall)
		began := time.Now()
		c.wantStatus(c.send(associateCall), http.StatusTooManyRequests, "RATELIMIT_EXCEEDED")
		if got := time.Since(began); got != 0 {
			t.Errorf("a refusal took %v", got)
		}
	})
}

func TestTheTailOfTheJitterComesBeforeACallCounts(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{KeepArrivals: 1})
		late := 0
		before, _ := took(c, 200, sandbox.Faults{Seed: 3, JitterIn: 20 * time.Millisecond, JitterTail: 0.1})
		for _, d := range before {
			switch {
			case d >= 200*time.Millisecond && d < 220*time.Millisecond:
				late++
			case d >= 20*time.Millisecond:
				t.Fatalf("a call was on its way for %v", d)
			}
		}
		if late < 8 || late > 35 {
			t.Errorf("%d of 200 calls were late at a share of a tenth", late)
		}
		before, _ = took(c, 1, sandbox.Faults{JitterTail: 1, JitterTailBy: time.Second})
		if before[0] != time.Second {
			t.Errorf("told to be a second late, a call was %v on its way", before[0])
		}
	})
}

func TestJitterMayBeOfAConnection(t *testing.T) {
	t.Parallel()
	f := sandbox.Faults{Seed: 5, JitterIn: 10 * time.Millisecond, JitterPer: sandbox.JitterPerConnection}
	if a, b, other := sandbox.WayHere(f, 1, 1), sandbox.WayHere(f, 2, 1), sandbox.WayHere(f, 3, 2); a != b || a == other {
		t.Errorf("two calls on one connection: %v and %v, one on another: %v", a, b, other)
	}
	f.JitterPer = sandbox.JitterPerCall
	if a, b := sandbox.WayHere(f, 1, 1), sandbox.WayHere(f, 2, 1); a == b {
		t.Errorf("two calls, each with a jitter of its own: both %v", a)
	}
}

func TestConnectionsAreToldApart(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	for range 3 {
		for range 4 {
			c.send(associateCall)
		}
		c.http.CloseIdleConnections()
	}
	if n := c.sandbox.Connections(); n != 3 {
		t.Errorf("%d connections", n)
	}
}
