package ledger

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/redisconn"
)

// trusted is how far this machine's clock may be from Redis' without a word: a round trip measures no better.
const trusted = time.Second

// Now is the time by Redis' clock, which decides for all workers, as far as Sync has told: this machine's before.
func (l *Ledger) Now() time.Time { return time.Now().Add(time.Duration(l.ahead.Load())) }

// Sync measures how far Redis' clock is ahead of this machine's, which may be wrong.
func (l *Ledger) Sync(ctx context.Context) error {
	asked := time.Now()
	there, err := l.rdb.Time(ctx).Result()
	if err != nil {
		return redisconn.CommandError("ask for its time", err)
	}
	trip := time.Since(asked)
	ahead := there.Sub(asked.Add(trip / 2))
	if ahead.Abs() < trusted+trip {
		ahead = 0
	}
	l.ahead.Store(int64(ahead))
	return nil
}
