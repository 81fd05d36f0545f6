package schedule

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

const (
	MaxCount = maxCount
	MaxRuns  = maxRuns
)

// OutcomeOf is what a run keeps of how its job ended.
func OutcomeOf(s job.Status) *Outcome { return outcomeOf(s) }

func Between(r Rhythm, after, upTo time.Time) (int64, time.Time) { return r.between(after, upTo) }

// Rewind makes a schedule's ticks look as if they had been registered up to a moment earlier than they were.
func Rewind(ctx context.Context, rdb redis.UniversalClient, name string, by time.Duration) error {
	return rdb.HIncrBy(ctx, keySchedule(name), fieldLast, -by.Milliseconds()).Err()
}

// Outdate makes a run that is due look as if it had come due earlier than it did.
func Outdate(ctx context.Context, rdb redis.UniversalClient, name string, number int64, by time.Duration) error {
	return alter(ctx, rdb, name, number, func(r *record) { r.Until -= by.Milliseconds() })
}

// Orphan makes a run look as if a worker had been at it that was killed, while it read the list or before.
func Orphan(ctx context.Context, rdb redis.UniversalClient, name string, number int64, reading bool) error {
	return alter(ctx, rdb, name, number, func(r *record) { r.Token, r.Expires, r.Reading = "of the dead", 1, reading })
}

func alter(ctx context.Context, rdb redis.UniversalClient, name string, number int64, do func(*record)) error {
	field := strconv.FormatInt(number, 10)
	raw, err := rdb.HGet(ctx, keyRuns(name), field).Result()
	if err != nil {
		return err
	}
	r, err := readRecord(raw)
	if err != nil {
		return err
	}
	do(&r)
	if raw, err = r.raw(); err != nil {
		return err
	}
	return rdb.HSet(ctx, keyRuns(name), field, raw).Err()
}

// KeyRuns is where a schedule's runs are.
func KeyRuns(name string) string { return keyRuns(name) }

// Keys are all that schedules have in Redis.
func Keys(ctx context.Context, rdb redis.UniversalClient) ([]string, error) {
	return rdb.Keys(ctx, prefix+"*").Result()
}
