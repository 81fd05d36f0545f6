package worker

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/registry"
)

// watcher wakes the lanes that have work and stops the runs of jobs that were stopped: at once where an announcement
// tells it, and at every look where one got lost.
type watcher struct{ w *Worker }

func (s *watcher) run(ctx context.Context) {
	w := s.w
	news := w.cfg.Ledger.Listen(ctx)
	tick := time.NewTicker(w.cfg.Look)
	defer tick.Stop()
	s.look(ctx)
	for {
		select {
		case <-ctx.Done():
			for range news { // until the listener is gone
			}
			return
		case n, ok := <-news:
			if !ok {
				<-ctx.Done() // which is why there are no more news
				return
			}
			s.hear(n)
		case <-tick.C:
			s.look(ctx)
		}
	}
}

func (s *watcher) hear(n registry.Wake) {
	l := s.w.lane(n.Account)
	if l == nil {
		return
	}
	if n.State == job.Running {
		l.poke()
	} else {
		l.proc.Interrupt(n.Job)
	}
}

func (s *watcher) look(ctx context.Context) {
	asked := time.Now()
	jobs, err := s.w.cfg.Ledger.Running(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.w.log.Warn("the ledger cannot be looked at", "error", err)
		}
		s.w.contact.failed()
		return
	}
	s.w.contact.answered(s.w.lookGap())
	if err := s.w.cfg.Ledger.Sync(ctx); err != nil && ctx.Err() == nil {
		s.w.log.Debug("Redis' clock was not asked for", "error", err)
	}
	running := map[string]int{}
	for _, j := range jobs {
		running[j.Account]++
		if l := s.w.lane(j.Account); l != nil {
			l.poke()
		}
	}
	s.w.looked.Store(int64(asked.Sub(s.w.began)))
	s.w.cfg.Meter.Running(running)
}
