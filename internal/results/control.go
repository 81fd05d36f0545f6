package results

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Pause keeps a job from putting any more calls out. Calls in flight are finished and recorded.
func (l *Ledger) Pause(ctx context.Context, id, reason string) error {
	_, err := l.control(ctx, id, "pause", reason)
	return err
}

// Resume lets a paused job go on and gives the reminders that start it again.
func (l *Ledger) Resume(ctx context.Context, id string) ([]job.Reminder, error) {
	return l.control(ctx, id, "resume", "")
}

// Cancel ends a job: calls in flight are finished and recorded, what is pending then reads unprocessed.
func (l *Ledger) Cancel(ctx context.Context, id, reason string) error {
	_, err := l.control(ctx, id, "cancel", reason)
	if err != nil {
		return err
	}
	if _, ok, err := l.batch(ctx, id); err != nil || ok {
		return err
	}
	look, err := l.Holes(ctx, id, time.Minute)
	if err == nil && look.Stuck { // it is of another Redis than this: there may be no worker to find that out
		_, _, err = l.Check(ctx, id)
	}
	return err
}

func (l *Ledger) control(ctx context.Context, id, verb, reason string) ([]job.Reminder, error) {
	word, rest, err := reply(l.run(ctx, l.scripts.control, id, verb, reason))
	if err != nil {
		return nil, redisError(verb+" job "+clean(id), err)
	}
	if word == "gone" {
		if batch, ok, err := l.batch(ctx, id); err != nil || ok {
			if err == nil {
				err = l.controlBatch(ctx, batch, verb, reason)
			}
			return nil, err
		}
	}
	switch word {
	case "ok":
		return reminders(id, rest[1:])
	case "refused":
		e := job.Errorf(job.CodeBadState, "job %s is %s: it cannot %s", id, rest[0], verb)
		e.Job = id
		return nil, e
	}
	return nil, unknownJob(id)
}
