package queue

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// orphanAfter is how long a task's lease has been over before nobody is believed to come for it: asynq, where it serves the
// queue, takes it back within two minutes, and a worker whose clock is slow renews leases that look old.
const orphanAfter = 30 * time.Minute

// ours is what the ID of a task looks like that stands for a chunk (taskID).
var ours = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z2-7]{8}(-[0-9]+)?:-?[0-9]+:[0-9]+$`)

// orphan removes a task from the active ones that no worker holds.
//
// KEYS[1] the queue's active tasks, [2] its leases, [3] the task, [4] the queue's pending tasks
// ARGV[1] the task's ID
// ARGV[2] the moment, in Unix seconds, before which a lease must have run out
// ARGV[3] '1': it is to be worked on all the same
//
// Returns 1 where it was removed.
var orphan = redis.NewScript(`
local lease = redis.call('ZSCORE', KEYS[2], ARGV[1])
if lease and tonumber(lease) > tonumber(ARGV[2]) or redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HSET', KEYS[3], 'state', 'pending')
  redis.call('RPUSH', KEYS[4], ARGV[1])
else
  redis.call('DEL', KEYS[3])
end
return 1`)

// Orphans removes the tasks that asynq holds as active and that no worker has: without a lease, which is what a Redis leaves
// that was killed within a transaction, or with one that ran out long ago in a queue that nobody serves. asynq keeps them for
// ever. A chunk that is still wanted is put on the queue by the reconciler; a notification is put back. Tasks of other
// programs on the same Redis are left alone. It returns how many there were.
func (q *Queue) Orphans(ctx context.Context) (n int, err error) {
	doing := func(err error) error { return job.Errorf(job.CodeRedis, "Redis: look for orphaned tasks: %w", err) }
	names, err := q.rdb.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return 0, doing(err)
	}
	clock, err := q.rdb.Time(ctx).Result()
	if err != nil {
		return 0, doing(err)
	}
	const batch = 500 // queues in a round trip
	for some := range slices.Chunk(names, batch) {
		active := make([]*redis.StringSliceCmd, len(some))
		_, err := q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, name := range some {
				active[i] = pipe.LRange(ctx, "asynq:{"+name+"}:active", 0, -1)
			}
			return nil
		})
		if err != nil {
			return n, doing(err)
		}
		for i, name := range some {
			found, err := q.orphans(ctx, name, active[i].Val(), clock.Add(-orphanAfter))
			if n += found; err != nil {
				return n, doing(err)
			}
		}
	}
	return n, nil
}

// orphans removes those of a queue's active tasks that nobody has.
func (q *Queue) orphans(ctx context.Context, name string, active []string, before time.Time) (n int, err error) {
	prefix := "asynq:{" + name + "}:"
	for _, id := range active {
		again := ""
		switch {
		case name == NotifyQueue:
			again = "1"
		case !ours.MatchString(id) || !slices.Contains(job.Priorities, PriorityOf(name)):
			continue
		}
		lease, err := q.rdb.ZScore(ctx, prefix+"lease", id).Result()
		if err == nil && lease > float64(before.Unix()) {
			continue
		} else if err != nil && !errors.Is(err, redis.Nil) {
			return n, err
		}
		removed, err := orphan.Run(ctx, q.rdb, []string{prefix + "active", prefix + "lease", prefix + "t:" + id, prefix + "pending"}, id,
			before.Unix(), again).Int()
		if n += removed; err != nil {
			return n, err
		}
	}
	return n, nil
}
