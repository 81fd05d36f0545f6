package worker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// gated is a client whose answers, but for the first, wait once they have come until the gate is open.
type gated struct {
	*wxapi.Client
	came    atomic.Int64
	waiting atomic.Int64
	open    chan struct{}
}

func (g *gated) Do(ctx context.Context, call wxapi.Call) (*wxapi.Answer, error) {
	answer, err := g.Client.Do(ctx, call)
	if g.came.Add(1) > 1 {
		g.waiting.Add(1)
		<-g.open
	}
	return answer, err
}

// held starts workers, and a job whose first call passes while n of its next ones have their answers held back.
func (b *bundle) held(g *gated, n int64, workers ...*worker.Worker) (j job.Job, stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{}, len(workers))
	for _, w := range workers {
		go func() { _ = w.Run(ctx); ended <- struct{}{} }()
	}
	stop = sync.OnceFunc(func() {
		cancel()
		for range workers {
			<-ended
		}
	})
	b.Cleanup(stop)
	j = newJob(sandbox.PartnerAccount, job.Associate, stock)
	j.ChunkSize = 20
	b.submit(j, storeIDs(200))
	b.until("answers are held back", func() bool { return g.waiting.Load() >= n })
	return j, stop
}

func (b *bundle) until(what string, is func() bool) {
	b.Helper()
	for !is() {
		select {
		case <-b.ctx.Done():
			b.Fatalf("waiting until %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// worker is one with time-outs so short that whatever they cut off is cut off in a test.
func (b *bundle) worker(g *gated, more ...worker.Account) *worker.Worker {
	b.Helper()
	a := b.account(sandbox.PartnerAccount, nil)
	g.Client, a.Client = a.Client.(*wxapi.Client), g
	w, err := worker.New(worker.Config{Redis: b.rdb, Ledger: b.ledger, Queue: b.queue, Accounts: append(more, a), Logger: b.log,
		Look: 100 * time.Millisecond, Idle: 200 * time.Millisecond, Grace: 300 * time.Millisecond})
	b.must(err)
	return w
}

// freeze has Redis answer nobody for a while.
func (b *bundle) freeze(server *redistest.Server, d time.Duration) {
	b.Helper()
	once := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, ReadTimeout: -1})
	go func() {
		defer once.Close()
		_ = once.Do(context.Background(), "DEBUG", "SLEEP", d.Seconds()).Err() // the server may be killed meanwhile
	}()
	b.until("Redis is frozen", func() bool {
		ctx, cancel := context.WithTimeout(b.ctx, 100*time.Millisecond)
		defer cancel()
		return server.Client.Ping(ctx).Err() != nil
	})
}

// away takes Redis away for longer than anything lasts that might end a run: leases, idle times, graces.
func (b *bundle) away(how string, server *redistest.Server, meanwhile func()) {
	b.Helper()
	const long = 3 * time.Second
	if how == "frozen" {
		b.freeze(server, long)
		meanwhile()
		return
	}
	server.Kill()
	meanwhile()
	b.pass(long)
	server.Restart()
	b.until("Redis is back", func() bool { return b.rdb.Ping(b.ctx).Err() == nil })
}

// pass lets time go by in which nothing may happen: nothing tells of that.
func (b *bundle) pass(d time.Duration) {
	select {
	case <-time.After(d):
	case <-b.ctx.Done():
	}
}

// sentOnce waits for the end of what held began, and sees that no store was sent again though its answer had come.
func (b *bundle) sentOnce(j job.Job) {
	b.Helper()
	if s := b.waitEnd(j.ID); s.Succeeded != 200 || s.Retries != 0 || s.Calls != 10 {
		b.Errorf("%+v", s)
	}
	if v := b.sandbox.Stats().Violations; v.SentAgainAfterSuccess != 0 {
		b.Errorf("sent again: %+v", v)
	}
}

// An answer that came is recorded, however long Redis is away: no store is sent again.
func TestAnswersOutliveRedis(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"frozen", "gone"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			server := redistest.Real(t, append([]string{"--enable-debug-command", "yes"}, redistest.Durable...)...)
			b := newBundle(t, server.Client, sandbox.Options{Rate: sandbox.NoRate})
			b.ledger = ledger.Open(b.rdb, ledger.Options{Lease: time.Second})
			g := &gated{open: make(chan struct{})}
			j, stop := b.held(g, 4, b.worker(g), b.worker(g))
			b.away(how, server, func() { close(g.open) })
			b.sentOnce(j)
			stop()
		})
	}
}

// Leases that seem to have run out since Redis' clock was set are held still.
func TestAnswersOutliveAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-time.Hour, -30 * time.Second, 30 * time.Second, time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			server, clock := redistest.RealWithClock(t, redistest.Durable...)
			b := newBundle(t, server.Client, sandbox.Options{Rate: sandbox.NoRate})
			b.ledger = ledger.Open(b.rdb, ledger.Options{Lease: time.Second})
			g := &gated{open: make(chan struct{})}
			j, stop := b.held(g, 4, b.worker(g), b.worker(g))
			b.pass(2 * time.Second) // from now on leases that ran out are taken back
			b.must(clock.Shift(by))
			b.pass(3 * time.Second) // leases are judged many times
			close(g.open)
			b.sentOnce(j)
			stop()
		})
	}
}

// A lane that lets go of its account goes on recording, however long Redis is away: only the process' end ends that.
func TestAReloadThrowsNoAnswerAway(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t, redistest.Durable...)
	b := newBundle(t, server.Client, sandbox.Options{Rate: sandbox.NoRate})
	b.ledger = ledger.Open(b.rdb, ledger.Options{Lease: time.Second})
	g := &gated{open: make(chan struct{})}
	w := b.worker(g)
	j, stop := b.held(g, 4, w)
	changed := b.account(sandbox.PartnerAccount, nil)
	reloaded := make(chan error, 1)
	b.away("gone", server, func() {
		go func() {
			_, err := w.Reload(b.ctx, []worker.Account{changed})
			reloaded <- err
		}()
		close(g.open)
	})
	b.must(<-reloaded)
	b.sentOnce(j)
	stop()
}

// What a stop may take is kept, though Redis is frozen and answers wait for it.
func TestAStopIsOverWhenItIsSaidToBe(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t, "--enable-debug-command", "yes")
	// It is not closed: the worker's process ends while it hangs, as it does here.
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true})
	b := newBundle(t, rdb, sandbox.Options{Rate: sandbox.NoRate})
	g := &gated{open: make(chan struct{})}
	w := b.worker(g)
	_, stop := b.held(g, 4, w)
	b.freeze(server, 2*time.Minute) // far beyond it
	close(g.open)
	asked := time.Now()
	stop()
	if took := time.Since(asked); took > w.StopWithin() || !w.Hangs() {
		b.Errorf("it took %v, and %v was said; it hangs: %t", took, w.StopWithin(), w.Hangs())
	}
}

func TestAStopLeavesTimeForTheLongestCall(t *testing.T) {
	t.Parallel()
	b := newBundle(t, redistest.Mini(t), sandbox.Options{})
	w, err := worker.New(worker.Config{Redis: b.rdb, Ledger: b.ledger, Queue: b.queue,
		Accounts: []worker.Account{b.account(sandbox.PartnerAccount, nil)}})
	b.must(err)
	if got, want := w.StopWithin(), worker.StopWithin(20*time.Second); got != want || got < 30*time.Second || got > time.Minute {
		b.Errorf("a stop takes %v, want %v", got, want)
	}
}
