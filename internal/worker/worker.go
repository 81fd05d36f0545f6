// Package worker is the daemon's inside: a lane an account, which serves it; the watcher, which wakes lanes that have
// work and stops runs whose job was stopped; the reconciler, which finds what got lost; the publisher, which tells
// others about all that; the notifier, which tells completion hooks; and its part in the schedules (package schedule).
// cmd/worker gives it a process of its own, cmd/enqueue runs it beside itself.
//
// It must never hold one account up for another's sake.
package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/trace"
)

// Account is one account as a worker serves it.
type Account struct {
	Name        string
	Mode        job.Mode
	Identity    string   // mchid or brand_id
	Hosts       []string // where its calls go, as job.Installation has them; none where that is not known
	Serial      string   // of the key that signs; it is shown, and decides nothing
	Rate        float64  // calls a second and interface; 0 for no pace
	Concurrency int      // calls at a time
	Client      processor.Client

	configured *config.Account // nil where it did not come from a configuration
}

// Config is what a worker works with. Redis, Ledger and Queue are needed, and lead to the same Redis.
type Config struct {
	Redis    redis.UniversalClient
	Ledger   *ledger.Ledger
	Queue    *queue.Queue
	Accounts []Account
	Logger   *slog.Logger
	Hooks    *Hooks          // nil where this worker tells nobody that a job has ended
	Sources  schedule.Opener // opens the lists of schedules; nil where this worker minds no schedules
	Meter    Meter           // counts what this worker does; nil for none
	Tracer   *trace.Tracer   // traces the chunks of jobs that are traced; nil for none

	// ID names this worker to people; a host's name and random letters unless set.
	ID string
	// Grace is how long a stop waits for calls in flight and their recording; unless set, what the longest call of the
	// accounts may take, and stopRecord.
	Grace time.Duration
	// Idle is how long a lane without runs keeps its server while the ledger has no job for it; 30 s unless set.
	Idle time.Duration
	// Look is how often the ledger is looked at for jobs that no announcement told of, and for lost reminders; 5 s
	// unless set.
	Look time.Duration
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	if c.ID == "" {
		host, _ := os.Hostname() // an empty name is as good a start as any
		c.ID = host + "-" + rand.Text()[:6]
	}
	if c.Idle <= 0 {
		c.Idle = 30 * time.Second
	}
	if c.Look <= 0 {
		c.Look = 5 * time.Second
	}
	return c
}

// Worker serves accounts until it is stopped.
type Worker struct {
	cfg Config
	log *slog.Logger

	mu    sync.RWMutex
	lanes map[string]*lane // by account; one that drains stays until it is done
	order []*lane          // the same, in the configuration's order

	reloads   chan reload           // to Run, which alone starts and stops lanes
	stopped   chan struct{}         // closed when Run takes no more of them
	changed   chan struct{}         // a lane changed its state
	published atomic.Bool           // Redis took the last that was told of the lanes
	unreached atomic.Pointer[error] // why not, where it did not
	hangs     atomic.Bool           // Run has returned before all of its own was over
	hard      context.Context       // ends when nothing can be waited for any more: the process ends; set by Run
	contact   contact
	looked    atomic.Int64 // when the last look at the ledger that was answered began, by since
	began     time.Time
	others    atomic.Bool // the accounts are others than those that were told last
}

// service is a background duty: it runs until its context ends, and returns when all of its own is over.
type service interface{ run(ctx context.Context) }

// New gives a worker. It sends nothing before Run.
func New(cfg Config) (*Worker, error) {
	cfg = cfg.withDefaults()
	if cfg.Redis == nil || cfg.Ledger == nil || cfg.Queue == nil {
		return nil, errors.New("a worker needs Redis, a ledger and a queue")
	}
	w := &Worker{cfg: cfg, log: cfg.Logger.With("worker", cfg.ID), lanes: map[string]*lane{}, changed: make(chan struct{}, 1),
		reloads: make(chan reload), stopped: make(chan struct{}), began: time.Now()}
	for _, a := range cfg.Accounts {
		w.place(newLane(w, a))
	}
	return w, nil
}

// ID is how the worker is named.
func (w *Worker) ID() string { return w.cfg.ID }

// Hangs says, once Run has returned, that something of the worker did not end in time: its Redis client must not be closed,
// since asynq does not survive that.
func (w *Worker) Hangs() bool { return w.hangs.Load() }

// Run serves until ctx ends, then lets calls in flight finish and be recorded; it returns within StopWithin, whatever hangs.
// It is called once.
func (w *Worker) Run(ctx context.Context) error {
	hard, release := w.stopping(ctx)
	defer release()
	w.hard = hard
	// The publisher outlives the lanes, so that their last states are told.
	publishing, unpublish := context.WithCancel(context.WithoutCancel(ctx))
	var publisher, services sync.WaitGroup
	first := make(chan struct{})
	publisher.Go(func() { (&publish{w: w, first: first}).run(publishing) })
	for _, l := range w.order {
		services.Go(l.begin(ctx))
	}
	duties := []service{&watcher{w: w}, newReconciler(w)}
	if w.cfg.Hooks != nil {
		duties = append(duties, &notifier{w})
	}
	if w.cfg.Sources != nil {
		duties = append(duties, &scheduling{w})
	}
	for _, s := range duties {
		services.Go(func() { s.run(ctx) })
	}
	select { // so that whoever waits for the start may name its accounts
	case <-first:
	case <-time.After(publishFirst):
	case <-ctx.Done():
	}
	w.log.Info("worker started", "accounts", len(w.order), "stops_within", w.StopWithin())
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case r := <-w.reloads:
			r.done <- w.reload(ctx, &services, r.accounts)
		}
	}
	close(w.stopped)
	gone := await(hard, stopRest/2, services.Wait)
	unpublish()
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopRest/2)
	defer cancel()
	if gone = await(over, 0, publisher.Wait) && gone; !gone {
		w.hangs.Store(true)
		w.log.Error("worker stopped while something hung: what was not recorded is sent again")
		return nil
	}
	w.log.Info("worker stopped")
	return nil
}

// Lanes gives the lanes as they are published.
func (w *Worker) Lanes() []registry.Lane {
	w.mu.RLock()
	defer w.mu.RUnlock()
	out := make([]registry.Lane, len(w.order))
	for i, l := range w.order {
		out[i] = l.snapshot()
	}
	return out
}

// Ready says whether every lane is able to serve; an error names one that is not, and why.
func (w *Worker) Ready() error {
	if !w.published.Load() {
		if err := w.unreached.Load(); err != nil && *err != nil {
			return job.Errorf(job.CodeRedis, "Redis is not reached: %w", *err)
		}
		return job.Errorf(job.CodeRedis, "the worker is starting: Redis has not been told of its accounts yet")
	}
	for _, l := range w.Lanes() {
		if l.State == job.LaneRefused || l.State == job.LaneOutage || l.State == job.LaneConflict {
			return job.Errorf(job.CodeLane, "account %s is not served: %s: %s", l.Account, l.State, l.Reason)
		}
	}
	return nil
}

// noteChange wakes the publisher.
func (w *Worker) noteChange() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
