package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
)

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
	delta    results.Tally
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
	unknown  string
	action   string
	delay    time.Duration
}

// settle works out what a Told means. It changes nothing of the run, so that it can be done again.
func (r *Run) settle(told Told, c results.Call) *settlement {
	s := &settlement{records: map[int]*loaded{}, texts: map[int]string{}, plan: r.plan.clone(), abort: told.Abort, opened: told.Answered, unknown: told.Unknown,
		sent: told.Sent, throttle: told.Throttled, delta: results.Tally{Codes: map[string]int64{}}}
	if r.anySent() || r.vanished > 0 {
		s.retries = told.Sent
	} else if told.Sent > 1 {
		s.retries = told.Sent - 1
	}
	s.takeOver(r)
	merged := false
	apply := func(at int, ev results.Event) {
		ev.Unanswered = told.Unanswered
		n := r.next[at]
		slot := &r.slots[n]
		rec := s.touch(r, slot.chunk)
		if seen := rec.Stores[slot.place].Call; seen == 0 || rec.Calls[seen-1].Nonce != c.Nonce {
			merged = true
		}
		s.told++
		now := rec.Merge(slot.place, ev)
		if !now.Decided() {
			s.again++
		}
		if now.Decided() || ev.Gather {
			s.gone = append(s.gone, n)
		}
		if ev.Gather && !now.Decided() {
			s.pool = appendRef(s.pool, origin{slot.chunk, slot.place})
			s.tries = max(s.tries, int(rec.Stores[slot.place].Attempts))
		}
	}
	for _, at := range told.Succeeded {
		ev := results.Event{State: results.Succeeded, Call: c, Counted: !told.Listed}
		if told.Listed {
			ev.Message = results.SettledNote
		}
		apply(at, ev)
	}
	for _, f := range told.Failed {
		apply(f.At, results.Event{State: results.Failed, Call: c, Code: f.Code, Message: f.Message, Counted: true})
	}
	for _, f := range told.Passing {
		apply(f.At, results.Event{State: results.Pending, Call: c, Code: f.Code, Message: f.Message, Counted: true, Gather: !r.lost})
	}
	if w := told.Whole; w != nil && told.Sent > 0 {
		for at := range r.next {
			apply(at, results.Event{State: results.Pending, Call: c, Code: w.Code, Message: w.Message, Counted: told.Counted})
		}
	}
	single := false
	if f := told.Refused; f != nil {
		if len(r.next) == 1 {
			single = true
			apply(0, results.Event{State: results.Failed, Call: c, Code: f.Code, Message: f.Message, Counted: true})
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

// takeOver notes that runs which vanished with this chunk may have sent what this run sends first, each once: a store's
// budget is not used up by that alone, since nobody knows.
func (s *settlement) takeOver(r *Run) {
	if r.vanished == 0 || r.lost {
		return
	}
	for _, n := range r.next {
		slot := &r.slots[n]
		e := &s.touch(r, slot.chunk).Stores[slot.place]
		e.Unanswered = true
		for range min(r.vanished, job.RetryBudget) {
			if e.Attempts < job.RetryBudget-1 {
				e.Attempts++
			}
		}
	}
}

// moved tells by how much the job's counts move.
func (s *settlement) moved() Moved {
	return Moved{Succeeded: s.delta.Succeeded, Failed: s.delta.Failed, Codes: s.delta.Codes, Again: s.again, Sent: s.sent,
		Retries: s.retries, Throttled: s.throttle}
}

// anySent says whether a store of the call was sent before it.
func (r *Run) anySent() bool {
	for _, n := range r.next {
		if s := &r.slots[n]; s.sent || r.records[s.chunk].Stores[s.place].Call != 0 {
			return true
		}
	}
	return false
}

// touch gives the record of a chunk of the list, to be changed.
func (s *settlement) touch(r *Run, chunk int) *results.Record {
	if l := s.records[chunk]; l != nil {
		return l.Record
	}
	l := &loaded{Record: r.records[chunk].Clone()}
	s.records[chunk] = l
	s.order = append(s.order, chunk)
	return l.Record
}

// diff works out by how much the counts move, and what is to be written.
func (s *settlement) diff(r *Run) {
	for _, chunk := range s.order {
		before, after := r.records[chunk].Tally(), s.records[chunk].Tally()
		s.delta.Succeeded += after.Succeeded - before.Succeeded
		s.delta.Failed += after.Failed - before.Failed
		s.delta.Doubtful += after.Doubtful - before.Doubtful
		for code, n := range after.Codes {
			s.delta.Codes[code] += n
		}
		for code, n := range before.Codes {
			s.delta.Codes[code] -= n
		}
		r.k.intern(s.records[chunk].Record, s.texts)
		s.records[chunk].blob = string(s.records[chunk].Encode())
	}
	maps.DeleteFunc(s.delta.Codes, func(_ string, n int64) bool { return n == 0 })
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
	args := make([]any, 0, 24+3*len(s.order)+2*len(s.texts)+2*len(s.delta.Codes))
	args = append(args, r.reminder.Chunk, token, s.action, delay, s.delta.Succeeded, s.delta.Failed, s.sent, s.retries,
		s.throttle, s.told, flag(s.opened), s.plan.encode(), s.pool, s.tries, s.abort, flag(s.suspect), len(s.order), len(s.texts),
		next, millis(r.l.opts.Lease), s.unknown, UnknownRefusals, r.token, r.k.doubtful(s.delta))
	for _, chunk := range s.order {
		args = append(args, chunk, r.records[chunk].blob, s.records[chunk].blob)
	}
	for number, text := range s.texts {
		args = append(args, number, text)
	}
	for _, code := range slices.Sorted(maps.Keys(s.delta.Codes)) {
		args = append(args, code, s.delta.Codes[code])
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
	r.vanished = 0
	r.plan, r.opened, r.nonce = s.plan, r.opened || s.opened, 0
}

// reload takes up the records as they are now.
func (r *Run) reload(ctx context.Context, order []int, blobs []string) error {
	if len(blobs) != len(order) {
		return fmt.Errorf("%d records for %d chunks", len(blobs), len(order))
	}
	for i, chunk := range order {
		l, err := r.load(ctx, blobs[i], len(r.records[chunk].Stores))
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
