package job_test

import (
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
)

var began = time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC)

// TestTimeLeftAfterAPauseIsThatOfNow: a job that was paused for eight hours and needs another 50 seconds says so.
func TestTimeLeftAfterAPauseIsThatOfNow(t *testing.T) {
	t.Parallel()
	var m job.Meter
	s := job.Status{State: job.Running, StartedAt: &began, Total: 10_000}
	now := began
	look := func(after time.Duration, done int64) float64 {
		now = now.Add(after)
		s.Succeeded = done
		return m.Look(&s, now)
	}
	if rate := look(5*time.Second, 500); rate != 100 {
		t.Errorf("one look at a young job: %g a second", rate)
	}
	look(20*time.Second, 4800)
	look(2*time.Second, 5000)
	s.State = job.Paused
	look(2*time.Second, 5000)
	s.State = job.Running
	if rate := look(8*time.Hour, 5000); rate != 0 {
		t.Errorf("at once after the pause: %g a second", rate)
	}
	rate := look(2*time.Second, 5200)
	if left := job.Left(5200, 10_000, rate); rate != 100 || left != 48*time.Second {
		t.Errorf("two seconds after the pause: %g a second, %s left", rate, left)
	}
	var stranger job.Meter // who did not look before the pause, nor while it lasted
	if rate := stranger.Look(&s, now); rate != 0 {
		t.Errorf("a first look after the pause: %g a second", rate)
	}
}

func TestMeterLooksBackOneWindow(t *testing.T) {
	t.Parallel()
	var m job.Meter
	s := job.Status{State: job.Running, Total: 1_000_000}
	rate := 0.0
	for i := range 200 { // 4,000 a second, then 1,000
		if i < 100 {
			s.Succeeded += 2000
		} else {
			s.Succeeded += 500
		}
		rate = m.Look(&s, began.Add(time.Duration(i)*500*time.Millisecond))
	}
	if rate != 1000 {
		t.Errorf("%g a second", rate)
	}
	s.Resync = &job.ResyncStatus{Phase: job.PhaseVerify, Listed: 10}
	if rate := m.Look(&s, began.Add(101*time.Second)); rate != 0 {
		t.Errorf("what is counted is something else: %g a second", rate)
	}
}

func TestVerbsLeadWhereAPersonMayGo(t *testing.T) {
	t.Parallel()
	offered := map[job.Verb]string{}
	for _, v := range []job.Verb{job.Pause, job.Resume, job.Cancel, job.Abort} {
		for _, s := range job.States {
			to, allowed := v.From(s)
			if s.Ended() && allowed && to != s {
				t.Errorf("%s leads a job that has ended from %s to %s", v, s, to)
			}
			if v.Changes(s) {
				offered[v] += string(s) + " "
			}
		}
	}
	for v, want := range map[job.Verb]string{job.Pause: "running ", job.Resume: "paused ", job.Cancel: "scheduled running paused ",
		job.Abort: "running paused "} {
		if offered[v] != want {
			t.Errorf("%s is offered where a job is %s, not %s", v, offered[v], want)
		}
	}
}

func TestLaneThatServesSaysMost(t *testing.T) {
	t.Parallel()
	info := job.AccountInfo{Workers: []job.WorkerLane{{State: job.LaneConflict, Reason: "c"}, {State: job.LaneRefused, Reason: "r"}}}
	if got := info.Lane(); got != (job.LaneState{State: job.LaneRefused, Reason: "r"}) {
		t.Errorf("%+v", got)
	}
	info.Workers = append(info.Workers, job.WorkerLane{State: job.LaneServing})
	if got := info.Lane(); got.State != job.LaneServing {
		t.Errorf("%+v", got)
	}
	if got := (job.AccountInfo{}).Lane(); got.State != job.LaneUnserved {
		t.Errorf("%+v", got)
	}
}
