package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// lift takes over what an answer told after its job had ended: a store that reads failed has succeeded after all. One that
// reads unprocessed stays so, and is among those that came late. It gives by how much the job's counts moved; nothing where
// the job has expired.
func (r *Run) lift(ctx context.Context, told Told, c results.Call) (Moved, error) {
	chunks := r.chunksOf(told.Succeeded)
	if len(chunks) == 0 {
		return Moved{}, nil
	}
	doing := fmt.Sprintf("record what came late for job %s", r.reminder.Job)
	fields := make([]string, len(chunks))
	for i, chunk := range chunks {
		fields[i] = itoa(int64(chunk))
	}
	_, recs, err := r.l.read(ctx, r.k, fields)
	for err == nil {
		if err = r.reload(ctx, chunks, recs); err != nil {
			break
		}
		s := r.lifted(told, c)
		if s.delta.Succeeded == 0 {
			return Moved{}, nil
		}
		var word string
		word, recs, err = reply(r.l.scripts.lift.Run(ctx, r.l.rdb, r.liftKeys(ctx), s.liftArgs(r)...))
		switch {
		case err != nil:
		case word == "ok":
			return s.moved(), nil
		case word == "gone":
			return Moved{}, nil
		default: // a conflict: the records as they are now, of those chunks that it touches
			chunks = s.order
		}
	}
	if job.AsError(err).Code == job.CodeUnknownJob {
		return Moved{}, nil
	}
	return Moved{}, redisconn.CommandError(doing, err)
}

// chunksOf gives the chunks of the list that stores of the call came in.
func (r *Run) chunksOf(ats []int) (chunks []int) {
	for _, at := range ats {
		if chunk := r.slots[r.next[at]].chunk; !slices.Contains(chunks, chunk) {
			chunks = append(chunks, chunk)
		}
	}
	return chunks
}

// lifted is what a late answer means: only stores that failed are moved.
func (r *Run) lifted(told Told, c results.Call) *settlement {
	s := &settlement{records: map[int]*loaded{}, delta: results.Tally{Codes: map[string]int64{}}}
	for _, at := range told.Succeeded {
		slot := &r.slots[r.next[at]]
		if e := &r.records[slot.chunk].Stores[slot.place]; e.State == results.Failed {
			s.delta.Succeeded, s.delta.Failed = s.delta.Succeeded+1, s.delta.Failed-1
			s.delta.Codes[r.records[slot.chunk].Code(e)]--
			s.touch(r, slot.chunk).Merge(slot.place, results.Event{State: results.Succeeded, Call: c, Counted: true})
		}
	}
	return s
}

func (s *settlement) liftArgs(r *Run) []any {
	args := []any{r.reminder.Job, s.delta.Succeeded, len(s.order)}
	for _, chunk := range s.order {
		args = append(args, chunk, r.records[chunk].blob, s.records[chunk].Encode())
	}
	for code, n := range s.delta.Codes {
		args = append(args, code, n)
	}
	return args
}

// liftKeys are a job's keys, and of its batch those whose sums may move with it.
func (r *Run) liftKeys(ctx context.Context) []string {
	keys := keysOf(r.reminder.Job)
	if r.k.job.Batch == "" {
		return keys
	}
	b, ok, err := r.l.batch(ctx, r.k.job.Batch)
	if at := slices.Index(b.Accounts, r.k.job.Account); err == nil && ok && at >= 0 {
		keys = append(keys, b.key("batch"), b.run(at))
	}
	return keys
}
