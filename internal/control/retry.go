package control

import (
	"context"
	"iter"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// Retried is what came of a retry: a job, or a batch.
type Retried struct {
	Receipt Receipt // of a job
	Batch   string  // a batch's ID; "" for a job
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

// Again is how something is retried. What it does not say is as it was.
type Again struct {
	By       string               // who asked for it
	Override func(*job.Job) error // changes each new job before it is staged; nil for nothing
	Label    *string              // of a new batch; nil for the old one's
	At       *time.Time           // before which nothing is sent; nil for at once
	Rehook   bool                 // Hook is told when it has ended, and not whom the old one told
	Hook     *job.Hook
}

// Retry makes a new job, or batch, of the stores that failed or were left unprocessed in one that has ended. A warning is a
// sentence about what is left of a batch that could not be made; mostly empty.
func (d *Controller) Retry(ctx context.Context, id string, again Again) (made Retried, warning string, err error) {
	old, err := d.Ledger.Status(ctx, id)
	if err == nil {
		err = Retryable(old)
	}
	if err != nil {
		return Retried{}, "", err
	}
	if again.Override == nil {
		again.Override = func(*job.Job) error { return nil }
	}
	if old.Targets > 0 {
		return d.retryBatch(ctx, old, again)
	}
	j, err := d.Ledger.Job(ctx, id)
	if err != nil {
		return Retried{}, "", err
	}
	j.Source, j.SubmittedBy, j.Repeats, j.SetAside, j.Reading = "retry of "+id, again.By, 0, 0, nil
	j.At, j.Schedule, j.Batch, j.List = again.At, "", "", ""
	if again.Rehook {
		j.Notify = again.Hook
	}
	if err := again.Override(&j); err != nil {
		return Retried{}, "", err
	}
	sub := Submission{Job: j, IDs: NotSucceeded(ctx, d.Ledger, id, "")}
	if j.Operation == job.Resync { // its plan is what was not done of the old one's
		sub.Job.Resync = &job.ResyncOptions{Planned: true, Prune: j.Resync.Prune, Verify: j.Resync.Verify}
		sub.IDs = NotSucceeded(ctx, d.Ledger, id, job.Associate)
		sub.Surplus = NotSucceeded(ctx, d.Ledger, id, job.Disassociate)
	}
	r, err := (&Submitter{Ledger: d.Ledger, Queue: d.Queue, Tracer: d.Tracer}).Submit(ctx, sub)
	return Retried{Receipt: r}, "", err
}

func (d *Controller) retryBatch(ctx context.Context, old job.Status, again Again) (made Retried, warning string, err error) {
	jobs, err := d.Ledger.BatchJobs(ctx, old.Job)
	if err != nil {
		return Retried{}, "", err
	}
	b := ledger.Batch{ID: job.NewID(time.Now()), Label: old.Label, Source: "retry of " + old.Job, SubmittedBy: again.By,
		CreatedAt: time.Now().UTC(), At: again.At}
	if again.Label != nil {
		b.Label = *again.Label
	}
	if again.Rehook {
		b.Notify = again.Hook
	} else if b.Notify, err = d.Ledger.Hook(ctx, old.Job); err != nil {
		return Retried{}, "", err
	}
	if b.At != nil {
		if err := d.Ledger.Sync(ctx); err != nil {
			return Retried{}, "", err
		}
	}
	span := d.Tracer.Submit(job.Job{ID: b.ID, Operation: job.Associate})
	staging := d.Ledger.StageBatch(b)
	warning, err = d.SubmitBatch(ctx, staging, func() error {
		for _, one := range jobs {
			if one.Failed+one.Unprocessed == 0 {
				continue
			}
			j, err := d.Ledger.Job(ctx, one.Job)
			if err != nil {
				return err
			}
			j.Source, j.SubmittedBy, j.Trace = b.Source, b.SubmittedBy, span.Parent()
			if err := again.Override(&j); err != nil {
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
		return nil
	})
	span.End(err)
	if err != nil {
		return Retried{}, warning, err
	}
	return Retried{Batch: b.ID}, "", nil
}

// NotSucceeded gives the stores of a job that has ended that failed or were left unprocessed; of a resync, those that
// were to be associated or disassociated, as op says.
func NotSucceeded(ctx context.Context, ledger *ledger.Ledger, id string, op job.Operation) iter.Seq2[string, error] {
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
