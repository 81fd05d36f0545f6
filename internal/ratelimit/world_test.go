package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

const ms = time.Millisecond

// seeds is how many worlds of each kind a property is tried in: one, with the workers that the test asks for, or as many
// as STORELINK_SEEDS says, with 1, 2 and 8 workers. A thousand take an hour.
func seeds(t *testing.T, workers []int) (uint64, []int) {
	t.Helper()
	text := os.Getenv("STORELINK_SEEDS")
	if text == "" && raced {
		return 1, workers[:1]
	}
	if text == "" {
		return 1, workers
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("STORELINK_SEEDS: %v", err)
	}
	return n, []int{1, 2, 8}
}

// worlds runs a test in worlds beside one another, with so many workers each.
func worlds(t *testing.T, workers []int, server func() *simServer, test func(*testing.T, *simWorld)) {
	t.Helper()
	seeds, workers := seeds(t, workers)
	for seed := range seeds {
		for _, workers := range workers {
			t.Run(fmt.Sprintf("seed %d, %d workers", seed, workers), func(t *testing.T) {
				t.Parallel()
				simulate(t, seed, workers, max(8, 32/workers), server(), func(w *simWorld) { test(t, w) })
			})
		}
	}
}

// rtt sets how long a round trip to Redis takes, give or take a tenth.
func (w *simWorld) rtt(d time.Duration) {
	w.redis.mu.Lock()
	defer w.redis.mu.Unlock()
	w.redis.way = func(r *rand.Rand) (a, b time.Duration) {
		half := func() time.Duration { return time.Duration(float64(d) / 2 * (0.95 + 0.1*r.Float64())) }
		return half(), half()
	}
}

// share is what part of the calls that are left, in percent, was made from one second to another.
func (w *simWorld) share(left float64, from, to int) float64 {
	return 100 * float64(w.server.sum(from, to).admitted) / (left * float64(to-from))
}

func server(jitter, spread time.Duration) func() *simServer {
	return func() *simServer { return &simServer{jitter: jitter, work: 40 * ms, spread: spread} }
}

// What the server does takes whatever time it takes: that says nothing of when calls arrive.
func TestTheAllowanceIsUsedWhateverAnswersTake(t *testing.T) {
	t.Parallel()
	for _, jitter := range []time.Duration{0, 20 * ms} {
		for _, spread := range []time.Duration{0, 300 * ms} {
			t.Run(fmt.Sprintf("jitter %v, work %v", jitter, spread), func(t *testing.T) {
				t.Parallel()
				worlds(t, []int{1, 8}, server(jitter, spread), func(t *testing.T, w *simWorld) {
					time.Sleep(60 * time.Second)
					n := w.server.sum(0, 60)
					if share := w.share(20, 0, 60); share < 97 || n.refused > 0 {
						t.Errorf("%.1f %% of the allowance, %d calls refused", share, n.refused)
					}
				})
			})
		}
	}
}

// The best that is safe under a jitter of 60 ms is 1/1.06 of the allowance, 94.3 %.
func TestRefusalsTeachWhatJitterAllows(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(60*ms, 300*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(180 * time.Second)
		first, later := w.share(20, 0, 60), w.share(20, 60, 180)
		n := w.server.sum(60, 180)
		if refused := 100 * float64(n.refused) / float64(n.admitted+n.refused); first < 88 || later < 93 || refused >= 1 {
			t.Errorf("%.1f %% in the first minute, then %.1f %%, %.2f %% refused", first, later, refused)
		}
	})
}

// share of what another client leaves that is used from one second to another, and of its calls that were refused.
func (w *simWorld) shares(theirs float64, from, to int) (ours, refused float64) {
	n := w.server.sum(from, to)
	return w.share(20-theirs, from, to), 100 * float64(n.theirsRefused) / float64(n.theirs+n.theirsRefused)
}

// A second holds a whole number of calls: of the 15 that are left, 14 are what leaves the other's alone.
func TestAnotherClientIsLeftItsShareUntilItGoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		workers        int
		jitter, spread time.Duration
	}{{1, 0, 0}, {2, 20 * ms, 0}, {8, 20 * ms, 300 * ms}} {
		worlds(t, []int{c.workers}, server(c.jitter, c.spread), func(t *testing.T, w *simWorld) {
			stop := w.another(5, uneven)
			time.Sleep(300 * time.Second)
			if ours, refused := w.shares(5, 60, 300); ours < 91.5 || refused > 2.2 { // in single worlds
				t.Errorf("%.1f %% of what is left; %.2f %% of the other's calls refused", ours, refused)
			}
			if s := w.limiters[0].State(); s.Another != 5 {
				t.Errorf("the other is thought to use %.1f calls a second", s.Another)
			}
			stop()
			time.Sleep(200 * time.Second)
			if share := w.share(20, 460, 500); share < 97 {
				t.Errorf("%.1f %% of the allowance soon after the other has gone", share)
			}
		})
	}
}

// Whatever another client's manner is, it is found, and left most of its share.
func TestOtherClientsOfOtherManners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what          string
		perSecond     float64
		how           manner
		least, theirs float64 // percent
	}{
		{"two a second", 2, uneven, 92, 6}, {"eight a second", 8, uneven, 90, 3}, {"five even", 5, even, 90, 3},
		{"bursts of five", 5, bursts, 90, 3}, {"five by chance", 5, poisson, 50, 25},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			worlds(t, []int{2}, server(20*ms, 50*ms), func(t *testing.T, w *simWorld) {
				w.another(c.perSecond, c.how)
				time.Sleep(180 * time.Second)
				if ours, refused := w.shares(c.perSecond, 60, 180); ours < c.least || refused > c.theirs {
					t.Errorf("%.1f %% of what is left; %.2f %% of the other's calls refused", ours, refused)
				}
			})
		})
	}
}

func TestRedisMayMoveAwayAndComeBack(t *testing.T) {
	t.Parallel()
	worlds(t, []int{1, 8}, server(20*ms, 50*ms), func(t *testing.T, w *simWorld) {
		at := 0
		for _, c := range []struct {
			rtt   time.Duration
			least float64
		}{{ms, 97}, {30 * ms, 93}, {200 * ms, 90}, {ms, 93}, {500 * ms, 90}, {ms, 93}} {
			w.rtt(c.rtt)
			time.Sleep(20 * time.Second)
			if share := w.share(20, at+5, at+20); share < c.least {
				t.Errorf("%.1f %% with Redis %v away, from the fifth second on", share, c.rtt)
			}
			at += 20
		}
		if n := w.server.sum(0, at); n.refused > 0 {
			t.Errorf("%d calls refused", n.refused)
		}
	})
}

func TestRedisClockMayJump(t *testing.T) {
	t.Parallel()
	year := 365 * 24 * time.Hour
	for _, jump := range []time.Duration{-300 * ms, -5 * time.Second, -30 * time.Second, -time.Hour, -10 * year, 300 * ms, 5 * time.Second,
		24 * time.Hour, 10 * year} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			worlds(t, []int{2}, server(20*ms, 50*ms), func(t *testing.T, w *simWorld) {
				time.Sleep(10 * time.Second)
				w.redis.mu.Lock()
				w.redis.clock += jump
				w.redis.mu.Unlock()
				time.Sleep(10 * time.Second)
				n := w.server.sum(10, 20)
				if share := w.share(20, 10, 20); share < 90 || n.refused > 0 {
					t.Errorf("%.1f %% in the ten seconds after it, %d calls refused", share, n.refused)
				}
				if jumps := w.limiters[0].State().Jumps; jumps == 0 {
					t.Error("nobody noticed")
				}
			})
		})
	}
}

func TestAStormOfRefusalsIsWaitedFor(t *testing.T) {
	t.Parallel()
	worlds(t, []int{1, 2, 8}, server(20*ms, 50*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(10 * time.Second)
		w.server.set(func(s *simServer) { s.storm = true })
		time.Sleep(10 * time.Second)
		w.server.set(func(s *simServer) { s.storm = false })
		time.Sleep(15 * time.Second)
		if n := w.server.sum(10, 20); n.refused > 8 {
			t.Errorf("%d calls were made into the storm", n.refused)
		}
		if share := w.share(20, 25, 35); share < 95 {
			t.Errorf("%.1f %% from five seconds after its end", share)
		}
	})
}

func TestARedisThatWasAwayIsUsedAgain(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(20*ms, 50*ms), func(t *testing.T, w *simWorld) {
		time.Sleep(5 * time.Second)
		w.redis.set(func(r *simRedis) { r.away = true })
		time.Sleep(20 * time.Second)
		if n := w.server.sum(6, 25); n.admitted > 0 {
			t.Errorf("%d calls without Redis", n.admitted)
		}
		if w.limiters[0].State().Away == nil {
			t.Error("the state says nothing of it")
		}
		w.redis.set(func(r *simRedis) { r.away = false })
		time.Sleep(10 * time.Second)
		if n := w.server.sum(26, 35); w.share(20, 26, 35) < 95 || n.refused > 0 {
			t.Errorf("%.1f %% afterwards, %d calls refused", w.share(20, 26, 35), n.refused)
		}
	})
}

// An operator's FLUSHALL, or a clock set forward by more than the key lives: slots that are held still are waited for.
func TestARedisThatForgetsMakesNoBurst(t *testing.T) {
	t.Parallel()
	worlds(t, []int{2}, server(2*ms, 50*ms), func(t *testing.T, w *simWorld) {
		for range 3 {
			time.Sleep(2 * time.Second)
			w.redis.set(func(r *simRedis) { clear(r.hash) })
		}
		time.Sleep(14 * time.Second)
		n := w.server.sum(0, 20)
		if share := w.share(20, 0, 20); share < 90 || n.refused > 0 {
			t.Errorf("%.1f %%, %d calls refused", share, n.refused)
		}
	})
}
