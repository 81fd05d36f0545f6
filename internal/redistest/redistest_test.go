package redistest_test

import (
	"testing"
	"time"

	"github.com/storelink/storelink/internal/redistest"
)

func TestTheClockOfARedisCanBeSetWhileItRuns(t *testing.T) {
	t.Parallel()
	s, clock := redistest.RealWithClock(t)
	const script = `local t = redis.call('TIME'); return t[1] * 1000 + math.floor(t[2] / 1000)`
	for _, d := range []time.Duration{0, -30 * time.Second, -time.Hour, 24 * time.Hour, 20 * 365 * 24 * time.Hour, 0} {
		if err := clock.Shift(d); err != nil {
			t.Fatal(err)
		}
		asked, err := s.Client.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		ms, err := s.Client.Eval(t.Context(), script, nil).Int64()
		if err != nil {
			t.Fatal(err)
		}
		for what, at := range map[string]time.Time{"TIME": asked, "TIME in a script": time.UnixMilli(ms)} {
			if off := at.Sub(time.Now().Add(d)); off > time.Second || off < -10*time.Second {
				t.Errorf("set ahead by %v, %s is off by %v", d, what, off)
			}
		}
	}
}

func TestKeysExpireByTheClockThatWasSet(t *testing.T) {
	t.Parallel()
	s, clock := redistest.RealWithClock(t)
	if err := s.Client.Set(t.Context(), "k", "v", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if err := clock.Shift(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Client.Exists(t.Context(), "k").Result(); err != nil || n != 0 {
		t.Errorf("a key for an hour is there two hours later: %d, %v", n, err)
	}
}
