package ledger

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/redisconn"
)

// Event is something that happened to a job on its way.
type Event struct {
	At     time.Time
	Word   string // the state that the job came into, or the phase of a resync
	Reason string // why, or by whom; "" where nobody said
}

// History gives what happened to a job or a batch beside its start and its end, the earliest first: pauses, resumes, being
// cancelled or aborted, the phases of a resync. Of many events, the latest are kept. An unknown job has none.
func (l *Ledger) History(ctx context.Context, id string) ([]Event, error) {
	text, err := l.rdb.HGet(ctx, keysOf(id)[kJob], "history").Result()
	if errors.Is(err, redis.Nil) {
		text, err = l.rdb.HGet(ctx, (&Batch{ID: id}).key("batch"), "history").Result()
	}
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, redisconn.CommandError("read the history of job "+clean(id), err)
	}
	var all []Event
	for line := range strings.Lines(text) {
		at, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			continue // the oldest may have lost its beginning
		}
		word, reason, _ := strings.Cut(rest, " ")
		all = append(all, Event{time.UnixMilli(ms).UTC(), word, strings.ToValidUTF8(reason, "…")})
	}
	return all, nil
}
