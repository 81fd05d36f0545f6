package results

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/storelink/storelink/internal/job"
)

// randomEvents are what calls may tell of n stores: each call tells one thing of some of them.
func randomEvents(r *rand.Rand, n int) [][]Event {
	calls := make([][]Event, 1+r.IntN(6))
	for c := range calls {
		told := Call{Nonce: uint32(c + 1), RequestID: fmt.Sprintf("08AB%02X-0", c), At: epoch + int64(r.IntN(4))}
		calls[c] = make([]Event, n)
		for i := range calls[c] {
			ev := Event{Call: told, Counted: true}
			switch r.IntN(4) {
			case 0:
				ev.State = Succeeded
			case 1:
				ev.State, ev.Code, ev.Message = Failed, "STORE_NOT_EXIST", fmt.Sprintf("call %d", c)
			case 2:
				ev.State, ev.Code, ev.Gather = Pending, "SYSTEM_ERROR", r.IntN(2) == 0
			case 3:
				ev.State, ev.Unanswered, ev.Message = Pending, true, "cut"
			}
			calls[c][i] = ev
		}
	}
	return calls
}

func mergeAll(n int, calls [][]Event, order []int) *Record {
	r := newRecord(n)
	for _, c := range order {
		for i, ev := range calls[c] {
			r.Merge(i, ev)
		}
	}
	return r
}

// decided is what of a record must not depend on the order in which answers came.
func decided(r *Record) []string {
	out := make([]string, len(r.Stores))
	for i := range r.Stores {
		row := r.Row(i, "x", job.Pending)
		if !r.Stores[i].State.Decided() {
			row.Code, row.Message, row.RequestID = "", "", ""
		}
		out[i] = fmt.Sprint(row.Outcome, row.Code, row.Message, row.RequestID, r.Stores[i].Unanswered)
	}
	return out
}

func TestMergeGivesTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		const n = 5
		calls := randomEvents(r, n)
		want := decided(mergeAll(n, calls, r.Perm(len(calls))))
		if got := decided(mergeAll(n, calls, r.Perm(len(calls)))); !slices.Equal(got, want) {
			t.Fatalf("two orders of %v:\n%v\n%v", calls, want, got)
		}
	}
}

func TestMergingACallAgainChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		const n = 5
		calls := randomEvents(r, n)
		rec := newRecord(n)
		for _, told := range calls {
			for i, ev := range told {
				rec.Merge(i, ev)
			}
			once := rec.Encode()
			for i, ev := range told {
				rec.Merge(i, ev)
			}
			if again := rec.Encode(); !slices.Equal(once, again) {
				t.Fatalf("merging a call again: %x became %x", once, again)
			}
		}
	}
}

func TestOutcomesOnlyMoveUp(t *testing.T) {
	t.Parallel()
	rank := map[job.Outcome]int{job.Pending: 0, job.Failed: 1, job.Succeeded: 2}
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		const n = 5
		rec := newRecord(n)
		for _, told := range randomEvents(r, n) {
			for i, ev := range told {
				before := rank[rec.Row(i, "", job.Pending).Outcome]
				rec.Merge(i, ev)
				if after := rank[rec.Row(i, "", job.Pending).Outcome]; after < before {
					t.Fatalf("%+v moved a store from %d to %d", ev, before, after)
				}
			}
		}
	}
}

func TestBudgetIsEightCallsThatCount(t *testing.T) {
	t.Parallel()
	rec := newRecord(1)
	at := func(i int) Call { return Call{Nonce: uint32(i + 1), At: epoch + int64(i)} }
	for i := range 100 { // none of these counts
		rec.Merge(0, Event{State: Pending, Call: at(i), Message: "refused"})
	}
	for i := range job.RetryBudget {
		if s := rec.Stores[0].State; s != Pending {
			t.Fatalf("after %d calls that count the store is in state %d", i, s)
		}
		rec.Merge(0, Event{State: Pending, Call: at(100 + i), Code: "SYSTEM_ERROR", Message: "busy", Counted: true})
	}
	row := rec.Row(0, "7", job.Pending)
	if row.Outcome != job.Failed || row.Code != job.RetriesExhausted || row.Attempts != job.RetryBudget {
		t.Fatalf("got %+v", row)
	}
	if want := "8 calls were made for it; the last: SYSTEM_ERROR busy"; row.Message != want {
		t.Fatalf("message %q, want %q", row.Message, want)
	}
}

func TestRecordsSurviveTheirCodec(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		n := 1 + r.IntN(job.MaxStoresPerCall)
		calls := randomEvents(r, n)
		rec := mergeAll(n, calls, r.Perm(len(calls)))
		b := rec.Encode()
		back, err := Decode(b, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := back.Encode(); !slices.Equal(got, b) {
			t.Fatalf("%x became %x", b, got)
		}
		if !slices.Equal(decided(back), decided(rec)) {
			t.Fatalf("decided changed:\n%v\n%v", decided(rec), decided(back))
		}
		if open := b[0] == recordOpen; open != rec.open() {
			t.Fatalf("open: %v, said %v", rec.open(), open)
		}
	}
}

func TestRecordOfAChunkThatSucceededAtOnceIsSmall(t *testing.T) {
	t.Parallel()
	rec := newRecord(200)
	c := Call{Nonce: 1, At: epoch + 90_000_000_000, RequestID: "08E5D3A0A10610B9021888C1A8A5022010288F05-0"}
	for i := range rec.Stores {
		rec.Merge(i, Event{State: Succeeded, Call: c, Counted: true})
	}
	if n := len(rec.Encode()); n > 48 {
		t.Fatalf("%d bytes", n)
	}
}

func TestRequestIDsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "-", "0", "08AB-0", "08AB-268435461", "08ab-1", "08A-1", "08AB-01", "08AB", "08AB-",
		"08AB-9999999999999999999", "请求", "08AB-1-2", "\x00\xff"} {
		d := decoder{b: appendRequestID(nil, id)}
		if got := d.requestID(); got != id || d.failed || len(d.b) != 0 {
			t.Errorf("%q came back as %q", id, got)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 20 {
		calls := randomEvents(r, 5)
		f.Add(mergeAll(5, calls, r.Perm(len(calls))).Encode(), 5)
	}
	f.Add([]byte{}, 200)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 1 || n > job.MaxStoresPerCall {
			return
		}
		rec, err := Decode(b, n, nil)
		if err != nil {
			return
		}
		for i := range n {
			rec.Row(i, "x", job.Pending)
		}
		back, err := Decode(rec.Encode(), n, nil)
		if err != nil {
			t.Fatalf("%x was read, but not what it was written as: %v", b, err)
		}
		if got, want := back.Tally(), rec.Tally(); got.Succeeded != want.Succeeded || got.Failed != want.Failed {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}
