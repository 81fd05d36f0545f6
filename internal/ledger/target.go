package ledger

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// claim points a target at a job, unless another job that exists and has not ended is at work on it.
func (l *Ledger) claim(ctx context.Context, target, id string) error {
	expected := ""
	for {
		current, err := l.Registry.Claim(ctx, target, expected, id, l.opts.Staging, false)
		if err != nil {
			return redisconn.CommandError("claim the target of job "+id, err)
		}
		if current == id {
			return nil
		}
		if current == "" { // it was let go between two looks
			expected = ""
			continue
		}
		state, err := l.holding(ctx, current)
		if err != nil {
			return err
		}
		if state != "" {
			e := job.Errorf(job.CodeJobAtWork, "job %s is at work on this target (%s): wait for its end, or cancel it",
				current, state)
			e.Job = current
			return e
		}
		expected = current
	}
}

// holding gives the state of a job that may hold a target; "" where it holds none: it has ended, is gone, or is of a batch
// whose enqueuer died while it was being staged.
func (l *Ledger) holding(ctx context.Context, id string) (job.State, error) {
	state, err := l.rdb.HGet(ctx, keysOf(id)[kJob], "state").Result()
	batch, rest := batchOf(id)
	if err == nil && job.State(state) == job.Staging && rest != "" {
		err = l.rdb.HGet(ctx, (&Batch{ID: batch}).key("batch"), "state").Err()
	}
	if errors.Is(err, redis.Nil) || job.State(state).Ended() {
		return "", nil
	}
	return job.State(state), redisconn.CommandError("look at job "+id, err)
}

// Holders tells which jobs are at work on targets, in their order; "" where there is none.
func (l *Ledger) Holders(ctx context.Context, targets []job.Target) ([]string, error) {
	const some = 500
	out := make([]string, 0, len(targets))
	for page := range slices.Chunk(targets, some) {
		pointers := make([]*redis.StringCmd, len(page))
		_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, t := range page {
				pointers[i] = p.Get(ctx, keyTarget(t))
			}
			return nil
		})
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, redisconn.CommandError("look for jobs at work on targets", err)
		}
		for _, p := range pointers {
			holder := p.Val()
			if holder != "" {
				state, err := l.holding(ctx, holder)
				if err != nil {
					return nil, err
				}
				if state == "" {
					holder = ""
				}
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
	_, err := l.Registry.Claim(ctx, target, id, id, life, false)
	return err
}

// letGo frees a target that points at a job.
func (l *Ledger) letGo(ctx context.Context, target, id string) error {
	_, err := l.Registry.Claim(ctx, target, id, "", 0, false)
	return redisconn.CommandError("let go of the target of job "+id, err)
}
