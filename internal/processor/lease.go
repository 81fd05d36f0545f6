package processor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/trace"
)

// lease is a run's hold on its chunk, kept alive from the side while the run waits or calls.
type lease struct {
	p    *Processor
	run  *ledger.Run
	id   string // the job's
	log  *slog.Logger
	span *trace.Span // of the run; nil where it is not traced
	life time.Duration

	hard      context.Context         // ends when nothing can be waited for any more
	waiting   context.Context         // ends when no call of this run may begin any more
	interrupt context.CancelCauseFunc // ends waiting

	renewer sync.WaitGroup
	stop    context.CancelFunc

	mu    sync.Mutex
	until time.Time // by this process' clock, from before the last renewal was asked for
}

// Why no call of a run may begin any more.
var (
	errStopped = errors.New("the job is not running")
	errExpired = errors.New("the lease on the chunk may have run out")
)

// hold takes up a lease that Begin has just given; it was asked for at asked.
func (p *Processor) hold(serving, hard context.Context, run *ledger.Run, id string, asked time.Time,
	log *slog.Logger) *lease {
	life := p.Ledger.Options().Lease
	l := &lease{p: p, run: run, id: id, log: log, life: life, hard: hard, until: asked.Add(life)}
	l.waiting, l.interrupt = context.WithCancelCause(serving)
	p.mu.Lock()
	if p.runs[id] == nil {
		p.runs[id] = map[*lease]struct{}{}
	}
	p.runs[id][l] = struct{}{}
	p.mu.Unlock()

	renewing, stop := context.WithCancel(hard)
	l.stop = stop
	// Most runs are over long before their first renewal is due: they never start the goroutine.
	first := time.AfterFunc(life/4, func() { l.renew(renewing) })
	l.renewer.Add(1)
	context.AfterFunc(renewing, func() {
		if first.Stop() {
			l.renewer.Done()
		}
	})
	return l
}

// renew runs until its context ends.
func (l *lease) renew(ctx context.Context) {
	defer l.renewer.Done()
	tick := time.NewTicker(l.life / 4)
	defer tick.Stop()
	for {
		asked := time.Now()
		renewing, cancel := context.WithTimeout(ctx, l.life/2)
		state, err := l.run.Renew(renewing)
		cancel()
		switch {
		case errors.Is(err, ledger.ErrLost):
			l.interrupt(err)
			return
		case err == nil:
			l.mu.Lock()
			l.until = asked.Add(l.life)
			l.mu.Unlock()
			if state != job.Running {
				l.interrupt(errStopped)
			}
		case ctx.Err() == nil:
			l.log.Warn("a lease could not be renewed", "error", err)
		}
		if !l.valid() {
			l.interrupt(errExpired)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// valid says whether the chunk surely is this run's still: a process that stood still for longer than a lease finds
// out before it sends.
func (l *lease) valid() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.until)
}

// recorded notes that the ledger has just renewed the lease by itself.
func (l *lease) recorded(asked time.Time) {
	l.mu.Lock()
	l.until = asked.Add(l.life)
	l.mu.Unlock()
}

// release ends the keeping, not the lease: that is the ledger's.
func (l *lease) release() {
	l.stop()
	l.renewer.Wait()
	l.interrupt(nil)
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	delete(l.p.runs[l.id], l)
	if len(l.p.runs[l.id]) == 0 {
		delete(l.p.runs, l.id)
	}
}
