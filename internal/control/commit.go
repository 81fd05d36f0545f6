package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// verdict is what is known of a job after a commit that failed.
type verdict int

const (
	unknown   verdict = iota // Redis does not tell
	staged                   // it is there and not committed
	committed                // it is committed, and the answer to that got lost
	gone                     // it is not there any more
)

// commit commits a job, and where Redis fails meanwhile, tries again and finds out what became of it: committing twice
// is the same as once. Without an error the job is committed; reminders may be missing then, as the reconciler finds.
func (s *Submitter) commit(ctx context.Context, staging *ledger.Staging, repeats, setAside int64) ([]job.Reminder, error) {
	patience, wait := s.Patience, s.Backoff
	if patience <= 0 {
		patience = 10 * time.Second
	}
	if wait <= 0 {
		wait = 100 * time.Millisecond
	}
	for deadline := time.Now().Add(patience); ; wait *= 2 {
		once, cancel := context.WithTimeout(ctx, commandTimeout)
		reminders, err := staging.Commit(once, repeats, setAside)
		cancel()
		if err == nil {
			return reminders, nil
		}
		err = sentence(err)
		if final(err) {
			return nil, s.giveUp(ctx, staging, err)
		}
		is := s.ask(ctx, staging.Job().ID)
		if is == committed {
			return nil, nil
		}
		if is == gone || time.Now().Add(wait).After(deadline) {
			return nil, s.failed(ctx, staging, is, err)
		}
		pause := time.NewTimer(wait)
		<-pause.C // ctx does not end: see Submit
	}
}

// final says whether an error of Commit stays the same however often it is tried: all but what Redis, or the way there
// and back, caused.
func final(err error) bool {
	e := job.AsError(err)
	return e.Code != job.CodeRedis || e.Err == nil
}

// sentence makes of a time-out, which the ledger hands on as it is, what a person understands.
func sentence(err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return job.Errorf(job.CodeRedis, "Redis does not answer in time (%w)", err)
}

// ask asks the ledger what became of a job.
func (s *Submitter) ask(ctx context.Context, id string) verdict {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	status, err := s.Ledger.Status(ctx, id)
	switch {
	case err == nil && status.State == job.Staging:
		return staged
	case err == nil:
		return committed
	case job.AsError(err).Code == job.CodeUnknownJob:
		return gone
	}
	return unknown
}

// failed says what became of a job whose commit failed to the last.
func (s *Submitter) failed(ctx context.Context, staging *ledger.Staging, is verdict, err error) error {
	id := staging.Job().ID
	message := job.AsError(err).Message.String()
	switch is {
	case staged:
		return s.giveUp(ctx, staging, &job.Error{Code: job.CodeRedis, Message: i18n.Plain(message), Err: err})
	case gone:
		message = fmt.Sprintf("%s: job %s was not committed and is gone, nothing was sent", message, id)
	default:
		message = fmt.Sprintf("%s: it is unknown whether job %s was committed; once Redis is back, `enqueue status %s` tells:"+
			" where it knows no such job, nothing was sent, else the job runs", message, id, id)
	}
	return &job.Error{Code: job.CodeRedis, Message: i18n.Plain(message), Job: id, Err: err}
}
