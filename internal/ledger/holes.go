package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Overdue is a reminder that is due, with nobody at work on its chunk: it waits in the queue, or it got lost.
type Overdue struct {
	job.Reminder
	By time.Duration
}

// Active lists the jobs that may not have ended, the oldest first.
func (l *Ledger) Active(ctx context.Context) ([]string, error) {
	ids, err := l.rdb.ZRange(ctx, keyActive, 0, -1).Result()
	return ids, redisconn.CommandError("list the active jobs", err)
}

// Look is what was found by looking for holes in a job's window.
type Look struct {
	State   job.State      // "" where there is no such job
	Certain []job.Reminder // to be put on the queue: there was room, or a lease ran out
	Overdue []Overdue      // to be looked for in the queue
	Stuck   bool           // there is nothing left to do, and the job does not end: Check puts it right
}

// Holes looks at a job's window: it ends the job where it can end, fills room, and takes leases that ran out back.
// Reminders are overdue that are late by more than grace.
func (l *Ledger) Holes(ctx context.Context, id string, grace time.Duration) (Look, error) {
	return l.holes(ctx, id, grace, "")
}

// HolesBesideLeases is Holes where Redis was away, as Holes is by itself for a lease's time where Redis' clock was set: runs
// could not renew their leases meanwhile, and are about to record what they were told. Leases that ran out stay theirs, and
// no job ends that has one.
func (l *Ledger) HolesBesideLeases(ctx context.Context, id string, grace time.Duration) (Look, error) {
	return l.holes(ctx, id, grace, "1")
}

func (l *Ledger) holes(ctx context.Context, id string, grace time.Duration, beside string) (Look, error) {
	clock := l.clockOf(id)
	if clock.setWithin(l.opts.Lease) {
		beside = "1"
	}
	asked := time.Now()
	all, err := l.run(ctx, l.scripts.holes, id, millis(grace), beside, clock.now()).Slice()
	if err != nil {
		return Look{}, redisconn.CommandError("look after job "+id, err)
	}
	state, _ := all[0].(string)
	if state == "gone" || len(all) != 5 || job.State(state).Ended() {
		l.mu.Lock()
		delete(l.clocks, id)
		l.mu.Unlock()
	}
	if state == "gone" || len(all) != 5 {
		return Look{}, nil
	}
	if at, ok := all[4].(string); ok {
		ms, _ := strconv.ParseInt(at, 10, 64)
		clock.look(time.UnixMilli(ms), asked)
	}
	look := Look{State: job.State(state)}
	if look.Certain, err = reminders(id, stringsOf(all[1])); err != nil {
		return Look{}, fmt.Errorf("look after job %s: %w", id, err)
	}
	suspects, err := reminders(id, stringsOf(all[2]))
	if err != nil {
		return Look{}, fmt.Errorf("look after job %s: %w", id, err)
	}
	for _, s := range suspects {
		look.Overdue = append(look.Overdue, Overdue{
			Reminder: job.Reminder{Job: id, Chunk: s.Chunk, Generation: s.Generation}, By: s.Delay})
	}
	stuck, _ := all[3].(int64)
	look.Stuck = stuck == 1
	return look, nil
}

func stringsOf(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i], _ = list[i].(string)
	}
	return out
}

// Remind puts out new reminders for some that got lost; none for a chunk that has moved on.
func (l *Ledger) Remind(ctx context.Context, id string, lost []job.Reminder) ([]job.Reminder, error) {
	args := make([]any, 0, 2*len(lost))
	for _, r := range lost {
		args = append(args, r.Chunk, r.Generation)
	}
	rest, err := l.run(ctx, l.scripts.remind, id, args...).StringSlice()
	if err != nil {
		return nil, redisconn.CommandError("look after job "+id, err)
	}
	return reminders(id, rest)
}

// Retire takes a job that has ended, or is gone, off the list of active ones and frees its target.
func (l *Ledger) Retire(ctx context.Context, id string) error {
	k, err := l.know(ctx, id)
	switch {
	case err == nil:
		if err := l.letGo(ctx, keyTarget(k.job.Target), id); err != nil {
			return err
		}
	case job.AsError(err).Code != job.CodeUnknownJob:
		return err
	}
	l.forget(id)
	return redisconn.CommandError("retire job "+id, l.rdb.ZRem(ctx, keyActive, id).Err())
}

// Keep renews what of an active job would expire: its place in the lists and its hold on its target.
func (l *Ledger) Keep(ctx context.Context, id string) error {
	k, err := l.know(ctx, id)
	if err != nil {
		return err
	}
	if err := l.hold(ctx, keyTarget(k.job.Target), id, targetLife); err != nil {
		return redisconn.CommandError("keep job "+id, err)
	}
	_, err = l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Expire(ctx, keyJobs, indexLife(l.opts))
		p.Expire(ctx, keyActive, indexLife(l.opts))
		return nil
	})
	return redisconn.CommandError("keep job "+id, err)
}

// Prune takes jobs that have expired off the list of all jobs.
func (l *Ledger) Prune(ctx context.Context) error {
	old := l.Now().Add(-l.opts.Retention)
	ids, err := l.rdb.ZRangeByScore(ctx, keyJobs, &redis.ZRangeBy{Min: "-inf", Max: itoa(old.UnixMilli())}).Result()
	if err != nil {
		return redisconn.CommandError("prune the list of jobs", err)
	}
	for _, id := range ids {
		_, err := l.rdb.HGet(ctx, keysOf(id)[kJob], "state").Result()
		if errors.Is(err, redis.Nil) {
			var batch bool
			if _, batch, err = l.batch(ctx, id); err == nil && !batch {
				err = l.rdb.ZRem(ctx, keyJobs, id).Err()
			}
		}
		if err != nil {
			return redisconn.CommandError("prune the list of jobs", err)
		}
	}
	return nil
}
