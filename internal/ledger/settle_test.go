package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// settles answers the listing that a job waits for with these stores, and ends it.
func (b *bundle) settles(listed ...string) {
	b.Helper()
	b.listing(listed, len(listed))
}

// listing is settles for a list that says that it has so many stores; one that does not hold still is asked for twice.
func (b *bundle) listing(listed []string, total int) {
	b.Helper()
	for run := b.begin(); run != nil; run = b.begin() {
		if run.Listing() == nil {
			b.Fatal("the job sends stores instead of listing them")
		}
		if b.list(run, listed, total).State.Ended() {
			return
		}
	}
	b.Fatal("nothing lists")
}

// list answers a listing with pages of these stores, and ends it.
func (b *bundle) list(run *ledger.Run, listed []string, total int) ledger.Progress {
	b.Helper()
	for first := true; first || len(listed) > 0; first = false {
		n := min(len(listed), job.MaxStoresPerCall)
		told := ledger.PageTold{StoreIDs: listed[:n], Total: total, Sent: 1}
		if listed = listed[n:]; len(listed) > 0 {
			told.Next = "next"
		}
		_, _, err := run.Listing().Page(b.ctx, told)
		b.must(err)
	}
	p, err := run.Listing().Finish(b.ctx)
	b.must(err)
	b.await(p.Reminders)
	return p
}

// doubtful runs a job to where nothing is left to be sent: of each of its calls the first run vanished, and the second was
// told that all stores fail.
func (b *bundle) doubtful(j job.Job, stores int) (ids []string) {
	b.Helper()
	b.submitJob(j, stores)
	for len(ids) < stores {
		rem := b.due[0]
		if run := b.begin(); run == nil || run.Listing() != nil {
			b.Fatalf("%d stores were decided, and no run sends more", len(ids))
		}
		var again *ledger.Run
		for again == nil { // as soon as the lease of the run that was killed is over
			var err error
			again, _, err = b.ledger.Begin(b.ctx, rem)
			b.must(err)
		}
		sent, _ := again.Next()
		told := ledger.Told{Sent: 1, Answered: true}
		for at := range sent {
			told.Failed = append(told.Failed, ledger.StoreTold{At: at, Code: "ALREADY"})
		}
		b.record(again, told)
		ids = append(ids, sent...)
	}
	return ids
}

// A worker was killed between its call and the record, and WeChat Pay refuses a second association: its list tells.
func TestWhatFailsAfterAnUnansweredCallIsSettledByTheList(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := newJob("s1")
		ids := b.doubtful(j, 10)
		if s := b.status(j.ID); s.State != job.Running || s.Failed != 10 || s.Settling == nil || s.Pending != 0 {
			b.Fatalf("before the list: %+v", s)
		}
		b.settles(append(slices.Clone(ids[:9]), "999999999")...)
		s := b.status(j.ID)
		if s.State != job.Completed || s.Succeeded != 9 || s.Failed != 1 || s.Settled != 9 || s.Settling != nil || s.Failures["ALREADY"] != 1 {
			b.Fatalf("after it: %+v", s)
		}
		for id, row := range b.rows(j.ID, "") {
			want := "a call for it went unanswered; WeChat Pay's list after the writes shows that it was done"
			if id == ids[9] {
				want = "(a call for it went unanswered: it may have been carried out)"
			}
			if row.Message != want || (row.Outcome == job.Succeeded) != (id != ids[9]) || row.Verified != "" {
				b.Errorf("%+v", row)
			}
		}
	})
}

// What a store's absence from a list proves hangs on whether the list held still.
func TestOnlyASteadyListSettlesADisassociation(t *testing.T) {
	for name, steady := range map[string]bool{"steady": true, "never holds still": false} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
				j := newJob("s1")
				j.Operation = job.Disassociate
				b.doubtful(j, 10)
				total := 1
				if !steady {
					total++ // a store that is on none of the pages
				}
				b.listing([]string{"999999999"}, total)
				if s := b.status(j.ID); s.State != job.Completed || (s.Succeeded == 10) != steady || (s.Failed == 10) == steady {
					b.Fatalf("%+v", s)
				}
			})
		})
	}
}

// Nobody asked for the list: where it cannot be had, or there is none, the job ends as it stands.
func TestWhatNoListSettlesStandsAsItIs(t *testing.T) {
	t.Run("it cannot be had", func(t *testing.T) {
		onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
			j := newJob("s1")
			b.doubtful(j, 10)
			p, err := b.begin().Listing().Leave(b.ctx, 0, "403 NO_AUTH", false)
			b.must(err)
			if s := b.status(j.ID); p.State != job.Completed || s.Failed != 10 || s.Settled != 0 || s.Reason != "" {
				b.Fatalf("%+v, %+v", p, s)
			}
			history, err := b.ledger.History(b.ctx, j.ID)
			b.must(err)
			if !slices.ContainsFunc(history, func(e ledger.Event) bool { return strings.Contains(e.Reason, "NO_AUTH") }) {
				b.Errorf("the history does not say why: %+v", history)
			}
		})
	})
	t.Run("a stock bundle has none", func(t *testing.T) {
		onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
			j := newJob("")
			j.Target.StockBundleID = "b1"
			b.doubtful(j, 10)
			if s := b.status(j.ID); s.State != job.Completed || s.Failed != 10 || s.Settling != nil {
				b.Fatalf("%+v", s)
			}
		})
	})
	t.Run("no call went unanswered", func(t *testing.T) {
		onBoth(t, ledger.Options{}, func(b *bundle) {
			j := b.submit(10)
			run := b.begin()
			run.Next()
			b.record(run, ledger.Told{Sent: 1, Answered: true, Succeeded: all(9), Failed: []ledger.StoreTold{{At: 9, Code: "X"}}})
			if s := b.status(j.ID); s.State != job.Completed || s.Failed != 1 {
				b.Fatalf("%+v", s)
			}
		})
	})
}

// A paused job asks nobody, and does not end either.
func TestAPausedJobIsSettledOnceItIsResumed(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := newJob("s1")
		b.submitJob(j, 10)
		rem := b.due[0]
		b.begin()
		var again *ledger.Run
		for again == nil {
			var err error
			again, _, err = b.ledger.Begin(b.ctx, rem)
			b.must(err)
		}
		ids, _ := again.Next()
		err := b.ledger.Pause(b.ctx, j.ID, "")
		b.must(err)
		b.record(again, ledger.Told{Sent: 1, Answered: true, Succeeded: all(9), Failed: []ledger.StoreTold{{At: 9, Code: "X"}}})
		look, err := b.ledger.Holes(b.ctx, j.ID, 0)
		b.must(err)
		if s := b.status(j.ID); s.State != job.Paused || look.Stuck || len(look.Certain) > 0 {
			b.Fatalf("%+v, %+v", s, look)
		}
		rems, err := b.ledger.Resume(b.ctx, j.ID)
		b.must(err)
		b.await(rems)
		b.settles(ids...)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 10 {
			b.Fatalf("%+v", s)
		}
	})
}

// A thousand stores of which nobody knows whether they failed speak against no list.
func TestWhatIsToBeSettledAbortsNoJob(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := newJob("s1")
		j.ChunkSize = job.MaxStoresPerCall
		ids := b.doubtful(j, 1200)
		b.settles(ids...)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 1200 || s.Failed != 0 {
			b.Fatalf("%+v", s)
		}
	})
}

// A run that comes back after its call was presumed is counted once.
func TestACallThatIsToldOfAfterAllIsCountedOnce(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(20)
		rem := b.due[0]
		first := b.begin()
		ids, _ := first.Next()
		var second *ledger.Run
		for second == nil {
			var err error
			second, _, err = b.ledger.Begin(b.ctx, rem)
			b.must(err)
		}
		second.Next()
		b.record(second, succeed(ids))
		if s := b.status(j.ID); s.Calls != 2 {
			b.Fatalf("%+v", s)
		}
		b.record(first, succeed(ids))
		if s := b.status(j.ID); s.Calls != 2 || s.Succeeded != 10 {
			b.Fatalf("%+v", s)
		}
	})
}
