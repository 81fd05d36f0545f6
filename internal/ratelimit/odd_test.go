package ratelimit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/ratelimit"
)

// A lost packet or a machine that stood still holds up one worker's question. That is no jump of Redis' clock: the others
// looked at it meanwhile.
func TestAQuestionHeldUpCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(5 * time.Second)
		n := 0
		w.redis.set(func(r *simRedis) {
			r.way = func(*rand.Rand) (there, back time.Duration) {
				if n++; n%100 == 0 { // every two or three seconds
					return 1500 * ms, ms / 2
				}
				return ms / 2, ms / 2
			}
		})
		time.Sleep(30 * time.Second)
		if share, n := w.share(20, 5, 35), w.server.sum(5, 35); share < 90 || n.refused > 0 {
			t.Errorf("%.1f %% of the allowance, %d calls refused", share, n.refused)
		}
	})
}

// Times that were moved along twice, or written by whatever clock, lie ahead: nothing may wait for them.
func TestWhatLiesAheadInRedisIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, fields := range [][]string{{"stopped", "cut", "changed", "refused", "lone"}, {"ok"}, {"rowslot", "row", "strikes", "probe"}} {
		worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
			time.Sleep(5 * time.Second)
			w.redis.set(func(r *simRedis) {
				for _, f := range fields {
					r.hash[f] = micros(time.Now().Add(time.Hour))
				}
				if fields[0] == "rowslot" {
					r.hash["row"], r.hash["strikes"] = "2", "1"
				}
			})
			time.Sleep(time.Second)
			w.server.set(func(s *simServer) { s.storm = true })
			time.Sleep(10 * time.Second)
			w.server.set(func(s *simServer) { s.storm = false })
			time.Sleep(15 * time.Second)
			if n := w.server.sum(6, 16); n.refused > 8 {
				t.Errorf("%v: %d calls were made into a storm", fields, n.refused)
			}
			if share := w.share(20, 21, 31); share < 95 {
				t.Errorf("%v: %.1f %% from five seconds after its end", fields, share)
			}
		})
	}
}

// A call that took seconds to be sent, for a lost packet or a connection that had to be made, says nothing of the others.
func TestACallSentMuchTooLateSlowsNobodyDown(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(5 * time.Second)
		p, err := w.limiters[0].Wait(w.ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		p.Answered(ratelimit.Sent{At: time.Now(), Elapsed: 50 * ms})
		time.Sleep(30 * time.Second)
		if share := w.share(20, 35, 65); share < 92 {
			t.Errorf("%.1f %% of the allowance in the half minute after it", share)
		}
	})
}

// Between the longest round trip that is reserved for and the one that is given up there is none at which all slots go to
// waste.
func TestARedisAlmostTooFarAwayIsUsed(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(time.Second) // its scripts are there
		w.rtt(1700 * ms)
		time.Sleep(40 * time.Second)
		if share := w.share(20, 20, 40); share < 70 {
			t.Errorf("%.1f %% of the allowance", share)
		}
	})
}

// Who is far away reserves far ahead: what is before that is for those who are near.
func TestOneFarAwayCostsThoseNearNothing(t *testing.T) {
	t.Parallel()
	worlds(t, []int{1}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		far := w.limiter("sim")
		w.redis.set(func(r *simRedis) { r.far = w.clients[1] })
		w.going.Go(func() {
			for travel(w.ctx, 1500*ms) == nil {
				if p, err := far.Wait(w.ctx, 0); err == nil {
					p.Answered(ratelimit.Sent{})
				}
			}
		})
		time.Sleep(30 * time.Second)
		if share, n := w.share(20, 5, 30), w.server.sum(5, 30); share < 93 || n.refused > 0 {
			t.Errorf("%.1f %% of the allowance, %d calls refused", share, n.refused)
		}
	})
}

// Clocks that drift apart, as cheap ones do and NTP makes them, have not jumped.
func TestClocksMayDrift(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		for range 300 {
			time.Sleep(100 * ms)
			w.redis.set(func(r *simRedis) { r.clock += 20 * time.Microsecond })
		}
		if share, n := w.share(20, 0, 30), w.server.sum(0, 30); share < 96 || n.refused > 0 {
			t.Errorf("%.1f %% of the allowance, %d calls refused", share, n.refused)
		}
		if jumps := w.limiters[0].State().Jumps; jumps > 0 {
			t.Errorf("the clock was thought to have jumped %d times", jumps)
		}
	})
}

// However many workers hold a slot each at the least rate there is, what they hold is not forgotten.
func TestManyWorkersAtTheLeastRate(t *testing.T) {
	t.Parallel()
	worlds(t, []int{60}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		w.redis.set(func(r *simRedis) {
			r.hash["limit"], r.hash["bad"], r.hash["sure"] = "1", "1.1", "2"
			r.hash["changed"], r.hash["patience"] = micros(time.Now()), "300000000"
		})
		time.Sleep(60 * time.Second)
		if n := w.server.sum(0, 60); n.admitted > 62 {
			t.Errorf("%d calls in a minute at one a second", n.admitted)
		}
	})
}

// A slot that comes when nobody waits any longer goes back: at a slow rate it is somebody else's next one.
func TestASlotThatComesTooLateGoesBack(t *testing.T) {
	t.Parallel()
	simulate(t, 1, 0, 0, &simServer{allowed: 1, period: 5 * time.Second}, func(w *simWorld) {
		w.rtt(200 * ms)
		a, b := w.limiter("sim"), w.limiter("sim")
		_, _ = a.Wait(w.ctx, 0)
		ctx, cancel := context.WithTimeout(w.ctx, 150*ms) // while the question is under way
		defer cancel()
		if _, err := a.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		began := time.Now()
		_, _ = b.Wait(w.ctx, 0)
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("the other worker waited for %v", waited)
		}
		if _, err := a.Wait(w.ctx, 0); err != nil {
			t.Fatal(err)
		}
		if n := a.State().Wasted; n > 0 {
			t.Errorf("%d slots went to waste", n)
		}
	})
}
