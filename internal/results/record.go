// Package results is the outcome of every store of a chunk: the record that the ledger keeps of them, how a call's result
// is merged into it, what it adds to the job's counts, how it is encoded, and the rows of a report that it becomes.
//
// It must never do I/O, and never move an outcome down.
package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// A record says what became of every store of one chunk of the list. It is the value of one hash field in Redis, made
// and read here alone; the scripts look at its first byte only, and replace it only where it still is what the new one
// was derived from. So merging is plain Go, and Redis makes it atomic.
//
// On the wire: 'o' or 'c' (open: a pending store still belongs to this chunk; closed: none does), a version byte, the
// calls that decided something, the failures they told, then the stores as runs of equal entries.
type Record struct {
	Calls    []Call
	Failures []Failure
	Stores   []Entry
}

// call is one answer, or the lack of one, that an entry points to.
type Call struct {
	Nonce     uint32 // tells this call's repetition from another call
	RequestID string
	At        int64 // Unix milliseconds
}

// failure is what a store's failure said. Common texts are kept once a job (text is their number there), rare ones
// here (text is -1).
type Failure struct {
	Text          int
	Code, Message string
}

// entry is one store. The zero value is a store that has never been sent.
type Entry struct {
	State      State
	Attempts   uint8 // calls truly made for it, at most maxAttempts
	Unanswered bool  // one of them went unanswered
	Call       int16 // 1 + its place in calls; 0 for none
	failure    int16 // 1 + its place in failures; 0 for none
}

// state is how far up a store has moved. It never moves down but from gathered to pending's own kin: both are pending
// to the world, and differ only in which chunk the store belongs to.
type State uint8

const (
	Pending   State = iota // belongs to the chunk of the list that it came in
	gathered               // has left it for the job's pool, or for a chunk cut from that
	Failed                 // decided
	Succeeded              // decided, and final
)

const (
	recordVersion = 1
	recordOpen    = 'o'
	recordClosed  = 'c'
	maxAttempts   = 15 // what four bits hold; the budget is smaller
)

func (s State) Decided() bool { return s >= Failed }

// newRecord is the record of a chunk of n stores of which nothing is known.
func newRecord(n int) *Record { return &Record{Stores: make([]Entry, n)} }

// event is what one call told of one store.
type Event struct {
	State         State // pending (a passing failure), failed or succeeded
	Call          Call
	Code, Message string
	Counted       bool // the call counts against the store's budget
	Unanswered    bool // the call was sent, and nothing that can be believed came back
	Gather        bool // a passing failure takes the store out of its chunk
}

// merge moves a store up by what a call told of it, never down, and gives the state that it has now. Merging the same
// event again changes nothing; where two calls decided a store alike, the earlier one is kept, whichever came first. A
// call that tells a decided store nothing new is not among its attempts.
func (r *Record) Merge(at int, ev Event) State {
	e := &r.Stores[at]
	if e.Call != 0 && r.Calls[e.Call-1].Nonce == ev.Call.Nonce {
		return e.State // this very call has been merged
	}
	e.Unanswered = e.Unanswered || ev.Unanswered
	switch {
	case ev.State == Pending && e.State.Decided(), // it comes too late to matter
		ev.State == Failed && e.State == Succeeded,
		ev.State == e.State && ev.State.Decided() && !ev.Call.before(r.Calls[e.Call-1]):
		return e.State
	}
	if ev.Counted && e.Attempts < maxAttempts {
		e.Attempts++
	}
	r.explain(e, ev)
	switch {
	case ev.State.Decided():
		e.State = ev.State
	case e.Attempts >= job.RetryBudget:
		e.State = Failed
		r.explain(e, exhausted(ev, int(e.Attempts)))
	case ev.Gather:
		e.State = gathered
	}
	return e.State
}

// before orders calls in time, and equal times by nonce, so that every order of merging keeps the same one.
func (c Call) before(d Call) bool { return c.At < d.At || c.At == d.At && c.Nonce < d.Nonce }

// exhausted is the failure of a store whose budget is used up: the last one, as what it is.
func exhausted(ev Event, attempts int) Event {
	if ev.Code == job.Unreported {
		ev.Message = fmt.Sprintf("%d calls were made for it and the last named it in neither list, or in both", attempts)
		return ev
	}
	last := ev.Message
	if ev.Code != "" {
		last = ev.Code + " " + ev.Message
	}
	ev.Code = job.RetriesExhausted
	ev.Message = fmt.Sprintf("%d calls were made for it; the last: %s", attempts, last)
	return ev
}

// explain points an entry at a call and at what it said.
func (r *Record) explain(e *Entry, ev Event) {
	e.Call = r.addCall(ev.Call)
	e.failure = 0
	if ev.Code != "" || ev.Message != "" {
		e.failure = r.addFailure(ev.Code, ev.Message)
	}
}

func (r *Record) addCall(c Call) int16 {
	for i := range r.Calls {
		if r.Calls[i] == c {
			return int16(i + 1)
		}
	}
	r.Calls = append(r.Calls, c)
	return int16(len(r.Calls))
}

func (r *Record) addFailure(code, message string) int16 {
	for i := range r.Failures {
		if r.Failures[i].Code == code && r.Failures[i].Message == message {
			return int16(i + 1)
		}
	}
	r.Failures = append(r.Failures, Failure{Text: -1, Code: code, Message: message})
	return int16(len(r.Failures))
}

// tally is what a record adds to its job's counts.
type Tally struct {
	Succeeded, Failed int64
	Doubtful          int64            // those of the failed of which a call went unanswered
	Codes             map[string]int64 // failed stores by code
}

func (r *Record) Tally() Tally {
	t := Tally{}
	for i := range r.Stores {
		switch e := &r.Stores[i]; e.State {
		case Succeeded:
			t.Succeeded++
		case Failed:
			t.Failed++
			if e.Unanswered {
				t.Doubtful++
			}
			if t.Codes == nil {
				t.Codes = map[string]int64{}
			}
			t.Codes[r.Code(e)]++
		}
	}
	return t
}

func (t *Tally) Add(o Tally) {
	t.Succeeded += o.Succeeded
	t.Failed += o.Failed
	t.Doubtful += o.Doubtful
	for code, n := range o.Codes {
		t.Codes[code] += n
	}
}

func (r *Record) Code(e *Entry) string {
	if e.failure == 0 {
		return ""
	}
	return r.Failures[e.failure-1].Code
}

// settled says whether it was a list that told of a store's success, and no call.
func (r *Record) Settled(e *Entry) bool {
	return e.failure != 0 && r.Failures[e.failure-1].Message == SettledNote
}

// open says whether a pending store still belongs to this chunk.
func (r *Record) open() bool {
	for i := range r.Stores {
		if r.Stores[i].State == Pending {
			return true
		}
	}
	return false
}

// clone is a record that can be merged into without touching r.
func (r *Record) Clone() *Record {
	c := &Record{
		Calls:    append([]Call(nil), r.Calls...),
		Failures: append([]Failure(nil), r.Failures...),
		Stores:   append([]Entry(nil), r.Stores...),
	}
	return c
}

// The times of calls are kept since this moment, which saves two bytes a call.
var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// The flags of a run of entries: two bits of state, then these, then four bits of attempts.
const (
	flagUnanswered = 1 << 2
	flagExplained  = 1 << 3 // a call follows, and a failure (0: none)
)

// encode gives the record as it is kept. Calls and failures that nothing points to any more are left out.
func (r *Record) Encode() []byte {
	calls, failures := make([]int16, len(r.Calls)+1), make([]int16, len(r.Failures)+1)
	var usedCalls []Call
	var usedFailures []Failure
	open := byte(recordClosed)
	for i := range r.Stores {
		e := &r.Stores[i]
		if e.State == Pending {
			open = recordOpen
		}
		if e.Call != 0 && calls[e.Call] == 0 {
			usedCalls = append(usedCalls, r.Calls[e.Call-1])
			calls[e.Call] = int16(len(usedCalls))
		}
		if e.failure != 0 && failures[e.failure] == 0 {
			usedFailures = append(usedFailures, r.Failures[e.failure-1])
			failures[e.failure] = int16(len(usedFailures))
		}
	}

	b := make([]byte, 0, 64+48*len(usedCalls))
	b = append(b, open, recordVersion)
	b = binary.AppendUvarint(b, uint64(len(usedCalls)))
	for _, c := range usedCalls {
		b = binary.BigEndian.AppendUint32(b, c.Nonce)
		b = binary.AppendVarint(b, c.At-epoch)
		b = appendRequestID(b, c.RequestID)
	}
	b = binary.AppendUvarint(b, uint64(len(usedFailures)))
	for _, f := range usedFailures {
		b = binary.AppendUvarint(b, uint64(f.Text+1))
		if f.Text < 0 {
			b = appendString(b, f.Code)
			b = appendString(b, f.Message)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.Stores)))
	for i := 0; i < len(r.Stores); {
		n := i + 1
		for n < len(r.Stores) && r.Stores[n] == r.Stores[i] {
			n++
		}
		e := r.Stores[i]
		flags := byte(e.State) | e.Attempts<<4
		if e.Unanswered {
			flags |= flagUnanswered
		}
		if e.Call != 0 {
			flags |= flagExplained
		}
		b = binary.AppendUvarint(b, uint64(n-i))
		b = append(b, flags)
		if e.Call != 0 {
			b = binary.AppendUvarint(b, uint64(calls[e.Call]))
			b = binary.AppendUvarint(b, uint64(failures[e.failure]))
		}
		i = n
	}
	return b
}

var ErrUnreadable = errors.New("the ledger's record of a chunk cannot be read")

// decodeRecord reads a record of n stores; an empty one is that of a chunk never sent. texts are the job's common
// failures by their numbers.
func Decode(b []byte, n int, texts func(int) (code, message string, ok bool)) (*Record, error) {
	if len(b) == 0 {
		return newRecord(n), nil
	}
	if len(b) < 2 || b[0] != recordOpen && b[0] != recordClosed {
		return nil, ErrUnreadable
	}
	if b[1] != recordVersion {
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows version %d", ErrUnreadable, b[1], recordVersion)
	}
	d := decoder{b: b[2:]}
	r := newRecord(n)
	r.Calls = make([]Call, 0, d.count(6))
	for range cap(r.Calls) {
		r.Calls = append(r.Calls, Call{Nonce: d.uint32(), At: d.varint() + epoch, RequestID: d.requestID()})
	}
	r.Failures = make([]Failure, 0, d.count(1))
	for range cap(r.Failures) {
		f := Failure{Text: int(d.uvarint()) - 1}
		if f.Text < 0 {
			f.Code, f.Message = d.string(), d.string()
		} else if texts != nil {
			var ok bool
			if f.Code, f.Message, ok = texts(f.Text); !ok {
				d.failed = true
			}
		}
		r.Failures = append(r.Failures, f)
	}
	if d.uvarint() != uint64(n) {
		return nil, ErrUnreadable
	}
	for i := 0; i < n && !d.failed; {
		count, flags := int(min(d.uvarint(), uint64(n)+1)), d.byte()
		e := Entry{State: State(flags & 3), Unanswered: flags&flagUnanswered != 0, Attempts: flags >> 4}
		if flags&flagExplained != 0 {
			c, f := d.uvarint(), d.uvarint()
			if c == 0 || c > uint64(len(r.Calls)) || f > uint64(len(r.Failures)) {
				return nil, ErrUnreadable
			}
			e.Call, e.failure = int16(c), int16(f)
		} else if e.State.Decided() {
			return nil, ErrUnreadable // nothing is decided but by a call
		}
		if count == 0 || count > n-i {
			return nil, ErrUnreadable
		}
		for range count {
			r.Stores[i] = e
			i++
		}
	}
	if d.failed || len(d.b) != 0 {
		return nil, ErrUnreadable
	}
	return r, nil
}
