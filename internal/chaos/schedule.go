package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// The pace of a schedule's campaign.
const (
	tickEvery = 10 * time.Second
	allDown   = 25 * time.Second // once, for ticks that are missed
)

// scheduleRun is a run of a schedule, as `enqueue schedule show` tells it.
type scheduleRun struct {
	Number   int64     `json:"run"`
	Kind     string    `json:"kind"`
	Tick     time.Time `json:"tick"`
	State    string    `json:"state"`
	Reason   string    `json:"reason"`
	Missed   int64     `json:"missed"`
	Attempts int       `json:"attempts"`
	Worker   string    `json:"worker"`
	Job      string    `json:"job"`
	Outcome  *struct {
		State     job.State `json:"state"`
		Succeeded int64     `json:"succeeded"`
		Total     int64     `json:"total"`
	} `json:"outcome"`
}

type shownSchedule struct {
	Next *time.Time    `json:"next"`
	Runs []scheduleRun `json:"runs"`
}

// span is a time in which no worker was up.
type span struct{ from, to time.Time }

// RunSchedule runs a schedule with a tick each ten seconds for a time, while workers are killed and started again: one or
// two of them around each other tick, all of them at the others as soon as one is seen to be at it, and, once, all of them
// for longer than two ticks. Each tick must have exactly one run, and
// each run that made a job exactly one; none may be missing, or told as missed, while a worker was up. An error says what
// was not as it must be.
func RunSchedule(ctx context.Context, o Options, length time.Duration) (Report, error) {
	r := &run{Options: o, ctx: ctx, rng: rand.New(rand.NewPCG(o.Seed, 3)), began: time.Now()}
	report := Report{Seed: o.Seed}
	err := r.schedule(&report, length)
	r.stop()
	report.Took = time.Since(r.began)
	return report, err
}

func (r *run) schedule(report *Report, length time.Duration) error {
	if err := r.startStore(); err != nil {
		return err
	}
	if err := r.serveSandbox(); err != nil { // what becomes of calls is not the matter here
		return err
	}
	if err := r.allowLists(); err != nil {
		return err
	}
	if err := r.hire(); err != nil {
		return err
	}
	path, ids, err := r.list("scheduled", r.Stores)
	if err != nil {
		return err
	}
	var s shownSchedule
	err = r.enqueue(&s, "schedule", "add", "often", "--cron", "@every "+tickEvery.String(), "--timezone", "UTC", "associate", path,
		"--config", r.config, "--redis", r.redis.direct, "--account", "sandbox-partner", "--brand", "120344", "--coupon",
		"1001", "--stock", "stock-s", "--json")
	if err != nil {
		return err
	}
	first := *s.Next
	r.logf("the first tick is at %s", first.Format(time.TimeOnly))
	down, err := r.harass(report, first, first.Add(length))
	if err != nil {
		return err
	}
	if s, err = r.settled(first.Add(length)); err != nil {
		return err
	}
	if err := r.checkTicks(s, first, first.Add(length), down); err != nil {
		return err
	}
	truth, err := r.truth("stock-s")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !truth[id] {
			return broken("store %s was never associated", id)
		}
	}
	return nil
}

// allowLists lets the workers read the lists of this run.
func (r *run) allowLists() error {
	text, err := os.ReadFile(r.config)
	if err != nil {
		return err
	}
	r.config = filepath.Join(filepath.Dir(r.config), "scheduled.yaml")
	return os.WriteFile(r.config, fmt.Appendf(text, "\nsources: {directories: [%q]}\n", r.Dir), 0o600)
}

// harass kills workers around each tick from the first to the end, and starts them again.
func (r *run) harass(report *Report, first, end time.Time) (down []span, err error) {
	rest := first.Add(end.Sub(first) / 2).Truncate(time.Second)
	for tick := first; tick.Before(end); tick = tick.Add(tickEvery) {
		if tick.Sub(first)/tickEvery%2 == 1 {
			if err := r.strike(report, tick); err != nil {
				return nil, err
			}
			continue
		}
		// Looks come each second, and so does what is made of a tick: they are struck before, within and after it.
		if err := r.pause(time.Until(tick.Add(time.Duration(r.rng.IntN(2000)-200) * time.Millisecond))); err != nil {
			return nil, err
		}
		if !rest.IsZero() && !tick.Before(rest) {
			rest = time.Time{}
			from := time.Now()
			r.logf("all workers are killed")
			for _, w := range r.workers {
				w.kill()
			}
			if err := r.pause(allDown); err != nil {
				return nil, err
			}
			down = append(down, span{from, time.Now().Add(3 * time.Second)}) // until one has begun to look
			report.Faults = append(report.Faults, "kill-all")
			if err := r.hire(); err != nil {
				return nil, err
			}
			tick = tick.Add(allDown.Truncate(tickEvery))
			continue
		}
		for range 1 + r.rng.IntN(2) {
			i := r.rng.IntN(len(r.workers))
			r.logf("worker %d is killed", i)
			report.Faults = append(report.Faults, "kill-worker")
			r.workers[i].kill()
			if err := r.pause(time.Duration(r.rng.IntN(300)) * time.Millisecond); err != nil {
				return nil, err
			}
		}
		if err := r.pause(time.Duration(r.rng.IntN(5000)) * time.Millisecond); err != nil {
			return nil, err
		}
		if err := r.replaceDead(); err != nil {
			return nil, err
		}
	}
	return down, nil
}

// strike kills all workers when one of them is seen to be at a tick's run, and starts others at once.
func (r *run) strike(report *Report, tick time.Time) error {
	if err := r.pause(time.Until(tick)); err != nil {
		return err
	}
	for time.Since(tick) < 3*time.Second {
		var s shownSchedule
		if err := r.enqueue(&s, "schedule", "show", "often", "--config", r.config, "--redis", r.redis.direct, "--json"); err != nil {
			return err
		}
		if len(s.Runs) == 0 || !s.Runs[0].Tick.Equal(tick) {
			continue
		}
		if s.Runs[0].State != "due" {
			break
		}
		if s.Runs[0].Worker == "" {
			continue
		}
		for _, w := range r.workers {
			w.kill()
		}
		r.logf("all workers are killed while %s is at run %d", s.Runs[0].Worker, s.Runs[0].Number)
		report.Faults = append(report.Faults, "kill-at-it")
		return r.hire()
	}
	r.logf("the tick %s was over before it was seen", tick.Format(time.TimeOnly))
	return nil
}

// replaceDead starts those workers anew that were killed.
func (r *run) replaceDead() error {
	for i, w := range r.workers {
		if !w.gone() {
			continue
		}
		var err error
		if r.workers[i], err = r.startWorker(i); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until the schedule's runs before a moment are over, pauses it, and gives it.
func (r *run) settled(end time.Time) (s shownSchedule, err error) {
	ask := func(verb string) error {
		return r.enqueue(&s, "schedule", verb, "often", "--config", r.config, "--redis", r.redis.direct, "--json")
	}
	if err := r.pause(time.Until(end)); err != nil {
		return s, err
	}
	if err := ask("pause"); err != nil {
		return s, err
	}
	return s, r.until(r.Patience, "the runs are over", func() (bool, error) {
		s = shownSchedule{}
		err := ask("show")
		return !slices.ContainsFunc(s.Runs, func(x scheduleRun) bool { return x.State == "due" || x.State == "submitted" }), err
	})
}

// checkTicks checks that each tick between two moments has exactly one run, and each of them the job that it says.
func (r *run) checkTicks(s shownSchedule, first, end time.Time, down []span) error {
	var all []job.Status
	if err := r.enqueue(&all, "jobs", "--config", r.config, "--redis", r.redis.direct, "--json"); err != nil {
		return err
	}
	jobs := map[string]job.Status{}
	for _, j := range all {
		if j.State != job.Staging {
			jobs[j.Job] = j
		}
	}
	runs := map[time.Time]scheduleRun{}
	slices.Reverse(s.Runs)
	counts := map[string]int{}
	for _, x := range s.Runs {
		told, _ := json.Marshal(x)
		r.logf("%s", told)
		if x.Kind != "tick" {
			return broken("a run of another kind: %s", told)
		}
		counts[x.State]++
		for n := range max(1, x.Missed) {
			at := x.Tick.Add(-time.Duration(n) * tickEvery).UTC()
			if other, twice := runs[at]; twice {
				return broken("the tick %v has the runs %d and %d", at, other.Number, x.Number)
			}
			runs[at] = x
		}
		switch x.State {
		case "ended":
			j, there := jobs[x.Job]
			if !there || j.Schedule != "often" || x.Outcome == nil || x.Outcome.State != job.Completed || x.Outcome.Succeeded != int64(r.Stores) {
				return broken("the job of a run is %+v: %s", j, told)
			}
			delete(jobs, x.Job)
		case "skipped":
			if !strings.Contains(x.Reason, "the schedule's last, is still") {
				return broken("a run was skipped: %s", told)
			}
		case "missed":
			for n := range x.Missed {
				at := x.Tick.Add(-time.Duration(n) * tickEvery)
				if !slices.ContainsFunc(down, func(d span) bool { return at.After(d.from.Add(-2*time.Second)) && at.Before(d.to) }) {
					return broken("a tick was missed while a worker was up: %s", told)
				}
			}
		default:
			return broken("a run is %s: %s", x.State, told)
		}
	}
	for id := range jobs {
		return broken("job %s belongs to no run", id)
	}
	ticks := 0
	for at := first.UTC(); at.Before(end); at = at.Add(tickEvery) {
		if _, there := runs[at]; !there {
			return broken("the tick %v has no run", at)
		}
		ticks++
	}
	r.logf("%d ticks, %d runs: %v", ticks, len(s.Runs), counts)
	return nil
}
