package ledger_test

import (
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// goOn is an answer that names all stores as successes, to a run that goes on with the next chunk.
func goOn(run *ledger.Run) ledger.Told {
	ids, _ := run.Next()
	told := succeed(ids)
	told.GoOn = true
	return told
}

func TestRecordBeginsTheNextChunkAlongWithIt(t *testing.T) {
	onBoth(t, ledger.Options{Window: 3}, func(b *bundle) {
		j := b.submit(95)
		calls := 0
		for run := b.begin(); run != nil; calls++ {
			p := b.record(run, goOn(run))
			b.must(p.NextErr)
			if p.Next != nil {
				for _, rem := range b.due {
					if rem.Chunk == p.Next.Chunk() {
						b.Fatalf("chunk %d is at work and has a reminder", rem.Chunk)
					}
				}
				if _, drop, err := b.ledger.Begin(b.ctx, job.Reminder{Job: j.ID, Chunk: p.Next.Chunk(), Generation: 99}); err != nil ||
					drop == "" {
					b.Fatalf("chunk %d was given out twice: %v", p.Next.Chunk(), err)
				}
			}
			if run = p.Next; run == nil {
				run = b.begin() // what the window was filled with before
			}
		}
		s := b.status(j.ID)
		if calls != 10 || s.State != job.Completed || s.Succeeded != 95 || s.Calls != 10 || s.Retries != 0 {
			b.Fatalf("%d calls, %+v", calls, s)
		}
	})
}

func TestRecordBeginsNothingOfAJobThatStands(t *testing.T) {
	onBoth(t, ledger.Options{Window: 3}, func(b *bundle) {
		j := b.submit(95)
		run := b.begin()
		b.must(b.ledger.Pause(b.ctx, j.ID, ""))
		if p := b.record(run, goOn(run)); p.Next != nil || p.NextErr != nil || p.State != job.Paused {
			b.Fatalf("%+v", p)
		}
		rems, err := b.ledger.Resume(b.ctx, j.ID)
		b.must(err)
		b.await(rems)
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 95 || s.Calls != 10 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestRecordBeginsNoChunkThatMustWait(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(10) // one chunk, whose stores are gathered for another
		run := b.begin()
		run.Next()
		told := ledger.Told{Sent: 1, Answered: true, GoOn: true}
		for at := range 10 {
			told.Passing = append(told.Passing, ledger.StoreTold{At: at, Code: "SYSTEM_ERROR"})
		}
		p := b.record(run, told)
		if p.Next != nil || len(p.Reminders) != 1 || p.Reminders[0].Delay == 0 {
			b.Fatalf("%+v", p)
		}
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Calls != 2 || s.Retries != 1 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestChunkBegunByARecordWhoseAnswerIsLostComesAgain(t *testing.T) {
	onBoth(t, ledger.Options{Window: 3, Lease: 50 * time.Millisecond}, func(b *bundle) {
		j := b.submit(20)
		cut := &cutAnswers{}
		b.rdb.AddHook(cut)
		run := b.begin()
		told := goOn(run)
		cut.next.Store(true)
		if _, err := run.Record(b.ctx, told); err == nil {
			b.Fatal("no answer was cut")
		}
		if p := b.record(run, told); p.Next != nil || !p.Over { // once more
			b.Fatalf("%+v", p)
		}
		if s := b.status(j.ID); s.Succeeded != 10 || s.Calls != 1 {
			b.Fatalf("%+v", s)
		}
		for len(b.due) == 0 { // until the lease has run out that nobody knows of
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			b.await(look.Certain)
		}
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 20 || s.Calls != 3 { // that lease's may have been one
			b.Fatalf("%+v", s)
		}
	})
}
