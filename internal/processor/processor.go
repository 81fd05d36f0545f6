// Package processor is one chunk's run: begin, wait for the pace, call, classify, record. It is where the ledger, the
// queue, the pace and WeChat Pay's client meet. It must never send a store that the ledger has decided, nor tell the
// ledger anything that no answer told.
package processor

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/wxapi"
)

// Client makes the calls of one account; *wxapi.Client is one.
type Client interface {
	Do(context.Context, wxapi.Call) (*wxapi.Answer, error)
	List(context.Context, wxapi.ListCall) (*wxapi.ListPage, error)
}

// RateLimit is the rate limit of one interface of one identity, shared by all workers.
type RateLimit interface {
	// Wait returns when a call may be sent, at once. Of those that wait in this process the lower urgency number goes
	// first. An error means that it may not.
	Wait(ctx context.Context, urgency int) (Permit, error)
}

// Permit is the permission to send one call. It is told what became of the call.
type Permit interface {
	// Answered tells how a call went that was answered otherwise than by a 429: when its first bytes left and how long
	// the answer took, and by how much the kernel sees the way there vary.
	Answered(way wxapi.Way, elapsed time.Duration)
	// Refused tells of a 429. An error says that the other workers could not be told.
	Refused(ctx context.Context) error
}

// Queue puts reminders where runs come from; *queue.Queue is one.
type Queue interface {
	Remind(ctx context.Context, account string, p job.Priority, reminders []job.Reminder) error
}

// Health watches over an account's calls in this worker: it is told how each went, and decides whether the account can
// be served.
type Health interface {
	// Passed: WeChat Pay answered in a way that can be believed.
	Passed()
	// Failed: the call failed as a call. It says whether that counts against the stores' budgets: not while everything
	// fails.
	Failed(reason string) (counts bool)
	// Refused: 401. This worker cannot serve the account.
	Refused(reason string)
}

// Config is what a processor works with. Every field but Logger, Meter and Tracer is needed.
type Config struct {
	Account string
	Ledger  *ledger.Ledger
	Queue   Queue
	Client  Client
	Limit   func(job.Operation, job.Target) RateLimit // that of the interface that serves them
	Health  Health
	Logger  *slog.Logger
	Meter   Meter         // nil for none
	Tracer  *trace.Tracer // nil for none

	// Calls bounds how many calls are made at once, where more chunks than that are run at a time; 0 for no bound.
	Calls int
}

// Processor runs the chunks of one account. It is safe for concurrent use.
type Processor struct {
	Config

	trips trips
	calls chan struct{} // a token for each call under way; nil for no bound

	mu   sync.Mutex
	runs map[string]map[*lease]struct{} // the runs under way, by job
}

// New gives a processor.
func New(c Config) *Processor {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	p := &Processor{Config: c, runs: map[string]map[*lease]struct{}{}}
	if c.Calls > 0 {
		p.calls = make(chan struct{}, c.Calls)
	}
	return p
}

// How long a run tries to reach Redis with what it must tell it: an answer that came is worth waiting for. Only the end
// of hard, which is the process' own, ends that.
const (
	redisTimeout  = 5 * time.Second
	redisBackoff  = 2 * time.Second // at the most, between two tries
	remindPatient = 10 * time.Second
)

// turn is how long a task goes on with its job's next chunk instead of putting it on the queue: long enough to save most
// of what the queue costs where calls follow each other as fast as they can, too short to matter where they wait for the
// pace, so that jobs and priorities take their turns.
//
// Where Redis is far away a queue gives a task for every two or three round trips and no more (asynq asks one queue after
// another), so that a turn there is turnTrips of them.
const (
	turn      = 150 * time.Millisecond
	turnTrips = 40
	turnMost  = 10 * time.Second
)

// trips is how long the ledger takes: what is slower counts at once, what is quicker bit by bit.
type trips struct{ latest atomic.Int64 }

func (t *trips) took(d time.Duration) {
	if was := time.Duration(t.latest.Load()); d < was {
		d = was - (was-d)/8
	}
	t.latest.Store(int64(d))
}

// turn is how long a turn is at the moment.
func (t *trips) turn() time.Duration {
	return max(turn, min(turnTrips*time.Duration(t.latest.Load()), turnMost))
}

// Process works on the chunk that a reminder names, and for a turn on those that follow it. serving ends when the lane
// stops serving: what waits then is given back, a call in flight is finished and recorded. hard ends when nothing can be
// waited for any more. An error says that the ledger could not be asked.
func (p *Processor) Process(serving, hard context.Context, rem job.Reminder, priority job.Priority) error {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(serving, redisTimeout)
	run, drop, err := p.Ledger.BeginFree(ctx, rem)
	cancel()
	if err != nil {
		return err
	}
	began := asked
	p.trips.took(time.Since(asked))
	if run == nil {
		p.Logger.Debug("reminder dropped", "account", p.Account, "job", rem.Job, "chunk", rem.Chunk, "why", drop)
		return nil
	}
	for run != nil && err == nil {
		run, asked, err = p.chunk(serving, hard, run, asked, priority, began)
	}
	return err
}

// chunk works on the chunk of a run whose lease was asked for at asked, in a turn that began at began, and returns the run that
// goes on with the next one.
func (p *Processor) chunk(serving, hard context.Context, run *ledger.Run, asked time.Time, priority job.Priority,
	began time.Time) (next *ledger.Run, begun time.Time, err error) {
	j := run.Job()
	log := p.Logger.With("account", p.Account, "job", j.ID, "chunk", run.Chunk())
	l := p.hold(serving, hard, run, j.ID, asked, log)
	defer l.release()
	l.span = p.Tracer.Chunk(j, run.Chunk(), asked)
	defer func() { l.span.End(err) }()
	if run.Listing() != nil {
		return nil, asked, p.list(l, run, priority)
	}
	for {
		told := ledger.Told{}
		if ids, attempts := run.Next(); len(ids) > 0 {
			told = p.call(l, j, run.Operation(), priority, ids, attempts)
		}
		asked = time.Now()
		told.GoOn = asked.Sub(began) < p.trips.turn() && l.waiting.Err() == nil
		progress, err := p.record(l, run, told)
		if err != nil {
			return nil, asked, err
		}
		if !progress.Over {
			l.recorded(asked)
		}
		if progress.NextErr != nil {
			log.Warn("the next chunk is taken and cannot be worked on", "error", progress.NextErr)
		}
		p.remind(l, j, progress.Reminders)
		if progress.State != job.Running {
			p.stopped(l, j, progress.State)
		}
		if progress.Over {
			return progress.Next, asked, nil
		}
	}
}

// record tells the ledger, and does not give up while Redis may come back: what an answer told is nowhere else.
func (p *Processor) record(l *lease, run *ledger.Run, told ledger.Told) (progress ledger.Progress, err error) {
	told.At = p.Ledger.Now()
	span := l.span.Start("record")
	defer func() { span.End(err) }()
	err = p.patiently(l, func(ctx context.Context) (err error) {
		asked := time.Now()
		progress, err = run.Record(ctx, told)
		if err == nil {
			p.trips.took(time.Since(asked))
		}
		return err
	})
	if err == nil {
		p.Meter.Recorded(run.Operation(), progress.Moved)
	} else {
		l.log.Error("an answer could not be recorded: its stores are sent again", "error", err)
	}
	return progress, err
}

// patiently does something with the ledger, and does not give up while Redis may come back.
func (p *Processor) patiently(l *lease, do func(context.Context) error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, redisBackoff) {
		ctx, cancel := context.WithTimeout(l.hard, redisTimeout)
		err := do(ctx)
		cancel()
		e := (*job.Error)(nil)
		if err == nil || !errors.As(err, &e) && !errors.Is(err, context.DeadlineExceeded) || l.hard.Err() != nil {
			return err
		}
		l.log.Warn("an answer waits for Redis to be recorded", "error", err)
		if !sleep(l.hard, jitter(wait)) {
			return err
		}
	}
}

// stopped tells the runs of a job, here and elsewhere, that it is not running any more.
func (p *Processor) stopped(l *lease, j job.Job, state job.State) {
	p.Interrupt(j.ID)
	if state.Ended() {
		l.log.Info("job ended", "state", state)
		if j.Batch != "" {
			p.tend(l, j.Batch, j.Account)
		}
	}
	if state == job.Aborting || state == job.Aborted {
		ctx, cancel := context.WithTimeout(l.hard, redisTimeout)
		defer cancel()
		if err := p.Ledger.Announce(ctx, registry.Wake{Account: j.Account, Job: j.ID, State: state}); err != nil {
			l.log.Debug("other workers find out by themselves", "error", err)
		}
	}
}

// tend gives the account's next job of a batch its turn. Where that fails the reconciler does.
func (p *Processor) tend(l *lease, batch, account string) {
	ctx, cancel := context.WithTimeout(l.hard, remindPatient)
	defer cancel()
	turns, _, err := p.Ledger.TendBatch(ctx, batch, account)
	for _, t := range turns {
		err = errors.Join(err, p.Queue.Remind(ctx, t.Job.Account, t.Job.Priority, t.Reminders))
		err = errors.Join(err, p.Ledger.Announce(ctx, t.Wake()))
	}
	if err != nil {
		l.log.Debug("the batch's next job waits for the reconciler", "batch", batch, "error", err)
	}
}

// remind puts reminders on the queue. What it cannot put there the reconciler finds missing.
func (p *Processor) remind(l *lease, j job.Job, reminders []job.Reminder) {
	if len(reminders) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(l.hard, remindPatient)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, redisBackoff) {
		err := p.Queue.Remind(ctx, j.Account, j.Priority, reminders)
		if err == nil {
			return
		}
		if !sleep(ctx, jitter(wait)) {
			l.log.Warn("chunks could not be put on the queue: the reconciler will", "error", err)
			return
		}
	}
}

// Busy says whether any chunk is being worked on.
func (p *Processor) Busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.runs) > 0
}

// Interrupt makes the runs of a job that wait for the pace give their chunks back: the job was stopped.
func (p *Processor) Interrupt(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.runs[id] {
		l.interrupt(errStopped)
	}
}

// sleep waits, and says whether it did to the end.
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

// jitter spreads a delay over its second half, so that those who failed together do not come back together.
func jitter(d time.Duration) time.Duration {
	if d <= 1 {
		return d
	}
	return d/2 + rand.N(d/2)
}
