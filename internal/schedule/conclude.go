package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Between two attempts at a run.
const (
	retryFirst = time.Second
	retryMost  = time.Minute
)

// conclude notes what an attempt failed with, if it did: the run is tried again, or over. What cannot be noted, since
// Redis is away, is found by whoever takes the run over once the lease has run out.
func (a *attempt) conclude(ctx context.Context, err error) {
	switch {
	case err == nil, errors.Is(err, errTaken), errors.Is(err, errRemoved):
	case errors.Is(err, errReplaced):
		err = a.over(ctx, Skipped, "", "the schedule was replaced before its job was made")
	default:
		err = a.failed(ctx, err)
	}
	switch {
	case err == nil:
	case errors.Is(err, errTaken), errors.Is(err, errRemoved):
		a.log.Info("a run of a schedule was given up", "reason", err)
	default:
		a.log.Warn("what became of a run of a schedule could not be noted: it is found out later", "error", err)
	}
}

// failed notes why an attempt made no job, unless it did make one after all.
func (a *attempt) failed(ctx context.Context, why error) error {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	rec := a.is()
	if rec.Job != "" {
		committed, err := a.committed(ctx, rec.Job)
		if err != nil {
			return err
		}
		if committed {
			return a.submitted(ctx)
		}
	}
	if stopping {
		return a.release(ctx)
	}
	e := job.AsError(why)
	if e.Code == job.CodeJobAtWork {
		return a.over(ctx, Skipped, e.Code, e.Message.String())
	}
	reason := sentence(why)
	now := a.at.now()
	wait := min(retryMost, retryFirst<<min(rec.Attempts-1, 10))
	if passing(e) && !now.Add(wait).After(time.UnixMilli(rec.Until)) {
		a.log.Warn("a run of a schedule is tried again", "after", wait, "reason", reason)
		return a.change(ctx, "", func(r *record) {
			r.letGo()
			r.Job, r.Reason, r.Code, r.NextTry = "", reason, e.Code, now.Add(wait).UnixMilli()
		})
	}
	a.log.Error("a run of a schedule failed", "reason", reason)
	return a.change(ctx, "", func(r *record) {
		r.letGo()
		r.State, r.Job, r.Reason, r.Code = Failed, "", reason, e.Code
	})
}

// passing says whether another attempt may succeed.
func passing(e *job.Error) bool {
	switch e.Code {
	case job.CodeIO, job.CodeTimeout, job.CodeRedis, job.CodeInterrupted:
		return true
	}
	return false
}

// maxSentence bounds what a run keeps of an error, in characters.
const maxSentence = 600

// sentence is an error as a run keeps it: one line.
func sentence(err error) string {
	e := *job.AsError(err)
	if bad := badRows(err); bad != nil {
		rows := "1 row of the list has no good store ID;"
		if bad.Count > 1 {
			rows = fmt.Sprintf("%d rows of the list have no good store ID; the first,", bad.Count)
		}
		e.Message = i18n.Plain(fmt.Sprintf("%s in column %s, %q: %s", rows, bad.First[0].Column, bad.First[0].Value, bad.First[0].Why))
	}
	return shorten(oneLine(e.Error()), maxSentence)
}
