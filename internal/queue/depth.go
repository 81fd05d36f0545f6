package queue

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// Depth is how many tasks an account's queue of one priority has, or that of notifications.
type Depth struct {
	Account   string        // "" for notifications
	Priority  job.Priority  // "" for notifications
	Due       int64         // wait to be taken
	Delayed   int64         // have a time to come, or came back and wait
	Active    int64         // are at work
	Orphans   int64         // of those at work: their worker has not said for half a minute that it is there
	Dead      int64         // were given up; notifications alone may be
	OldestDue time.Duration // for how long the one that waits longest has been due; 0 where none waits
}

// Accounts lists the accounts that have or had a queue, by name, and "" for notifications behind them.
func (q *Queue) Accounts(ctx context.Context) ([]string, error) {
	names, err := q.rdb.SMembers(ctx, allQueues).Result()
	if err != nil {
		return nil, job.Errorf(job.CodeRedis, "Redis: list the queues: %w", err)
	}
	var out []string
	for _, name := range names {
		if account, _, ok := strings.Cut(name, ":"); ok {
			out = append(out, account)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if slices.Contains(names, NotifyQueue) {
		out = append(out, "")
	}
	return out, nil
}

// allQueues is asynq's set of all queues.
const allQueues = "asynq:queues"

// Depths gives the depths of those queues of some accounts that were ever used; "" among them stands for notifications. It costs three round trips and a few
// commands a queue, none of which depends on how long a queue is. The keys are those of asynq v0.26, as in Waits.
func (q *Queue) Depths(ctx context.Context, accounts []string) ([]Depth, error) {
	doing := func(err error) error {
		return job.Errorf(job.CodeRedis, "Redis: look how long the queues are: %w", err)
	}
	known, err := q.rdb.SMembersMap(ctx, allQueues).Result()
	if err != nil {
		return nil, doing(err)
	}
	var all []Depth
	for _, a := range accounts {
		priorities := job.Priorities
		if a == "" {
			priorities = []job.Priority{""}
		}
		for _, p := range priorities {
			d := Depth{Account: a, Priority: p}
			if _, used := known[d.name()]; used {
				all = append(all, d)
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	type answers struct {
		due, active, scheduled, retry *redis.IntCmd
		orphans, dead                 *redis.IntCmd
		oldest                        *redis.StringCmd
		late                          [2]*redis.ZSliceCmd
		since                         *redis.StringCmd
	}
	asked := make([]answers, len(all))
	now := time.Now()
	_, err = q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, d := range all {
			prefix := keyPrefix(d)
			asked[i] = answers{due: pipe.LLen(ctx, prefix+"pending"), active: pipe.LLen(ctx, prefix+"active"),
				scheduled: pipe.ZCard(ctx, prefix+"scheduled"), retry: pipe.ZCard(ctx, prefix+"retry"),
				orphans: pipe.ZCount(ctx, prefix+"lease", "-inf", "("+strconv.FormatInt(now.Unix(), 10)), dead: pipe.ZCard(ctx, prefix+"archived"),
				oldest: pipe.LIndex(ctx, prefix+"pending", -1),
				late: [2]*redis.ZSliceCmd{pipe.ZRangeWithScores(ctx, prefix+"scheduled", 0, 0),
					pipe.ZRangeWithScores(ctx, prefix+"retry", 0, 0)}}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, doing(err)
	}
	_, err = q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, d := range all {
			if id := asked[i].oldest.Val(); id != "" {
				asked[i].since = pipe.HGet(ctx, keyPrefix(d)+"t:"+id, "pending_since")
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, doing(err)
	}
	for i := range all {
		a, d := asked[i], &all[i]
		d.Due, d.Active, d.Delayed = a.due.Val(), a.active.Val(), a.scheduled.Val()+a.retry.Val()
		d.Orphans, d.Dead = a.orphans.Val(), a.dead.Val()
		if a.since != nil {
			if ns, err := strconv.ParseInt(a.since.Val(), 10, 64); err == nil && ns > 0 {
				d.OldestDue = max(0, now.Sub(time.Unix(0, ns)))
			}
		}
		// Where no server serves the queue, nothing moves what has come due to the others.
		for _, z := range a.late {
			if first := z.Val(); len(first) > 0 {
				d.OldestDue = max(d.OldestDue, now.Sub(time.Unix(int64(first[0].Score), 0)))
			}
		}
	}
	return all, nil
}

// name is the queue's.
func (d Depth) name() string {
	if d.Account == "" {
		return NotifyQueue
	}
	return Name(d.Account, d.Priority)
}

func keyPrefix(d Depth) string { return "asynq:{" + d.name() + "}:" }
