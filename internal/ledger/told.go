package ledger

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// Told is what a call told of the stores that Next gave, by their places there, and what the run does with its chunk.
// The zero value tells nothing, and goes on.
type Told struct {
	RequestID string
	At        time.Time // when the answer came, or was given up; now where zero
	Sent      int       // requests put on the wire
	Throttled int       // 429s among them

	Answered  bool // a verified 200: the request as such is all right
	Succeeded []int
	Failed    []StoreTold
	Passing   []StoreTold // stores that must be sent again; they leave the chunk for the job's pool

	// Whole is a passing failure of the call: it is every store's of it, if it was sent. They stay in the chunk.
	Whole   *StoreTold
	Counted bool // it counts against the stores' budgets

	// Unanswered says that a request was sent to which nothing came that can be believed, so that it may have been
	// carried out all the same: this one, or the one before it to the other host.
	Unanswered bool

	// Refused is a call refused whole for one store that is not named: it is halved, or the store is found.
	Refused *StoreTold
	// Named says that Failed holds the one store for which the call was refused whole.
	Named bool

	Listed bool // what is told comes from a list of what is associated: no call was made for the stores

	Abort string // why the job is hopeless

	// Unknown is why the job is hopeless if this was not the only such refusal: one whose code nobody knows. It counts
	// against the job alone, which is aborted with it after UnknownRefusals in a row.
	Unknown string

	GoOn bool // where that ends the run and a chunk of the list is next, begin it along with it: a round trip less

	Release bool          // the run ends here and the chunk gets a new reminder
	Delay   time.Duration // before which that is not due
}

// StoreTold is what was told of one store. At is its place in what Next gave.
type StoreTold struct {
	At            int
	Code, Message string
}

// Progress is where a run, and its job, stand after Record.
type Progress struct {
	State     job.State      // of the job; "" where it is gone
	Over      bool           // the run has ended: its chunk is done, released, or another's
	Reminders []job.Reminder // to be put on the queue
	Moved     Moved          // by how much the job's counts moved

	Next    *Run  // the run that was begun along with it, where that was asked for and there was a chunk; it has no reminder
	NextErr error // why there is none though a chunk was taken: it comes again once its lease has run out
}

// Moved is by how much one record moved its job's counts. What was recorded before moves nothing.
type Moved struct {
	Succeeded, Failed int64            // stores, net: one that had failed and succeeds now is one less that failed
	Codes             map[string]int64 // failed stores by code, net; none is zero
	Again             int              // stores that are sent again
	Sent              int              // requests put on the wire
	Retries           int              // those of them for stores sent before
	Throttled         int              // 429s among them
}

// UnknownRefusals is how many calls of a job in a row may be refused for what nobody knows before it is aborted. Those of
// other chunks are one with it until half of the backoff that follows it is over: they were in flight beside it.
const UnknownRefusals = job.RetryBudget

// Suspicion: how many named refusals, while no call of the job was ever answered 200, make a chunk speak against the
// request as such; and how long it then waits for other chunks to tell.
const (
	namedRefusals  = 10
	suspicionDelay = 5 * time.Second
)

// Record records what a call told. Once it returns without an error, all of it is in the ledger; it can be called
// again with the same Told after an error, and then counts it once. A run whose lease was lost records outcomes alone.
func (r *Run) Record(ctx context.Context, told Told) (Progress, error) {
	if told.At.IsZero() {
		told.At = r.l.Now()
	}
	if r.nonce == 0 {
		r.nonce = newNonce()
	}
	next := ""
	if told.GoOn && !r.lost {
		next = rand.Text()
	}
	c := results.Call{Nonce: r.nonce, RequestID: told.RequestID, At: told.At.UnixMilli()}
	doing := fmt.Sprintf("record chunk %d of job %s", r.reminder.Chunk, r.reminder.Job)
	for {
		s := r.settle(told, c)
		word, rest, err := reply(r.l.run(ctx, r.l.scripts.record, r.reminder.Job, s.args(r, next)...))
		if err != nil {
			return Progress{}, redisconn.CommandError(doing, err)
		}
		switch word {
		case "ok":
			state, begun, rems, err := r.recorded(rest)
			if err != nil {
				return Progress{}, fmt.Errorf("%s: %w", doing, err)
			}
			r.adopt(s)
			p := Progress{State: state, Over: s.action != keep || r.lost, Reminders: rems, Moved: s.moved()}
			if p.State.Ended() {
				r.l.forget(r.reminder.Job)
			}
			if begun != nil {
				p.Next, p.NextErr = r.l.begun(ctx, begun.reminder, next, begun.chunk)
			}
			return p, nil
		case "conflict":
			if err := r.reload(ctx, s.order, rest); err != nil {
				return Progress{}, fmt.Errorf("%s: %w", doing, err)
			}
		case "text":
			if len(rest) != 1 {
				return Progress{}, fmt.Errorf("%s: %q", doing, rest)
			}
			r.k.refuse(s.texts[atoi(rest[0])])
		case "lost":
			r.lost = true
		case "ended":
			r.l.forget(r.reminder.Job)
			moved, err := r.lift(ctx, told, c)
			return Progress{State: job.State(rest[0]), Over: true, Moved: moved}, err
		case "gone":
			r.l.forget(r.reminder.Job)
			return Progress{Over: true}, nil
		default:
			return Progress{}, fmt.Errorf("%s: %q", doing, word)
		}
	}
}

// taken is a chunk that was taken along with a record, as the scripts' begin tells of it.
type taken struct {
	reminder job.Reminder
	chunk    []string
}

// recorded reads what record.lua returns once it has recorded.
func (r *Run) recorded(rest []string) (state job.State, begun *taken, rems []job.Reminder, err error) {
	if len(rest) < 2 || len(rest) < 2+atoi(rest[1]) {
		return "", nil, nil, fmt.Errorf("%d fields", len(rest))
	}
	state, of, rest := job.State(rest[0]), rest[2:2+atoi(rest[1])], rest[2+atoi(rest[1]):]
	if len(of) >= 2 {
		first, err := reminders(r.reminder.Job, []string{of[0], of[1], "0"})
		if err != nil {
			return "", nil, nil, err
		}
		begun = &taken{reminder: first[0], chunk: of[2:]}
	}
	rems, err = reminders(r.reminder.Job, rest)
	return state, begun, rems, err
}

func newNonce() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return max(1, binary.BigEndian.Uint32(b[:]))
}
