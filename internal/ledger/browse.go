package ledger

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Place is where a store stands in a job's list. The zero value is the first.
type Place struct{ Chunk, At int }

// PlacedRow is a row of a report and where it stands.
type PlacedRow struct {
	job.Row
	Place Place
}

// RowsFrom streams a job's stores as Rows does, from a place of its list on, and so lets a reader go on where it was. A
// batch has no list of its own: its jobs do.
func (l *Ledger) RowsFrom(ctx context.Context, id string, from Place) iter.Seq2[PlacedRow, error] {
	return func(yield func(PlacedRow, error) bool) {
		k, err := l.know(ctx, id)
		if err == nil {
			err = l.rowsFrom(ctx, k, max(0, from.Chunk), "", func(r job.Row, at Place) bool {
				if at.Chunk == from.Chunk && at.At < from.At {
					return true
				}
				return yield(PlacedRow{r, at}, nil)
			})
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(PlacedRow{}, err)
		}
	}
}

// AtWork gives the status documents of the jobs and batches that have not ended, the newest first, at most limit of them;
// a batch stands for its jobs.
func (l *Ledger) AtWork(ctx context.Context, limit int) ([]job.Status, error) {
	var active, batches *redis.StringSliceCmd
	_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		active, batches = p.ZRevRange(ctx, keyActive, 0, -1), p.ZRevRange(ctx, keyBatches, 0, -1)
		return nil
	})
	if err != nil {
		return nil, redisconn.CommandError("list the jobs at work", err)
	}
	ids := slices.DeleteFunc(active.Val(), func(id string) bool { _, n := batchOf(id); return n != "" })
	ids = append(ids, batches.Val()...)
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) }) // IDs sort by age
	all, _, err := l.readable(ctx, ids[:min(len(ids), 2*limit)])             // some have ended meanwhile
	if err != nil {
		return nil, err
	}
	out := []job.Status{}
	for _, s := range all {
		if s != nil && !s.State.Ended() && len(out) < limit {
			out = append(out, *s)
		}
	}
	return out, l.fillLanesOf(ctx, out)
}

// batchStatusOf is a batch's status document; nil where there is no such batch.
func (l *Ledger) batchStatusOf(ctx context.Context, id string) (*job.Status, error) {
	b, ok, err := l.batch(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	s, err := l.batchStatus(ctx, b)
	if err != nil && job.AsError(err).Code == job.CodeUnknownJob {
		return nil, nil // it expired meanwhile
	}
	return &s, err
}

// BatchPage gives the status documents of at most n jobs of a batch, from its first one on, which counts from 1.
func (l *Ledger) BatchPage(ctx context.Context, id string, first, n int) ([]job.Status, error) {
	page, _, err := l.batchPage(ctx, id, max(1, first), n)
	return page, err
}

// batchPage is BatchPage, and how many jobs the batch has.
func (l *Ledger) batchPage(ctx context.Context, id string, first, n int) (page []job.Status, jobs int, err error) {
	b, ok, err := l.batch(ctx, id)
	if err != nil || !ok {
		return nil, 0, errors.Join(err, unknownJob(id))
	}
	var ids []string
	for i := first; i < min(first+n, b.Jobs+1); i++ {
		ids = append(ids, b.job(i))
	}
	all, _, err := l.eachStatus(ctx, ids) // what cannot be read is left out
	if err == nil {
		err = l.FillLanes(ctx, all)
	}
	if err != nil {
		return nil, 0, err
	}
	for _, s := range all {
		if s != nil {
			page = append(page, *s)
		}
	}
	return page, b.Jobs, nil
}
