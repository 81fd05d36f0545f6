package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// Run is one lease on a chunk: the stores of it that are still pending, in groups that go into one call each. It is
// used by one goroutine, but for Renew.
type Run struct {
	l        *Ledger
	k        *known
	reminder job.Reminder
	token    string   // this run's; the lease's is this and the step
	step     int      // how often it was recorded that the run goes on
	lost     bool     // the lease is another run's
	opened   bool     // a call of the job was answered 200, as far as this run knows
	listing  *Listing // of a run that lists what is associated; nil for one that sends stores

	slots    []slot
	records  map[int]*loaded // by the chunk of the list
	plan     plan
	next     []int  // the slots that Next gave out
	vanished int    // runs whose leases on it ran out without a record since the last one
	nonce    uint32 // of the call that is to be recorded; 0 for none
}

// slot is one store of a run.
type slot struct {
	id    string
	index int  // its place in this chunk, as the plan knows it
	chunk int  // the chunk of the list that it came in
	place int  // its place there
	sent  bool // this run has sent it
	gone  bool // it is decided, or has left this chunk
}

// loaded is a record as it was read: what is written must derive from it.
type loaded struct {
	blob string
	*results.Record
}

// ErrLost says that a lease ran out and the chunk is another run's by now.
var ErrLost = errors.New("the lease on the chunk was lost")

// Begin gives a run to a reminder whose chunk wants work, or nil and why the reminder is dropped.
func (l *Ledger) Begin(ctx context.Context, rem job.Reminder) (run *Run, drop string, err error) {
	return l.begin(ctx, rem, "")
}

// BeginFree is Begin for a chunk that no run holds: a lease that ran out is its run's until Holes has taken it back, since
// that run may be about to record what it was told while Redis was away.
func (l *Ledger) BeginFree(ctx context.Context, rem job.Reminder) (run *Run, drop string, err error) {
	return l.begin(ctx, rem, "1")
}

func (l *Ledger) begin(ctx context.Context, rem job.Reminder, free string) (run *Run, drop string, err error) {
	token := rand.Text()
	word, rest, err := reply(l.run(ctx, l.scripts.begin, rem.Job, rem.Chunk, rem.Generation, leaseToken(token, 0),
		millis(l.opts.Lease), free))
	if err != nil {
		return nil, "", redisconn.CommandError(fmt.Sprintf("begin chunk %d of job %s", rem.Chunk, rem.Job), err)
	}
	if word == "list" {
		run, err = l.beginListing(ctx, rem, token, rest)
		return run, "", err
	}
	if word != "run" {
		if len(rest) != 1 {
			return nil, "", fmt.Errorf("begin chunk %d of job %s: %q", rem.Chunk, rem.Job, rest)
		}
		if rest[0] == "gone" || job.State(rest[0]).Ended() {
			l.forget(rem.Job)
		}
		return nil, rest[0], nil
	}
	run, err = l.begun(ctx, rem, token, rest)
	if run == nil && err == nil {
		drop = "evicted"
	}
	return run, drop, err
}

// begun makes a run of what the scripts' begin returned of a chunk: its IDs, record, refs, plan, whether the job is
// opened, and the runs that vanished with it.
func (l *Ledger) begun(ctx context.Context, rem job.Reminder, token string, chunk []string) (*Run, error) {
	if len(chunk) != 6 {
		return nil, fmt.Errorf("begin chunk %d of job %s: %d fields", rem.Chunk, rem.Job, len(chunk))
	}
	k, err := l.know(ctx, rem.Job)
	if err != nil {
		return nil, err
	}
	r := &Run{l: l, k: k, reminder: rem, token: token, opened: chunk[4] == "1", vanished: strings.Count(chunk[5], " "), records: map[int]*loaded{}}
	if chunk[2] == "" {
		err = r.loadChunk(ctx, chunk[0], chunk[1])
	} else {
		err = r.loadGathered(ctx, chunk[2])
	}
	if err != nil && (errors.Is(err, errEvicted) || job.AsError(err).Code == job.CodeUnknownJob) {
		return nil, l.abortEvicted(ctx, rem, token)
	}
	if err != nil {
		return nil, fmt.Errorf("chunk %d of job %s: %w", rem.Chunk, rem.Job, err)
	}
	r.plan = decodePlan(chunk[3])
	return r, nil
}

// errEvicted says that a chunk's store IDs are not in Redis any more.
var errEvicted = errors.New("the store IDs are not in Redis any more")

// abortEvicted aborts a job whose store IDs are gone.
func (l *Ledger) abortEvicted(ctx context.Context, rem job.Reminder, run string) error {
	err := l.run(ctx, l.scripts.evicted, rem.Job, rem.Chunk, run).Err()
	l.forget(rem.Job)
	return redisconn.CommandError("abort job "+rem.Job, err)
}

// leaseToken is the token of a run's lease, as record.lua has it.
func leaseToken(run string, step int) string { return run + "." + strconv.Itoa(step) }

// loadChunk takes up a chunk of the list.
func (r *Run) loadChunk(ctx context.Context, blob, rec string) error {
	if blob == "" {
		return errEvicted
	}
	ids, err := chunker.Decode([]byte(blob))
	if err != nil {
		return err
	}
	loaded, err := r.load(ctx, rec, len(ids))
	if err != nil {
		return err
	}
	r.records[r.reminder.Chunk] = loaded
	r.slots = make([]slot, 0, len(ids))
	for i, id := range ids {
		if loaded.Stores[i].State == results.Pending {
			r.slots = append(r.slots, slot{id: id, index: i, chunk: r.reminder.Chunk, place: i})
		}
	}
	return nil
}

// loadGathered takes up a chunk that was cut from the pool.
func (r *Run) loadGathered(ctx context.Context, refs string) error {
	origins, err := decodeRefs(refs)
	if err != nil {
		return err
	}
	chunks := make(map[int][]string) // the IDs of each chunk of the list that stores came from
	var order []string
	for _, o := range origins {
		if _, ok := chunks[o.chunk]; !ok {
			chunks[o.chunk] = nil
			order = append(order, itoa(int64(o.chunk)))
		}
	}
	blobs, recs, err := r.l.read(ctx, r.k, order)
	if err != nil {
		return err
	}
	for i, field := range order {
		chunk := atoi(field)
		ids, err := chunker.Decode([]byte(blobs[i]))
		if err != nil {
			return err
		}
		loaded, err := r.load(ctx, recs[i], len(ids))
		if err != nil {
			return err
		}
		chunks[chunk], r.records[chunk] = ids, loaded
	}
	for i, o := range origins {
		if o.place >= len(chunks[o.chunk]) {
			return results.ErrUnreadable
		}
		if !r.records[o.chunk].Stores[o.place].State.Decided() {
			r.slots = append(r.slots, slot{id: chunks[o.chunk][o.place], index: i, chunk: o.chunk, place: o.place})
		}
	}
	return nil
}

func (r *Run) load(ctx context.Context, blob string, n int) (*loaded, error) {
	rec, err := results.Decode([]byte(blob), n, func(number int) (string, string, bool) {
		return r.l.text(ctx, r.k, number)
	})
	if err != nil {
		return nil, err
	}
	return &loaded{blob: blob, Record: rec}, nil
}

// Chunk is the chunk's number in its job.
func (r *Run) Chunk() int { return r.reminder.Chunk }

// Job is the job that the chunk is of.
func (r *Run) Job() job.Job { return r.k.job }

// Operation is what is done to the run's stores. All of them share it.
func (r *Run) Operation() job.Operation {
	for chunk := range r.records {
		return r.k.operation(chunk)
	}
	return r.k.job.Operation
}

// Listing is what the run lists; nil where it sends stores.
func (r *Run) Listing() *Listing { return r.listing }

// Next gives the stores of the next call, each once, and the most calls that were made for any of them; none where the
// chunk has no pending store left. It gives the same until Record tells what became of them.
func (r *Run) Next() (ids []string, attempts int) {
	r.next = r.next[:0]
	for _, group := range r.plan.groups {
		for i := range r.slots {
			if s := &r.slots[i]; !s.gone && group.has(s.index) {
				r.next = append(r.next, i)
			}
		}
		if len(r.next) > 0 {
			break
		}
	}
	if len(r.next) == 0 { // no plan, or all of it carried out
		for i := range r.slots {
			if !r.slots[i].gone {
				r.next = append(r.next, i)
			}
		}
	}
	ids = make([]string, len(r.next))
	for i, n := range r.next {
		s := &r.slots[n]
		ids[i] = s.id
		attempts = max(attempts, int(r.records[s.chunk].Stores[s.place].Attempts))
	}
	return ids, attempts
}

// Renew keeps the lease for another while and gives the job's state; ErrLost where the chunk is another run's by now.
func (r *Run) Renew(ctx context.Context) (job.State, error) {
	state, err := r.l.run(ctx, r.l.scripts.renew, r.reminder.Job, r.reminder.Chunk, r.token, millis(r.l.opts.Lease)).Text()
	if err != nil {
		return "", redisconn.CommandError("renew the lease on a chunk of job "+r.reminder.Job, err)
	}
	if state == "lost" {
		return "", ErrLost
	}
	return job.State(state), nil
}
