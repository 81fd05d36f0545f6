package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
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
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) { w.bringInLine(1_000, 30, 70) })
}

func TestResyncBrings50000StoresInLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	w.on(redistest.Real(t).Client)
	w.bringInLine(50_000, 300, 700)
}

// bringInLine resyncs n stores with a list that lacks some of them and adds others: plan, run, and prune.
func (w *world) bringInLine(n, lacks, adds int) {
	t := w.t
	t.Helper()
	all := storeIDs(n + adds)
	associated, wanted := all[:n], all[lacks:]
	w.sandbox.Put(target, associated...)
	list := w.listOf("wanted.csv", wanted)
	w.work()
	calls := func(stores int) int64 { return int64(stores+199) / 200 }
	inLine := int64(n - lacks)

	o := w.resync(list, "--dry-run", "--output", w.file("diff.csv"), "--json", "--prune").expect(t, 0)
	plan := document[planDocument](t, o)
	if plan.InLine != inLine || plan.Missing != int64(adds) || plan.Surplus != int64(lacks) || plan.Associated != int64(n) ||
		plan.Calls != calls(adds)+calls(lacks) || plan.ListCalls != calls(n) || plan.ListAnew != calls(n) ||
		plan.OutputStores != int64(lacks+adds) || !plan.DryRun || w.calls.Load() != calls(n) {
		t.Errorf("%d calls, plan %+v", w.calls.Load(), plan)
	}
	diff, err := os.ReadFile(w.file("diff.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(diff)), "\n")
	if len(lines) != 1+lacks+adds || lines[0] != "store_id,operation" || lines[1] != all[n]+",associate" ||
		!slices.Contains(lines, all[0]+",disassociate") {
		t.Errorf("the difference has %d lines and begins with %q", len(lines), lines[:2])
	}
	w.expectTruth(associated)

	before := w.calls.Load()
	s := document[endDocument](t, w.resync(list, "--wait", "--json", "--report", w.file("r.csv")).expect(t, 0))
	if s.State != job.Completed || s.Operation != job.Resync || s.Total != int64(adds) || s.Succeeded != s.Total ||
		s.Resync == nil || s.Resync.InLine != inLine || s.Resync.Surplus != int64(lacks) || s.Resync.Disassociate != 0 ||
		s.Resync.AssociateSucceeded != s.Total || w.calls.Load()-before != calls(n)+calls(adds) {
		t.Errorf("%d calls, status %+v, %+v", w.calls.Load()-before, s.Status, s.Resync)
	}
	w.expectTruth(all)

	before = w.calls.Load()
	s = document[endDocument](t, w.resync(list, "--wait", "--json", "--prune", "--verify", "--report", w.file("p.csv")).expect(t, 0))
	if s.Total != int64(lacks) || s.Succeeded != s.Total || s.Resync.DisassociateSucceeded != s.Total ||
		s.Resync.Phase != job.PhaseVerified || s.Resync.Contradicted != 0 {
		t.Errorf("status %+v, %+v", s.Status, s.Resync)
	}
	w.expectTruth(wanted)
	if got := w.calls.Load() - before; got != calls(n+adds)+calls(lacks)+calls(len(wanted)) || s.Calls != got {
		t.Errorf("%d calls, of which the job knows %d", got, s.Calls)
	}
	report, err := os.ReadFile(w.file("p.csv"))
	if err != nil {
		t.Fatal(err)
	}
	head, rows, _ := strings.Cut(string(report), "\n")
	if !strings.HasSuffix(head, ",decided_at,operation,verified") ||
		strings.Count(rows, ",disassociate,confirmed\n") != lacks {
		t.Errorf("the report begins with %q and %.200q", head, rows)
	}

	s = document[endDocument](t, w.resync(list, "--wait", "--json", "--prune", "--report", w.file("n.csv")).expect(t, 0))
	if s.State != job.Completed || s.Total != 0 || s.Resync.InLine != int64(len(wanted)) {
		t.Errorf("with nothing to do: %+v, %+v", s.Status, s.Resync)
	}
}

// What a dry run writes of the difference, in any format, is a list.
func TestDifferenceIsAList(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	ids := []string{"007", "7", "-A1", "_b", "12345678901234567890"}
	list := w.listOf("list.csv", ids)
	w.sandbox.Put(target, "8", "-Z9")
	for _, name := range []string{"diff.xlsx", "diff.csv", "diff.jsonl"} {
		w.resync(list, "--dry-run", "--output", w.file(name), "--json").expect(t, 0)
		p := document[planDocument](t, w.resync(w.file(name), "--dry-run", "--output", w.file("again.csv"), "--json").expect(t, 0))
		if p.Wanted != 7 || p.InLine != 2 || p.Missing != 5 || p.Surplus != 0 {
			t.Errorf("%s: %+v", name, p)
		}
		text, err := os.ReadFile(w.file("again.csv"))
		want := "store_id,operation\n007,associate\n7,associate\n'-A1,associate\n_b,associate\n12345678901234567890,associate\n"
		if err != nil || string(text) != want {
			t.Errorf("%s: %v, %q", name, err, text)
		}
	}
	if e := w.resync(list, "--dry-run", "--output", w.dir, "--json").failed(t, 2, job.CodeUsage); e.Message == "" {
		t.Error(e)
	}
	if parts, err := filepath.Glob(w.file("*.part")); err != nil || len(parts) > 0 {
		t.Errorf("%v, left behind: %v", err, parts)
	}
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
		w.resync(w.write("empty.csv", "store_id\n"), "--prune", "--max-prune", "100%", "--json").failed(t, 2, job.CodeBadList)
		half := w.listOf("half.csv", all[:500])
		w.resync(half, "--prune", "--max-prune", "49%", "--json").failed(t, 2, job.CodePruneRefused)
		w.resync(half, "--prune", "--max-prune", "499", "--json").failed(t, 2, job.CodePruneRefused)
		w.resync(w.listOf("one.csv", all[1:]), "--prune", "--max-prune", "0", "--json").failed(t, 2, job.CodePruneRefused)
		w.resync(w.listOf("one.csv", all[1:]), "--prune", "--max-prune", "0%", "--json").failed(t, 2, job.CodePruneRefused)
		w.resync(w.listOf("other.csv", other), "--prune", "--max-prune", "99.99%", "--json").failed(t, 2, job.CodePruneRefused)
		o := w.resync(half, "--prune", "--dry-run", "--output", w.file("half-diff.csv")).expect(t, 2)
		diff, err := os.ReadFile(w.file("half-diff.csv"))
		if err != nil || strings.Count(string(diff), ",disassociate\n") != 500 || !strings.Contains(o.out, "500 stores are too much") ||
			!strings.Contains(o.err, "the prune is refused: it would remove 500 of the 1000 stores") {
			t.Errorf("%v, %d bytes of difference, %s%s", err, len(diff), o.out, o.err)
		}
		w.expectTruth(all)
		for _, bad := range [][]string{{"--max-prune", "5"}, {"--prune", "--max-prune", "101%"}, {"--prune", "--max-prune", "-1"},
			{"--prune", "--max-prune", "many"}, {"--dry-run", "--wait"}, {"--output", "x.csv"}, {"--detach", "--wait"}, {"--dry-run", "--output", "x.txt"},
			{"--prune", "--set-aside", w.file("bad.csv")}} {
			w.resync(half, append(bad, "--json")...).failed(t, 2, job.CodeUsage)
		}
		w.resync(half, "--prune", "--max-prune", "500", "--wait", "--json").expect(t, 0)
		w.expectTruth(all[:500])
		w.resync(w.listOf("tenth.csv", all[50:500]), "--prune", "--wait", "--json").expect(t, 0) // 10 %
		w.expectTruth(all[50:500])
		w.resync(w.listOf("other.csv", other), "--prune", "--max-prune", "100001", "--wait", "--json").expect(t, 0)
		w.expectTruth(other)
		// 32.3 % of 1,000 are 323, whatever binary fractions have to say.
		w.sandbox.Forget()
		w.sandbox.Put(target, all...)
		w.resync(w.listOf("share.csv", all[323:]), "--prune", "--max-prune", "32.3%", "--wait", "--json").expect(t, 0)
		w.expectTruth(all[323:])
		// Nothing that is associated is nothing that could be removed.
		w.sandbox.Forget()
		w.resync(half, "--prune", "--max-prune", "0", "--wait", "--json").expect(t, 0)
		w.expectTruth(all[:500])
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
	if s.Succeeded != 20 || s.Failed != 0 || len(s.Failures) != 0 || s.Resync.Contradicted != 0 || s.Resync.Settled != 20 || s.Retries != 1 || s.Calls != 4 {
		t.Errorf("%+v, %+v", s.Status, s.Resync)
	}
	for id, outcome := range w.report2(w.file("r.csv")) {
		if outcome != "succeeded,,a call for it went unanswered; WeChat Pay's list after the writes shows that it was done,,2,"+
			"associate,confirmed" {
			t.Errorf("store %s: %s", id, outcome)
		}
	}
}

// A resync that ended before it had a plan has not done what was asked.
func TestResyncThatCannotListHasFailed(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{UnknownStocks: []string{target.StockID}})
	w.work()
	list := w.list(3)
	s := document[endDocument](t, w.resync(list, "--wait", "--json", "--report", w.file("r.csv")).expect(t, 3))
	if s.State != job.Aborted || !strings.Contains(s.Reason, "INVALID_REQUEST") || s.Calls != 1 {
		t.Errorf("%+v", s.Status)
	}
	w.do("watch", s.Job, "--json").expect(t, 3)
	w.resync(list, "--dry-run", "--json").expect(t, 3)
	if e := w.resync(list, "--dry-run").expect(t, 3).err; !strings.Contains(e, "is aborted: HTTP 400 INVALID_REQUEST") {
		t.Error(e)
	}
	if e := w.do("retry", s.Job, "--json").failed(t, 2, job.CodeBadState); !strings.Contains(e.Message, "submit it again") {
		t.Error(e.Message)
	}
}

// It can be tried with nothing but a list.
func TestResyncInTheSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	s := document[endDocument](t, w.do("resync", w.list(30), "--sandbox", "--prune", "--verify", "--json", "--report",
		w.file("r.xlsx")).expect(t, 0))
	if s.Succeeded != 30 || s.Resync.Missing != 30 || s.Resync.Surplus != 0 || s.Resync.Phase != job.PhaseVerified {
		t.Errorf("%+v, %+v", s.Status, s.Resync)
	}
	if o := w.do("resync", w.list(30), "--sandbox", "--dry-run").expect(t, 0); !strings.Contains(o.out, "30 stores are missing") {
		t.Error(o.out)
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
	s := document[endDocument](t, w.resync(list, "--wait", "--verify", "--json", "--report", w.file("r.csv")).expect(t, 3))
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
		r := s.Resync
		if s.Failed != 2 || s.Succeeded != 118 || s.Total != 120 || r.AssociateSucceeded != 99 || r.AssociateFailed != 1 ||
			r.DisassociateSucceeded != 19 || r.DisassociateFailed != 1 {
			t.Fatalf("%+v, %+v", s.Status, r)
		}
		w.sandbox.SetFaults(sandbox.Faults{})
		again := document[endDocument](t, w.do("retry", s.Job, "--wait", "--json", "--report", w.file("r2.jsonl")).expect(t, 0))
		if again.Total != 2 || again.Succeeded != 2 || again.Operation != job.Resync || again.Resync.Associate != 1 {
			t.Errorf("%+v, %+v", again.Status, again.Resync)
		}
		for id, compared := range map[string]bool{s.Job: true, again.Job: false} {
			if said := w.do("status", id).expect(t, 0).out; strings.Contains(said, "in line") != compared {
				t.Errorf("of a job that compared (%t): %s", compared, said)
			}
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
