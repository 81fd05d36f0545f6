package results

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// claim points a target at a job, unless another job that exists and has not ended is at work on it.
func (l *Ledger) claim(ctx context.Context, target, id string) error {
	expected := ""
	for {
		current, err := l.scripts.claim.Run(ctx, l.rdb, []string{target}, expected, id, millis(l.opts.Staging)).Text()
		if err != nil {
			return redisError("claim the target of job "+id, err)
		}
		if current == id {
			return nil
		}
		if current == "" { // it was let go between two looks
			expected = ""
			continue
		}
		state, err := l.rdb.HGet(ctx, keysOf(current)[kJob], "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return redisError("look at job "+current, err)
		}
		if err == nil && !job.State(state).Ended() {
			e := job.Errorf(job.CodeJobAtWork, "job %s is at work on this target (%s): wait for its end, or cancel it",
				current, state)
			e.Job = current
			return e
		}
		expected = current
	}
}

// hold keeps a target pointed at a job for longer.
func (l *Ledger) hold(ctx context.Context, target, id string, life time.Duration) error {
	return l.scripts.claim.Run(ctx, l.rdb, []string{target}, id, id, millis(life)).Err()
}

// letGo frees a target that points at a job.
func (l *Ledger) letGo(ctx context.Context, target, id string) error {
	err := l.scripts.claim.Run(ctx, l.rdb, []string{target}, id, "", 1).Err()
	return redisError("let go of the target of job "+id, err)
}
