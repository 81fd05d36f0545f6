package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redistest"
)

// A worker that died just before Redis' clock was set keeps neither its chunk nor the reconciler's lock for as long as the
// clock was set back by.
func TestWhatADeadWorkerHeldIsFreeWhateverTheClockIsSetTo(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-10 * 365 * 24 * time.Hour, -time.Hour, -3 * time.Minute, time.Minute, 24 * time.Hour} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			server, clock := redistest.RealWithClock(t)
			b := &bundle{T: t, ctx: t.Context(), rdb: server.Client, ledger: ledger.Open(server.Client, ledger.Options{})}
			j := b.submit(10)
			if b.begin() == nil { // and nothing is heard of it again
				t.Fatal("no chunk to begin")
			}
			dead, alive := b.ledger.Lock("reconciler", "dead", 45*time.Second), b.ledger.Lock("reconciler", "alive", 45*time.Second)
			if mine, err := dead.Hold(b.ctx); err != nil || !mine {
				t.Fatal(mine, err)
			}
			if mine, err := alive.Hold(b.ctx); err != nil || mine {
				t.Fatal("two hold a lock", err)
			}
			b.must(clock.Shift(jump))
			look, err := b.ledger.Holes(b.ctx, j.ID, time.Second)
			b.must(err)
			if len(look.Certain) != 1 {
				t.Errorf("the chunk is not put out again: %+v", look)
			}
			b.await(look.Certain)
			if b.begin() == nil {
				t.Error("the chunk cannot be begun")
			}
			if mine, err := alive.Hold(b.ctx); err != nil || !mine {
				t.Error("the lock is the dead worker's", err)
			}
		})
	}
}

// Nor is a task that was lost waited for until the clock has caught up.
func TestALostTaskIsFoundThoughTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	server, clock := redistest.RealWithClock(t)
	b := &bundle{T: t, ctx: t.Context(), rdb: server.Client, ledger: ledger.Open(server.Client, ledger.Options{})}
	j := b.submit(10)
	b.must(clock.Shift(-time.Hour))
	if _, err := b.ledger.Holes(b.ctx, j.ID, time.Second); err != nil {
		t.Fatal(err)
	}
	b.must(clock.Shift(-time.Hour + 2*time.Second))
	look, err := b.ledger.Holes(b.ctx, j.ID, time.Second)
	b.must(err)
	if len(look.Overdue) != 1 {
		t.Errorf("nobody asks for it: %+v", look)
	}
}

// A run that is alive keeps its chunk where Redis' clock is set between two looks; one that is dead does not for long.
func TestALeaseIsNotTakenBackForTheClocksSake(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-time.Hour, -3 * time.Minute, 30 * time.Second, 24 * time.Hour} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			server, clock := redistest.RealWithClock(t)
			b := &bundle{T: t, ctx: t.Context(), rdb: server.Client, ledger: ledger.Open(server.Client, ledger.Options{Lease: 10 * time.Second})}
			j := b.submit(10)
			alive := b.begin()
			if alive == nil {
				t.Fatal("no chunk to begin")
			}
			for range 2 {
				look, err := b.ledger.Holes(b.ctx, j.ID, time.Second)
				b.must(err)
				if len(look.Certain) != 0 {
					t.Fatalf("the chunk was taken from its run: %+v", look)
				}
				b.must(clock.Shift(jump))
			}
			if _, err := alive.Renew(b.ctx); err != nil {
				t.Fatal("the run has lost its lease", err)
			}
		})
	}
}

// Whether the time of a job has come is for Redis' clock to say, whatever that of the machine shows which submits it.
func TestAJobIsForLaterByRedisClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shift, at time.Duration // of Redis' clock; of the job's time, by this machine's
		state     job.State
	}{
		"this clock is slow": {time.Hour, 30 * time.Minute, job.Running},
		"this clock is fast": {-time.Hour, -30 * time.Minute, job.Scheduled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, clock := redistest.RealWithClock(t)
			b := &bundle{T: t, ctx: t.Context(), rdb: server.Client, ledger: ledger.Open(server.Client, ledger.Options{})}
			b.must(clock.Shift(c.shift))
			j := newJob("s1")
			at := time.Now().Add(c.at).UTC()
			j.At = &at
			b.submitJob(j, 10)
			if s := b.status(j.ID); s.State != c.state || (len(b.due) > 0) != (c.state == job.Running) {
				t.Errorf("it is %s, with %d tasks", s.State, len(b.due))
			}
		})
	}
}
