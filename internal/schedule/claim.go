package schedule

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// consider begins with a run that is due, if nobody else is at it and there is room. ctx is the scheduler's: the attempt
// goes on when the look is over.
func (s *Scheduler) consider(ctx, looking context.Context, r openRun, at clock) error {
	now := at.now()
	if ms := now.UnixMilli(); r.rec.Expires > ms || r.rec.NextTry > ms {
		return nil
	}
	late := now.After(time.UnixMilli(r.rec.Until).Add(grace))
	stale := late && !(r.CatchUp && r.rec.Number == r.seq) // else it is made up for
	if !stale && !s.cfg.Serves(r.Job.Account) {
		return nil
	}
	if r.rec.Kind == Manual && !stale { // it was asked for: it waits for the last job's end
		last, err := s.lastJob(looking, r.entry)
		if err != nil || last != nil && !last.State.Ended() {
			return err
		}
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return nil
	}
	if late {
		r.rec.Until = now.Add(patience).UnixMilli()
	}
	a, err := s.claim(looking, r, at)
	if a == nil {
		<-s.slots
		return err
	}
	a.stale = stale
	s.attempts.Go(func() {
		defer func() { <-s.slots }()
		a.run(ctx)
	})
	return nil
}

// claim takes a run for this worker; nil where another was first.
func (s *Scheduler) claim(ctx context.Context, r openRun, at clock) (*attempt, error) {
	a := &attempt{s: s, name: r.Name, entry: r.entry, at: at, number: r.rec.Number, token: rand.Text()}
	a.log = s.log.With("schedule", r.Name, "run", r.rec.Number, "tick", r.rec.Tick)
	rec := r.rec
	if rec.Token != "" && rec.Reading {
		rec.Orphaned++
	}
	rec.Reading = false
	rec.Token, rec.Worker, rec.Expires, rec.NextTry = a.token, s.cfg.Worker, at.now().Add(s.cfg.Lease).UnixMilli(), 0
	rec.Attempts++
	raw, err := rec.raw()
	if err != nil {
		return nil, err
	}
	word, err := s.cfg.Book.changeRun(ctx, r.Name, rec, r.raw, raw, "", nil)
	if err != nil || word != "ok" {
		return nil, err
	}
	a.raw, a.rec = raw, rec
	return a, nil
}

// lastJob gives the status of a schedule's last job; nil where there is none, or none any more.
func (s *Scheduler) lastJob(ctx context.Context, e entry) (*job.Status, error) {
	if e.job == "" {
		return nil, nil
	}
	status, err := s.cfg.Ledger.Status(ctx, e.job)
	if err != nil {
		if job.AsError(err).Code == job.CodeUnknownJob {
			err = nil
		}
		return nil, err
	}
	return &status, nil
}
