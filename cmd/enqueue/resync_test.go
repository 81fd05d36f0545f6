package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// resync runs enqueue resync for target, with the flags given.
func (w *world) resync(list string, flags ...string) outcome {
	w.t.Helper()
	return enqueue(w.t, w.env, append(append([]string{"resync", list}, asPartner...), flags...)...)
}

func (w *world) listOf(name string, ids []string) string {
	return w.write(name, "store_id\n"+strings.Join(ids, "\n")+"\n")
}

// sorted is a copy in order.
func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

func (w *world) expectTruth(want []string) {
	w.t.Helper()
	if got := sorted(w.sandbox.Truth(target)); !slices.Equal(got, sorted(want)) {
		w.t.Errorf("%d stores are associated, %d are wanted, and they differ", len(got), len(want))
	}
}

func TestResyncBringsAStockInLine(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		all := storeIDs(5_070)
		associated, wanted := all[:5_000], all[30:]
		w.sandbox.Put(target, associated...)
		list := w.listOf("wanted.csv", wanted)
		w.work()

		o := w.resync(list, "--dry-run", "--output", w.file("diff.csv"), "--json", "--prune").expect(t, 0)
		plan := document[planDocument](t, o)
		if plan.InLine != 4_970 || plan.Missing != 70 || plan.Surplus != 30 || plan.Associated != 5_000 || plan.Calls != 2 ||
			plan.ListCalls != 25 || plan.OutputStores != 100 || !plan.DryRun {
			t.Errorf("plan %+v", plan)
		}
		diff, err := os.ReadFile(w.file("diff.csv"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(diff)), "\n")
		if len(lines) != 101 || lines[0] != "store_id,operation" || lines[1] != all[5_000]+",associate" ||
			!slices.Contains(lines, all[0]+",disassociate") {
			t.Errorf("the difference has %d lines and begins with %q", len(lines), lines[:2])
		}
		w.expectTruth(associated)

		s := document[endDocument](t, w.resync(list, "--wait", "--json", "--report", w.file("r.csv")).expect(t, 0))
		if s.State != job.Completed || s.Operation != job.Resync || s.Total != 70 || s.Succeeded != 70 || s.Resync == nil ||
			s.Resync.InLine != 4_970 || s.Resync.Surplus != 30 || s.Resync.Disassociate != 0 {
			t.Errorf("status %+v, %+v", s.Status, s.Resync)
		}
		w.expectTruth(all)

		before := w.calls.Load()
		s = document[endDocument](t, w.resync(list, "--wait", "--json", "--prune", "--verify", "--report", w.file("p.csv")).expect(t, 0))
		if s.Total != 30 || s.Succeeded != 30 || s.Resync.Disassociate != 30 || s.Resync.Phase != job.PhaseVerified ||
			s.Resync.Contradicted != 0 {
			t.Errorf("status %+v, %+v", s.Status, s.Resync)
		}
		w.expectTruth(wanted)
		if n := w.calls.Load() - before; n != 26+1+26 || s.Calls != n {
			t.Errorf("%d calls, of which the job knows %d", n, s.Calls)
		}
		report, err := os.ReadFile(w.file("p.csv"))
		if err != nil {
			t.Fatal(err)
		}
		head, rows, _ := strings.Cut(string(report), "\n")
		if !strings.HasSuffix(head, ",decided_at,operation,verified") || strings.Count(rows, ",disassociate,confirmed\n") != 30 {
			t.Errorf("the report begins with %q and %.200q", head, rows)
		}

		s = document[endDocument](t, w.resync(list, "--wait", "--json", "--prune", "--report", w.file("n.csv")).expect(t, 0))
		if s.State != job.Completed || s.Total != 0 || s.Resync.InLine != 5_040 {
			t.Errorf("with nothing to do: %+v, %+v", s.Status, s.Resync)
		}
	})
}

func TestPruneOfTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		all := storeIDs(1_000)
		w.sandbox.Put(target, all...)
		w.work()
		other := make([]string, 900)
		for i := range other {
			other[i] = fmt.Sprintf("another-%d", i)
		}
		for name, ids := range map[string][]string{"half": all[:500], "other brand": other, "one too many": all[101:]} {
			e := w.resync(w.listOf("list.csv", ids), "--prune", "--json").failed(t, 2, job.CodePruneRefused)
			if !strings.Contains(e.Message, "--max-prune") || !strings.Contains(e.Message, "of the 1000 stores") &&
				!strings.Contains(e.Message, "all 1000 stores") {
				t.Errorf("%s: %s", name, e.Message)
			}
			s := document[job.Status](t, w.do("status", e.Job, "--json").expect(t, 0))
			if s.State != job.Aborted || s.Total != 0 || s.Resync.InLine+s.Resync.Surplus != 1_000 {
				t.Errorf("%s: %+v, %+v", name, s, s.Resync)
			}
		}
		w.resync(w.write("empty.csv", "store_id\n"), "--prune", "--json").failed(t, 2, job.CodeBadList)
		half := w.listOf("half.csv", all[:500])
		w.resync(half, "--prune", "--max-prune", "49%", "--json").failed(t, 2, job.CodePruneRefused)
		w.resync(half, "--prune", "--max-prune", "499", "--json").failed(t, 2, job.CodePruneRefused)
		w.expectTruth(all)
		for _, bad := range [][]string{{"--max-prune", "5"}, {"--prune", "--max-prune", "101%"}, {"--prune", "--max-prune", "-1"},
			{"--prune", "--max-prune", "many"}, {"--dry-run", "--wait"}, {"--output", "x.csv"}, {"--detach", "--wait"}} {
			w.resync(half, append(bad, "--json")...).failed(t, 2, job.CodeUsage)
		}
		w.resync(half, "--prune", "--max-prune", "500", "--wait", "--json").expect(t, 0)
		w.expectTruth(all[:500])
		w.resync(w.listOf("tenth.csv", all[50:500]), "--prune", "--wait", "--json").expect(t, 0) // 10 %
		w.expectTruth(all[50:500])
	})
}

func TestBundleCannotBeResynced(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	e := w.do("resync", w.list(3), "--account", sandbox.PartnerAccount, "--brand", sandbox.BrandID, "--coupon", "2000",
		"--bundle", "4000", "--json").failed(t, 2, job.CodeUsage)
	if !strings.Contains(e.Message, "enqueue associate") {
		t.Error(e.Message)
	}
}

func TestResyncSettlesWhatWentUnanswered(t *testing.T) {
	t.Parallel()
	// The answer is dropped after the work was done, and the next call fails each store for being associated already:
	// only the list can tell.
	w := onMini(t, sandbox.Faults{})
	w.onCall = func(n int64) {
		switch n {
		case 2:
			w.sandbox.SetFaults(sandbox.Faults{Dropped: 1})
		case 3:
			w.sandbox.SetFaults(sandbox.Faults{AlreadyCode: "STORE_STATE_ABNORMAL"})
		}
	}
	w.work()
	list := w.listOf("list.csv", storeIDs(20))
	s := document[endDocument](t, w.resync(list, "--wait", "--verify", "--json", "--report", w.file("r.csv")).expect(t, 0))
	if s.Succeeded != 20 || s.Failed != 0 || len(s.Failures) != 0 || s.Resync.Contradicted != 0 || s.Retries != 1 || s.Calls != 4 {
		t.Errorf("%+v, %+v", s.Status, s.Resync)
	}
	for id, outcome := range w.report2(w.file("r.csv")) {
		if outcome != "succeeded,,,,2,associate,confirmed" {
			t.Errorf("store %s: %s", id, outcome)
		}
	}
}

// report2 reads a resync's CSV report but for the time: the other columns by store.
func (w *world) report2(path string) map[string]string {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	rows := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if c := strings.Split(line, ","); i > 0 {
			rows[c[0]] = strings.Join(append(c[1:6:6], c[7:]...), ",")
		}
	}
	return rows
}

func TestResyncFlagsOutcomesThatTheListContradicts(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.onCall = func(n int64) {
		if n == 3 { // the second listing
			w.sandbox.Forget()
			w.sandbox.Put(target, storeIDs(7)...)
		}
	}
	w.work()
	list := w.listOf("list.csv", storeIDs(20))
	s := document[endDocument](t, w.resync(list, "--wait", "--verify", "--json", "--report", w.file("r.csv")).expect(t, 0))
	if s.Succeeded != 20 || s.Resync.Contradicted != 13 {
		t.Errorf("%+v, %+v", s.Status, s.Resync)
	}
	n := 0
	for _, outcome := range w.report2(w.file("r.csv")) {
		if strings.HasSuffix(outcome, ",contradicted") {
			n++
		}
	}
	if n != 13 {
		t.Errorf("%d stores are flagged", n)
	}
	joined := records(t, w.do("results", s.Job, "--join", list).expect(t, 0).out, ',')
	if got := strings.Join(joined[0], ","); !strings.HasSuffix(got, ",storelink_decided_at,storelink_operation,storelink_verified") {
		t.Errorf("the columns are %s", got)
	}
	if a, b := joined[1], joined[20]; a[8] != "associate" || a[9] != "confirmed" || b[9] != "contradicted" {
		t.Errorf("got %q, %q", a, b)
	}
}

func TestResyncRetryDoesBothHalves(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		all := storeIDs(400)
		w.sandbox.Put(target, all[:300]...)
		w.sandbox.SetFaults(sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: all[3]}, {StoreID: all[350]}}})
		w.work()
		list := w.listOf("list.csv", all[20:])
		s := document[endDocument](t, w.resync(list, "--prune", "--wait", "--json", "--report", w.file("r.csv")).expect(t, 3))
		if s.Failed != 2 || s.Succeeded != 118 || s.Total != 120 {
			t.Fatalf("%+v", s.Status)
		}
		w.sandbox.SetFaults(sandbox.Faults{})
		again := document[endDocument](t, w.do("retry", s.Job, "--wait", "--json", "--report", w.file("r2.jsonl")).expect(t, 0))
		if again.Total != 2 || again.Succeeded != 2 || again.Operation != job.Resync || again.Resync.Associate != 1 {
			t.Errorf("%+v, %+v", again.Status, again.Resync)
		}
		w.expectTruth(all[20:])
		text, err := os.ReadFile(w.file("r2.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		var ops []string
		for line := range strings.Lines(string(text)) {
			var row job.Row
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			ops = append(ops, row.StoreID+" "+string(row.Operation))
		}
		if want := []string{all[350] + " associate", all[3] + " disassociate"}; !slices.Equal(ops, want) {
			t.Errorf("rows %v, want %v", ops, want)
		}
	})
}

func TestJobForLaterWaitsForItsTime(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		w.work()
		list := w.list(300)
		for _, bad := range [][]string{{"--at", "tomorrow"}, {"--at", "2020-01-01 00:00"}, {"--at", "2999-01-01 00:00"},
			{"--timezone", "Asia/Shanghai"}, {"--at", "2026-12-01 02:00", "--timezone", "Mars/Olympus"}} {
			w.associate(list, append(bad, "--json")...).failed(t, 2, job.CodeUsage)
		}
		later := time.Now().Add(20 * time.Hour)
		id := document[receiptDocument](t, w.associate(list, "--at", later.UTC().Format("2006-01-02 15:04"), "--timezone", "UTC",
			"--json").expect(t, 0)).Job
		s := document[job.Status](t, w.do("status", id, "--json").expect(t, 0))
		if s.State != job.Scheduled || s.Pending != 300 || s.At == nil || !s.At.Equal(later.Truncate(time.Minute)) {
			t.Fatalf("%+v", s)
		}
		// Its target is free until then.
		w.associate(list, "--wait", "--json").expect(t, 0)
		if s := document[job.Status](t, w.do("cancel", id, "--json").expect(t, 0)); s.State != job.Cancelled ||
			s.Unprocessed != 300 {
			t.Errorf("%+v", s)
		}
		soon := time.Now().Add(1500 * time.Millisecond)
		end := document[endDocument](t, w.associate(list, "--at", soon.Format(time.RFC3339Nano), "--wait", "--json",
			"--report", w.file("later.csv")).expect(t, 0))
		if end.Succeeded != 300 || end.StartedAt.Before(soon.Add(-time.Second)) {
			t.Errorf("due %v: %+v", soon, end.Status)
		}
	})
}
