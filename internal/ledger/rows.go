package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// rowsBatch is how many chunks a report reads at a time: some 200 KiB.
const rowsBatch = 100

// Rows streams a job's stores in the list's order, each exactly once, with what became of them; only, if not empty,
// picks those of one outcome. It may be asked while the job is at work: then each chunk is as it was when it was read.
func (l *Ledger) Rows(ctx context.Context, id string, only job.Outcome) iter.Seq2[job.Row, error] {
	return func(yield func(job.Row, error) bool) {
		k, err := l.know(ctx, id)
		if err != nil && job.AsError(err).Code == job.CodeUnknownJob {
			if batch, ok, e := l.batch(ctx, id); e != nil || ok {
				if e == nil {
					e = l.batchRows(ctx, batch, only, yield)
				}
				if e != nil && !errors.Is(e, errStopped) {
					yield(job.Row{}, e)
				}
				return
			}
		}
		if err == nil {
			err = l.rows(ctx, k, only, func(r job.Row) bool { return yield(r, nil) })
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(job.Row{}, err)
		}
	}
}

var errStopped = errors.New("the reader of the rows has had enough")

func (l *Ledger) rows(ctx context.Context, k *known, only job.Outcome, yield func(job.Row) bool) error {
	return l.rowsFrom(ctx, k, 0, only, func(r job.Row, _ Place) bool { return yield(r) })
}

func (l *Ledger) rowsFrom(ctx context.Context, k *known, chunk int, only job.Outcome, yield func(job.Row, Place) bool) error {
	id := k.job.ID
	texts := func(number int) (string, string, bool) { return l.text(ctx, k, number) }
	fields := make([]string, 0, rowsBatch)
	for first := chunk; first < k.base; first += rowsBatch {
		fields = fields[:0]
		for c := first; c < min(first+rowsBatch, k.base); c++ {
			fields = append(fields, itoa(int64(c)))
		}
		state, err := l.rdb.HGet(ctx, keysOf(id)[kJob], "state").Result()
		if errors.Is(err, redis.Nil) {
			return unknownJob(id)
		} else if err != nil {
			return redisconn.CommandError("read job "+id, err)
		}
		left := job.Pending
		if job.State(state).Ended() {
			left = job.Unprocessed
		}
		ids, recs, err := l.read(ctx, k, fields)
		if err != nil {
			return err
		}
		marks, err := l.marks(ctx, k, fields)
		if err != nil {
			return err
		}
		for i := range fields {
			stores, err := chunker.Decode([]byte(ids[i]))
			if err != nil {
				return fmt.Errorf("chunk %s of job %s: %w", fields[i], id, err)
			}
			rec, err := results.Decode([]byte(recs[i]), len(stores), texts)
			if err != nil {
				return fmt.Errorf("chunk %s of job %s: %w", fields[i], id, err)
			}
			for at, store := range stores {
				row := rec.Row(at, store, left)
				if k.job.Operation == job.Resync {
					row.Operation = k.operation(first + i)
					row.Verified = marks.of(i, at, row.Operation, row.Outcome)
				}
				if only != "" && row.Outcome != only {
					continue
				}
				if !yield(row, Place{Chunk: first + i, At: at}) {
					return errStopped
				}
			}
		}
	}
	return nil
}

// read gives the IDs and the records of chunks of the list; a record is "" where the chunk was never sent.
func (l *Ledger) read(ctx context.Context, k *known, chunks []string) (ids, recs []string, err error) {
	id := k.job.ID
	keys := keysOf(id)
	if k.job.List != "" {
		keys[kIDs] = k.job.List
	}
	var idCmd, recCmd *redis.SliceCmd
	_, err = l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		idCmd, recCmd = p.HMGet(ctx, keys[kIDs], chunks...), p.HMGet(ctx, keys[kRec], chunks...)
		return nil
	})
	if err != nil {
		return nil, nil, redisconn.CommandError("read job "+id, err)
	}
	ids, recs = make([]string, len(chunks)), make([]string, len(chunks))
	for i := range chunks {
		var ok bool
		if ids[i], ok = idCmd.Val()[i].(string); !ok {
			return nil, nil, unknownJob(id) // it expired meanwhile
		}
		recs[i], _ = recCmd.Val()[i].(string)
	}
	return ids, recs, nil
}
