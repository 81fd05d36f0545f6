package redisconn

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// CommandError makes an error of Redis' one that a person understands. doing says what was being done.
func CommandError(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return err
	}
	for prefix, why := range refusals {
		if redis.HasErrorPrefix(err, prefix) {
			return &job.Error{Code: job.CodeRedis, Message: i18n.Plain("Redis: " + doing + ": " + why), Err: err}
		}
	}
	return job.Errorf(job.CodeRedis, "Redis: %s: %w", doing, err)
}

// refusals are the answers to a write that a person can do something about, by how they begin, and what to do.
var refusals = map[string]string{
	"OOM":     "it is full (maxmemory) and takes no more: give it more memory",
	"MISCONF": "it cannot write to its disk and takes no more: see to its disk and its log",
}
