package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/input/storeset"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// plan compares what is wanted with what was listed and makes the difference the job's list. It keeps two sets of IDs,
// some bytes a store, and no list. What was written of a plan that was interrupted is written anew.
func (l *Listing) plan(ctx context.Context, have *storeset.Set) (Progress, error) {
	doing := "plan job " + l.r.reminder.Job
	keys := keysOf(l.r.reminder.Job)
	chunks, err := l.r.l.rdb.HGet(ctx, keys[kJob], "want_chunks").Int()
	if errors.Is(err, redis.Nil) {
		return Progress{}, ErrLost // planned meanwhile, or gone
	} else if err != nil {
		return Progress{}, redisconn.CommandError(doing, err)
	}
	wanted := func(each func(id string) error) error {
		return l.r.l.blobs(ctx, keys[kWant], chunks, func(_ int, ids []string) error {
			for _, id := range ids {
				if err := each(id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var want storeset.Set
	if err := wanted(func(id string) error { want.Add(id); return nil }); err != nil {
		return Progress{}, fmt.Errorf("%s: %w", doing, err)
	}
	var inLine, missing, surplus int64
	options := l.r.k.job.Resync
	d := &draft{l: l, ctx: ctx, chunker: chunker.New(l.r.k.job.ChunkSize)}
	err = wanted(func(id string) error {
		if have.Has(id) {
			inLine++
			return nil
		}
		missing++
		return d.add(id)
	})
	if err == nil {
		err = d.cut()
	}
	split, half := d.chunks, d.stores
	if err == nil {
		*have = storeset.Set{} // what is listed is gone through once more, and pages may overlap
		err = l.listed(ctx, func(id string) error {
			if want.Has(id) || !have.Add(id) {
				return nil
			}
			surplus++
			if !options.Prune && !options.DryRun {
				return nil
			}
			return d.add(id)
		})
	}
	if err == nil {
		err = d.close()
	}
	if err != nil {
		return Progress{}, fmt.Errorf("%s: %w", doing, err)
	}
	refused, only := "", "0"
	if options.Prune {
		refused = pruneRefused(options, inLine+surplus, surplus)
	}
	if options.DryRun {
		only = "1"
	}
	return l.end(reply(l.run(ctx, l.r.l.scripts.plan, split, half, d.chunks-split, d.stores-half, inLine, missing, surplus,
		refused, only, millis(planLife))))
}

// pruneRefused says why a prune is refused; "" where it is not.
func pruneRefused(o *job.ResyncOptions, associated, surplus int64) string {
	if surplus == 0 {
		return ""
	}
	allowed, ok := "", false
	switch {
	case o.MaxPruneStores != nil:
		ok, allowed = surplus <= *o.MaxPruneStores, strconv.FormatInt(*o.MaxPruneStores, 10)+" stores are"
	case o.MaxPrunePercent != nil:
		ok, allowed = withinShare(surplus, associated, *o.MaxPrunePercent),
			strconv.FormatFloat(*o.MaxPrunePercent, 'g', -1, 64)+" % is"
	default:
		ok, allowed = surplus*100 <= job.DefaultMaxPrune*associated, strconv.Itoa(job.DefaultMaxPrune)+" % is"
	}
	if ok {
		return ""
	}
	share := fmt.Sprintf("%d of the %d stores that are associated (%.3g %%)", surplus, associated,
		float64(surplus)*100/float64(associated))
	if surplus == associated {
		share = fmt.Sprintf("all %d stores that are associated", associated)
	}
	return PruneRefused + share + ", and at most " + allowed + " allowed: check the list, or allow it with --max-prune;" +
		" nothing was sent"
}

// withinShare says whether n is at most so many percent of total: 33.3 % of 1,000 are 333, though not in binary.
func withinShare(n, total int64, percent float64) bool {
	return float64(n)*100 <= percent*float64(total)*(1+1e-12)
}

// PruneRefused is how the reason of a job begins that was aborted because its prune would have removed too much.
const PruneRefused = "the prune is refused: it would remove "

// draft writes the chunks of a plan.
type draft struct {
	l       *Listing
	ctx     context.Context
	chunker *chunker.Chunker
	batch   []any
	bytes   int

	chunks, stores int64
	written        int64 // chunks
}

func (d *draft) add(id string) error {
	if chunk := d.chunker.Add(id); chunk != nil {
		return d.put(chunk)
	}
	return nil
}

func (d *draft) put(ids []string) error {
	blob := chunker.Encode(nil, ids)
	d.batch = append(d.batch, blob)
	d.bytes += len(blob)
	d.chunks++
	d.stores += int64(len(ids))
	if d.bytes < batchBytes {
		return nil
	}
	return d.flush()
}

// cut ends a chunk here, full or not.
func (d *draft) cut() error {
	rest := d.chunker.Rest()
	if rest == nil {
		return nil
	}
	err := d.put(rest)
	d.chunker = chunker.New(d.l.r.k.job.ChunkSize)
	return err
}

func (d *draft) flush() error {
	if len(d.batch) == 0 && d.written > 0 {
		return nil
	}
	// Without a chunk it still begins anew.
	state, err := d.l.run(d.ctx, d.l.r.l.scripts.draft, append([]any{d.written}, d.batch...)...).Text()
	switch {
	case err != nil:
		return redisconn.CommandError("write the plan of job "+d.l.r.reminder.Job, err)
	case state == "lost":
		return ErrLost
	}
	d.written, d.batch, d.bytes = d.chunks, nil, 0
	return nil
}

func (d *draft) close() error {
	if err := d.cut(); err != nil {
		return err
	}
	return d.flush()
}

// Difference streams the plan of a resync that ended with it: what is to be associated, then what is to be disassociated.
func (l *Ledger) Difference(ctx context.Context, id string) iter.Seq2[job.Row, error] {
	return func(yield func(job.Row, error) bool) {
		keys := keysOf(id)
		fields, err := l.rdb.HMGet(ctx, keys[kJob], "plan_chunks", "split").Result()
		if err != nil {
			yield(job.Row{}, redisconn.CommandError("read job "+id, err))
			return
		}
		chunks, ok := fields[0].(string)
		if !ok {
			yield(job.Row{}, unknownJob(id))
			return
		}
		split, _ := fields[1].(string)
		err = l.blobs(ctx, keys[kIDs], atoi(chunks), func(chunk int, ids []string) error {
			row := job.Row{Operation: job.Associate, Outcome: job.Pending}
			if chunk >= atoi(split) {
				row.Operation = job.Disassociate
			}
			for _, row.StoreID = range ids {
				if !yield(row, nil) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(job.Row{}, err)
		}
	}
}
