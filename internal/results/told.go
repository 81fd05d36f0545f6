package results

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/storelink/storelink/internal/job"
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
		told.At = time.Now()
	}
	if r.nonce == 0 {
		r.nonce = newNonce()
	}
	next := ""
	if told.GoOn && !r.lost {
		next = rand.Text()
	}
	c := call{nonce: r.nonce, requestID: told.RequestID, at: told.At.UnixMilli()}
	doing := fmt.Sprintf("record chunk %d of job %s", r.reminder.Chunk, r.reminder.Job)
	for {
		s := r.settle(told, c)
		word, rest, err := reply(r.l.run(ctx, r.l.scripts.record, r.reminder.Job, s.args(r, next)...))
		if err != nil {
			return Progress{}, redisError(doing, err)
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
			return Progress{State: job.State(rest[0]), Over: true}, nil
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

// What becomes of a chunk, in record.lua's words.
const (
	keep  = "keep"
	again = "again"
	done  = "done"
)

// settlement is what a Told means for the ledger, given the records as they were read.
type settlement struct {
	order    []int // the chunks of the list whose records it touches
	records  map[int]*loaded
	texts    map[int]string // that the records refer to
	delta    tally
	gone     []int // slots that are decided or leave the chunk
	plan     plan
	pool     []byte
	tries    int
	sent     int
	retries  int
	throttle int
	told     int
	again    int // stores that stay pending after a call for them
	suspect  bool
	opened   bool
	abort    string
	action   string
	delay    time.Duration
}

// settle works out what a Told means. It changes nothing of the run, so that it can be done again.
func (r *Run) settle(told Told, c call) *settlement {
	s := &settlement{records: map[int]*loaded{}, texts: map[int]string{}, plan: r.plan.clone(), abort: told.Abort, opened: told.Answered,
		sent: told.Sent, throttle: told.Throttled, delta: tally{codes: map[string]int64{}}}
	if r.anySent() {
		s.retries = told.Sent
	} else if told.Sent > 1 {
		s.retries = told.Sent - 1
	}
	merged := false
	apply := func(at int, ev event) {
		ev.unanswered = told.Unanswered
		n := r.next[at]
		slot := &r.slots[n]
		rec := s.touch(r, slot.chunk)
		if seen := rec.stores[slot.place].call; seen == 0 || rec.calls[seen-1].nonce != c.nonce {
			merged = true
		}
		s.told++
		now := rec.merge(slot.place, ev)
		if !now.decided() {
			s.again++
		}
		if now.decided() || ev.gather {
			s.gone = append(s.gone, n)
		}
		if ev.gather && !now.decided() {
			s.pool = appendRef(s.pool, origin{slot.chunk, slot.place})
			s.tries = max(s.tries, int(rec.stores[slot.place].attempts))
		}
	}
	for _, at := range told.Succeeded {
		ev := event{state: succeeded, call: c, counted: !told.Listed}
		if told.Listed {
			ev.message = settledNote
		}
		apply(at, ev)
	}
	for _, f := range told.Failed {
		apply(f.At, event{state: failed, call: c, code: f.Code, message: f.Message, counted: true})
	}
	for _, f := range told.Passing {
		apply(f.At, event{state: pending, call: c, code: f.Code, message: f.Message, counted: true, gather: !r.lost})
	}
	if w := told.Whole; w != nil && told.Sent > 0 {
		for at := range r.next {
			apply(at, event{state: pending, call: c, code: w.Code, message: w.Message, counted: told.Counted})
		}
	}
	single := false
	if f := told.Refused; f != nil {
		if len(r.next) == 1 {
			single = true
			apply(0, event{state: failed, call: c, code: f.Code, message: f.Message, counted: true})
		} else {
			s.plan.split(r)
		}
	}
	if s.told > 0 && !merged { // all of it was recorded before: the answer to that got lost
		s.sent, s.retries, s.throttle, s.again = 0, 0, 0, 0
	}
	s.diff(r)
	s.suspicion(r, told, single)
	s.decide(r, told)
	return s
}

// moved tells by how much the job's counts move.
func (s *settlement) moved() Moved {
	return Moved{Succeeded: s.delta.succeeded, Failed: s.delta.failed, Codes: s.delta.codes, Again: s.again, Sent: s.sent,
		Retries: s.retries, Throttled: s.throttle}
}

// anySent says whether a store of the call was sent before it.
func (r *Run) anySent() bool {
	for _, n := range r.next {
		if s := &r.slots[n]; s.sent || r.records[s.chunk].stores[s.place].call != 0 {
			return true
		}
	}
	return false
}

// touch gives the record of a chunk of the list, to be changed.
func (s *settlement) touch(r *Run, chunk int) *record {
	if l := s.records[chunk]; l != nil {
		return l.record
	}
	l := &loaded{record: r.records[chunk].clone()}
	s.records[chunk] = l
	s.order = append(s.order, chunk)
	return l.record
}

// diff works out by how much the counts move, and what is to be written.
func (s *settlement) diff(r *Run) {
	for _, chunk := range s.order {
		before, after := r.records[chunk].tally(), s.records[chunk].tally()
		s.delta.succeeded += after.succeeded - before.succeeded
		s.delta.failed += after.failed - before.failed
		for code, n := range after.codes {
			s.delta.codes[code] += n
		}
		for code, n := range before.codes {
			s.delta.codes[code] -= n
		}
		r.k.intern(s.records[chunk].record, s.texts)
		s.records[chunk].blob = string(s.records[chunk].encode())
	}
	maps.DeleteFunc(s.delta.codes, func(_ string, n int64) bool { return n == 0 })
}

// suspicion lets a chunk speak against the request as such, once, where no call of the job was ever answered 200: then
// other chunks go first, and where they are refused alike the job is aborted.
func (s *settlement) suspicion(r *Run, told Told, single bool) {
	if r.opened || told.Answered || r.lost || s.plan.suspected || r.k.base < 2 {
		return
	}
	if told.Named {
		s.plan.named++
	}
	if single || s.plan.named >= namedRefusals {
		s.plan.suspected, s.suspect = true, true
	}
}

// decide says what becomes of the chunk.
func (s *settlement) decide(r *Run, told Told) {
	gone := make(map[int]bool, len(s.gone))
	for _, n := range s.gone {
		gone[n] = true
	}
	left := 0
	for i := range r.slots {
		if !r.slots[i].gone && !gone[i] {
			left++
		}
	}
	switch {
	case left == 0:
		s.action, s.plan = done, plan{}
	case told.Release || s.abort != "":
		s.action, s.delay = again, told.Delay
	case s.suspect:
		s.action, s.delay = again, suspicionDelay
	default:
		s.action, s.delay = keep, r.l.opts.Lease
	}
}

// args are the settlement as record.lua takes it; next is the token of a run that goes on with the next chunk, or "".
func (s *settlement) args(r *Run, next string) []any {
	token := leaseToken(r.token, r.step)
	if r.lost {
		token = ""
	}
	flag := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	delay := s.delay.Milliseconds()
	if next != "" {
		next = leaseToken(next, 0)
	}
	args := make([]any, 0, 20+3*len(s.order)+2*len(s.texts)+2*len(s.delta.codes))
	args = append(args, r.reminder.Chunk, token, s.action, delay, s.delta.succeeded, s.delta.failed, s.sent, s.retries,
		s.throttle, s.told, flag(s.opened), s.plan.encode(), s.pool, s.tries, s.abort, flag(s.suspect), len(s.order), len(s.texts),
		next, millis(r.l.opts.Lease))
	for _, chunk := range s.order {
		args = append(args, chunk, r.records[chunk].blob, s.records[chunk].blob)
	}
	for number, text := range s.texts {
		args = append(args, number, text)
	}
	for _, code := range slices.Sorted(maps.Keys(s.delta.codes)) {
		args = append(args, code, s.delta.codes[code])
	}
	return args
}

// adopt makes a settlement that is in the ledger the run's own.
func (r *Run) adopt(s *settlement) {
	for chunk, l := range s.records {
		r.records[chunk] = l
	}
	if s.sent > 0 {
		for _, n := range r.next {
			r.slots[n].sent = true
		}
	}
	for _, n := range s.gone {
		r.slots[n].gone = true
	}
	if s.action == keep {
		r.step++
	}
	r.plan, r.opened, r.nonce = s.plan, r.opened || s.opened, 0
}

// reload takes up the records as they are now.
func (r *Run) reload(ctx context.Context, order []int, blobs []string) error {
	if len(blobs) != len(order) {
		return fmt.Errorf("%d records for %d chunks", len(blobs), len(order))
	}
	for i, chunk := range order {
		l, err := r.load(ctx, blobs[i], len(r.records[chunk].stores))
		if err != nil {
			return err
		}
		r.records[chunk] = l
	}
	return nil
}

// split replaces the group that was refused by its two halves.
func (p *plan) split(r *Run) {
	var halves [2]group
	for i, n := range r.next {
		half := 0
		if i >= (len(r.next)+1)/2 {
			half = 1
		}
		halves[half].add(r.slots[n].index)
	}
	var rest []group
	for i := range p.groups {
		if g := &p.groups[i]; !g.has(r.slots[r.next[0]].index) && g.alive(r) {
			rest = append(rest, *g)
		}
	}
	p.groups = append(halves[:], rest...)
}

// alive says whether a group has a store left to be sent.
func (g *group) alive(r *Run) bool {
	for i := range r.slots {
		if !r.slots[i].gone && g.has(r.slots[i].index) {
			return true
		}
	}
	return false
}

func (p plan) clone() plan {
	p.groups = slices.Clone(p.groups)
	return p
}
