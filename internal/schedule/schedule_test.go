package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func TestATickMakesAJob(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.add(w.hourly("nightly"))
		w.start(w.opener())
		w.tick("nightly")
		r := w.settled("nightly", 1, schedule.Submitted)
		s := w.jobs("nightly")[r.Job]
		if s.Operation != job.Associate || s.Account != "acme" || s.StockID != "nightly" || s.Total != 3 || s.Priority != job.Low ||
			s.Label != "nightly" || s.Source != d.Source || s.SubmittedBy != "me@here" || s.State != job.Running {
			t.Errorf("the job is %+v", s)
		}
		if r.Kind != schedule.Tick || r.Number != 1 || r.Attempts != 1 || r.SubmittedAt == nil || r.Outcome != nil || r.Worker != "test" {
			t.Errorf("the run is %+v", r)
		}
		w.end(r.Job)
		r = w.settled("nightly", 1, schedule.Ended)
		if o := r.Outcome; o == nil || o.State != job.Cancelled || o.Unprocessed != 3 || o.Total != 3 || o.EndedAt.IsZero() ||
			r.Reason != "by the test" {
			t.Errorf("it ended with %+v", r)
		}
		all, err := w.book.List(w.ctx)
		w.must(err)
		if len(all) != 1 || all[0].LastRun == nil || all[0].LastRun.State != schedule.Ended || all[0].Next == nil {
			t.Errorf("listed are %+v", all)
		}
	})
}

func TestManyWorkersMakeOneJobATick(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		const ticks = 3
		d := w.hourly("often")
		d.Cron = "@every 1s"
		w.add(d)
		for range 3 {
			w.start(w.opener())
		}
		s := w.until("often", "all have run", func(s schedule.Schedule) bool {
			over := 0
			for _, r := range s.Runs {
				switch r.State {
				case schedule.Submitted:
					if status := w.jobs("often")[r.Job]; !status.State.Ended() {
						_ = w.ledger.Cancel(w.ctx, r.Job, "by the test") // so that the next tick finds it ended
					}
				case schedule.Ended:
					over++
				}
			}
			return over >= ticks
		})
		w.must(w.book.Pause(w.ctx, "often"))
		s = w.until("often", "nothing is due", func(s schedule.Schedule) bool {
			return !slices.ContainsFunc(s.Runs, func(r schedule.Run) bool { return r.State == schedule.Due })
		})
		w.oneJobEach("often", s.Runs)
		slices.Reverse(s.Runs)
		for i, r := range s.Runs {
			if r.Number != int64(i+1) || i > 0 && r.Tick.Sub(s.Runs[i-1].Tick) != time.Second {
				t.Errorf("run %d is of %v, behind %v", r.Number, r.Tick, s.Runs[max(0, i-1)].Tick)
			}
		}
	})
}

func TestATickIsSkippedWhileTheLastJobIsAtWork(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		w.start(w.opener())
		w.tick("nightly")
		first := w.settled("nightly", 1, schedule.Submitted)
		w.tick("nightly")
		if r := w.settled("nightly", 2, schedule.Skipped); !strings.Contains(r.Reason, first.Job) || r.Job != "" {
			t.Errorf("got %+v", r)
		}
		w.must(w.ledger.Pause(w.ctx, first.Job, ""))
		w.tick("nightly")
		if r := w.settled("nightly", 3, schedule.Skipped); !strings.Contains(r.Reason, "paused") {
			t.Errorf("got %+v", r)
		}
		w.end(first.Job)
		w.tick("nightly")
		if r := w.settled("nightly", 4, schedule.Submitted); r.Job == first.Job {
			t.Errorf("got %+v", r)
		}
	})
}

func TestATickIsSkippedWhileAnotherJobHasTheTarget(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.add(w.hourly("nightly"))
		other := d.Job
		other.ID, other.CreatedAt = job.NewID(time.Now()), time.Now()
		staging, err := w.ledger.Stage(w.ctx, other)
		w.must(err)
		w.must(staging.Add(w.ctx, []string{"1"}))
		w.start(w.opener())
		w.tick("nightly")
		if r := w.settled("nightly", 1, schedule.Skipped); !strings.Contains(r.Reason, other.ID) {
			t.Errorf("got %+v", r)
		}
		if _, err := staging.Commit(w.ctx, 0, 0); err != nil {
			t.Errorf("another's job was interfered with: %v", err)
		}
		w.tick("nightly")
		if r := w.settled("nightly", 2, schedule.Skipped); !strings.Contains(r.Reason, other.ID) {
			t.Errorf("got %+v", r)
		}
	})
}

func TestMissedTicksAreToldOnce(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		w.must(schedule.Rewind(w.ctx, w.rdb, "nightly", 3*time.Hour+time.Minute))
		for range 3 {
			w.start(w.opener())
		}
		r := w.settled("nightly", 1, schedule.Missed)
		if r.Missed != 3 || r.Reason == "" {
			t.Errorf("got %+v", r)
		}
		w.tick("nightly")
		if next := w.settled("nightly", 2, schedule.Submitted); next.Kind != schedule.Tick {
			t.Errorf("got %+v", next)
		}
	})
}

func TestTheLatestMissedTickIsMadeUpForWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.hourly("nightly")
		d.CatchUp = true
		w.add(d)
		w.must(schedule.Rewind(w.ctx, w.rdb, "nightly", 3*time.Hour+time.Minute))
		for range 3 {
			w.start(w.opener())
		}
		r := w.settled("nightly", 2, schedule.Submitted)
		missed := w.settled("nightly", 1, schedule.Missed)
		if r.Kind != schedule.CaughtUp || missed.Missed != 2 || r.Tick.Sub(missed.Tick) != time.Hour {
			t.Errorf("missed %+v, made up by %+v", missed, r)
		}
		s, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if len(s.Runs) != 2 || !s.Next.Equal(r.Tick.Add(time.Hour)) {
			t.Errorf("next is %v, runs are %s", s.Next, told(s.Runs))
		}
		w.oneJobEach("nightly", s.Runs)
	})
}

func TestARunThatNobodyCameToIsMissed(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		elsewhere := func(c *schedule.Config) { c.Serves = func(string) bool { return false } }
		d := w.add(w.hourly("nightly"))
		d.Name, d.CatchUp, d.Job.Target.StockID = "kept", true, "kept"
		w.add(d)
		w.start(w.opener(), elsewhere)
		for _, name := range []string{"nightly", "kept"} {
			w.tick(name)
			w.settled(name, 1, schedule.Due)
			w.must(schedule.Outdate(w.ctx, w.rdb, name, 1, time.Hour))
		}
		if r := w.settled("nightly", 1, schedule.Missed); !strings.Contains(r.Reason, "acme") || r.Missed != 1 {
			t.Errorf("got %+v", r)
		}
		w.start(w.opener())
		w.settled("kept", 1, schedule.Submitted)
	})
}

func TestABadSourceFailsTheRunAndChangesNothing(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.hourly("nightly")
		d.Source = w.dir + "/none.csv"
		w.add(d)
		w.start(w.opener())
		fails := func(n int, says ...string) {
			w.Helper()
			w.tick("nightly")
			r := w.settled("nightly", n, schedule.Failed)
			for _, s := range says {
				if !strings.Contains(r.Reason, s) {
					t.Errorf("%q does not say %q", r.Reason, s)
				}
			}
			if strings.Contains(r.Reason, "\n") || strings.Contains(r.Reason, "--set-aside") || r.Code == "" || r.Attempts != 1 {
				t.Errorf("got %+v", r)
			}
		}
		fails(1, d.Source, "no such file")
		w.write("none.csv", "")
		fails(2, d.Source, "empty")
		w.write("none.csv", "store_id\n100000001\n1.00000001E+08\n")
		fails(3, d.Source+":3", "1.00000001E+08", "spreadsheet")
		w.write("none.csv", "-----BEGIN PRIVATE KEY-----\nMIIE\n")
		fails(4, d.Source, "PEM")
		all, err := w.book.List(w.ctx)
		w.must(err)
		if all[0].LastRun.State != schedule.Failed || len(w.jobs("nightly")) != 0 {
			t.Errorf("listed is %+v", all[0].LastRun)
		}
		w.write("none.csv", "100000001\n")
		w.tick("nightly")
		w.settled("nightly", 5, schedule.Submitted)
	})
}

func TestWhatFailsInPassingIsTriedAgain(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		g := newGate(w.opener())
		w.start(g)
		w.tick("nightly")
		w.asked(g)
		w.opens(g, job.Errorf(job.CodeIO, "the host cannot give the list at the moment (HTTP 503)"))
		s := w.until("nightly", "it is told", func(s schedule.Schedule) bool { return s.Runs[0].Reason != "" })
		if r := s.Runs[0]; r.State != schedule.Due || !strings.Contains(r.Reason, "503") {
			t.Errorf("got %+v", r)
		}
		w.asked(g)
		w.opens(g, nil)
		if r := w.settled("nightly", 1, schedule.Submitted); r.Attempts != 2 || r.Reason != "" || r.Code != "" {
			t.Errorf("got %+v", r)
		}
	})
}

func TestWhatFailsInPassingFailsInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mini(t))
	w.add(w.hourly("nightly"))
	g := newGate(w.opener())
	w.start(g)
	w.tick("nightly")
	w.asked(g)
	w.must(schedule.Outdate(w.ctx, w.rdb, "nightly", 1, 10*time.Minute))
	w.opens(g, job.Errorf(job.CodeTimeout, "too slow"))
	w.asked(g)
	w.opens(g, job.Errorf(job.CodeTimeout, "too slow"))
	if r := w.settled("nightly", 1, schedule.Failed); r.Code != job.CodeTimeout || r.Attempts != 2 {
		t.Errorf("got %+v", r)
	}
}

func TestRunsThatAreAskedForAreDoneOnceEach(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		w.must(w.book.Pause(w.ctx, "nightly")) // which does not matter
		for range 3 {
			w.start(w.opener())
		}
		first, err := w.book.RunNow(w.ctx, "nightly")
		w.must(err)
		second, err := w.book.RunNow(w.ctx, "nightly")
		w.must(err)
		if first.Kind != schedule.Manual || first.Number != 1 || second.Number != 2 || first.State != schedule.Due {
			t.Errorf("got %+v, %+v", first, second)
		}
		done := w.settled("nightly", 1, schedule.Submitted)
		if r, err := w.book.Run(w.ctx, "nightly", 2); err != nil || r.State != schedule.Due {
			t.Errorf("the second does not wait for the first one's job: %+v, %v", r, err)
		}
		w.end(done.Job)
		done = w.settled("nightly", 2, schedule.Submitted)
		w.end(done.Job)
		w.settled("nightly", 2, schedule.Ended)
		s, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		w.oneJobEach("nightly", s.Runs)
		if len(s.Runs) != 2 {
			t.Errorf("runs are %s", told(s.Runs))
		}
	})
}

func TestAPausedScheduleHasNoTicksAndMakesUpForNone(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.hourly("nightly")
		d.CatchUp = true
		w.add(d)
		w.add(w.hourly("other"))
		w.must(w.book.Pause(w.ctx, "nightly"))
		w.must(w.book.Pause(w.ctx, "nightly"))
		w.must(schedule.Rewind(w.ctx, w.rdb, "nightly", 5*time.Hour))
		w.start(w.opener())
		w.tick("other")
		w.settled("other", 1, schedule.Submitted) // a look has come and gone
		s, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if len(s.Runs) != 0 || !s.Paused || s.Next != nil {
			t.Errorf("got %+v", s)
		}
		w.must(w.book.Resume(w.ctx, "nightly"))
		w.tick("nightly")
		w.settled("nightly", 1, schedule.Submitted)
		w.must(w.book.Resume(w.ctx, "nightly")) // one that is not paused keeps to its ticks
		if s, err = w.book.Get(w.ctx, "nightly"); err != nil || len(s.Runs) != 1 || s.Next == nil {
			t.Errorf("got %+v, %v", s, err)
		}
	})
}

func TestAScheduleThatIsRemovedMakesNoMoreJobs(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		g := newGate(w.opener())
		w.start(g)
		w.tick("nightly")
		w.asked(g)
		w.must(w.book.Remove(w.ctx, "nightly"))
		w.opens(g, nil)
		w.add(w.hourly("other"))
		w.tick("other")
		w.asked(g)
		w.opens(g, nil)
		r := w.settled("other", 1, schedule.Submitted)
		if jobs := w.jobs("nightly"); len(jobs) != 0 {
			t.Errorf("it made %v", jobs)
		}
		if _, err := w.book.Get(w.ctx, "nightly"); job.AsError(err).Code != job.CodeUnknownSchedule || job.ExitStatus(err) != 2 {
			t.Errorf("got %v", err)
		}
		// Its job goes on, and what it had in Redis is gone.
		w.must(w.book.Remove(w.ctx, "other"))
		if s := w.jobs("other")[r.Job]; s.State != job.Running {
			t.Errorf("its job is %+v", s)
		}
		w.gone()
	})
}

// gone checks that nothing of any schedule is left in Redis.
func (w *world) gone() {
	w.Helper()
	for {
		keys, err := schedule.Keys(w.ctx, w.rdb)
		if err != nil {
			w.Fatalf("%v: left are %v", err, keys)
		}
		if len(keys) == 0 {
			return
		}
	}
}

func TestAScheduleThatIsReplacedMakesTheNewJob(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.add(w.hourly("nightly"))
		if _, err := w.book.Add(w.ctx, d, false); job.AsError(err).Code != job.CodeUsage {
			t.Errorf("a second of the name: %v", err)
		}
		g := newGate(w.opener())
		w.start(g)
		w.tick("nightly")
		w.asked(g)
		before, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		d.Job.Operation = job.Disassociate
		replaced, err := w.book.Add(w.ctx, d, true)
		w.must(err)
		w.opens(g, nil)
		if r := w.settled("nightly", 1, schedule.Skipped); !replaced || !strings.Contains(r.Reason, "replaced") {
			t.Errorf("got %+v", r)
		}
		after, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if !after.Next.Equal(*before.Next) {
			t.Errorf("its ticks have moved from %v to %v", before.Next, after.Next)
		}
		w.tick("nightly")
		w.asked(g)
		w.opens(g, nil)
		r := w.settled("nightly", 2, schedule.Submitted)
		if s := w.jobs("nightly")[r.Job]; s.Operation != job.Disassociate {
			t.Errorf("the job is %+v", s)
		}
	})
}

func TestAStoppedWorkerGivesItsRunBack(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		w.add(w.hourly("nightly"))
		g := newGate(w.opener())
		slow := func(c *schedule.Config) { c.Lease = time.Hour }
		stop := w.start(g, slow)
		w.tick("nightly")
		w.asked(g)
		stop()
		w.start(w.opener(), slow)
		w.settled("nightly", 1, schedule.Submitted)
	})
}

func TestARunThatEndsItsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mini(t))
	w.add(w.hourly("nightly"))
	g := newGate(w.opener())
	w.start(g)
	w.tick("nightly")
	for _, reading := range []bool{true, false, false, true} { // those that did not read count for nothing
		w.asked(g)
		w.must(schedule.Orphan(w.ctx, w.rdb, "nightly", 1, reading))
	}
	if r := w.settled("nightly", 1, schedule.Failed); !strings.Contains(r.Reason, "2 workers, one after another, were not heard of again") {
		t.Errorf("got %+v", r)
	}
}

func TestAnOutcomeTellsWhatAResyncFound(t *testing.T) {
	t.Parallel()
	s := job.Status{State: job.Completed, Total: 9, Succeeded: 9,
		Resync: &job.ResyncStatus{Phase: job.PhaseVerified, InLine: 5, Missing: 6, Surplus: 3, Contradicted: 2}}
	if o := schedule.OutcomeOf(s); *o.Drift != (schedule.Drift{InLine: 5, Missing: 6, Surplus: 3}) || o.Contradicted != 2 {
		t.Errorf("got %+v, %+v", o, o.Drift)
	}
	s.Resync.Phase = job.PhaseList // it was cancelled before it knew
	if o := schedule.OutcomeOf(s); o.Drift != nil {
		t.Errorf("got %+v", o.Drift)
	}
}

func TestTheLastRunsAreRemembered(t *testing.T) {
	t.Parallel()
	both(t, func(w *world) {
		d := w.hourly("nightly")
		d.Source = w.dir + "/none.csv"
		w.add(d)
		w.start(w.opener())
		const more = 3
		for n := 1; n <= schedule.MaxRuns+more; n++ {
			if _, err := w.book.RunNow(w.ctx, "nightly"); err != nil {
				t.Fatal(err)
			}
			w.until("nightly", "it has failed", func(s schedule.Schedule) bool { return s.Runs[0].State == schedule.Failed })
		}
		s, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if len(s.Runs) != schedule.MaxRuns || s.Runs[0].Number != schedule.MaxRuns+more || s.Runs[len(s.Runs)-1].Number != more+1 {
			t.Errorf("remembered are %d, %d to %d", len(s.Runs), s.Runs[len(s.Runs)-1].Number, s.Runs[0].Number)
		}
	})
}

func TestWhatIsNoDefinitionIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mini(t))
	for says, spoil := range map[string]func(*schedule.Definition){
		"no name":     func(d *schedule.Definition) { d.Name = "Nightly" },
		"no name for": func(d *schedule.Definition) { d.Name = strings.Repeat("a", 64) },
		"is no name":  func(d *schedule.Definition) { d.Name = "-a" },
		"--cron":      func(d *schedule.Definition) { d.Cron = "tonight" },
		"--timezone":  func(d *schedule.Definition) { d.Timezone = "" },
		"stock bundle": func(d *schedule.Definition) {
			d.Job.Operation, d.Job.Target = job.Resync, job.Target{StockBundleID: "1"}
		},
		"be scheduled": func(d *schedule.Definition) { d.Job.Operation = "list" },
	} {
		d := w.hourly("nightly")
		spoil(&d)
		if _, err := w.book.Add(w.ctx, d, false); err == nil || job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	for _, f := range []func() error{
		func() error { return w.book.Remove(w.ctx, "none") },
		func() error { return w.book.Pause(w.ctx, "none") },
		func() error { return w.book.Resume(w.ctx, "no{n}e:") },
		func() error { _, err := w.book.Get(w.ctx, ""); return err },
		func() error { _, err := w.book.RunNow(w.ctx, "none"); return err },
		func() error { _, err := w.book.Run(w.ctx, "none", 1); return err },
	} {
		if err := f(); job.AsError(err).Code != job.CodeUnknownSchedule {
			t.Errorf("got %v", err)
		}
	}
	w.gone()
}
