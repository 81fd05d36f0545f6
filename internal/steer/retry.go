package steer

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/submit"
)

// Retried is what came of a retry: a job, or a batch.
type Retried struct {
	Receipt submit.Receipt // of a job
	Batch   string         // a batch's ID; "" for a job
}

// ID is the new job's or batch's.
func (r Retried) ID() string {
	if r.Batch != "" {
		return r.Batch
	}
	return r.Receipt.Job.ID
}

// Retryable says whether there is something to retry; an error of job.CodeBadState says why not.
func Retryable(old job.Status) error {
	why := ""
	switch {
	case !old.State.Ended():
		why = "is " + string(old.State) + ": it can be retried once it has ended"
	case old.Failed+old.Unprocessed == 0 && old.Total == 0 && old.State != job.Completed:
		why = "has nothing to retry: it is " + string(old.State) + " and had no store to send yet; submit it again"
	case old.Failed+old.Unprocessed == 0:
		why = "has nothing to retry: every store succeeded"
	default:
		return nil
	}
	e := job.Errorf(job.CodeBadState, "job %s %s", old.Job, why)
	e.Job = old.Job
	return e
}

// Retry makes a new job, or batch, of the stores that failed or were left unprocessed in one that has ended. override, if
// not nil, changes each new job before it is staged; label, if not nil, is a new batch's. by is who asked for it.
func (d *Desk) Retry(ctx context.Context, id, by string, override func(*job.Job) error, label *string) (Retried, error) {
	old, err := d.Ledger.Status(ctx, id)
	if err == nil {
		err = Retryable(old)
	}
	if err != nil {
		return Retried{}, err
	}
	if override == nil {
		override = func(*job.Job) error { return nil }
	}
	if old.Targets > 0 {
		return d.retryBatch(ctx, old, by, override, label)
	}
	j, err := d.Ledger.Job(ctx, id)
	if err != nil {
		return Retried{}, err
	}
	j.Source, j.SubmittedBy, j.Repeats, j.SetAside = "retry of "+id, by, 0, 0
	j.At, j.Schedule, j.Batch, j.List = nil, "", "", ""
	if err := override(&j); err != nil {
		return Retried{}, err
	}
	sub := submit.Submission{Job: j, IDs: NotSucceeded(ctx, d.Ledger, id, "")}
	if j.Operation == job.Resync { // its plan is what was not done of the old one's
		sub.Job.Resync = &job.ResyncOptions{Planned: true, Prune: j.Resync.Prune, Verify: j.Resync.Verify}
		sub.IDs = NotSucceeded(ctx, d.Ledger, id, job.Associate)
		sub.Surplus = NotSucceeded(ctx, d.Ledger, id, job.Disassociate)
	}
	r, err := (&submit.Submitter{Ledger: d.Ledger, Queue: d.Queue, Tracer: d.Tracer}).Submit(ctx, sub)
	return Retried{Receipt: r}, err
}

func (d *Desk) retryBatch(ctx context.Context, old job.Status, by string, override func(*job.Job) error,
	label *string) (Retried, error) {
	jobs, err := d.Ledger.BatchJobs(ctx, old.Job)
	if err != nil {
		return Retried{}, err
	}
	b := results.Batch{ID: job.NewID(time.Now()), Label: old.Label, Source: "retry of " + old.Job, SubmittedBy: by,
		CreatedAt: time.Now().UTC()}
	if label != nil {
		b.Label = *label
	}
	span := d.Tracer.Submit(job.Job{ID: b.ID, Operation: job.Associate})
	staging := d.Ledger.StageBatch(b)
	stage := func() error {
		for _, one := range jobs {
			if one.Failed+one.Unprocessed == 0 {
				continue
			}
			j, err := d.Ledger.Job(ctx, one.Job)
			if err != nil {
				return err
			}
			j.Source, j.SubmittedBy, j.Trace = b.Source, by, span.Parent()
			if err := override(&j); err != nil {
				return err
			}
			list, _, err := staging.AddList(ctx, j.ChunkSize, NotSucceeded(ctx, d.Ledger, one.Job, ""))
			if err == nil {
				_, err = staging.AddJob(ctx, j, list)
			}
			if err != nil {
				return err
			}
		}
		return d.Commit(ctx, staging)
	}
	err = stage()
	span.End(err)
	if err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return Retried{}, errors.Join(err, staging.Discard(bye))
	}
	return Retried{Batch: b.ID}, nil
}

// NotSucceeded gives the stores of a job that has ended that failed or were left unprocessed; of a resync, those that
// were to be associated or disassociated, as op says.
func NotSucceeded(ctx context.Context, ledger *results.Ledger, id string, op job.Operation) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for row, err := range ledger.Rows(ctx, id, "") {
			if err == nil && (row.Outcome == job.Succeeded || op != "" && row.Operation != op) {
				continue
			}
			if !yield(row.StoreID, err) || err != nil {
				return
			}
		}
	}
}
