package embedded

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func open(t *testing.T, ticks <-chan time.Time) (*Server, *redis.Client) {
	t.Helper()
	s, err := start(ticks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := redis.NewClient(s.Options())
	t.Cleanup(func() { _ = c.Close() })
	return s, c
}

func TestKeysExpireAsTimePasses(t *testing.T) {
	t.Parallel()
	ticks := make(chan time.Time)
	_, c := open(t, ticks)
	now := time.Now()
	if err := c.Set(t.Context(), "k", "v", 10*time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{5, 9} {
		ticks <- now.Add(after * time.Second)
		if n, err := c.Exists(t.Context(), "k").Result(); n != 1 || err != nil {
			t.Fatalf("after %d s: %d, %v", after, n, err)
		}
	}
	ticks <- now.Add(12 * time.Second)
	ticks <- now // taken only once the last has had its effect; time does not go back
	if n, err := c.Exists(t.Context(), "k").Result(); n != 0 || err != nil {
		t.Fatalf("after 12 s: %d, %v", n, err)
	}
}

func TestNobodyElseGetsIn(t *testing.T) {
	t.Parallel()
	_, c := open(t, nil)
	o := *c.Options()
	o.Password = ""
	stranger := redis.NewClient(&o)
	defer stranger.Close()
	if err := stranger.Get(t.Context(), "k").Err(); err == nil || err == redis.Nil {
		t.Fatalf("a client without the password got %v", err)
	}
}

func TestStartAndCloseLeaveNothing(t *testing.T) {
	t.Parallel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(s.Options())
	defer c.Close()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a closed server answers")
	}
}
