package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/i18n"
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
		if s.State != job.Completed || s.Operation != job.Associate || s.Targets != all || s.Total != all*n || s.Succeeded != (all-1)*(n-1) || s.Failed != all-1 ||
			s.Unprocessed != n || s.Pending != 0 || s.Calls != (all-1)*n/200+1 || s.Failures["INVALID_REQUEST"] != all-1 ||
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
		said := strings.ReplaceAll((&job.Error{File: e.File, Line: e.Line, Message: i18n.Plain(e.Message)}).Error(), w.dir+"/", "")
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

func TestOnboardForLaterIsListedAndCancelled(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		path, _ := w.manifest(2, 3, 10)
		at := time.Now().Add(300 * 24 * time.Hour).UTC().Truncate(time.Minute)
		flags := []string{"onboard", path, "--at", at.Format("2006-01-02 15:04"), "--timezone", "UTC", "--json"}
		id := document[batchReceiptDocument](t, w.do(flags...).expect(t, 0)).Job
		s := document[job.Status](t, w.do("status", id, "--json").expect(t, 0))
		if s.State != job.Scheduled || s.At == nil || !s.At.Equal(at) || s.Pending != 60 || s.Jobs[job.Scheduled] != 6 {
			t.Errorf("%+v", s)
		}
		if text := w.do("status", id).expect(t, 0).out; !strings.Contains(text, moment(at)) {
			t.Errorf("nobody learns when: %s", text)
		}
		listed := document[[]job.Status](t, w.do("jobs", "--state", "scheduled", "--json").expect(t, 0))
		if len(listed) != 1 || listed[0].Job != id {
			t.Errorf("%+v", listed)
		}
		w.do("pause", id, "--json").failed(t, 2, job.CodeBadState)
		// No worker is needed to cancel what nobody has begun.
		if s = document[job.Status](t, w.do("cancel", id, "--json").expect(t, 0)); s.State != job.Cancelled || s.Unprocessed != 60 {
			t.Errorf("%+v", s)
		}
		// And what is left of it can be sent after all, later or at once.
		plan := document[batchPlanDocument](t, w.do("retry", id, "--dry-run", "--json").expect(t, 0))
		if plan.Targets != 6 || plan.Total != 60 || plan.Calls != 6 {
			t.Errorf("%+v", plan)
		}
		again := document[batchReceiptDocument](t, w.do("retry", id, "--at", at.Format(time.RFC3339), "--json").expect(t, 0))
		if again.State != job.Scheduled || !again.At.Equal(at) || again.Total != 60 {
			t.Errorf("%+v", again)
		}
		w.work()
		soon := time.Now().Add(time.Second)
		end := document[endDocument](t, w.do("retry", id, "--at", soon.Format(time.RFC3339Nano), "--wait", "--json", "--report",
			w.file("r.csv")).expect(t, 0))
		if end.Succeeded != 60 || end.StartedAt.Before(soon.Add(-time.Second)) || end.Targets != 6 {
			t.Errorf("%+v", end.Status)
		}
	})
}

// Not parallel: it is about the working directory.
func TestOnboardRunsHere(t *testing.T) {
	example, err := filepath.Abs("../../examples/onboard.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, sandbox.Faults{})
	path, _ := w.manifest(3, 2, 300)
	t.Chdir(t.TempDir())

	// The sandbox stands in for all accounts, whatever is configured, even wrongly.
	nothing := []string{"REDIS_URL=redis://127.0.0.1:1/0", "STORELINK_CONFIG=/no/such/file"}
	plan := document[batchPlanDocument](t, enqueue(t, nothing, "onboard", example, "--sandbox", "--dry-run", "--json").expect(t, 0))
	if plan.Targets != 4 || plan.Total != 10_300 || plan.Calls != 53 || plan.Seconds == nil || *plan.Seconds != 2.65 {
		t.Errorf("%+v", plan)
	}
	table := "brand_id,product_coupon_id,stock_id,store_id\n1,2,3,007\n1,2,3,7\n1,2,4,007\n1,2,3,7\n"
	o := enqueueWith(t, t.Context(), nothing, table, "onboard", "-", "--sandbox", "--json").expect(t, 0)
	s := document[endDocument](t, o)
	if s.State != job.Completed || s.Succeeded != 3 || s.Targets != 2 || s.Account != sandbox.PartnerAccount || s.Report != s.Job+".csv" {
		t.Errorf("%+v", s)
	}
	if rows := strings.Count(mustRead(t, s.Report), "\n"); rows != 4 {
		t.Errorf("%d rows", rows)
	}

	// Here, the configuration's accounts are meant.
	config := []string{"STORELINK_CONFIG=" + w.config}
	s = document[endDocument](t, enqueue(t, config, "onboard", path, "--json", "--report", "r.jsonl").expect(t, 0))
	if s.Succeeded != 1800 || s.Report != "r.jsonl" || w.sandbox.Stats().Stores != 1800 {
		t.Errorf("%+v", s)
	}
	other := w.write("other.yaml", "targets: [{account: acme, brand: 1, coupon: 2, stock: 3, list: brand-0.csv}]")
	if e := enqueue(t, config, "onboard", other, "--json").failed(t, 2, job.CodeUnknownAccount); e.Line != 1 || e.File != other {
		t.Errorf("%+v", e)
	}
	tomorrow := time.Now().Add(24 * time.Hour).Format(time.RFC3339)
	for want, flags := range map[string][]string{"needs Redis": {"--at", tomorrow}, "notify.hosts": {"--notify", "https://example.com/x"}} {
		e := enqueue(t, config, append([]string{"onboard", path, "--here", "--json"}, flags...)...).failed(t, 2, job.CodeUsage)
		if !strings.Contains(e.Message, want) {
			t.Errorf("%q: %s", flags, e.Message)
		}
	}

	// A batch that is left here is told of as it stands, and no more of it is sent.
	if err := os.WriteFile(w.config, []byte(strings.ReplaceAll(mustRead(t, w.config), "rate: 0", "rate: 5")), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	w.onCall = func(int64) { leave() }
	o = enqueueWith(t, ctx, config, "", "onboard", path, "--json", "--report", "left.csv")
	if e := o.failed(t, 130, job.CodeInterrupted); e.Status == nil || e.Status.State != job.Cancelled || e.Status.Unprocessed == 0 ||
		e.Report != "left.csv" {
		t.Errorf("%+v", e)
	}
	if rows := strings.Count(mustRead(t, "left.csv"), "\n"); rows != 1801 {
		t.Errorf("%d rows", rows)
	}
}

// A hook that cannot be told from here is a warning: the job is done all the same.
func TestHereTellsTheHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	text := mustRead(t, w.config) + "notify: {secret: hunter2-hunter2-hunter2, hosts: [localhost]," +
		" hooks: [{name: ops, url: 'https://localhost/hunter2'}]}\n"
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := append([]string{"associate", w.list(10), "--config", w.config, "--json", "--report", w.file("r.csv"), "--notify"}, asPartner...)
	for _, hook := range []string{"https://localhost/hunter2", "ops"} {
		o := w.do(slices.Insert(slices.Clone(flags), 8, hook)...).expect(t, 0)
		if s := document[endDocument](t, o); s.Succeeded != 10 {
			t.Errorf("%+v", s)
		}
		if !strings.Contains(o.err, "not allowed") || !strings.Contains(o.err, "nobody is told later") {
			t.Errorf("what became of hook %s is not told: %s", hook, o.err)
		}
	}
	e := w.do(slices.Insert(slices.Clone(flags), 8, "opps")...).failed(t, 2, job.CodeUsage)
	if !strings.Contains(e.Message, "no hook of that name (notify.hooks: ops)") {
		t.Errorf("%+v", e)
	}
}
