package ledger

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/registry"
)

// Turn is a job of a batch that was started: what is to be put on the queue for it, and then announced.
type Turn struct {
	Job       job.Job
	Reminders []job.Reminder
}

// Wake is what is to be announced.
func (t Turn) Wake() registry.Wake {
	return registry.Wake{Account: t.Job.Account, Job: t.Job.ID, State: job.Running}
}

// TendBatch looks after a batch: jobs that have ended go into its sums, those whose turn has come are started, those that
// are to stop are stopped, and where none is left the batch ends. only is the one account whose jobs are looked after; all
// are where it is empty. It can be done by anybody at any time, and the batch stays on the list of those that have not
// ended until RetireBatch. Turns are what is to be put on the queue, even with an error; that jobs were stopped has been
// announced.
func (l *Ledger) TendBatch(ctx context.Context, id, only string) (turns []Turn, ended bool, err error) {
	b, ok, err := l.batch(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return nil, false, l.RetireBatch(ctx, id)
	}
	if b.At != nil {
		state, err := l.scripts.batchStart.Run(ctx, l.rdb, []string{b.key("batch")}).Text()
		if err != nil || job.State(state) == job.Scheduled {
			return nil, false, redisconn.CommandError("start batch "+id, err)
		}
	}
	var errs []error
	for account, name := range b.Accounts {
		if only != "" && name != only {
			continue
		}
		some, err := l.tendAccount(ctx, &b, account)
		turns = append(turns, some...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return turns, false, err
	}
	keys := []string{b.key("batch")}
	for account := range b.Accounts {
		keys = append(keys, b.wait(account), b.run(account))
	}
	args := append([]any{len(keys) - 1, millis(l.opts.Retention), b.jobs(), b.Jobs}, b.lists()...)
	state, err := l.scripts.batchEnd.Run(ctx, l.rdb, keys, args...).Text()
	if err != nil {
		return turns, false, redisconn.CommandError("look after batch "+id, err)
	}
	return turns, job.State(state).Ended(), nil
}

// RetireBatch takes a batch that has ended, and that nobody must be told of any more, off the list of those that have not.
func (l *Ledger) RetireBatch(ctx context.Context, id string) error {
	return redisconn.CommandError("retire batch "+id, l.rdb.ZRem(ctx, keyBatches, id).Err())
}

func (l *Ledger) tendAccount(ctx context.Context, b *Batch, account int) (turns []Turn, err error) {
	doing, with := "look after batch "+b.ID, "with batch "+b.ID
	for {
		at, err := l.rdb.SMembers(ctx, b.run(account)).Result()
		if err != nil {
			return turns, redisconn.CommandError(doing, err)
		}
		all, err := l.statuses(ctx, at)
		if err != nil {
			return turns, err
		}
		state, err := l.rdb.HGet(ctx, b.key("batch"), "state").Result()
		if err != nil {
			return turns, redisconn.CommandError(doing, err)
		}
		moved := false
		for i, s := range all {
			switch {
			case s == nil: // Redis forgot it, or it has expired
				err = l.batchDone(ctx, b, account, job.Status{Job: at[i], State: "gone"})
			case s.State.Ended():
				err = l.batchDone(ctx, b, account, *s)
			case state == string(job.Cancelling) && s.State != job.Cancelling && s.State != job.Aborting:
				moved = true
				if err = l.Cancel(ctx, s.Job, with); err == nil && s.State != job.Scheduled {
					l.stopped(ctx, s, job.Cancelling)
				}
			case state == string(job.Paused) && s.State == job.Running:
				if err = l.Pause(ctx, s.Job, with); err == nil {
					l.stopped(ctx, s, job.Paused)
				}
			case state == string(job.Running) && s.State == job.Paused && s.Reason == with:
				var rems []job.Reminder
				if rems, err = l.Resume(ctx, s.Job); err == nil {
					var j job.Job
					j, err = l.Job(ctx, s.Job)
					turns = append(turns, Turn{Job: j, Reminders: rems})
				}
			case state == string(job.Running) && s.State == job.Scheduled:
				var turn *Turn
				if turn, err = l.giveTurn(ctx, s); turn != nil {
					turns = append(turns, *turn)
				}
			}
			if err != nil {
				return turns, err
			}
		}
		next, err := l.scripts.batchNext.Run(ctx, l.rdb, []string{b.key("batch"), b.wait(account), b.run(account)}, batchWave,
			200).StringSlice()
		if err != nil || len(next) == 0 && !moved {
			return turns, redisconn.CommandError(doing, err)
		}
	}
}

// stopped announces that a job was stopped with its batch, at once: others may come before its calls are over. A worker that
// does not hear of it finds out by itself.
func (l *Ledger) stopped(ctx context.Context, s *job.Status, state job.State) {
	_ = l.Announce(ctx, registry.Wake{Account: s.Account, Job: s.Job, State: state})
}

// activate puts a job on the list of those that workers look after.
func (l *Ledger) activate(ctx context.Context, s *job.Status) error {
	_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, keyActive, redis.Z{Score: float64(s.CreatedAt.UnixMilli()), Member: s.Job})
		p.Expire(ctx, keyActive, indexLife(l.opts))
		return nil
	})
	return redisconn.CommandError("start job "+s.Job, err)
}

// giveTurn starts a job of a batch; nil where its target is another job's, which it waits for.
func (l *Ledger) giveTurn(ctx context.Context, s *job.Status) (*Turn, error) {
	if err := l.activate(ctx, s); err != nil {
		return nil, err
	}
	state, rems, err := l.Start(ctx, s.Job, true)
	if err != nil && job.AsError(err).Code == job.CodeJobAtWork {
		return nil, nil
	}
	if err != nil || state != job.Running {
		return nil, err
	}
	j, err := l.Job(ctx, s.Job)
	return &Turn{Job: j, Reminders: rems}, err
}

// batchDone adds a job that has ended to its batch's sums.
func (l *Ledger) batchDone(ctx context.Context, b *Batch, account int, s job.Status) error {
	args := []any{s.Job, s.Succeeded, "jobs:" + string(s.State), 1, "succeeded", s.Succeeded, "failed", s.Failed, "unprocessed", s.Unprocessed,
		"late", s.Late, "calls", s.Calls, "retries", s.Retries, "throttled", s.Throttled}
	for code, n := range s.Failures {
		args = append(args, "fail:"+code, n)
	}
	err := l.scripts.batchDone.Run(ctx, l.rdb, []string{b.key("batch"), b.run(account), keysOf(s.Job)[kJob]}, args...).Err()
	return redisconn.CommandError("look after batch "+b.ID, err)
}

// controlBatch pauses, resumes or cancels a batch. Its jobs follow: those at work at once, by TendBatch.
func (l *Ledger) controlBatch(ctx context.Context, b Batch, verb job.Verb, reason string) error {
	word, rest, err := reply(l.scripts.batchControl.Run(ctx, l.rdb, []string{b.key("batch")}, controlArgs(verb, reason)...))
	switch {
	case err != nil:
		return redisconn.CommandError(string(verb)+" batch "+b.ID, err)
	case word == "ok":
		return nil
	case word == "gone" || len(rest) == 0:
		return unknownJob(b.ID)
	}
	e := job.Errorf(job.CodeBadState, "batch %s is %s: it cannot %s", b.ID, rest[0], verb)
	e.Job = b.ID
	return e
}
