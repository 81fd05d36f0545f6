package ledger_test

import (
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// refused is what a call tells that was refused for what nobody knows.
func refused() ledger.Told {
	return ledger.Told{Sent: 1, Whole: &ledger.StoreTold{Code: "RULE_LIMIT", Message: "x"}, Unknown: "HTTP 400 RULE_LIMIT: x",
		Release: true, Delay: 500}
}

func TestUnknownRefusalsInARowAbortTheirJob(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(100)
		for n := 1; n <= ledger.UnknownRefusals; n++ {
			run := b.begin()
			if run == nil {
				b.Fatalf("nothing is due after %d refusals: %+v", n-1, b.status(j.ID))
			}
			run.Next()
			b.record(run, refused())
		}
		s := b.status(j.ID)
		if s.State != job.Aborted || s.Reason != "HTTP 400 RULE_LIMIT: x" || s.Unprocessed != 100 || s.Failed != 0 || s.Calls != 8 {
			b.Fatalf("%+v", s)
		}
	})
}

// A call that is answered shows that the request as such is all right.
func TestAnAnswerForgivesUnknownRefusals(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(100)
		for n := 0; ; n++ {
			run := b.begin()
			if run == nil {
				break
			}
			ids, _ := run.Next()
			if n < 5*7 && n%5 != 4 { // four refusals, then an answer
				b.record(run, refused())
			} else {
				b.record(run, succeed(ids))
			}
		}
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 100 {
			b.Fatalf("%+v", s)
		}
	})
}

// Calls that are in flight at once meet one trouble, and not eight.
func TestUnknownRefusalsAtOnceCountOnce(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(200)
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, succeed(ids)) // opens the job
		var runs []*ledger.Run
		for run := b.begin(); run != nil; run = b.begin() {
			run.Next()
			runs = append(runs, run)
		}
		if len(runs) < ledger.UnknownRefusals {
			b.Fatalf("%d runs at once", len(runs))
		}
		for _, run := range runs {
			b.record(run, refused())
		}
		if s := b.status(j.ID); s.State != job.Running {
			b.Fatalf("%+v", s)
		}
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 200 {
			b.Fatalf("%+v", s)
		}
	})
}
