package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Pause keeps a job from putting any more calls out. Calls in flight are finished and recorded.
func (l *Ledger) Pause(ctx context.Context, id, reason string) error {
	_, err := l.control(ctx, id, job.Pause, reason)
	return err
}

// Resume lets a paused job go on and gives the reminders that start it again.
func (l *Ledger) Resume(ctx context.Context, id string) ([]job.Reminder, error) {
	return l.control(ctx, id, job.Resume, "")
}

// Cancel ends a job: calls in flight are finished and recorded, what is pending then reads unprocessed.
func (l *Ledger) Cancel(ctx context.Context, id, reason string) error {
	_, err := l.control(ctx, id, job.Cancel, reason)
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

func (l *Ledger) control(ctx context.Context, id string, verb job.Verb, reason string) ([]job.Reminder, error) {
	word, rest, err := reply(l.run(ctx, l.scripts.control, id, controlArgs(verb, reason)...))
	if err != nil {
		return nil, redisconn.CommandError(string(verb)+" job "+clean(id), err)
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

// controlArgs are the arguments of control.lua and batch_control.lua.
func controlArgs(verb job.Verb, reason string) []any {
	args := []any{reason}
	for _, from := range job.States {
		if to, allowed := verb.From(from); allowed {
			args = append(args, string(from), string(to))
		}
	}
	return args
}

// clockSkew is how far the clocks of a Redis Cluster's nodes may be apart: the one that has the job decides when its time has
// come. No worker's does.
const clockSkew = time.Minute

// Start lets a job run whose time has come, or whatever its time if now says so. It gives the job's state; a target that
// another job is at work on is a job.CodeJobAtWork, and the job waits on.
func (l *Ledger) Start(ctx context.Context, id string, now bool) (job.State, []job.Reminder, error) {
	flag := ""
	if now {
		flag = "1"
	}
	j, err := l.Job(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if !now && j.At != nil {
		at, err := l.rdb.Time(ctx).Result()
		if err != nil {
			return "", nil, redisconn.CommandError("start job "+id, err)
		}
		if j.At.Sub(at) > clockSkew {
			return job.Scheduled, nil, nil // not worth a claim
		}
	}
	target := keyTarget(j.Target)
	if err := l.claim(ctx, target, id); err != nil {
		if holder := job.AsError(err); holder.Code == job.CodeJobAtWork {
			why := "job " + holder.Job + " is at work on its target, and goes first"
			if e := l.run(ctx, l.scripts.start, id, flag, why).Err(); e != nil {
				return job.Scheduled, nil, redisconn.CommandError("start job "+id, e)
			}
		}
		return job.Scheduled, nil, err
	}
	word, rest, err := reply(l.run(ctx, l.scripts.start, id, flag, ""))
	switch {
	case err != nil:
		return "", nil, redisconn.CommandError("start job "+id, err)
	case word == "gone" || len(rest) == 0:
		return "", nil, errors.Join(unknownJob(id), l.letGo(ctx, target, id))
	case word == "early":
		return job.State(rest[0]), nil, l.letGo(ctx, target, id)
	}
	rems, err := reminders(id, rest[1:])
	if err != nil {
		return "", nil, fmt.Errorf("start job %s: %w", id, err)
	}
	return job.State(rest[0]), rems, redisconn.CommandError("start job "+id, l.hold(ctx, target, id, targetLife))
}
