package ledger_test

import (
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// overtaken gives the run of a job's only chunk that lost its lease to another, by which the job then ended: its first store
// failed, the others succeeded.
func (b *bundle) overtaken(id string) *ledger.Run {
	b.Helper()
	rem := b.due[0]
	first := b.begin()
	var second *ledger.Run
	for second == nil { // as soon as the first run's lease is over
		var err error
		second, _, err = b.ledger.Begin(b.ctx, rem)
		b.must(err)
	}
	ids, _ := second.Next()
	told := ledger.Told{Sent: 1, Answered: true, Failed: []ledger.StoreTold{{At: 0, Code: "STORE_NOT_EXIST"}}}
	for i := 1; i < len(ids); i++ {
		told.Succeeded = append(told.Succeeded, i)
	}
	b.record(second, told)
	b.settles(ids[1:]...)
	if s := b.status(id); s.State != job.Completed || s.Failed != 1 || s.Failures["STORE_NOT_EXIST"] != 1 {
		b.Fatalf("%+v", s)
	}
	return first
}

// Outcomes only move up, after the job's end too.
func TestLateSuccessLiftsAFailure(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(10)
		first := b.overtaken(j.ID)
		ids, _ := first.Next()
		p := b.record(first, succeed(ids))
		s := b.status(j.ID)
		if s.State != job.Completed || s.Succeeded != 10 || s.Failed != 0 || len(s.Failures) != 0 || p.Moved.Succeeded != 1 {
			b.Fatalf("%+v, moved %+v", s, p.Moved)
		}
		for row, err := range b.ledger.Rows(b.ctx, j.ID, "") {
			if b.must(err); row.Outcome != job.Succeeded || row.Code != "" {
				b.Errorf("%+v", row)
			}
		}
		b.record(first, succeed(ids)) // told again
		if s := b.status(j.ID); s.Succeeded != 10 || s.Failed != 0 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestLateFailureLowersNothing(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(10)
		first := b.overtaken(j.ID)
		first.Next()
		b.record(first, ledger.Told{Sent: 1, Answered: true, Failed: []ledger.StoreTold{{At: 5, Code: "X"}}})
		if s := b.status(j.ID); s.Succeeded != 9 || s.Failed != 1 {
			b.Fatalf("%+v", s)
		}
	})
}

// A batch's sums move with its jobs, whether they are among them yet or not.
func TestLateSuccessLiftsABatchsFailure(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		const id = "20261126-000000-bbbbbbbb"
		for name, summed := range map[string]bool{id: true, "20261126-000000-cccccccc": false} {
			b.batch(name, 1, 10, nil)
			b.due = nil
			b.tend(name)
			first := b.overtaken(name + "-1")
			if summed {
				b.tend(name)
			}
			ids, _ := first.Next()
			b.record(first, succeed(ids))
			if s := b.status(name); s.Succeeded != 10 || s.Failed != 0 || s.Failures["STORE_NOT_EXIST"] != 0 {
				b.Fatalf("summed %t: %+v", summed, s)
			}
			for range 3 {
				b.tend(name)
			}
			if s := b.status(name); s.Succeeded != 10 || s.Failed != 0 || s.State != job.Completed {
				b.Fatalf("summed %t, afterwards: %+v", summed, s)
			}
		}
	})
}

// A lease that ran out without a record may have been a call: a store that fails later says so, and counts it.
func TestLeaseThatRanOutMayHaveBeenACall(t *testing.T) {
	for name, take := range map[string]func(*bundle, job.Job){
		"found by a look": func(b *bundle, j job.Job) {
			for b.due = nil; len(b.due) == 0; {
				look, err := b.ledger.Holes(b.ctx, j.ID, 0)
				b.must(err)
				b.await(look.Certain)
			}
		},
		"met by a task": func(*bundle, job.Job) {},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
				j := b.submit(10)
				rem := b.due[0]
				b.begin().Next() // and is killed
				take(b, j)
				if len(b.due) > 0 {
					rem = b.due[0]
				}
				var run *ledger.Run
				for run == nil {
					var err error
					run, _, err = b.ledger.Begin(b.ctx, rem)
					b.must(err)
				}
				ids, _ := run.Next()
				told := ledger.Told{Sent: 1, Answered: true, Failed: []ledger.StoreTold{{At: 0, Code: "STORE_NOT_EXIST", Message: "x"}}}
				for i := 1; i < len(ids); i++ {
					told.Succeeded = append(told.Succeeded, i)
				}
				b.record(run, told)
				b.settles(ids[1:]...)
				for row, err := range b.ledger.Rows(b.ctx, j.ID, job.Failed) {
					if b.must(err); row.Attempts != 2 || row.Message != "x (a call for it went unanswered: it may have been carried out)" {
						b.Errorf("%+v", row)
					}
				}
				if s := b.status(j.ID); s.Failed != 1 || s.Succeeded != 9 || s.Calls != 3 || s.Retries != 1 {
					b.Errorf("%+v", s)
				}
			})
		})
	}
}

// Workers that are killed again and again fail no store.
func TestLeasesThatRanOutFailNothing(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(10)
		for range 2 * job.RetryBudget {
			run := b.begin()
			run.Next()
			for len(b.due) == 0 {
				look, err := b.ledger.Holes(b.ctx, j.ID, 0)
				b.must(err)
				b.await(look.Certain)
			}
		}
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 10 {
			b.Fatalf("%+v", s)
		}
	})
}
