package worker

import (
	"context"
	"errors"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/registry"
)

// reconciler finds what got lost: reminders that were never enqueued, archived, trimmed or forgotten, chunks whose
// worker died, jobs that can end and nobody ended. One is at work at a time among all workers.
type reconciler struct {
	w     *Worker
	asked map[job.Reminder]time.Duration // reminders that the queue said it had: when to ask again
	found map[job.State]int              // active jobs by state, as far as this look has come
	kept  map[string]time.Time           // when an active job's keys were last kept from expiring
	prune time.Time

	orphans time.Time // when the queue was last looked through for orphaned tasks
}

const (
	overdueGrace  = 5 * time.Second // before a reminder that is due is looked for in the queue
	keepEvery     = time.Hour
	orphansEvery  = 10 * time.Minute
	lockLifeLooks = 3 // looks that the lock outlives its owner
)

func newReconciler(w *Worker) *reconciler {
	return &reconciler{w: w, asked: map[job.Reminder]time.Duration{}, kept: map[string]time.Time{}}
}

func (s *reconciler) run(ctx context.Context) {
	w := s.w
	tick := time.NewTicker(w.cfg.Look)
	defer tick.Stop()
	lock := w.cfg.Ledger.Lock("reconciler", w.cfg.ID, lockLifeLooks*w.cfg.Look)
	for {
		select {
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), unpublishIn)
			defer cancel()
			if err := lock.Release(bye); err != nil {
				w.log.Debug("the reconciler's lock could not be released: it expires", "error", err)
			}
			return
		case <-tick.C:
		}
		mine, err := lock.Hold(ctx)
		s.found = nil
		if err == nil && mine {
			s.found = map[job.State]int{}
			err = s.look(ctx)
		}
		w.cfg.Meter.Looked(s.found, err)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("the reconciler could not look at everything", "error", err)
		}
	}
}

// look goes over all active jobs once.
func (s *reconciler) look(ctx context.Context) error {
	ids, err := s.w.cfg.Ledger.Active(ctx)
	if err != nil {
		return err
	}
	seen := make(map[job.Reminder]time.Duration, len(s.asked))
	var errs []error
	for _, id := range ids {
		if err := s.job(ctx, id, seen); err != nil {
			errs = append(errs, err)
			if job.AsError(err).Code == job.CodeRedis {
				break
			}
		}
	}
	s.asked = seen
	batches, err := s.w.cfg.Ledger.Batches(ctx)
	for _, id := range batches {
		err = errors.Join(err, s.batch(ctx, id))
	}
	errs = append(errs, err)
	if time.Since(s.prune) > keepEvery {
		errs = append(errs, s.w.cfg.Ledger.Prune(ctx))
		s.prune = time.Now()
	}
	if time.Since(s.orphans) > orphansEvery {
		n, err := s.w.cfg.Queue.Orphans(ctx)
		if n > 0 {
			s.w.log.Warn("orphaned tasks were removed from the queue", "tasks", n)
		}
		errs = append(errs, err)
		s.orphans = time.Now()
	}
	return errors.Join(errs...)
}

func (s *reconciler) job(ctx context.Context, id string, seen map[job.Reminder]time.Duration) error {
	l, q := s.w.cfg.Ledger, s.w.cfg.Queue
	look, err := s.w.holes(ctx, id, overdueGrace)
	if err != nil {
		return err
	}
	if look.Stuck {
		s.w.log.Warn("a job is looked through: it was interrupted by Redis, or is of another one", "job", id)
		s.w.cfg.Meter.Found(FoundStuck, 1)
		state, found, err := l.Check(ctx, id)
		if err != nil {
			return err
		}
		if state != "" {
			look = ledger.Look{State: state, Certain: found}
		}
	}
	state, certain := look.State, look.Certain
	if state != "" {
		s.found[state]++
	}
	if state == "" || state.Ended() {
		delete(s.kept, id)
		if err := s.told(ctx, id); err != nil {
			return err
		}
		return l.Retire(ctx, id)
	}
	if state == job.Staging {
		return nil
	}
	if state == job.Scheduled {
		return s.start(ctx, id)
	}
	if time.Since(s.kept[id]) > keepEvery {
		if err := l.Keep(ctx, id); err != nil {
			return err
		}
		s.kept[id] = time.Now()
	}
	j, err := l.Job(ctx, id)
	if err != nil {
		return err
	}
	lost, err := s.lost(ctx, j, look.Overdue, seen)
	if err != nil {
		return err
	}
	s.w.cfg.Meter.Found(FoundHoles, len(certain))
	if len(lost) > 0 {
		found, err := l.Remind(ctx, id, lost)
		if err != nil {
			return err
		}
		s.w.cfg.Meter.Found(FoundLost, len(found))
		certain = append(certain, found...)
	}
	if len(certain) == 0 {
		return nil
	}
	s.w.log.Info("chunks were put back on the queue", "job", id, "chunks", len(certain))
	if err := q.Remind(ctx, j.Account, j.Priority, certain); err != nil {
		return err
	}
	return l.Announce(ctx, registry.Wake{Account: j.Account, Job: id, State: job.Running})
}

// told sees to it that whoever wants to know that a job or a batch has ended is told.
func (s *reconciler) told(ctx context.Context, id string) error {
	hook, err := s.w.cfg.Ledger.Hook(ctx, id)
	if err != nil && job.AsError(err).Code == job.CodeUnknownJob || err == nil && hook == nil {
		return nil
	} else if err != nil {
		return err
	}
	return s.w.cfg.Queue.Notify(ctx, id)
}

// batch looks after a batch.
func (s *reconciler) batch(ctx context.Context, id string) error {
	turns, ended, err := s.w.cfg.Ledger.TendBatch(ctx, id, "")
	if ended { // whoever tended it last
		s.w.log.Info("batch ended", "batch", id)
		if err := s.told(ctx, id); err != nil {
			return err
		}
		return s.w.cfg.Ledger.RetireBatch(ctx, id)
	}
	for _, t := range turns {
		if e := s.w.cfg.Queue.Remind(ctx, t.Job.Account, t.Job.Priority, t.Reminders); e != nil {
			return e
		}
		if e := s.w.cfg.Ledger.Announce(ctx, t.Wake()); e != nil {
			return e
		}
	}
	return err
}

// start lets a job run whose time has come. One whose target another job is at work on waits for its end.
func (s *reconciler) start(ctx context.Context, id string) error {
	ledger := s.w.cfg.Ledger
	state, found, err := ledger.Start(ctx, id, false)
	if err != nil && job.AsError(err).Code == job.CodeJobAtWork {
		s.w.log.Info("a job whose time has come waits for its target", "job", id, "at_work", job.AsError(err).Job)
		return nil
	}
	if err != nil || state != job.Running {
		return err
	}
	j, err := ledger.Job(ctx, id)
	if err != nil {
		return err
	}
	s.w.log.Info("a job's time has come", "job", id)
	if err := s.w.cfg.Queue.Remind(ctx, j.Account, j.Priority, found); err != nil {
		return err
	}
	return ledger.Announce(ctx, registry.Wake{Account: j.Account, Job: id, State: job.Running})
}

// lost asks the queue for overdue reminders. One that it has is asked for again only when it is twice as late, so that
// a long queue costs next to nothing.
func (s *reconciler) lost(ctx context.Context, j job.Job, overdue []ledger.Overdue,
	seen map[job.Reminder]time.Duration) ([]job.Reminder, error) {
	var lost []job.Reminder
	for _, o := range overdue {
		if next, ok := s.asked[o.Reminder]; ok && o.By < next {
			seen[o.Reminder] = next
			continue
		}
		waits, err := s.w.cfg.Queue.Waits(ctx, j.Account, j.Priority, o.Reminder)
		if err != nil {
			return nil, err
		}
		if waits {
			seen[o.Reminder] = 2 * o.By
		} else {
			lost = append(lost, o.Reminder)
		}
	}
	return lost, nil
}
