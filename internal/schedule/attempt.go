package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/source"
)

// attempt is one worker's work on one run, under a lease.
type attempt struct {
	s      *Scheduler
	name   string // of the schedule
	number int64  // of the run
	at     clock
	log    *slog.Logger
	token  string
	stale  bool // it is too late to begin

	entry // as the schedule was last seen; for work alone

	mu  sync.Mutex // the lease is renewed meanwhile
	raw string
	rec record
}

// Why an attempt ends without a word in the run.
var (
	errTaken    = errors.New("another worker has taken the run over")
	errRemoved  = errors.New("the schedule was removed")
	errReplaced = errors.New("the schedule was replaced")
)

// maxOrphaned is how many workers may vanish while they read the list of one run, before that is held to be what ends
// them: each of them serves other jobs too.
const maxOrphaned = 2

// run works on the run and notes what came of it.
func (a *attempt) run(ctx context.Context) {
	working, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	var renewer sync.WaitGroup
	renewer.Go(func() { a.renew(ctx, stop, cancel) })
	err := a.work(working)
	if cause := context.Cause(working); err != nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	a.conclude(ctx, err)
	close(stop)
	renewer.Wait()
	cancel(nil)
}

// renew keeps the lease until stop is closed, even while the scheduler stops: a commit may be under way. Where it is
// lost, what is under way is called off.
func (a *attempt) renew(ctx context.Context, stop <-chan struct{}, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(a.s.cfg.Lease / 5)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		err := a.change(ctx, "", func(r *record) {
			if r.State == Due && r.Token != "" { // else it was concluded just now
				r.Expires = a.at.now().Add(a.s.cfg.Lease).UnixMilli()
			}
		})
		if errors.Is(err, errTaken) || errors.Is(err, errRemoved) {
			cancel(err)
			return
		}
	}
}

// change changes the run as long as this attempt holds it. revision, unless empty, is the one that the schedule must
// have; more are fields of the schedule and their values. It is carried out whether or not ctx ends.
func (a *attempt) change(ctx context.Context, revision string, do func(*record), more ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		rec := a.rec
		do(&rec)
		raw, err := rec.raw()
		if err != nil || raw == a.raw {
			return err
		}
		var event *Event
		if rec.State.Over() { // which the work alone finds, and never the lease's renewal
			event = a.entry.event(rec, a.at.now())
		}
		word, err := a.s.cfg.Book.changeRun(ctx, a.name, rec, a.raw, raw, revision, event, more...)
		switch {
		case err != nil:
			return err
		case word == "ok":
			a.raw, a.rec = raw, rec
			if rec.State.Over() {
				a.s.cfg.Over(rec.Run)
			}
			return nil
		case word == "gone":
			return errRemoved
		case word == "replaced":
			return errReplaced
		}
		// The answer to an earlier change may have got lost: what has our token is ours.
		is, err := a.s.cfg.Book.rdb.HGet(ctx, keyRuns(a.name), itoa(a.number)).Result()
		if err != nil {
			return redisconn.CommandError("read a run of schedule "+a.name, err)
		}
		if rec, err = readRecord(is); err != nil {
			return err
		}
		if rec.Token != a.token || is == a.raw {
			return errTaken
		}
		a.raw, a.rec = is, rec
	}
}

// is gives the run as it stands.
func (a *attempt) is() record {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rec
}

// work makes the run's job, or finds out that there is none to make. Without an error the run says what came of it.
func (a *attempt) work(ctx context.Context) (err error) {
	rec := a.is()
	if rec.Job != "" { // of an attempt before this one
		committed, err := a.committed(ctx, rec.Job)
		if err != nil {
			return err
		}
		if committed {
			return a.submitted(ctx)
		}
	}
	if rec.Orphaned >= maxOrphaned {
		return job.Errorf(job.CodeInternal, "%d workers, one after another, were not heard of again while they read the list, which is not"+
			" tried once more: is it too large for their memory?", rec.Orphaned)
	}
	is, err := a.s.cfg.Book.entry(ctx, a.name)
	if err != nil {
		return err
	}
	a.entry = is
	if a.rev != rec.Revision {
		return errReplaced
	}
	last, err := a.s.lastJob(ctx, a.entry)
	if err != nil {
		return err
	}
	switch {
	case last != nil && !last.State.Ended() && rec.Kind == Manual && !a.stale:
		return a.release(ctx) // it waits for that
	case last != nil && !last.State.Ended():
		return a.over(ctx, Skipped, job.CodeJobAtWork, fmt.Sprintf("job %s, the schedule's last, is still %s", last.Job, last.State))
	case a.stale:
		return a.over(ctx, Missed, "", "nobody came to it in time: no worker that serves account "+a.Job.Account+" was up, or the run"+
			" before it took too long")
	}
	etag := ""
	if last != nil && last.State == job.Completed && last.Succeeded == last.Total && a.Job.Operation != job.Resync {
		etag = a.knownETag()
	}
	if err := a.change(ctx, "", func(r *record) { r.Reading = true }); err != nil {
		return err
	}
	list, err := a.s.cfg.Sources.Open(ctx, a.Source, etag)
	if err != nil {
		return err
	}
	defer list.Close()
	if list.NotModified {
		return a.over(ctx, Unchanged, "", fmt.Sprintf("the list is still the one of job %s, every store of which succeeded", last.Job))
	}
	return a.submit(ctx, list)
}

// submit makes a job of the list, and binds the run to it before it is committed.
func (a *attempt) submit(ctx context.Context, list *source.Source) error {
	j := a.Job
	j.Source, j.SubmittedBy, j.Schedule = list.Place, a.AddedBy, a.name
	ids, counts, reading := idsOf(list, a.Definition, func(said i18n.Message) {
		a.log.Warn("list read with a warning", "warning", said.String())
	})
	sub := control.Submission{Job: j, IDs: ids, Counts: counts, Reading: reading, Bind: func(ctx context.Context, id string) error {
		return a.change(ctx, a.rev, func(r *record) { r.Job, r.ETag, r.Reading = id, list.ETag, false })
	}}
	receipt, err := a.s.cfg.Submitter.Submit(ctx, sub)
	if err != nil && job.AsError(err).Code == job.CodeJobAtWork && a.leftOver(ctx, job.AsError(err).Job) {
		receipt, err = a.s.cfg.Submitter.Submit(ctx, sub) // of the list nothing was read yet
	}
	if err != nil {
		return err
	}
	if receipt.Warning != "" {
		a.log.Warn(receipt.Warning, "job", receipt.Job.ID)
	}
	return a.submitted(ctx)
}

// leftOver discards the job that holds the target, if it is one that a worker left in staging that was killed at a run of
// this schedule, and says whether the target is free then; it would expire by itself in half a minute. Nobody else is at a
// run of this schedule.
func (a *attempt) leftOver(ctx context.Context, id string) bool {
	j, err := a.s.cfg.Ledger.Job(ctx, id)
	if err != nil && job.AsError(err).Code == job.CodeUnknownJob {
		return true // that worker was only slow, and has discarded it just now
	}
	if err != nil || j.Schedule != a.name {
		return false
	}
	return a.s.cfg.Ledger.Discard(ctx, id) == nil
}

// committed finds out what became of the job that the run is bound to. One that is still staged is discarded: from then
// on it cannot be committed, and the run may be bound to another.
func (a *attempt) committed(ctx context.Context, id string) (bool, error) {
	if err := a.s.cfg.Ledger.Discard(ctx, id); err != nil {
		return false, err
	}
	_, err := a.s.cfg.Ledger.Status(ctx, id)
	if err != nil && job.AsError(err).Code == job.CodeUnknownJob {
		return false, nil
	}
	return err == nil, err
}

// knownETag is that of the list that the last job was made of, if it was made by this very definition.
func (a *attempt) knownETag() string {
	if n := len(a.rev); len(a.etag) > n && a.etag[:n] == a.rev {
		return a.etag[n+1:]
	}
	return ""
}

// submitted notes that the job which the run is bound to is committed.
func (a *attempt) submitted(ctx context.Context) error {
	now, rec := a.at.now().UTC(), a.is()
	err := a.change(ctx, "", func(r *record) {
		r.letGo()
		r.State, r.SubmittedAt, r.Reason, r.Code = Submitted, &now, "", ""
	}, fieldJob, rec.Job, fieldETag, rec.Revision+" "+rec.ETag)
	if err == nil {
		a.log.Info("a schedule's job is submitted", "job", rec.Job, "attempts", rec.Attempts)
	}
	return err
}

// release gives the run back as it came.
func (a *attempt) release(ctx context.Context) error {
	return a.change(ctx, "", func(r *record) {
		r.letGo()
		r.Job = ""
	})
}

// over ends the run without a job. code is that of an error, or empty.
func (a *attempt) over(ctx context.Context, state RunState, code, reason string) error {
	err := a.change(ctx, "", func(r *record) {
		r.letGo()
		r.State, r.Reason, r.Code, r.Job = state, reason, code, ""
		if state == Missed {
			r.Missed = 1
		}
	})
	if err == nil {
		a.log.Warn("a run of a schedule made no job", "state", state, "reason", reason)
	}
	return err
}
