package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/trace"
)

// Controller controls the jobs of one ledger. Ledger and Queue are needed, and lead to the same Redis.
type Controller struct {
	Ledger *ledger.Ledger
	Queue  *queue.Queue
	Tracer *trace.Tracer // traces what is retried; nil for none
}

// Verb is what is done to a job.
type Verb = job.Verb

// The verbs that people have.
const (
	Pause  = job.Pause
	Resume = job.Resume
	Cancel = job.Cancel
)

// Do does something to a job or batch, tells the workers of it, and gives the status after it. by is who asked for it. A
// warning is a sentence about what mends itself; mostly empty. Errors are those of the ledger: job.CodeUnknownJob, and
// job.CodeBadState where the job's state does not allow it.
func (d *Controller) Do(ctx context.Context, verb Verb, id, by string) (after job.Status, warning string, err error) {
	before, err := d.Ledger.Status(ctx, id)
	if err != nil {
		return before, "", err
	}
	switch verb {
	case Pause:
		err = d.Ledger.Pause(ctx, id, "by "+by)
	case Cancel:
		err = d.Ledger.Cancel(ctx, id, "by "+by)
	case Resume:
		var reminders []job.Reminder
		if reminders, err = d.Ledger.Resume(ctx, id); err == nil {
			if err := d.Queue.Remind(ctx, before.Account, before.Priority, reminders); err != nil {
				warning = fmt.Sprintf("the job runs, but could not be put on the queue at once; a worker finds it by itself (%v)", err)
			}
		}
	default:
		err = job.Errorf(job.CodeInternal, "%q cannot be done to a job", verb)
	}
	if err != nil {
		return before, "", err
	}
	if before.Targets > 0 { // a batch: its jobs follow
		if err := d.Tend(ctx, id); err != nil {
			warning = fmt.Sprintf("the batch's jobs could not be told at once, the workers see it within seconds (%v)", err)
		}
	}
	if after, err = d.Ledger.Status(ctx, id); err != nil {
		return after, warning, err
	}
	if err := d.Ledger.Announce(ctx, registry.Wake{Account: after.Account, Job: id, State: after.State}); err != nil {
		warning = fmt.Sprintf("the workers could not be told at once, they see it within seconds (%v)", err)
	}
	return after, warning, nil
}

// Tend gives a batch's jobs their turn, or stops them, as its state is. The reconciler does the same within seconds.
func (d *Controller) Tend(ctx context.Context, batch string) error {
	turns, _, err := d.Ledger.TendBatch(ctx, batch, "")
	for _, t := range turns {
		err = errors.Join(err, d.Queue.Remind(ctx, t.Job.Account, t.Job.Priority, t.Reminders),
			d.Ledger.Announce(ctx, t.Wake()))
	}
	return err
}

// SubmitBatch has a batch staged by stage and commits it. With an error nothing is sent, unless it says otherwise; a warning
// is a sentence about what is left then.
func (d *Controller) SubmitBatch(ctx context.Context, staging *ledger.BatchStaging, stage func() error) (warning string, err error) {
	id := staging.Batch().ID
	committing := false
	if err = stage(); err == nil {
		committing = true
		err = d.Commit(ctx, staging)
	}
	if err == nil {
		return "", nil
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	left := staging.Discard(bye)                // from here on it cannot be committed, or it is
	status, unknown := d.Ledger.Status(bye, id) // which of them
	said := func(what string) error {
		return &job.Error{Code: job.CodeRedis, Job: id, Err: err, Message: i18n.Plain(job.AsError(err).Message.String() + ": " + fmt.Sprintf(what, id))}
	}
	switch {
	case unknown == nil && status.State != job.Staging:
		return "", said("batch %s is committed all the same, and will run")
	case committing && (unknown == nil || job.AsError(unknown).Code != job.CodeUnknownJob):
		return "", said("it is unknown whether batch %s was committed; once Redis is back, `enqueue status %[1]s` tells: where it knows no" +
			" such job, nothing was sent, else the batch runs")
	}
	if ctx.Err() != nil {
		err = &job.Error{Code: job.CodeInterrupted, Message: i18n.Plain("interrupted while the batch was being staged: nothing was sent"), Err: err}
	}
	if left != nil {
		warning = fmt.Sprintf("what is staged of batch %s expires by itself (%v)", id, left)
	}
	return warning, err
}

// Commit commits a batch, and tries for some seconds while Redis fails: committing twice is the same as once. What was
// begun is finished, whatever becomes of ctx.
func (d *Controller) Commit(ctx context.Context, staging *ledger.BatchStaging) error {
	ctx = context.WithoutCancel(ctx)
	err := staging.Commit(ctx)
	for wait := 100 * time.Millisecond; err != nil && job.AsError(err).Code == job.CodeRedis && wait < 10*time.Second; wait *= 2 {
		pause := time.NewTimer(wait)
		<-pause.C
		err = staging.Commit(ctx)
	}
	if err != nil {
		return err
	}
	_ = d.Tend(ctx, staging.Batch().ID) // or the reconciler does
	return nil
}
