package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/registry"
)

// lane serves one account in one worker. While it has work it runs an asynq server of its own; without, it costs
// nothing. When the account cannot be served (401) or every call fails, the server is stopped, so that others can have
// the tasks, and one chunk is tried now and then.
type lane struct {
	w       *Worker
	account Account
	log     *slog.Logger
	proc    *processor.Processor
	breaker *breaker
	limits  *limits
	runs    int // chunks at a time

	wake chan struct{} // there may be work

	probed string // the job that was tried last; the next probe begins with the one after it

	stop context.CancelCauseFunc // ends the lane; set by begin
	done chan struct{}           // closed when it has ended

	mu     sync.Mutex
	state  string
	reason string
	claim  claim

	verdicts map[string]bool // which jobs are this installation's, of those that were asked for
}

const (
	taskCheck      = 100 * time.Millisecond // how long an empty queue is left alone
	delayedCheck   = 500 * time.Millisecond // how late a delayed task may be
	notServingWait = time.Second            // for a task that was taken as the lane stopped serving
)

func newLane(w *Worker, a Account) *lane {
	l := &lane{w: w, account: a, log: w.log.With("account", a.Name), wake: make(chan struct{}, 1),
		done: make(chan struct{}), state: job.LaneIdle, claim: claim{changed: make(chan struct{}, 1)}}
	l.breaker = newBreaker()
	l.limits = newLimits(w.cfg.Redis, a, l.log)
	c := processor.Config{Account: a.Name, Ledger: w.cfg.Ledger, Queue: w.cfg.Queue, Client: a.Client,
		Limit: l.limits.of, Health: l.breaker, Logger: w.log,
		Meter: w.cfg.Meter.Account(a.Name), Tracer: w.cfg.Tracer}
	if l.runs = a.Concurrency; a.Rate == 0 {
		// Without a pace to wait for, some chunks begin and are recorded while others are called for.
		l.runs, c.Calls = a.Concurrency+(a.Concurrency+1)/2, a.Concurrency
	}
	l.proc = processor.New(c)
	return l
}

// poke tells the lane that there may be work.
func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) become(state, reason string) {
	l.mu.Lock()
	changed := l.state != state || l.reason != reason
	l.state, l.reason = state, reason
	l.mu.Unlock()
	if changed {
		l.log.Debug("lane", "state", state, "reason", reason)
		l.w.noteChange()
	}
}

// snapshot is the lane as it is published.
func (l *lane) snapshot() registry.Lane {
	l.mu.Lock()
	state, reason := l.state, l.reason
	if !l.claim.held && l.claim.other != "" {
		state, reason = job.LaneConflict, l.claim.other // whether or not the lane has come to it
	}
	l.mu.Unlock()
	inForce, throttled := l.limits.inForce()
	if state == job.LaneServing && throttled != "" {
		state, reason = job.LaneThrottled, throttled
	}
	return registry.Lane{Account: l.account.Name, Mode: l.account.Mode, Identity: l.account.Identity,
		Hosts: l.account.Hosts, Serial: l.account.Serial, Rate: l.account.Rate, State: state, Reason: reason, Limits: inForce}
}

// begin gives what runs the lane until ctx ends or stop is called.
func (l *lane) begin(ctx context.Context) func() {
	ctx, l.stop = context.WithCancelCause(ctx)
	return func() {
		defer close(l.done)
		defer l.stop(nil)
		l.run(ctx)
	}
}

// run serves until ctx ends. It is the only one that changes the lane's state.
func (l *lane) run(ctx context.Context) {
	defer l.limits.close()
	for ctx.Err() == nil {
		switch trip := l.breaker.tripped(); {
		case l.standsAside(ctx):
		case trip != nil:
			l.suffer(ctx, trip)
		case l.idle(ctx):
			l.serve(ctx)
		}
	}
	l.become(job.LaneIdle, farewell(ctx))
}

// idle waits for work, and says whether there may be some.
func (l *lane) idle(ctx context.Context) bool {
	l.become(job.LaneIdle, "")
	select {
	case <-ctx.Done():
		return false
	case <-l.wake:
		return true
	}
}

// serve takes tasks until there were none for a while, the breaker trips, or ctx ends.
func (l *lane) serve(ctx context.Context) {
	s, err := l.start(ctx)
	if err != nil {
		l.log.Warn("the queue cannot be served", "error", err)
		sleep(ctx, time.Second)
		l.poke()
		return
	}
	defer s.shutdown()
	l.become(job.LaneServing, "")
	woken := time.Now()
	quiet := time.NewTimer(l.w.cfg.Idle)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.breaker.trips:
			if l.breaker.tripped() != nil { // else it has closed again since
				return
			}
		case <-l.claim.changed:
			if !l.mayServe() {
				return
			}
		case <-l.wake:
			woken = time.Now()
			quiet.Reset(l.w.cfg.Idle)
		case <-quiet.C:
			// Silence is no proof: Redis may be away. The ledger must have said that there is nothing.
			if !l.proc.Busy() && l.w.lookedSince(woken) {
				return
			}
			quiet.Reset(l.w.cfg.Idle)
		}
	}
}

// serving is an asynq server at work.
type serving struct {
	srv  *asynq.Server
	stop context.CancelFunc // no more calls are begun
	runs *handlers
	hard context.Context // ends when nothing is waited for any more
}

// errNotServing gives a task back that was taken as the lane stopped serving.
var errNotServing = errors.New("the lane is not serving")

func (l *lane) start(ctx context.Context) (*serving, error) {
	waiting, stop := context.WithCancel(ctx)
	runs := &handlers{}
	srv := asynq.NewServerFromRedisClient(l.w.cfg.Redis, asynq.Config{
		Concurrency:              l.runs + l.far(waiting),
		Queues:                   queue.Weights(l.account.Name),
		TaskCheckInterval:        taskCheck,
		DelayedTaskCheckInterval: delayedCheck,
		ShutdownTimeout:          l.account.callTimeout(), // for its tasks; their runs are waited for by shutdown
		RetryDelayFunc:           retryDelay,
		IsFailure:                func(error) bool { return false }, // the ledger counts
		Logger:                   asynqLogger{l.log.With("from", "asynq")},
	})
	err := srv.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		if !runs.enter() {
			return errNotServing
		}
		defer runs.running.Done()
		return l.handle(ctx, waiting, t)
	}))
	if err != nil {
		stop()
		return nil, fmt.Errorf("start asynq: %w", err)
	}
	return &serving{srv: srv, stop: stop, runs: runs, hard: l.w.hard}, nil
}

// retryDelay is how long a task waits that was given back.
func retryDelay(_ int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, errElsewhere) {
		return elsewhereWait
	}
	return notServingWait
}

// shutdown gives back what waits, lets calls in flight finish and be recorded, however long Redis is away, and stops the
// server. Only the end of the process cuts it short.
func (s *serving) shutdown() {
	s.stop()
	await(s.hard, 0, func() {
		s.srv.Shutdown() // which takes no more tasks, and may give up waiting for those that it has
		s.runs.close()
	})
}

func (l *lane) handle(ctx, waiting context.Context, t *asynq.Task) error {
	if waiting.Err() != nil {
		return errNotServing
	}
	rem, err := queue.ParseTask(t)
	if err != nil {
		l.log.Error("a task was dropped", "error", err)
		return nil
	}
	if mine, err := l.owns(waiting, rem.Job); err != nil {
		return err
	} else if !mine {
		return errElsewhere
	}
	name, _ := asynq.GetQueueName(ctx)
	if err := l.proc.Process(waiting, l.w.hard, rem, queue.PriorityOf(name)); err != nil && waiting.Err() == nil {
		l.log.Warn("a chunk could not be worked on", "job", rem.Job, "chunk", rem.Chunk, "error", err)
		return err
	}
	return nil
}

// suffer waits while the account cannot be served, and tries one chunk at growing intervals until that passes.
func (l *lane) suffer(ctx context.Context, t *trip) {
	l.become(t.state, t.reason)
	l.w.cfg.Meter.Tripped(l.account.Name, t.state)
	l.log.Error("the account is not served", "state", t.state, "reason", t.reason)
	for wait := t.first; ctx.Err() == nil; wait = min(2*wait, t.longest) {
		if !sleep(ctx, wait) {
			return
		}
		tried, err := l.probe(ctx)
		switch {
		case err != nil:
			l.log.Warn("no chunk could be tried", "error", err)
		case !tried:
			wait = max(t.first, wait/2) // nothing to try: the interval does not grow
		}
		now := l.breaker.tripped()
		if now == nil {
			l.log.Info("the account is served again")
			l.poke()
			return
		}
		t = now
		l.become(t.state, t.reason)
	}
}

// probe works on one chunk of a running job of the account, if there is one that waits. The jobs take turns, so that one
// whose calls fail for its own sake does not hold up the others. The chunk is taken by the ledger's word alone: its task
// will find it taken.
func (l *lane) probe(ctx context.Context) (tried bool, err error) {
	ledger := l.w.cfg.Ledger
	jobs, err := ledger.RunningOf(ctx, l.account.Name)
	if err != nil {
		return false, err
	}
	first := 1 + slices.IndexFunc(jobs, func(j job.Job) bool { return j.ID == l.probed })
	for i := range jobs {
		j := jobs[(first+i)%len(jobs)]
		if mine, err := l.owns(ctx, j.ID); err != nil || !mine {
			if err != nil {
				return false, err
			}
			continue
		}
		look, err := l.w.holes(ctx, j.ID, 0)
		if err != nil {
			return false, err
		}
		if err := l.w.cfg.Queue.Remind(ctx, l.account.Name, j.Priority, look.Certain); err != nil {
			return false, err
		}
		for _, o := range look.Overdue {
			l.probed = j.ID
			return true, l.proc.Process(ctx, l.w.hard, o.Reminder, j.Priority)
		}
	}
	return false, nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
