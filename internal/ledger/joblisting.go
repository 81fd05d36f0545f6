package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// JobList is a part of all jobs.
type JobList struct {
	Jobs    []job.Status // those that the filter picks, the newest first
	Damaged []string     // the IDs of jobs whose record cannot be read; Status says why
	On      string       // Filter.Before for what follows, where the search ended at its bound; else ""
}

// Jobs returns the status documents of the jobs that a filter picks, the newest first. One whose record cannot be read is
// left out: List names it.
func (l *Ledger) Jobs(ctx context.Context, f Filter) ([]job.Status, error) {
	all, err := l.JobList(ctx, f, 0)
	return all.Jobs, err
}

// JobList returns the jobs that a filter picks, and looks at no more than most jobs for it, rounded up to a hundred; 0 for no
// bound.
func (l *Ledger) JobList(ctx context.Context, f Filter, most int) (JobList, error) {
	const page = 100
	out := JobList{Jobs: []job.Status{}}
	start := int64(0)
	if f.Before != "" {
		switch rank, err := l.rdb.ZRevRank(ctx, keyJobs, f.Before).Result(); {
		case err == nil:
			start = rank + 1
		case !errors.Is(err, redis.Nil):
			return out, redisconn.CommandError("list the jobs", err)
		}
	}
	seen := map[string]bool{}
	for looked := 0; ; start += page {
		ids, err := l.rdb.ZRevRange(ctx, keyJobs, start, start+page-1).Result()
		if err != nil {
			return out, redisconn.CommandError("list the jobs", err)
		}
		fresh := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { // others came meanwhile, and the page moved down
			again := seen[id]
			seen[id] = true
			return again
		})
		full, err := l.listPage(ctx, &out, f, fresh)
		if err != nil {
			return out, err
		}
		if full || len(ids) == 0 {
			break
		}
		looked += len(ids)
		if most > 0 && looked >= most || !f.Until.IsZero() && time.Now().After(f.Until) {
			out.On = ids[len(ids)-1]
			break
		}
	}
	return out, l.fillLanesOf(ctx, out.Jobs)
}

// listPage adds those of some jobs that the filter picks, until there are as many as it wants.
func (l *Ledger) listPage(ctx context.Context, out *JobList, f Filter, ids []string) (full bool, err error) {
	all, damaged, err := l.readable(ctx, ids)
	if err != nil {
		return false, err
	}
	for i, s := range all {
		switch {
		case damaged[i]:
			out.Damaged = append(out.Damaged, ids[i])
		case s != nil && f.matches(s):
			if out.Jobs = append(out.Jobs, *s); len(out.Jobs) == f.Limit {
				return true, nil
			}
		}
	}
	return false, nil
}

// readable reads the status documents of jobs and batches without their lanes; nil for what is not there, and for what is
// damaged, which it says.
func (l *Ledger) readable(ctx context.Context, ids []string) (all []*job.Status, damaged []bool, err error) {
	all, errs, err := l.eachStatus(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	damaged = make([]bool, len(ids))
	batches := make(map[int]*redis.IntCmd)
	_, err = l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range ids {
			if errs[i] == nil && all[i] == nil {
				batches[i] = p.Exists(ctx, (&Batch{ID: ids[i]}).key("batch"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, redisconn.CommandError("list the jobs", err)
	}
	for i := range ids {
		if there := batches[i]; there != nil && there.Val() > 0 {
			all[i], errs[i] = l.batchStatusOf(ctx, ids[i])
		}
		switch {
		case errs[i] == nil:
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case job.AsError(errs[i]).Code == job.CodeRedis:
			return nil, nil, errs[i]
		default:
			all[i], damaged[i] = nil, true
		}
	}
	return all, damaged, nil
}

// fillLanesOf is fillLanes for a list.
func (l *Ledger) fillLanesOf(ctx context.Context, jobs []job.Status) error {
	all := make([]*job.Status, len(jobs))
	for i := range jobs {
		all[i] = &jobs[i]
	}
	return l.FillLanes(ctx, all)
}

// statuses reads many; nil for a job that is not there. One that cannot be read fails them all: see readable.
func (l *Ledger) statuses(ctx context.Context, ids []string) ([]*job.Status, error) {
	all, errs, err := l.eachStatus(ctx, ids)
	if err == nil {
		for _, e := range errs {
			if e != nil {
				return nil, e
			}
		}
	}
	return all, err
}

// eachStatus reads many, each with what keeps it from being read; nil for a job that is not there.
func (l *Ledger) eachStatus(ctx context.Context, ids []string) ([]*job.Status, []error, error) {
	answers := make([]*redis.Cmd, len(ids))
	_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			keys := keysOf(id)
			answers[i] = p.Eval(ctx, l.scripts.status, []string{keys[kJob], keys[kFail]}, statusFields...)
		}
		return nil
	})
	if err != nil && !wrongType(err) {
		return nil, nil, redisconn.CommandError("read the status of jobs", err)
	}
	out, errs := make([]*job.Status, len(ids)), make([]error, len(ids))
	for i := range ids {
		both, err := answers[i].Slice()
		if err != nil && !wrongType(err) {
			return nil, nil, redisconn.CommandError("read the status of jobs", err)
		}
		if err == nil && len(both) != 2 {
			err = fmt.Errorf("the script returned %d fields", len(both))
		}
		if err == nil {
			values, _ := both[0].([]any)
			out[i], err = parseStatus(values, stringsOf(both[1]))
		}
		if err != nil {
			out[i], errs[i] = nil, fmt.Errorf("job %s in the ledger cannot be read: %w", ids[i], err)
		}
	}
	return out, errs, nil
}

// wrongType says whether a key is of another kind than ours.
func wrongType(err error) bool {
	return redis.HasErrorPrefix(err, "WRONGTYPE") || strings.Contains(err.Error(), "WRONGTYPE")
}
