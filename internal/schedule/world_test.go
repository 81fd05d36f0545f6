package schedule_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
)

// The pace of tests. A lease outlives several looks, and renewals that a busy machine holds up.
const (
	look  = 20 * time.Millisecond
	lease = 300 * time.Millisecond
)

// world is a Redis with schedules, and a folder with lists, of a test's own. Nobody sends the jobs that are made.
type world struct {
	*testing.T
	ctx    context.Context
	rdb    *redis.Client
	book   *schedule.Book
	ledger *ledger.Ledger
	dir    string
	list   string // a good one, of three stores
	log    *slog.Logger
}

func newWorld(t *testing.T, rdb *redis.Client) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	w := &world{T: t, ctx: ctx, rdb: rdb, book: schedule.Open(rdb), ledger: ledger.Open(rdb, ledger.Options{}), dir: t.TempDir(),
		log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	w.list = w.write("stores.csv", "store_id\n100000001\n100000002\n100000002\n100000003\n")
	return w
}

// both runs a test in a world on a real Redis, and in one on the embedded one.
func both(t *testing.T, test func(*world)) {
	t.Helper()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) { test(newWorld(t, rdb)) })
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) write(name, text string) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	w.must(os.WriteFile(path+".new", []byte(text), 0o600))
	w.must(os.Rename(path+".new", path))
	return path
}

// hourly is a schedule of an hour, whose ticks come where tick says so.
func (w *world) hourly(name string) schedule.Definition {
	return schedule.Definition{Name: name, Cron: "@every 1h", Timezone: "Asia/Shanghai", Source: w.list, AddedBy: "me@here",
		Job: job.Job{Operation: job.Associate, Account: "acme", Priority: job.Low, ChunkSize: 200, Label: "nightly",
			Target: job.Target{BrandID: "1", ProductCouponID: "2", StockID: name}}}
}

func (w *world) add(d schedule.Definition) schedule.Definition {
	w.Helper()
	_, err := w.book.Add(w.ctx, d, false)
	w.must(err)
	return d
}

// tick lets an hourly schedule's next tick come now.
func (w *world) tick(name string) {
	w.Helper()
	s, err := w.book.Get(w.ctx, name)
	w.must(err)
	now, err := w.rdb.Time(w.ctx).Result()
	w.must(err)
	ahead := s.Next.Sub(now) + time.Second // ticks come with the second
	w.must(schedule.Rewind(w.ctx, w.rdb, name, ahead.Truncate(time.Second)))
}

func (w *world) opener() *source.Opener {
	w.Helper()
	o, err := source.New(source.Config{Dirs: []string{w.dir}})
	w.must(err)
	return o
}

// config is a scheduler's on a client.
func (w *world) config(rdb *redis.Client, sources schedule.Opener) schedule.Config {
	ledger := ledger.Open(rdb, ledger.Options{})
	return schedule.Config{Book: schedule.Open(rdb), Ledger: ledger, Sources: sources, Worker: "test", Logger: w.log, Look: look,
		Lease: lease, Submitter: &control.Submitter{Ledger: ledger, Queue: queue.Open(rdb), Patience: 200 * time.Millisecond}}
}

// start runs a scheduler until the test's end, or until stop is called.
func (w *world) start(sources schedule.Opener, change ...func(*schedule.Config)) (stop func()) {
	w.Helper()
	c := w.config(w.rdb, sources)
	for _, f := range change {
		f(&c)
	}
	return w.runs(schedule.New(c))
}

func (w *world) runs(s *schedule.Scheduler) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.Cleanup(stop)
	return stop
}

// until looks at a schedule again and again until it is as told.
func (w *world) until(name, what string, is func(schedule.Schedule) bool) schedule.Schedule {
	w.Helper()
	for {
		s, err := w.book.Get(w.ctx, name)
		if err != nil {
			w.Fatalf("waiting until %s: %v", what, err)
		}
		if is(s) {
			return s
		}
		if w.ctx.Err() != nil {
			w.Fatalf("it never came to %s: %s", what, told(s.Runs))
		}
	}
}

// settled waits until the latest of a number of runs is in a state, and gives it.
func (w *world) settled(name string, runs int, state schedule.RunState) schedule.Run {
	w.Helper()
	s := w.until(name, fmt.Sprintf("run %d is %s", runs, state), func(s schedule.Schedule) bool {
		return len(s.Runs) >= runs && s.Runs[len(s.Runs)-runs].State == state
	})
	return s.Runs[len(s.Runs)-runs]
}

func told(runs []schedule.Run) string {
	var b strings.Builder
	for _, r := range runs {
		fmt.Fprintf(&b, "\n%+v", r)
	}
	return b.String()
}

// jobs are the committed jobs of a schedule, by ID.
func (w *world) jobs(name string) map[string]job.Status {
	w.Helper()
	all, err := w.ledger.Jobs(w.ctx, ledger.Filter{})
	w.must(err)
	out := map[string]job.Status{}
	for _, s := range all {
		if s.State != job.Staging && s.Schedule == name {
			out[s.Job] = s
		}
	}
	return out
}

// end ends a job.
func (w *world) end(id string) {
	w.Helper()
	w.must(w.ledger.Cancel(w.ctx, id, "by the test"))
}

// oneJobEach checks that each of the runs that say so has one job, which no other has, and that there are no others.
func (w *world) oneJobEach(name string, runs []schedule.Run) {
	w.Helper()
	jobs, ticks := w.jobs(name), map[time.Time]bool{}
	for _, r := range runs {
		if r.Kind == schedule.Tick && ticks[r.Tick] {
			w.Errorf("the tick %v has two runs", r.Tick)
		}
		ticks[r.Tick] = true
		if made := r.State == schedule.Submitted || r.State == schedule.Ended; made != (r.Job != "") {
			w.Errorf("run %d is %s, and its job is %q", r.Number, r.State, r.Job)
		}
		if r.Job != "" {
			if _, there := jobs[r.Job]; !there {
				w.Errorf("the job %s of run %d is not there, or is another's too", r.Job, r.Number)
			}
			delete(jobs, r.Job)
		}
	}
	for id := range jobs {
		w.Errorf("job %s belongs to no run", id)
	}
}

// gate is an Opener that lets a list be opened when it is told to.
type gate struct {
	schedule.Opener
	asked chan struct{} // a list is to be opened
	open  chan error    // go on, or fail with this
}

func newGate(o schedule.Opener) *gate {
	return &gate{Opener: o, asked: make(chan struct{}), open: make(chan error)}
}

func (g *gate) Open(ctx context.Context, src, etag string) (*source.Source, error) {
	select {
	case g.asked <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err := <-g.open:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return g.Opener.Open(ctx, src, etag)
}

// asked waits until a list is to be opened.
func (w *world) asked(g *gate) {
	w.Helper()
	select {
	case <-g.asked:
	case <-w.ctx.Done():
		w.Fatal("no list was asked for")
	}
}

// opens lets a list be opened that was asked for, or fail.
func (w *world) opens(g *gate, err error) {
	w.Helper()
	select {
	case g.open <- err:
	case <-w.ctx.Done():
		w.Fatal("nobody waits for a list any more")
	}
}
