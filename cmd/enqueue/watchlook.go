package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// How much is looked at.
const (
	watchedJobs  = 50 // jobs at work, or of a batch
	endedJobs    = 10 // that have ended meanwhile
	lookPatience = 4 * time.Second
)

// sight is what one look at the ledger showed.
type sight struct {
	at       time.Time
	subject  *job.Status  // the job or batch that is watched; nil where all are
	jobs     []job.Status // at work: a batch's, or all there are
	more     int64        // jobs of the batch that are at work beyond them
	ended    []job.Status // those that have ended since the first look, the latest first
	accounts []job.AccountInfo
}

// looker looks at a job, at a batch with its jobs, or at everything at work. It is used by one goroutine.
type looker struct {
	ledger *ledger.Ledger
	id     string // "" for everything

	first int             // of a batch: the first of its jobs that has not ended, counting from 1
	seen  map[string]bool // of everything: what was at work
	ended []job.Status
}

// keep looks again and again until what it looks at has ended, the time is over (0 for no bound) or ctx ends, and sends
// what it sees. That Redis is away is no reason to stop: a person is looking.
func (l *looker) keep(ctx context.Context, timeout time.Duration, send func(tea.Msg)) error {
	var deadline <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		deadline = t.C
	}
	tick := time.NewTicker(redrawEvery)
	defer tick.Stop()
	f := &follow{id: l.id, timeout: timeout}
	var last job.Status
	for {
		began := time.Now()
		s, err := l.look(ctx)
		switch {
		case err == nil:
			send(seen{s})
			if s.subject != nil {
				last = *s.subject
			}
			if last.State.Ended() {
				return nil
			}
		case ctx.Err() != nil: // told below
		case job.AsError(err).Code == job.CodeUnknownJob:
			return f.gone()
		case !passing(err):
			return err
		default:
			send(missed{err: err, since: began, at: time.Now()})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-deadline:
			if l.id == "" {
				return nil
			}
			return f.expired(last)
		case <-tick.C:
		}
	}
}

// look takes a look. The error is the ledger's.
func (l *looker) look(ctx context.Context) (sight, error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	var s sight
	var err error
	if l.id == "" {
		err = l.everything(ctx, &s)
	} else {
		err = l.one(ctx, &s)
	}
	if err == nil {
		s.accounts, err = l.ledger.Accounts(ctx)
	}
	s.at, s.ended = time.Now(), l.ended
	return s, err
}

// one looks at a job, or at a batch with those of its jobs that are at work.
func (l *looker) one(ctx context.Context, s *sight) error {
	status, err := l.ledger.Status(ctx, l.id)
	if err != nil {
		return err
	}
	s.subject = &status
	if status.Targets == 0 || status.State.Ended() {
		return nil
	}
	// Jobs take their turns in the batch's order: behind those that have ended for good come those at work.
	l.first = max(1, l.first)
	for n := l.first; n <= int(status.Targets) && len(s.jobs) < watchedJobs; n += watchedJobs {
		page, err := l.ledger.BatchPage(ctx, l.id, n, watchedJobs)
		if err != nil {
			return err
		}
		waiting := 0
		for i, j := range page {
			switch {
			case j.State.Ended() && l.first == n+i:
				l.first++
			case j.State == job.Staging || j.State == job.Scheduled:
				waiting++
			case !j.State.Ended() && len(s.jobs) < watchedJobs:
				s.jobs = append(s.jobs, j)
			}
		}
		if len(page) < watchedJobs || waiting == len(page) {
			break // all that follow wait for their turn
		}
	}
	for state, n := range status.Jobs {
		if !state.Ended() && state != job.Staging && state != job.Scheduled {
			s.more += n
		}
	}
	s.more = max(0, s.more-int64(len(s.jobs)))
	return nil
}

// everything looks at all that is at work, and finds out how what no longer is has ended.
func (l *looker) everything(ctx context.Context, s *sight) error {
	jobs, err := l.ledger.AtWork(ctx, watchedJobs)
	if err != nil {
		return err
	}
	s.jobs = jobs
	now := map[string]bool{}
	for _, j := range jobs {
		now[j.Job] = true
	}
	for id := range l.seen {
		if now[id] {
			continue
		}
		status, err := l.ledger.Status(ctx, id)
		switch {
		case err != nil && job.AsError(err).Code == job.CodeUnknownJob: // it is gone, and not worth a word
		case err != nil:
			return err
		case status.State.Ended():
			l.ended = append(l.ended, status)
		default:
			now[id] = true // there are more at work than are shown
		}
	}
	slices.SortStableFunc(l.ended, func(a, b job.Status) int { return cmp.Compare(endedAt(b), endedAt(a)) })
	l.ended = l.ended[:min(len(l.ended), endedJobs)]
	l.seen = now
	return nil
}

func endedAt(s job.Status) int64 {
	if s.EndedAt == nil {
		return 0
	}
	return s.EndedAt.UnixMilli()
}
