package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// manifest writes a manifest of brands × stocks, each brand with a list of its own of n stores, the last of them bad.
func (w *world) manifest(brands, stocks, n int) (path string, bad []string) {
	var text strings.Builder
	fmt.Fprintf(&text, "defaults: {account: %s, coupon: \"2000\"}\ntargets:\n", sandbox.PartnerAccount)
	for b := range brands {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("%d%07d", 10+b, i)
		}
		bad = append(bad, ids[n-1])
		list := fmt.Sprintf("brand-%d.csv", b)
		w.listOf(list, ids)
		for s := range stocks {
			fmt.Fprintf(&text, "  - {brand: %d, stock: %d, list: %s}\n", 120344+b, 5000+100*b+s, list)
		}
	}
	return w.write("brands.yaml", text.String()), bad
}

func TestOnboardRunsABatchToItsEnd(t *testing.T) {
	t.Parallel()
	const brands, stocks, n = 20, 5, 2000
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		path, bad := w.manifest(brands, stocks, n)
		faults := sandbox.Faults{OpenStocks: []string{"5302"}}
		for _, id := range bad {
			faults.FailingStoreIDs = append(faults.FailingStoreIDs, sandbox.StoreFailure{StoreID: id})
		}
		if err := w.sandbox.SetFaults(faults); err != nil {
			t.Fatal(err)
		}
		w.work()
		s := document[endDocument](t, w.do("onboard", path, "--wait", "--json", "--label", "spring", "--report", w.file("r.csv")).expect(t, 3))
		const all = brands * stocks
		if s.State != job.Completed || s.Targets != all || s.Total != all*n || s.Succeeded != (all-1)*(n-1) || s.Failed != all-1 ||
			s.Unprocessed != n || s.Pending != 0 || s.Calls != (all-1)*n/200+1 || s.Failures["STORE_NOT_EXIST"] != all-1 ||
			s.Jobs[job.Completed] != all-1 || s.Jobs[job.Aborted] != 1 || s.Label != "spring" {
			t.Errorf("%+v", s.Status)
		}
		file, err := os.Open(w.file("r.csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil || len(rows) != all*n+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		counts := map[string]int{}
		for i, row := range rows[1:] {
			counts[row[1]]++
			target := i / n
			if stock := fmt.Sprint(5000 + 100*(target/stocks) + target%stocks); row[11] != stock || row[9] != fmt.Sprint(120344+target/stocks) ||
				row[7] != fmt.Sprintf("%s-%d", s.Job, target+1) {
				t.Fatalf("row %d: %v", i, row)
			}
			if row[1] == "failed" && row[0] != bad[target/stocks] {
				t.Errorf("store %s failed", row[0])
			}
		}
		if counts["succeeded"] != (all-1)*(n-1) || counts["failed"] != all-1 || counts["unprocessed"] != n {
			t.Errorf("%v", counts)
		}

		jobs := document[[]job.Status](t, w.do("jobs", "--batch", s.Job, "--state", "aborted", "--json").expect(t, 0))
		if len(jobs) != 1 || jobs[0].StockID != "5302" || jobs[0].Batch != s.Job || jobs[0].Calls != 1 {
			t.Errorf("%+v", jobs)
		}
		if listed := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(listed) != 1 || listed[0].Job != s.Job {
			t.Errorf("%d jobs are listed", len(listed))
		}

		if err := w.sandbox.SetFaults(sandbox.Faults{}); err != nil {
			t.Fatal(err)
		}
		again := document[endDocument](t, w.do("retry", s.Job, "--wait", "--json", "--report", w.file("r2.csv")).expect(t, 0))
		if again.Targets != all || again.Total != n+all-1 || again.Succeeded != again.Total {
			t.Errorf("%+v", again.Status)
		}
		for b := range brands {
			for st := range stocks {
				target := job.Target{BrandID: fmt.Sprint(120344 + b), ProductCouponID: "2000", StockID: fmt.Sprint(5000 + 100*b + st)}
				if got := w.sandbox.Count(target); got != n {
					t.Errorf("%v: %d stores", target, got)
				}
			}
		}
	})
}

func TestBatchIsPausedResumedAndCancelledAsOne(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		path, _ := w.manifest(20, 5, 50)
		config := strings.ReplaceAll(mustRead(t, w.config), "rate: 0", "rate: 10")
		if err := os.WriteFile(w.config, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		w.work()
		id := document[job.Status](t, w.do("onboard", path, "--json").expect(t, 0)).Job
		second := w.do("onboard", path, "--json").failed(t, 2, job.CodeJobAtWork)
		if !strings.HasPrefix(second.Job, id+"-") || second.Line == 0 {
			t.Errorf("%+v", second)
		}
		status := func() job.Status { return document[job.Status](t, w.do("status", id, "--json").expect(t, 0)) }
		w.until(func() bool { return status().Succeeded > 0 })
		s := document[job.Status](t, w.do("pause", id, "--json").expect(t, 0))
		if s.State != job.Paused {
			t.Errorf("%+v", s)
		}
		// A worker may just have given a job its turn: it is paused at the next look.
		w.until(func() bool { s = status(); return s.Jobs[job.Running] == 0 })
		if s.Jobs[job.Paused] == 0 || s.Jobs[job.Scheduled] == 0 {
			t.Errorf("%+v", s)
		}
		s = document[job.Status](t, w.do("resume", id, "--json").expect(t, 0))
		before := s.Succeeded
		w.until(func() bool { return status().Succeeded > before })
		w.do("cancel", id, "--json").expect(t, 0)
		w.until(func() bool { return status().State.Ended() })
		s = status()
		if s.State != job.Cancelled || s.Succeeded+s.Unprocessed != 5000 || s.Unprocessed == 0 || s.Jobs[job.Cancelled] == 0 ||
			s.Jobs[job.Cancelled]+s.Jobs[job.Completed] != 100 {
			t.Errorf("%+v", s)
		}
		w.do("pause", id, "--json").failed(t, 2, job.CodeBadState)
		if n := w.sandbox.Stats().Stores; n != s.Succeeded {
			t.Errorf("%d stores were sent, %d succeeded", n, s.Succeeded)
		}
	})
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBadManifestIsRefusedAndNothingSent(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	w.until(func() bool {
		return w.do("accounts").out != "" && strings.Contains(w.do("accounts").out, sandbox.PartnerAccount)
	})
	w.listOf("good.csv", storeIDs(10))
	w.write("bad.csv", "store_id\n1\nnot an id\n")
	for name, tc := range map[string]struct{ text, code, want string }{
		"unknown account": {"targets: [{account: nobody, brand: 1, coupon: 2, stock: 3, list: good.csv}]", job.CodeUnknownAccount, "m.yaml:1: "},
		"no account":      {"targets: [{brand: 1, coupon: 2, stock: 3, list: good.csv}]", job.CodeUsage, "m.yaml:1: the target has no account"},
		"no brand":        {"targets: [{account: sandbox-partner, coupon: 2, stock: 3, list: good.csv}]", job.CodeUsage, "m.yaml:1: --brand"},
		"bad list": {"defaults: {account: sandbox-partner, brand: 1, coupon: 2}\ntargets:\n  - {stock: 3, list: good.csv}\n  - {stock: 4," +
			" list: bad.csv}", job.CodeBadList, "bad.csv:3: the list of m.yaml, line 4: "},
		"no list": {"targets: [{account: sandbox-partner, brand: 1, coupon: 2, stock: 3, list: gone.csv}]", job.CodeBadList, "m.yaml:1: list: \"gone.csv\""},
	} {
		e := w.do("onboard", w.write("m.yaml", tc.text), "--json").failed(t, 2, tc.code)
		said := strings.ReplaceAll((&job.Error{File: e.File, Line: e.Line, Message: e.Message}).Error(), w.dir+"/", "")
		if !strings.HasPrefix(said, tc.want) {
			t.Errorf("%s: %q", name, said)
		}
	}
	if jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(jobs) != 0 || w.calls.Load() != 0 {
		t.Errorf("%d jobs, %d calls", len(jobs), w.calls.Load())
	}
	plan := document[batchPlanDocument](t, w.do("onboard", w.write("m.yaml", "defaults: {account: sandbox-partner, brand: 1, coupon: 2,"+
		" list: good.csv}\ntargets:\n  - {stock: 3}\n  - {stock: 4}\n"), "--dry-run", "--json").expect(t, 0))
	if plan.Targets != 2 || plan.Total != 20 || plan.Calls != 2 || len(plan.Accounts) != 1 {
		t.Errorf("%+v", plan)
	}
	if keys := w.redis.Keys(t.Context(), "storelink:1:{2*").Val(); len(keys) != 0 {
		t.Errorf("a dry run leaves %v", keys)
	}
}
