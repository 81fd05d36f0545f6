package ledger

import (
	"context"
	"fmt"
	"strconv"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/input/storeset"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
)

// verify compares the outcomes with what is listed now: what is listed of a store whose call went unanswered settles it,
// other contradictions are marked. Where the list was not steady, a store's absence from it settles and contradicts nothing.
func (l *Listing) verify(ctx context.Context, have *storeset.Set, steady bool) (Progress, error) {
	doing := "verify job " + l.r.reminder.Job
	k := l.r.k
	var sum verdict
	var marked []any
	for first := 0; first < k.base; first += rowsBatch {
		var fields []string
		for c := first; c < min(first+rowsBatch, k.base); c++ {
			fields = append(fields, strconv.Itoa(c))
		}
		ids, recs, err := l.r.l.read(ctx, k, fields)
		if err != nil {
			return Progress{}, fmt.Errorf("%s: %w", doing, err)
		}
		for i := range fields {
			v, err := l.verifyChunk(ctx, first+i, ids[i], recs[i], have, steady)
			if err != nil {
				return Progress{}, fmt.Errorf("%s: chunk %d: %w", doing, first+i, err)
			}
			sum.settled += v.settled
			if l.settles() {
				continue
			}
			sum.contradicted += v.contradicted
			if len(v.against) > 0 {
				marked = append(marked, first+i, v.against)
			}
		}
	}
	return l.verified(ctx, sum, steady, "", marked)
}

// verified ends the listing after a job's writes. why says what kept the list from being had; "" where it was.
func (l *Listing) verified(ctx context.Context, v verdict, steady bool, why string, marked []any) (Progress, error) {
	unsteady, phase := "", string(job.PhaseVerified)
	if !steady && why == "" {
		unsteady = "1"
	}
	switch {
	case l.r.k.job.Resync == nil:
		phase = ""
	case l.settles():
		phase = phaseWrite
	}
	return l.end(reply(l.run(ctx, l.r.l.scripts.verified, append([]any{v.contradicted, v.settled, unsteady, phase, why}, marked...)...)))
}

// verdict is what a list says of a chunk's outcomes.
type verdict struct {
	against      []byte // places of stores that are listed and should not be, or the other way round
	contradicted int    // those of them of which that proves something
	settled      int    // stores whose call went unanswered, and which the list shows to be done
}

// verifyChunk verifies one chunk's stores.
func (l *Listing) verifyChunk(ctx context.Context, chunk int, blob, rec string, have *storeset.Set,
	steady bool) (verdict, error) {
	var v verdict
	ids, err := chunker.Decode([]byte(blob))
	if err != nil {
		return v, err
	}
	r := &Run{l: l.r.l, k: l.r.k, reminder: job.Reminder{Job: l.r.reminder.Job, Chunk: chunk}, lost: true,
		records: map[int]*loaded{}}
	loaded, err := r.load(ctx, rec, len(ids))
	if err != nil {
		return v, err
	}
	r.records[chunk] = loaded
	told := Told{Listed: true}
	for place, id := range ids {
		listed := have.Has(id)
		done := listed == (l.r.k.operation(chunk) == job.Associate)
		proves := listed || steady
		switch e := &loaded.Stores[place]; {
		case e.State == results.Succeeded && done && loaded.Settled(e): // by a run that did not come to its end
			v.settled++
		case e.State == results.Failed && done && e.Unanswered && proves:
			r.slots = append(r.slots, slot{id: id, index: place, chunk: chunk, place: place})
			r.next = append(r.next, len(r.slots)-1)
			told.Succeeded = append(told.Succeeded, len(r.slots)-1)
			v.settled++
		case e.State == results.Succeeded && !done, e.State == results.Failed && done:
			v.against = append(v.against, byte(place))
			if proves {
				v.contradicted++
			}
		}
	}
	if len(told.Succeeded) == 0 {
		return v, nil
	}
	_, err = r.Record(ctx, told)
	return v, err
}
