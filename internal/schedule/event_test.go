package schedule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

// post takes what is put on its way to hooks.
type post struct {
	mu   sync.Mutex
	ids  []string
	away error
	more chan struct{} // has something once ids has become longer
}

func newPost() *post { return &post{more: make(chan struct{}, 1)} }

func (p *post) notify(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != nil {
		return p.away
	}
	if !slices.Contains(p.ids, id) { // the queue takes an ID once
		p.ids = append(p.ids, id)
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	return nil
}

func (p *post) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = err
}

// event waits for the nth event that is put on its way, and gives it.
func (w *world) event(p *post, n int) *schedule.Event {
	w.Helper()
	for {
		p.mu.Lock()
		ids := p.ids
		p.mu.Unlock()
		if len(ids) >= n {
			e, err := w.book.Event(w.ctx, ids[n-1])
			w.must(err)
			if e == nil {
				w.Fatalf("the event %s is not there", ids[n-1])
			}
			return e
		}
		select {
		case <-p.more:
		case <-w.ctx.Done():
			w.Fatalf("only %v were told", ids)
		}
	}
}

// empty waits until nothing of schedules is left in Redis: that an event is on its way is noted right after it is.
func (w *world) empty() {
	w.Helper()
	for {
		keys, err := schedule.Keys(w.ctx, w.rdb)
		if err != nil {
			w.Fatalf("there is something left: %v", err)
		}
		if len(keys) == 0 {
			return
		}
	}
}

// toldOf is a schedule of an hour whose hook is told.
func (w *world) toldOf(name string) schedule.Definition {
	d := w.hourly(name)
	d.Job.Notify = &job.Hook{URL: "https://example.com/hunter2", Format: "wecom"}
	return d
}

func TestAHookIsToldOfEachRunThatMadeNoJob(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.toldOf("nightly")
		d.Source = w.dir + "/none.csv"
		w.add(d)
		w.must(schedule.Rewind(w.ctx, w.rdb, "nightly", 3*time.Hour+time.Minute))
		p := newPost()
		for range 3 {
			w.start(w.opener(), func(c *schedule.Config) { c.Notify = p.notify })
		}
		e := w.event(p, 1)
		is, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if s := e.Schedule; e.Type != "schedule.missed" || s.Name != "nightly" || s.State != schedule.Missed || s.Missed != 3 || s.Reason == "" ||
			s.Next == nil || !s.Next.Equal(*is.Next) || e.Hook != *d.Job.Notify || e.At.IsZero() {
			t.Errorf("of what was missed: %+v", e)
		}

		w.tick("nightly")
		e = w.event(p, 2)
		text, err := json.Marshal(e.Schedule)
		w.must(err)
		for _, says := range []string{`"name":"nightly"`, `"run":2`, `"tick":"`, `"state":"failed"`, `"code":"bad_list"`, "none.csv: the list cannot be read",
			`"next":"`, `"operation":"associate"`, `"account":"acme"`, `"stock_id":"nightly"`} {
			if !strings.Contains(string(text), says) {
				t.Errorf("of what failed, %s is not in %s", says, text)
			}
		}
		if e.Type != "schedule.failed" || strings.Contains(string(text), "hunter2") {
			t.Errorf("of what failed: %s %s", e.Type, text)
		}

		w.write("none.csv", "100000001\n")
		w.tick("nightly")
		made := w.settled("nightly", 3, schedule.Submitted) // its job's own end is told
		w.tick("nightly")
		w.settled("nightly", 4, schedule.Skipped)
		if e = w.event(p, 3); e.Type != "schedule.skipped" || e.Schedule.Number != 4 || e.Schedule.Code != job.CodeJobAtWork {
			t.Errorf("of what was skipped: %+v", e)
		}

		keys, err := w.rdb.Keys(w.ctx, "*"+made.Job+"*").Result()
		w.must(err)
		w.must(w.rdb.Del(w.ctx, keys...).Err())
		if e = w.event(p, 4); e.Type != "schedule.gone" || e.Schedule.Number != 3 || e.Schedule.Job != made.Job {
			t.Errorf("of a job that is gone: %+v", e)
		}

		w.tick("nightly")
		made = w.settled("nightly", 5, schedule.Submitted)
		w.end(made.Job)
		w.settled("nightly", 5, schedule.Ended)
		w.must(w.book.Pause(w.ctx, "nightly"))
		w.write("none.csv", "store_id\n")
		_, err = w.book.RunNow(w.ctx, "nightly")
		w.must(err)
		if e = w.event(p, 5); e.Type != "schedule.failed" || e.Schedule.Number != 6 || e.Schedule.Next != nil {
			t.Errorf("of a run that was asked for: %+v", e)
		}
		w.must(w.book.Told(w.ctx, e.ID))
		if e, err := w.book.Event(w.ctx, e.ID); e != nil || err != nil {
			t.Errorf("what was told is kept: %+v, %v", e, err)
		}
	})
}

func TestAnEventOutlivesItsScheduleUntilItIsTold(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.toldOf("nightly")
		d.Source = w.dir + "/none.csv"
		w.add(d)
		p := newPost()
		p.set(errors.New("the queue is away"))
		stop := w.start(w.opener(), func(c *schedule.Config) { c.Notify = p.notify })
		w.tick("nightly")
		w.settled("nightly", 1, schedule.Failed)
		w.must(w.book.Remove(w.ctx, "nightly"))
		stop()              // nobody was told
		w.start(w.opener()) // nor does this one tell anybody
		p.set(nil)
		w.start(w.opener(), func(c *schedule.Config) { c.Notify = p.notify })
		e := w.event(p, 1)
		if e.Type != "schedule.failed" || e.Schedule.Number != 1 {
			t.Errorf("got %+v", e)
		}

		w.add(d) // its runs begin anew, and are others
		w.tick("nightly")
		if again := w.event(p, 2); again.Schedule.Number != 1 || again.ID == e.ID {
			t.Errorf("got %+v after %+v", again, e)
		}
		for _, id := range []string{e.ID, p.ids[1]} {
			w.must(w.book.Told(w.ctx, id))
		}
		w.must(w.book.Remove(w.ctx, "nightly"))
		w.empty()
	})
}

// TestAWorkerThatDiesAnywhereTellsOnce lets a worker die with each command that it sends for a tick whose list is bad.
func TestAWorkerThatDiesAnywhereTellsOnce(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 12; n++ { // a few more than there are
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			rdb := mini(t)
			w := newWorld(t, rdb)
			d := w.toldOf("nightly")
			d.Source = w.dir + "/none.csv"
			w.add(d)
			w.tick("nightly")
			p := newPost()
			doomed, dead := mortal(t, rdb.Options().Addr, n)
			config := w.config(doomed, w.opener())
			config.Notify = p.notify
			stop := w.runs(schedule.New(config))
			select {
			case <-dead:
			case <-w.ctx.Done():
				t.Fatal("it never came to its death")
			}
			stop()
			for range 2 {
				w.start(w.opener(), func(c *schedule.Config) { c.Notify = p.notify })
			}
			w.settled("nightly", 1, schedule.Failed)
			e := w.event(p, 1)
			w.must(w.book.Remove(w.ctx, "nightly"))
			w.must(w.book.Told(w.ctx, e.ID))
			w.empty()
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.ids) != 1 {
				t.Errorf("told are %v", p.ids)
			}
		})
	}
}
