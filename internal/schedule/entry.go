package schedule

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/redisconn"
)

// entry is a schedule as Redis has it.
type entry struct {
	Definition
	rhythm    Rhythm
	rev       string
	paused    bool
	last      time.Time
	seq       int64
	job, etag string
}

func (e entry) schedule() Schedule {
	s := Schedule{Definition: e.Definition, Paused: e.paused}
	if next := e.rhythm.Next(e.last); !e.paused && !next.IsZero() {
		s.Next = &next
	}
	return s
}

func (b *Book) entry(ctx context.Context, name string) (entry, error) {
	if !ValidName(name) {
		return entry{}, unknownSchedule(name)
	}
	all, err := b.entries(ctx, []string{name})
	if err == nil && len(all) == 0 {
		err = unknownSchedule(name)
	}
	if err != nil {
		return entry{}, err
	}
	return all[0], nil
}

// entries reads schedules; those that are not there any more are left out. With an error come those that could be read.
func (b *Book) entries(ctx context.Context, names []string) (all []entry, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	read := make([]*redis.SliceCmd, len(names))
	_, err = b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			read[i] = p.HMGet(ctx, keySchedule(name), fields...)
		}
		return nil
	})
	if err != nil {
		return nil, redisconn.CommandError("read the schedules", err)
	}
	var bad []error
	for i, name := range names {
		values := map[string]string{}
		for k, v := range read[i].Val() {
			values[fields[k]], _ = v.(string)
		}
		if values[fieldSpec] == "" {
			continue
		}
		e, err := readEntry(values)
		if err != nil {
			bad = append(bad, fmt.Errorf("schedule %s in Redis cannot be read: %w", name, err))
			continue
		}
		all = append(all, e)
	}
	return all, errors.Join(bad...)
}

func readEntry(values map[string]string) (e entry, err error) {
	if err := json.Unmarshal([]byte(values[fieldSpec]), &e.Definition); err != nil {
		return e, err
	}
	if e.rhythm, err = ParseRhythm(e.Cron, e.Timezone); err != nil {
		return e, err
	}
	last, err := strconv.ParseInt(values[fieldLast], 10, 64)
	if err != nil {
		return e, err
	}
	e.last = time.UnixMilli(last)
	if e.seq, err = strconv.ParseInt(values[fieldSeq], 10, 64); err != nil {
		return e, err
	}
	e.rev, e.paused, e.job, e.etag = values[fieldRev], values[fieldPaused] == "1", values[fieldJob], values[fieldETag]
	return e, nil
}

// records gives all runs of a schedule, the oldest first.
func (b *Book) records(ctx context.Context, name string) ([]record, error) {
	all, err := b.rdb.HGetAll(ctx, keyRuns(name)).Result()
	if err != nil {
		return nil, redisconn.CommandError("read the runs of schedule "+name, err)
	}
	out := make([]record, 0, len(all))
	for _, raw := range all {
		r, err := readRecord(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b record) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}
