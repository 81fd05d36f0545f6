// Package control is what people and programs ask for. It takes a job from its list to a worker's attention: the list is
// cut into chunks, which are staged in the ledger while it is read; the job is committed once the list has come to a clean
// end; its first chunks are put on the queue. And it does to jobs and batches what is asked for while they run and after
// they have ended: pause, resume, cancel, retry. The command line, the dashboard and the schedules go this way, so that they
// do the same.
//
// It must never commit a job whose list was not read to a clean end, never leave its caller in doubt (an error says
// whether anything will be sent), and never change the outcome of a store.
package control

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/trace"
)

// Submitter submits jobs to one ledger. Ledger and Queue are needed, and lead to the same Redis. It is safe for
// concurrent use.
type Submitter struct {
	Ledger *ledger.Ledger
	Queue  *queue.Queue

	// Tracer makes a trace of each submission that the job's chunks go on with; nil for none.
	Tracer *trace.Tracer

	// Patience is how long a commit is tried while Redis fails; 10 s unless set, well below ledger.Options.Staging,
	// after which a job that is not committed is gone.
	Patience time.Duration
	// Backoff is how long the first wait between two tries is, doubled for each further one; 100 ms unless set.
	Backoff time.Duration
}

// How long Redis may take for one thing.
const (
	commandTimeout = 5 * time.Second
	remindTimeout  = 10 * time.Second
	letGoTimeout   = 3 * time.Second // what is not let go of expires
)

// Submission is what is to be submitted.
type Submission struct {
	// Job says what is to be done; ID, CreatedAt, Repeats and SetAside are filled in.
	Job job.Job
	// IDs are the stores in order, each once. An error ends them, and nothing is sent.
	IDs iter.Seq2[string, error]
	// Surplus are the stores to be disassociated, of a resync whose plan is made (job.ResyncOptions.Planned): IDs are those
	// to be associated then. Nil for none.
	Surplus iter.Seq2[string, error]
	// Counts tells, after the last ID, how many rows of the list were dropped as repeats and set aside as bad; nil for
	// none.
	Counts func() (repeats, setAside int64)
	// Reading tells, after the last ID, how the list was read; nil where it was none.
	Reading func() job.Reading
	// Bind is called with the job's ID after the last ID and before the commit; nil for nothing. An error ends it, and
	// nothing is sent. Whoever must have one job and no more of it binds it to that job's ID, and to another only once
	// that job is gone: a job in staging that is gone can no longer be committed.
	Bind func(ctx context.Context, id string) error
}

// Receipt is a job that was committed.
type Receipt struct {
	Job    job.Job
	Total  int64 // stores
	Chunks int64
	// Warning is a sentence about what went wrong after the commit, and mends itself; mostly empty.
	Warning string
}

// Submit stages, commits and reminds. Its errors are *job.Error, each with one sentence that says what became of the
// job: CodeJobAtWork where the target has one already, CodeRedis where Redis failed, CodeInterrupted where ctx ended;
// and whatever IDs yields. ctx counts until the commit begins; from there on what was begun is finished.
func (s *Submitter) Submit(ctx context.Context, sub Submission) (Receipt, error) {
	span := s.Tracer.Submit(sub.Job)
	r, err := s.submit(ctx, sub, span.Parent())
	span.Submitted(r.Job, int(r.Total), int(r.Chunks))
	span.End(err)
	return r, err
}

func (s *Submitter) submit(ctx context.Context, sub Submission, traced string) (Receipt, error) {
	now := time.Now().UTC()
	j := sub.Job
	j.ID, j.CreatedAt, j.Trace = job.NewID(now), now, traced
	staging, err := s.Ledger.Stage(ctx, j)
	if err != nil {
		return Receipt{}, notBegun(ctx, err)
	}
	if err := stage(ctx, staging, j.ChunkSize, sub.IDs); err != nil {
		return Receipt{}, s.giveUp(ctx, staging, err)
	}
	if sub.Surplus != nil {
		staging.Split()
		if err := stage(ctx, staging, j.ChunkSize, sub.Surplus); err != nil {
			return Receipt{}, s.giveUp(ctx, staging, err)
		}
	}
	if staging.Stores() == 0 {
		return Receipt{}, s.giveUp(ctx, staging, job.Errorf(job.CodeBadList, "the list has no stores"))
	}
	var repeats, setAside int64
	if sub.Counts != nil {
		repeats, setAside = sub.Counts()
	}
	if sub.Reading != nil {
		staging.Read(sub.Reading())
	}
	if sub.Bind != nil {
		if err := sub.Bind(ctx, j.ID); err != nil {
			return Receipt{}, s.giveUp(ctx, staging, err)
		}
	}
	// From here on it is done in full: a signal between commit and queue would only slow the job down.
	lasting := context.WithoutCancel(ctx)
	reminders, err := s.commit(lasting, staging, repeats, setAside)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Job: staging.Job(), Total: int64(staging.Stores()), Chunks: int64(staging.Chunks())}
	r.Warning = s.remind(lasting, r.Job, reminders)
	return r, nil
}

// stage writes the list's chunks.
func stage(ctx context.Context, staging *ledger.Staging, size int, ids iter.Seq2[string, error]) error {
	c := chunker.New(size)
	for id, err := range ids {
		if err != nil {
			return err
		}
		if chunk := c.Add(id); chunk != nil {
			if err := staging.Add(ctx, chunk); err != nil {
				return err
			}
		}
	}
	if rest := c.Rest(); rest != nil {
		if err := staging.Add(ctx, rest); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// giveUp takes back what was staged. Why stays the error.
func (s *Submitter) giveUp(ctx context.Context, staging *ledger.Staging, why error) error {
	id := staging.Job().ID
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoTimeout)
	defer cancel()
	left := ""
	if err := staging.Discard(bye); err != nil {
		left = fmt.Sprintf("; what is staged of job %s expires by itself", id)
	}
	if ctx.Err() != nil {
		return interrupted("interrupted while the list was being staged: nothing was sent"+left, why)
	}
	why = sentence(why)
	if e := job.AsError(why); e.Code == job.CodeRedis || e.Code == job.CodeInternal {
		return &job.Error{Code: e.Code, Message: i18n.Plain(e.Message.String() + ": job " + id + " was not committed, nothing was sent" + left),
			Job: id, Err: why}
	}
	return why
}

// notBegun is the error of a job that could not even be staged.
func notBegun(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return interrupted("interrupted: nothing was sent", err)
	}
	err = sentence(err)
	if e := job.AsError(err); e.Code == job.CodeRedis {
		return &job.Error{Code: e.Code, Message: i18n.Plain(e.Message.String() + ": nothing was sent"), Err: err}
	}
	return err
}

func interrupted(message string, err error) error {
	return &job.Error{Code: job.CodeInterrupted, Message: i18n.Plain(message), Err: err}
}

// remind puts a job's first chunks on the queue and tells the workers. What does not succeed is found by the reconciler:
// it comes back as a sentence.
func (s *Submitter) remind(ctx context.Context, j job.Job, reminders []job.Reminder) string {
	ctx, cancel := context.WithTimeout(ctx, remindTimeout)
	defer cancel()
	err := s.Queue.Remind(ctx, j.Account, j.Priority, reminders)
	told := s.Ledger.Announce(ctx, registry.Wake{Account: j.Account, Job: j.ID, State: job.Running})
	if err := errors.Join(err, told); err != nil {
		return fmt.Sprintf("job %s is committed and will run, but could not be put on the queue at once; a worker finds it by"+
			" itself (%v)", j.ID, err)
	}
	return ""
}
