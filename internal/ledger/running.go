package ledger

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Job gives what was asked for as a job.
func (l *Ledger) Job(ctx context.Context, id string) (job.Job, error) {
	k, err := l.know(ctx, id)
	if err != nil {
		return job.Job{}, err
	}
	return k.job, nil
}

// Running gives the jobs that are running, the oldest first.
func (l *Ledger) Running(ctx context.Context) ([]job.Job, error) {
	ids, err := l.Active(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	states := make([]*redis.StringCmd, len(ids))
	_, err = l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			states[i] = p.HGet(ctx, keysOf(id)[kJob], "state")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisconn.CommandError("look for running jobs", err)
	}
	var out []job.Job
	for i, id := range ids {
		if states[i].Val() != string(job.Running) {
			continue
		}
		j, err := l.Job(ctx, id)
		if err != nil {
			if job.AsError(err).Code == job.CodeUnknownJob {
				continue // it went away between two looks
			}
			return nil, err
		}
		out = append(out, j)
	}
	return out, nil
}

// RunningOf gives the running jobs of one account, the most urgent first, the older before the younger.
func (l *Ledger) RunningOf(ctx context.Context, account string) ([]job.Job, error) {
	all, err := l.Running(ctx)
	if err != nil {
		return nil, err
	}
	var out []job.Job
	for _, p := range job.Priorities {
		for _, j := range all {
			if j.Account == account && j.Priority == p {
				out = append(out, j)
			}
		}
	}
	return out, nil
}
