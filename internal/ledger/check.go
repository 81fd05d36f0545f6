package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// Of a check: how many records it reads at a time, and how many undecided stores it puts into the pool at once. Those
// that are over it are found by the next.
const (
	checkBatch = 500
	checkPool  = 20_000
)

// Check looks through all records of a job that is stuck, puts its figures right and sends again what is undecided and
// waits nowhere. It gives the job's state, "" where the job has moved meanwhile, and reminders for the queue.
//
// The records are what counts: each is replaced as a whole, or not at all. Figures, pool and window can contradict them
// where Redis has brought back half of a transaction. (Redis 7.0 does so: an append-only file that ends within a
// transaction is cut after that transaction's last whole command, and the next start carries out what was cut off
// together with what was written since.)
func (l *Ledger) Check(ctx context.Context, id string) (job.State, []job.Reminder, error) {
	doing := "look through job " + id
	fields, err := l.rdb.HMGet(ctx, keysOf(id)[kJob], "calls", "gen").Result()
	if err != nil {
		return "", nil, redisconn.CommandError(doing, err)
	}
	k, err := l.know(ctx, id)
	if err != nil {
		return "", nil, err
	}
	number := func(i int) int { s, _ := fields[i].(string); return atoi(s) }
	sum, second, undecided := results.Tally{Codes: map[string]int64{}}, results.Tally{}, []byte(nil)
	texts := func(number int) (string, string, bool) { return l.text(ctx, k, number) }
	for first := 0; first < k.base; first += checkBatch {
		var names []string
		for c := first; c < min(first+checkBatch, k.base); c++ {
			names = append(names, strconv.Itoa(c))
		}
		recs, err := l.rdb.HMGet(ctx, keysOf(id)[kRec], names...).Result()
		if err != nil {
			return "", nil, redisconn.CommandError(doing, err)
		}
		for i := range recs {
			chunk := first + i
			blob, _ := recs[i].(string)
			rec, err := results.Decode([]byte(blob), k.stores(chunk), texts)
			if err != nil {
				return "", nil, fmt.Errorf("%s: chunk %d: %w", doing, chunk, err)
			}
			t := rec.Tally()
			sum.Add(t)
			if k.job.Operation == job.Resync && chunk >= k.split {
				second.Succeeded, second.Failed = second.Succeeded+t.Succeeded, second.Failed+t.Failed
			}
			for at := range rec.Stores {
				if !rec.Stores[at].State.Decided() && len(undecided) < checkPool*refSize {
					undecided = appendRef(undecided, origin{chunk, at})
				}
			}
		}
	}
	args := []any{fmt.Sprintf("%d:%d", number(0), number(1)), sum.Succeeded, sum.Failed, undecided,
		second.Succeeded, second.Failed, k.doubtful(sum)}
	for _, code := range slices.Sorted(maps.Keys(sum.Codes)) {
		args = append(args, code, sum.Codes[code])
	}
	word, rest, err := reply(l.run(ctx, l.scripts.check, id, args...))
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return "", nil, redisconn.CommandError(doing, err)
	case word != "ok" || len(rest) == 0:
		return "", nil, nil
	}
	rems, err := reminders(id, rest[1:])
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", doing, err)
	}
	return job.State(rest[0]), rems, nil
}
