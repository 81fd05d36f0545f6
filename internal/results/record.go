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
type record struct {
	calls    []call
	failures []failure
	stores   []entry
}

// call is one answer, or the lack of one, that an entry points to.
type call struct {
	nonce     uint32 // tells this call's repetition from another call
	requestID string
	at        int64 // Unix milliseconds
}

// failure is what a store's failure said. Common texts are kept once a job (text is their number there), rare ones
// here (text is -1).
type failure struct {
	text          int
	code, message string
}

// entry is one store. The zero value is a store that has never been sent.
type entry struct {
	state      state
	attempts   uint8 // calls truly made for it, at most maxAttempts
	unanswered bool  // one of them went unanswered
	call       int16 // 1 + its place in calls; 0 for none
	failure    int16 // 1 + its place in failures; 0 for none
}

// state is how far up a store has moved. It never moves down but from gathered to pending's own kin: both are pending
// to the world, and differ only in which chunk the store belongs to.
type state uint8

const (
	pending   state = iota // belongs to the chunk of the list that it came in
	gathered               // has left it for the job's pool, or for a chunk cut from that
	failed                 // decided
	succeeded              // decided, and final
)

const (
	recordVersion = 1
	recordOpen    = 'o'
	recordClosed  = 'c'
	maxAttempts   = 15 // what four bits hold; the budget is smaller
)

func (s state) decided() bool { return s >= failed }

// newRecord is the record of a chunk of n stores of which nothing is known.
func newRecord(n int) *record { return &record{stores: make([]entry, n)} }

// event is what one call told of one store.
type event struct {
	state         state // pending (a passing failure), failed or succeeded
	call          call
	code, message string
	counted       bool // the call counts against the store's budget
	unanswered    bool // the call was sent, and nothing that can be believed came back
	gather        bool // a passing failure takes the store out of its chunk
}

// merge moves a store up by what a call told of it, never down, and gives the state that it has now. Merging the same
// event again changes nothing; where two calls decided a store alike, the earlier one is kept, whichever came first. A
// call that tells a decided store nothing new is not among its attempts.
func (r *record) merge(at int, ev event) state {
	e := &r.stores[at]
	if e.call != 0 && r.calls[e.call-1].nonce == ev.call.nonce {
		return e.state // this very call has been merged
	}
	e.unanswered = e.unanswered || ev.unanswered
	switch {
	case ev.state == pending && e.state.decided(), // it comes too late to matter
		ev.state == failed && e.state == succeeded,
		ev.state == e.state && ev.state.decided() && !ev.call.before(r.calls[e.call-1]):
		return e.state
	}
	if ev.counted && e.attempts < maxAttempts {
		e.attempts++
	}
	r.explain(e, ev)
	switch {
	case ev.state.decided():
		e.state = ev.state
	case e.attempts >= job.RetryBudget:
		e.state = failed
		r.explain(e, exhausted(ev, int(e.attempts)))
	case ev.gather:
		e.state = gathered
	}
	return e.state
}

// before orders calls in time, and equal times by nonce, so that every order of merging keeps the same one.
func (c call) before(d call) bool { return c.at < d.at || c.at == d.at && c.nonce < d.nonce }

// exhausted is the failure of a store whose budget is used up: the last one, as what it is.
func exhausted(ev event, attempts int) event {
	if ev.code == job.Unreported {
		ev.message = fmt.Sprintf("%d calls were made for it and the last named it in neither list, or in both", attempts)
		return ev
	}
	last := ev.message
	if ev.code != "" {
		last = ev.code + " " + ev.message
	}
	ev.code = job.RetriesExhausted
	ev.message = fmt.Sprintf("%d calls were made for it; the last: %s", attempts, last)
	return ev
}

// explain points an entry at a call and at what it said.
func (r *record) explain(e *entry, ev event) {
	e.call = r.addCall(ev.call)
	e.failure = 0
	if ev.code != "" || ev.message != "" {
		e.failure = r.addFailure(ev.code, ev.message)
	}
}

func (r *record) addCall(c call) int16 {
	for i := range r.calls {
		if r.calls[i] == c {
			return int16(i + 1)
		}
	}
	r.calls = append(r.calls, c)
	return int16(len(r.calls))
}

func (r *record) addFailure(code, message string) int16 {
	for i := range r.failures {
		if r.failures[i].code == code && r.failures[i].message == message {
			return int16(i + 1)
		}
	}
	r.failures = append(r.failures, failure{text: -1, code: code, message: message})
	return int16(len(r.failures))
}

// tally is what a record adds to its job's counts.
type tally struct {
	succeeded, failed int64
	codes             map[string]int64 // failed stores by code
}

func (r *record) tally() tally {
	t := tally{}
	for i := range r.stores {
		switch e := &r.stores[i]; e.state {
		case succeeded:
			t.succeeded++
		case failed:
			t.failed++
			if t.codes == nil {
				t.codes = map[string]int64{}
			}
			t.codes[r.code(e)]++
		}
	}
	return t
}

func (t *tally) add(o tally) {
	t.succeeded += o.succeeded
	t.failed += o.failed
	for code, n := range o.codes {
		t.codes[code] += n
	}
}

func (r *record) code(e *entry) string {
	if e.failure == 0 {
		return ""
	}
	return r.failures[e.failure-1].code
}

// settled says whether it was a list that told of a store's success, and no call.
func (r *record) settled(e *entry) bool {
	return e.failure != 0 && r.failures[e.failure-1].message == settledNote
}

// open says whether a pending store still belongs to this chunk.
func (r *record) open() bool {
	for i := range r.stores {
		if r.stores[i].state == pending {
			return true
		}
	}
	return false
}

// clone is a record that can be merged into without touching r.
func (r *record) clone() *record {
	c := &record{
		calls:    append([]call(nil), r.calls...),
		failures: append([]failure(nil), r.failures...),
		stores:   append([]entry(nil), r.stores...),
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
func (r *record) encode() []byte {
	calls, failures := make([]int16, len(r.calls)+1), make([]int16, len(r.failures)+1)
	var usedCalls []call
	var usedFailures []failure
	open := byte(recordClosed)
	for i := range r.stores {
		e := &r.stores[i]
		if e.state == pending {
			open = recordOpen
		}
		if e.call != 0 && calls[e.call] == 0 {
			usedCalls = append(usedCalls, r.calls[e.call-1])
			calls[e.call] = int16(len(usedCalls))
		}
		if e.failure != 0 && failures[e.failure] == 0 {
			usedFailures = append(usedFailures, r.failures[e.failure-1])
			failures[e.failure] = int16(len(usedFailures))
		}
	}

	b := make([]byte, 0, 64+48*len(usedCalls))
	b = append(b, open, recordVersion)
	b = binary.AppendUvarint(b, uint64(len(usedCalls)))
	for _, c := range usedCalls {
		b = binary.BigEndian.AppendUint32(b, c.nonce)
		b = binary.AppendVarint(b, c.at-epoch)
		b = appendRequestID(b, c.requestID)
	}
	b = binary.AppendUvarint(b, uint64(len(usedFailures)))
	for _, f := range usedFailures {
		b = binary.AppendUvarint(b, uint64(f.text+1))
		if f.text < 0 {
			b = appendString(b, f.code)
			b = appendString(b, f.message)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.stores)))
	for i := 0; i < len(r.stores); {
		n := i + 1
		for n < len(r.stores) && r.stores[n] == r.stores[i] {
			n++
		}
		e := r.stores[i]
		flags := byte(e.state) | e.attempts<<4
		if e.unanswered {
			flags |= flagUnanswered
		}
		if e.call != 0 {
			flags |= flagExplained
		}
		b = binary.AppendUvarint(b, uint64(n-i))
		b = append(b, flags)
		if e.call != 0 {
			b = binary.AppendUvarint(b, uint64(calls[e.call]))
			b = binary.AppendUvarint(b, uint64(failures[e.failure]))
		}
		i = n
	}
	return b
}

var errRecord = errors.New("the ledger's record of a chunk cannot be read")

// decodeRecord reads a record of n stores; an empty one is that of a chunk never sent. texts are the job's common
// failures by their numbers.
func decodeRecord(b []byte, n int, texts func(int) (code, message string, ok bool)) (*record, error) {
	if len(b) == 0 {
		return newRecord(n), nil
	}
	if len(b) < 2 || b[0] != recordOpen && b[0] != recordClosed {
		return nil, errRecord
	}
	if b[1] != recordVersion {
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows version %d", errRecord, b[1], recordVersion)
	}
	d := decoder{b: b[2:]}
	r := newRecord(n)
	r.calls = make([]call, 0, d.count(6))
	for range cap(r.calls) {
		r.calls = append(r.calls, call{nonce: d.uint32(), at: d.varint() + epoch, requestID: d.requestID()})
	}
	r.failures = make([]failure, 0, d.count(1))
	for range cap(r.failures) {
		f := failure{text: int(d.uvarint()) - 1}
		if f.text < 0 {
			f.code, f.message = d.string(), d.string()
		} else if texts != nil {
			var ok bool
			if f.code, f.message, ok = texts(f.text); !ok {
				d.failed = true
			}
		}
		r.failures = append(r.failures, f)
	}
	if d.uvarint() != uint64(n) {
		return nil, errRecord
	}
	for i := 0; i < n && !d.failed; {
		count, flags := int(min(d.uvarint(), uint64(n)+1)), d.byte()
		e := entry{state: state(flags & 3), unanswered: flags&flagUnanswered != 0, attempts: flags >> 4}
		if flags&flagExplained != 0 {
			c, f := d.uvarint(), d.uvarint()
			if c == 0 || c > uint64(len(r.calls)) || f > uint64(len(r.failures)) {
				return nil, errRecord
			}
			e.call, e.failure = int16(c), int16(f)
		} else if e.state.decided() {
			return nil, errRecord // nothing is decided but by a call
		}
		if count == 0 || count > n-i {
			return nil, errRecord
		}
		for range count {
			r.stores[i] = e
			i++
		}
	}
	if d.failed || len(d.b) != 0 {
		return nil, errRecord
	}
	return r, nil
}
