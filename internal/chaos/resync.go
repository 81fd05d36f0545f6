package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// RunResync associates stores, then brings them in line with a list that lacks some of them and has new ones, with --prune
// and --verify, while all workers are killed in each phase of it: list, associate, disassociate, verify (or those of
// Only). An error says what was not as it must be.
func RunResync(ctx context.Context, o Options) (Report, error) {
	r := &run{Options: o, ctx: ctx, rng: rand.New(rand.NewPCG(o.Seed, 2)), began: time.Now()}
	report := Report{Seed: o.Seed}
	err := r.resync(&report)
	r.stop()
	report.Took = time.Since(r.began)
	return report, err
}

// Of a resync: its stock, and how many stores the wanted list lacks and has new.
const (
	resyncStock = "stock-r"
	lacks, adds = 300, 700
)

// resyncing is a resync under way.
type resyncing struct {
	*run
	report *Report
	wanted []string
	job    string

	before  listed  // the resync
	planned *listed // when its plan was made; nil where nobody looked
}

func (r *run) resync(report *Report) error {
	if err := r.startStore(); err != nil {
		return err
	}
	if err := r.startSandbox(false); err != nil {
		return err
	}
	if err := r.hire(); err != nil {
		return err
	}
	s := &resyncing{run: r, report: report}
	for _, step := range []func() error{s.submit, s.killInEachPhase, s.checkEnd, s.checkListCalls, s.checkTruth} {
		if err := step(); err != nil {
			return err
		}
	}
	return r.get("/sandbox/stats", func(b io.Reader) error {
		var stats struct{ Calls int64 }
		err := json.NewDecoder(b).Decode(&stats)
		report.Calls = stats.Calls
		return err
	})
}

// submit associates the first list, and submits the resync with the wanted one.
func (r *resyncing) submit() error {
	_, ids, err := r.list("all", r.Stores+adds)
	if err != nil {
		return err
	}
	r.wanted = ids[lacks:]
	for name, part := range map[string][]string{"first": ids[:r.Stores], "wanted": r.wanted} {
		text := "store_id\n" + strings.Join(part, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(r.Dir, name+".csv"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	arguments := func(command, list string, more ...string) []string {
		return append([]string{command, filepath.Join(r.Dir, list), "--config", r.config, "--redis", r.redis.direct,
			"--account", "sandbox-partner", "--brand", "120344", "--coupon", "1001", "--stock", resyncStock, "--json"}, more...)
	}
	var s job.Status
	if err := r.enqueue(&s, arguments("associate", "first.csv", "--wait")...); err != nil {
		return err
	}
	if s.Succeeded != int64(r.Stores) {
		return broken("the first list: %+v", s)
	}
	r.logf("%d stores are associated, in %d calls", s.Succeeded, s.Calls)
	var receipt struct{ Job string }
	if err := r.enqueue(&receipt, arguments("resync", "wanted.csv", "--prune", "--verify", "--chunk-size", "10",
		"--detach")...); err != nil {
		return err
	}
	r.job = receipt.Job
	r.before, err = r.listCalls()
	return err
}

// killInEachPhase kills all workers once in each phase, and hires others.
func (r *resyncing) killInEachPhase() error {
	half := int64(r.Stores / 2) // listed by then: to list them anew would show
	for _, phase := range []struct {
		name  string
		so    func(job.Status) bool
		until func(job.Status) bool // it is too late
	}{
		{"list", func(s job.Status) bool { return s.Resync.Phase == job.PhaseList && s.Resync.Listed > half },
			func(s job.Status) bool { return s.Resync.Phase != job.PhaseList }},
		{"associate", func(s job.Status) bool { return s.Resync.Phase == job.PhaseWrite && s.Succeeded > 50 },
			func(s job.Status) bool { return s.Resync.Phase == job.PhaseWrite && s.Succeeded >= adds }},
		{"disassociate", func(s job.Status) bool { return s.Resync.Phase == job.PhaseWrite && s.Succeeded > adds+20 },
			func(s job.Status) bool { return s.Resync.Phase == job.PhaseVerify }},
		{"verify", func(s job.Status) bool { return s.Resync.Phase == job.PhaseVerify && s.Resync.Listed > half },
			func(s job.Status) bool { return s.State.Ended() }},
	} {
		if len(r.Only) > 0 && !slices.Contains(r.Only, phase.name) {
			continue
		}
		err := r.until(r.Patience, "the resync is in phase "+phase.name, func() (bool, error) {
			s, err := r.status(r.job)
			if err != nil || s.Resync == nil {
				return false, err
			}
			if err := r.lookForPlan(s); err != nil {
				return false, err
			}
			if !phase.so(s) && phase.until(s) {
				return false, fmt.Errorf("phase %s was over before a worker could be killed: %+v", phase.name, s.Resync)
			}
			return phase.so(s), nil
		})
		if err != nil {
			return err
		}
		for _, w := range r.workers {
			w.kill()
		}
		r.logf("killed all workers in phase %s", phase.name)
		r.report.Faults = append(r.report.Faults, "kill-in-"+phase.name)
		if err := r.hire(); err != nil {
			return err
		}
	}
	return nil
}

// lookForPlan notes what was listed until the plan was made, at the first look after that.
func (r *resyncing) lookForPlan(s job.Status) error {
	if r.planned != nil || s.Resync.Phase == job.PhaseList {
		return nil
	}
	l, err := r.listCalls()
	if err == nil {
		r.planned = &l
	}
	return err
}

// checkEnd waits for the resync's end, and checks its figures.
func (r *resyncing) checkEnd() error {
	var s job.Status
	err := r.until(r.Patience, "the resync has ended", func() (_ bool, err error) {
		s, err = r.status(r.job)
		return err == nil && s.State.Ended(), err
	})
	if err != nil {
		return err
	}
	r.logf("%+v, %+v", s, *s.Resync)
	if s.State != job.Completed || s.Total != lacks+adds || s.Succeeded != s.Total || s.Resync.Contradicted != 0 ||
		s.Resync.InLine != int64(r.Stores-lacks) || s.Resync.Missing != adds || s.Resync.Surplus != lacks {
		return broken("%+v, %+v", s, *s.Resync)
	}
	return nil
}

// checkListCalls checks that whoever went on with a list went on with the page that it had reached: each page was asked for
// once, but for those that were in flight when a worker was killed, and those whose call met a fault.
func (r *resyncing) checkListCalls() error {
	after, err := r.listCalls()
	if err != nil {
		return err
	}
	check := func(what string, from, to listed, pages, kills int) error {
		made, faults := to.calls-from.calls, to.faults-from.faults
		r.logf("%s: %d list calls for %d pages; %d calls met a fault", what, made, pages, faults)
		if made < int64(pages) || made > int64(pages+kills)+faults {
			return broken("%s: %d list calls were made for %d pages, and %d calls met a fault", what, made, pages, faults)
		}
		return nil
	}
	first, second := (r.Stores+199)/200, (len(r.wanted)+199)/200
	if r.planned != nil && *r.planned != after {
		if err := check("the plan", r.before, *r.planned, first, 1); err != nil {
			return err
		}
	}
	return check("plan and verification", r.before, after, first+second, len(r.report.Faults))
}

// checkTruth checks that the stores which are associated are those that are wanted.
func (r *resyncing) checkTruth() error {
	truth, err := r.truth(resyncStock)
	if err != nil {
		return err
	}
	if len(truth) != len(r.wanted) {
		return broken("%d stores are wanted, %d are associated", len(r.wanted), len(truth))
	}
	for _, id := range r.wanted {
		if !truth[id] {
			return broken("store %s is wanted and not associated", id)
		}
	}
	return nil
}

// listed is what the sandbox has seen: list calls, and calls of any kind that met a fault.
type listed struct{ calls, faults int64 }

func (r *run) listCalls() (l listed, err error) {
	err = r.get("/sandbox/stats", func(b io.Reader) error {
		var stats struct {
			Injected   map[string]int64
			Interfaces []struct {
				Interface string
				Calls     int64
			}
		}
		if err := json.NewDecoder(b).Decode(&stats); err != nil {
			return err
		}
		for _, n := range stats.Injected {
			l.faults += n
		}
		for _, i := range stats.Interfaces {
			if i.Interface == "list-stock" {
				l.calls += i.Calls
			}
		}
		return nil
	})
	return l, err
}

// hire starts all workers anew.
func (r *run) hire() error {
	r.workers = nil
	for i := range r.Workers {
		w, err := r.startWorker(i)
		if err != nil {
			return err
		}
		r.workers = append(r.workers, w)
	}
	return nil
}

func (r *run) status(id string) (job.Status, error) {
	var s job.Status
	err := r.enqueue(&s, "status", id, "--redis", r.redis.direct, "--json")
	return s, err
}
