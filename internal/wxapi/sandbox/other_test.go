package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// sharedClient has another client at its allowance of 20.
func sharedClient(t *testing.T, alsoUsed float64) (client, *clock) {
	t.Helper()
	clock, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 20, Now: now})
	setFaults(t, c, sandbox.Faults{AlsoUsed: alsoUsed})
	return c, clock
}

func setFaults(t *testing.T, c client, f sandbox.Faults) {
	t.Helper()
	if err := c.sandbox.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

// alsoUsed is what the other client of the only interface that was called has done.
func alsoUsed(c client) sandbox.OtherStats {
	c.t.Helper()
	s := c.sandbox.Stats()
	if len(s.Interfaces) != 1 {
		c.t.Fatalf("%+v", s.Interfaces)
	}
	return s.Interfaces[0].AlsoUsed
}

func TestAnotherClientUsesTheSameAllowance(t *testing.T) {
	t.Parallel()
	c, clock := sharedClient(t, 5)
	clock.move(time.Minute) // it was there all the time
	if got := c.burst(20, associateCall); got != 15 {
		t.Errorf("beside another client's 5 calls a second, %d of 20 at once were admitted", got)
	}
	if got := alsoUsed(c); got != (sandbox.OtherStats{}) {
		t.Errorf("the other client's calls from before the first are told: %+v", got)
	}
}

func TestTheOtherClientIsRefusedWhereTheAllowanceIsUsedUp(t *testing.T) {
	t.Parallel()
	c, clock := sharedClient(t, 5)
	for range 20 { // 25 calls a second in all
		clock.move(50 * time.Millisecond)
		c.send(associateCall)
	}
	clock.move(10 * time.Second)
	got := alsoUsed(c)
	if got.Calls < 54 || got.Calls > 56 || got.Refused < 1 || got.Refused > 5 {
		t.Errorf("of its calls in 11 s, one second of which was used by us: %+v", got)
	}
	own := c.sandbox.Stats().Interfaces[0]
	if own.Calls != 20 || own.Admitted+own.Refused != 20 || own.MaxInSecond > 20 || !own.Last.Before(own.First.Add(time.Second)) {
		t.Errorf("its calls are taken for ours: %+v", own)
	}
}

func TestTheOtherClientComesAndGoes(t *testing.T) {
	t.Parallel()
	c, clock := sharedClient(t, 0)
	c.send(associateCall)
	clock.move(10 * time.Second)
	if got := alsoUsed(c); got.Calls != 0 {
		t.Errorf("before it was there: %+v", got)
	}
	setFaults(t, c, sandbox.Faults{AlsoUsed: 10})
	for i := range 2000 { // other changes leave it as it is
		clock.move(10 * time.Millisecond)
		setFaults(t, c, sandbox.Faults{AlsoUsed: 10, Work: time.Duration(i)})
	}
	setFaults(t, c, sandbox.Faults{})
	clock.move(10 * time.Second)
	if got := alsoUsed(c); got.Calls < 199 || got.Calls > 201 || got.Refused != 0 {
		t.Errorf("in 20 s at 10 calls a second: %+v", got)
	}
	if got := c.burst(25, associateCall); got != 20 {
		t.Errorf("after it had gone, %d calls of a second were admitted", got)
	}
}

func TestTheOtherClientsCallsAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	c, clock := sharedClient(t, 20) // all of it: each of ours takes the place of one of its
	c.send(associateCall)
	clock.move(30 * time.Second)
	seconds := c.sandbox.Seconds()[0].AlsoUsed
	for i, n := range seconds[:30] {
		if n < 19 || n > 21 {
			t.Errorf("%d calls in second %d", n, i)
		}
	}
}

func TestSecondsTellWhenCallsWereAdmittedAndRefused(t *testing.T) {
	t.Parallel()
	clock, now := newClock()
	c := newDirectClient(t, sandbox.Options{Rate: 3, Now: now})
	c.burst(4, associateCall)
	clock.move(2500 * time.Millisecond)
	c.burst(1, associateCall)
	setFaults(t, c, sandbox.Faults{Outage: sandbox.OutageThrottle})
	clock.move(500 * time.Millisecond)
	c.burst(3, associateCall) // one more than the limit admits
	setFaults(t, c, sandbox.Faults{Throttled: 1, GatewayRefusals: 1})
	clock.move(time.Second)
	if r := c.try(associateCall); r.status != http.StatusTooManyRequests {
		t.Fatalf("HTTP %d", r.status)
	}
	clock.move(1 * time.Second)
	r, err := http.NewRequest(http.MethodGet, c.url+"/sandbox/seconds", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var got sandbox.SecondStats
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Account != sandbox.PartnerAccount || got.Interface != "associate-stock" || !got.First.Equal(c.sandbox.Stats().Interfaces[0].First) {
		t.Errorf("%+v", got)
	}
	for _, tt := range []struct {
		what      string
		got, want []int32
	}{
		{"admitted", got.Admitted, []int32{3, 0, 1, 2, 1, 0}},
		{"refused", got.Refused, []int32{1, 0, 0, 1, 0, 0}},
		{"throttled", got.Throttled, []int32{0, 0, 0, 2, 1, 0}},
		{"also used", got.AlsoUsed, make([]int32, 6)},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	c.sandbox.ForgetStats()
	if left := c.sandbox.Seconds(); len(left) != 0 {
		t.Errorf("after ForgetStats: %+v", left)
	}
}
