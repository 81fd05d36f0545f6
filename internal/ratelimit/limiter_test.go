package ratelimit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/ratelimit"
	"github.com/storelink/storelink/internal/redistest"
)

// These tests are on the true clock, and so not beside the worlds, which compute as fast as they can.

func newLimiter(t *testing.T, rdb redis.UniversalClient, rate float64) *ratelimit.Limiter {
	t.Helper()
	p := ratelimit.New(rdb, "partner:1900000001:associate-stock", ratelimit.Options{Rate: rate})
	t.Cleanup(p.Close)
	return p
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestWithoutALimitNobodyIsAsked(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // where nothing listens
	defer rdb.Close()
	p := newLimiter(t, rdb, 0)
	for range 1000 {
		if _, err := p.Wait(bounded(t), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAllProcessesShareOneAllowance(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		const allowed, calls = 200, 240
		ctx := bounded(t)
		var mu sync.Mutex
		var at []time.Time
		var wg sync.WaitGroup
		for range 4 {
			p := newLimiter(t, rdb, allowed)
			wg.Go(func() {
				for range calls / 4 {
					if _, err := p.Wait(ctx, 0); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					at = append(at, time.Now())
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.SortFunc(at, time.Time.Compare)
		// No slot is ever used early, and none more than a little late: so the calls take their time, all together.
		if took := at[len(at)-1].Sub(at[0]); took < calls*time.Second/allowed*9/10 {
			t.Fatalf("%d calls took %v, at %d a second", calls, took, allowed)
		}
	})
}

func TestMoreUrgentGoesFirst(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx := bounded(t)
		p := newLimiter(t, rdb, 5)
		if _, err := p.Wait(ctx, 1); err != nil { // the next slot is 200 ms away
			t.Fatal(err)
		}
		order := make(chan int, 6)
		var wg sync.WaitGroup
		for _, urgency := range []int{2, 2, 1, 1, 0, 0} {
			entered := make(chan struct{})
			wg.Go(func() {
				close(entered)
				if _, err := p.Wait(ctx, urgency); err != nil {
					t.Error(err)
				}
				order <- urgency
			})
			<-entered
		}
		wg.Wait()
		close(order)
		var got []int
		for u := range order {
			got = append(got, u)
		}
		// Whoever was late to wait for the first slot cannot have had it: all but that one are in order.
		if rest := got[1:]; !slices.IsSorted(rest) {
			t.Fatalf("served in the order %v", got)
		}
	})
}

func TestWaitingStopsAtOnce(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		p := newLimiter(t, rdb, 0.2) // a machine that stands still may miss its first slot, and has the next in five seconds
		if _, err := p.Wait(bounded(t), 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(bounded(t))
		done := make(chan error)
		go func() { done <- wait(ctx, p) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		go func() { done <- wait(bounded(t), p) }()
		p.Close()
		if err := <-done; !errors.Is(err, ratelimit.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	})
}

func wait(ctx context.Context, l *ratelimit.Limiter) error {
	_, err := l.Wait(ctx, 0)
	return err
}

func TestARefusalAloneLowersTheRateAndStopsNobody(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx := bounded(t)
		refused, other := newLimiter(t, rdb, 100), newLimiter(t, rdb, 100)
		p, err := refused.Wait(ctx, 0)
		if err == nil {
			err = wait(ctx, other)
		}
		if err == nil {
			err = p.Refused(ctx)
		}
		if err == nil {
			err = wait(ctx, other)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := other.State()
		if s.Rate != 97 || s.Refused.IsZero() || !s.StoppedUntil.IsZero() {
			t.Fatalf("the other process knows %+v", s)
		}
	})
}

func TestRefusalsInARowStopEverybody(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx := bounded(t)
		refused, other := newLimiter(t, rdb, 100), newLimiter(t, rdb, 100)
		var permits []*ratelimit.Permit
		for range 4 {
			p, err := refused.Wait(ctx, 0)
			if err != nil {
				t.Fatal(err)
			}
			permits = append(permits, p)
		}
		at := time.Now()
		for _, p := range permits { // all of them in flight: one stop
			if err := p.Refused(ctx); err != nil {
				t.Fatal(err)
			}
		}
		p, err := other.Wait(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(at); waited < time.Second {
			t.Fatalf("the other process called again after %v", waited)
		}
		// It has the probe: nobody else calls until it is answered.
		early, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		if err := wait(early, refused); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("beside the probe: %v", err)
		}
		p.Answered(ratelimit.Sent{Elapsed: time.Millisecond})
		if err := wait(ctx, refused); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWithoutRedisNoCallIsMade(t *testing.T) {
	s := redistest.Real(t)
	ctx := bounded(t)
	p := newLimiter(t, s.Client, 1000)
	if _, err := p.Wait(ctx, 0); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	done := make(chan error)
	go func() { done <- wait(ctx, p) }()
	for p.State().Away == nil { // it has tried
		select {
		case err := <-done:
			t.Fatalf("a call was let through: %v", err)
		case <-ctx.Done():
			t.Fatal("nobody noticed")
		case <-time.After(time.Millisecond):
		}
	}
	s.Restart()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestALimitExpires(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		p := newLimiter(t, rdb, 100)
		if _, err := p.Wait(bounded(t), 0); err != nil {
			t.Fatal(err)
		}
		keys, err := rdb.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 1 {
			t.Fatalf("keys %v, %v", keys, err)
		}
		if ttl := rdb.PTTL(t.Context(), keys[0]).Val(); ttl <= 0 || ttl > 8*24*time.Hour {
			t.Fatalf("it lives for %v", ttl)
		}
	})
}

func TestLeastUrgentMovesBesideManyThatAreMoreUrgent(t *testing.T) {
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx, stop := context.WithCancel(bounded(t))
		defer stop()
		p := newLimiter(t, rdb, 200)
		var others sync.WaitGroup
		for range 4 { // there is always one that is more urgent
			others.Go(func() {
				for wait(ctx, p) == nil {
				}
			})
		}
		for range 3 {
			if _, err := p.Wait(ctx, 2); err != nil {
				t.Error(err)
			}
		}
		stop()
		others.Wait()
	})
}
