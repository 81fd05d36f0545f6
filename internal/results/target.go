package results

import (
	"context"
	"errors"
	"slices"
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

// Holders tells which jobs are at work on targets, in their order; "" where there is none.
func (l *Ledger) Holders(ctx context.Context, targets []job.Target) ([]string, error) {
	const some = 500
	out := make([]string, 0, len(targets))
	for page := range slices.Chunk(targets, some) {
		pointers, states := make([]*redis.StringCmd, len(page)), make([]*redis.StringCmd, len(page))
		ask := func(each func(redis.Pipeliner, int)) error {
			_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range page {
					each(p, i)
				}
				return nil
			})
			if errors.Is(err, redis.Nil) {
				err = nil // each tells for itself
			}
			return redisError("look for jobs at work on targets", err)
		}
		err := ask(func(p redis.Pipeliner, i int) { pointers[i] = p.Get(ctx, keyTarget(page[i])) })
		if err == nil {
			err = ask(func(p redis.Pipeliner, i int) { states[i] = p.HGet(ctx, keysOf(pointers[i].Val())[kJob], "state") })
		}
		if err != nil {
			return nil, err
		}
		for i := range page {
			holder := pointers[i].Val()
			if state := states[i].Val(); state == "" || job.State(state).Ended() {
				holder = ""
			}
			out = append(out, holder)
		}
	}
	return out, nil
}

// AtWork is the error of a target that another job is at work on.
func AtWork(holder string) error {
	e := job.Errorf(job.CodeJobAtWork, "job %s is at work on this target: wait for its end, or cancel it", holder)
	e.Job = holder
	return e
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
