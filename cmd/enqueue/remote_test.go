package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// failing is a tenth of the first twenty stores, for good.
var failing = sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "100000003"}, {StoreID: "100000017"}}}

func TestWaitFollowsAJobToItsEnd(t *testing.T) {
	t.Parallel()
	withRedis(t, failing, func(t *testing.T, w *world) {
		w.work()
		o := w.associate(w.list(1_000), "--wait", "--report", w.file("r.csv"), "--json", "--label", "spring").expect(t, 3)
		s := document[endDocument](t, o)
		if s.State != job.Completed || s.Succeeded != 998 || s.Failed != 2 || s.Report != w.file("r.csv") || s.Label != "spring" {
			t.Errorf("got %+v", s)
		}
		if got := w.report(w.file("r.csv")); len(got) != 1_000 || got["100000003"] != "failed" || got["100000000"] != "succeeded" {
			t.Errorf("%d rows", len(got))
		}

		// The same for those who come later: status, results in both forms and into files, jobs.
		id := s.Job
		later := document[job.Status](t, w.do("status", id, "--json").expect(t, 0))
		if a, b := mustJSON(t, later), mustJSON(t, s.Status); a != b {
			t.Errorf("status has\n%s\nwait had\n%s", a, b)
		}
		csv := w.do("results", id).expect(t, 0)
		if file, err := os.ReadFile(w.file("r.csv")); err != nil || string(file) != csv.out {
			t.Errorf("results and report differ (%v)", err)
		}
		if o := w.do("results", id, "--output", w.file("r.jsonl"), "--json").expect(t, 0); o.out != "" {
			t.Errorf("beside the file: %s", o.out)
		}
		lines := w.do("results", id, "--json").expect(t, 0)
		if file, err := os.ReadFile(w.file("r.jsonl")); err != nil || string(file) != lines.out {
			t.Errorf("JSON lines and their file differ (%v)", err)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(lines.out) {
			var r map[string]any
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, slices.Sorted(slices.Values(report.Columns))) {
				t.Fatalf("a row has %v", got)
			}
			seen[r["store_id"].(string)] = true
		}
		if len(seen) != 1_000 {
			t.Errorf("%d stores in JSON lines", len(seen))
		}
		for only, n := range map[string]int{"failed": 2, "succeeded": 998, "pending": 0, "unprocessed": 0} {
			if got := w.rows(w.do("results", id, "--only", only).expect(t, 0).out); len(got) != n {
				t.Errorf("--only %s: %d rows, want %d", only, len(got), n)
			}
		}
		all := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0))
		if len(all) != 1 || mustJSON(t, all[0]) != mustJSON(t, s.Status) {
			t.Errorf("jobs has %+v", all)
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReceiptWithoutWaiting(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		o := w.associate(w.list(401), "--json").expect(t, 0)
		r := document[map[string]any](t, o)
		if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, []string{"chunks", "job", "list", "repeats", "set_aside", "total"}) {
			t.Errorf("the receipt has %v", got)
		}
		if r["total"] != 401.0 || r["chunks"] != 3.0 {
			t.Errorf("got %v", r)
		}
		if !strings.Contains(o.err, "no worker serves account sandbox-partner") {
			t.Errorf("it is not told that nobody serves the account: %s", o.err)
		}
		if human := w.associate(w.list(3), "--stock", "3001").expect(t, 0); !strings.Contains(human.out, "enqueue watch") {
			t.Errorf("got %s", human.out)
		}
	})
}

func TestSecondJobOfATargetIsRefusedWithTheFirstOnesID(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		first := document[receiptDocument](t, w.associate(w.list(10), "--json").expect(t, 0))
		e := w.associate(w.list(5), "--json").failed(t, 2, job.CodeJobAtWork)
		if e.Job != first.Job || !strings.Contains(e.Message, first.Job) {
			t.Errorf("got %+v", e)
		}
		if human := w.associate(w.list(5)).expect(t, 2); !strings.Contains(human.err, first.Job) {
			t.Errorf("got %s", human.err)
		}
		w.do("disassociate", w.list(5), "--account", sandbox.BrandAccount, "--coupon", "2000", "--stock", "3000", "--json").
			failed(t, 2, job.CodeJobAtWork)
		w.do("cancel", first.Job).expect(t, 0)
		w.associate(w.list(5)).expect(t, 0)
	})
}

func TestUnknownAccountIsRefused(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		w.env = w.env[:1] // no configuration: only what workers publish
		e := w.associate(w.list(3), "--json").failed(t, 2, job.CodeUnknownAccount)
		if !strings.Contains(e.Message, "sandbox-partner") {
			t.Errorf("got %s", e.Message)
		}
		w.work()
		w.until(func() bool {
			return len(document[[]job.AccountInfo](t, w.do("accounts", "--json").expect(t, 0))) == 2
		})
		w.associate(w.list(3), "--wait").expect(t, 0)
		w.associate(w.list(3), "--account", "acme", "--json").failed(t, 2, job.CodeUnknownAccount)
	})
}

// until asks again and again until it is so; the test's own time-out ends it.
func (w *world) until(so func() bool) {
	w.t.Helper()
	for !so() {
		if w.t.Context().Err() != nil {
			w.t.Fatal("it never came to that")
		}
	}
}

func TestPauseResumeCancel(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		id := document[receiptDocument](t, w.associate(w.list(1_000), "--json").expect(t, 0)).Job
		if s := document[job.Status](t, w.do("pause", id, "--json").expect(t, 0)); s.State != job.Paused || !strings.Contains(s.Reason, "@") {
			t.Errorf("after pause: %+v", s)
		}
		w.work()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hearing(t, ctx, w.env, map[string]func(){"nothing moves: job " + id + " is paused": cancel}, "watch", id).expect(t, 130)
		w.do("watch", id, "--timeout", "10ms", "--json").expect(t, 1)
		w.do("retry", id, "--json").failed(t, 2, job.CodeBadState)
		if s := document[job.Status](t, w.do("resume", id, "--json").expect(t, 0)); s.State.Ended() || s.State == job.Paused {
			t.Errorf("after resume: %+v", s)
		}
		w.do("watch", id).expect(t, 0)
		for _, verb := range []string{"pause", "resume", "cancel"} {
			if e := w.do(verb, id, "--json").failed(t, 2, job.CodeBadState); e.Job != id {
				t.Errorf("%s: %+v", verb, e)
			}
		}
	})
}

func TestCancelLeavesStoresUnprocessedAndRetrySendsThem(t *testing.T) {
	t.Parallel()
	withRedis(t, failing, func(t *testing.T, w *world) {
		id := document[receiptDocument](t, w.associate(w.list(1_000), "--json", "--priority", "low", "--label", "spring",
			"--chunk-size", "100", "--failure-threshold", "7").expect(t, 0)).Job
		s := document[job.Status](t, w.do("cancel", id, "--json").expect(t, 0))
		if s.State != job.Cancelled || s.Unprocessed != 1_000 || s.Pending != 0 {
			t.Errorf("after cancel: %+v", s)
		}
		w.do("watch", id).expect(t, 3)
		if got := w.rows(w.do("results", id, "--only", "unprocessed").expect(t, 0).out); len(got) != 1_000 {
			t.Errorf("%d rows", len(got))
		}
		r := document[receiptDocument](t, w.do("retry", id, "--json").expect(t, 0))
		if r.Job == id || r.Total != 1_000 || r.Chunks != 10 || r.Repeats != 0 {
			t.Errorf("got %+v", r)
		}
		second := document[job.Status](t, w.do("status", r.Job, "--json").expect(t, 0))
		if second.Source != "retry of "+id || second.Priority != job.Low || second.Label != "spring" || second.StockID != "3000" ||
			second.Operation != job.Associate || second.Account != sandbox.PartnerAccount {
			t.Errorf("got %+v", second)
		}
		w.work()
		w.do("watch", r.Job).expect(t, 3)
		w.sandbox.SetFaults(sandbox.Faults{})
		o := w.do("retry", r.Job, "--wait", "--json", "--priority", "high", "--label", "", "--report", w.file("r.csv")).expect(t, 0)
		third := document[endDocument](t, o)
		if third.Total != 2 || third.Succeeded != 2 || third.Priority != job.High || third.Label != "" {
			t.Errorf("got %+v", third)
		}
		if got := w.report(w.file("r.csv")); len(got) != 2 || got["100000003"] != "succeeded" {
			t.Errorf("got %v", got)
		}
		w.do("retry", third.Job, "--json").failed(t, 2, job.CodeBadState)
		if n := w.sandbox.Count(target); n != 1_000 {
			t.Errorf("%d stores are associated", n)
		}
	})
}

func TestJobsFilters(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	submitted := func(args ...string) string {
		return document[receiptDocument](t, w.do(append(args, "--json")...).expect(t, 0)).Job
	}
	list := w.list(3)
	partner := submitted("associate", list, "--account", sandbox.PartnerAccount, "--brand", "777", "--coupon", "2000", "--stock", "1")
	brand := submitted("associate", list, "--account", sandbox.BrandAccount, "--coupon", "2000", "--stock", "2")
	bundle := submitted("disassociate", list, "--account", sandbox.BrandAccount, "--coupon", "2000", "--bundle", "3")
	w.do("pause", bundle).expect(t, 0)
	for _, c := range []struct {
		flags []string
		want  []string
	}{
		{nil, []string{bundle, brand, partner}},
		{[]string{"--limit", "2"}, []string{bundle, brand}},
		{[]string{"--state", "paused"}, []string{bundle}},
		{[]string{"--state", "completed"}, []string{}},
		{[]string{"--account", sandbox.PartnerAccount}, []string{partner}},
		{[]string{"--brand", sandbox.BrandID}, []string{bundle, brand}},
		{[]string{"--stock", "3"}, []string{bundle}},
		{[]string{"--stock", "1", "--state", "running"}, []string{partner}},
	} {
		o := w.do(append([]string{"jobs", "--json"}, c.flags...)...).expect(t, 0)
		if len(c.want) == 0 && strings.TrimSpace(o.out) != "[]" {
			t.Errorf("%v: %s, want an empty array", c.flags, o.out)
		}
		got := []string{}
		for _, s := range document[[]job.Status](t, o) {
			got = append(got, s.Job)
		}
		slices.Sort(got) // jobs of one millisecond have no order
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.flags, got, c.want)
		}
		table := w.do(append([]string{"jobs"}, c.flags...)...).expect(t, 0)
		for _, id := range c.want {
			if !strings.Contains(table.out, id) {
				t.Errorf("%v: the table has no %s:\n%s", c.flags, id, table.out)
			}
		}
	}
}

func TestWatchPrintsAStatusDocumentALine(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		id := document[receiptDocument](t, w.associate(w.list(1_000), "--json").expect(t, 0)).Job
		w.work()
		o := w.do("watch", id, "--json").expect(t, 0)
		var last job.Status
		for line := range strings.Lines(o.out) {
			last = job.Status{}
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if last.Succeeded+last.Failed+last.Pending+last.Unprocessed != last.Total || last.Job != id {
				t.Errorf("got %+v", last)
			}
		}
		if last.State != job.Completed || last.Succeeded != 1_000 {
			t.Errorf("the last is %+v", last)
		}
		if again := w.do("watch", id, "--json").expect(t, 0); strings.Count(again.out, "\n") != 1 {
			t.Errorf("of a job that has ended: %s", again.out)
		}
	})
}

func TestAccountsTellsWhoServes(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		if o := w.do("accounts", "--json").expect(t, 0); strings.TrimSpace(o.out) != "[]" {
			t.Errorf("without workers: %s", o.out)
		}
		w.do("accounts").expect(t, 0)
		stop := w.work()
		list := func() []map[string]any {
			return document[[]map[string]any](t, w.do("accounts", "--json").expect(t, 0))
		}
		w.until(func() bool { return len(list()) == 2 })
		for _, account := range list() {
			if got := slices.Sorted(maps.Keys(account)); !slices.Equal(got, []string{"identity", "mode", "name", "pace", "rate_limits", "workers"}) {
				t.Errorf("an account has %v", got)
			}
			if workers := account["workers"].([]any); len(workers) != 1 {
				t.Errorf("workers %v", workers)
			} else if got := slices.Sorted(maps.Keys(workers[0].(map[string]any))); !slices.Equal(got,
				[]string{"id", "last_seen", "reason", "serial", "served_as", "state"}) {
				t.Errorf("a worker has %v", got)
			}
		}
		if o := w.do("accounts").expect(t, 0); !strings.Contains(o.out, sandbox.PartnerMchID) {
			t.Errorf("got %s", o.out)
		}
		stop()
		w.until(func() bool { return len(list()[0]["workers"].([]any)) == 0 })
		if o := w.do("accounts").expect(t, 0); !strings.Contains(o.out, "unserved") {
			t.Errorf("got %s", o.out)
		}
	})
}

func TestWaitTellsOfARefusedAccountAndGoesOn(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{ClockOffset: -10 * time.Minute}, func(t *testing.T, w *world) {
		w.work()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o := hearing(t, ctx, w.env, map[string]func(){"WeChat Pay refuses account sandbox-partner": cancel},
			append([]string{"associate", w.list(3), "--wait"}, asPartner...)...).expect(t, 130)
		if !strings.Contains(o.err, "clock") || !strings.Contains(o.err, "goes on") {
			t.Errorf("got %s", o.err)
		}
	})
}

func TestInterruptedWaitLeavesTheJobRunning(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		w.work()
		ctx, cancel := context.WithCancel(t.Context())
		w.onCall = func(n int64) {
			if n == 1 {
				cancel()
			}
		}
		e := enqueueWith(t, ctx, w.env, "", append([]string{"associate", w.list(20_000), "--wait", "--json"}, asPartner...)...).
			failed(t, 130, job.CodeInterrupted)
		if !strings.Contains(e.Message, "enqueue watch "+e.Job) {
			t.Errorf("got %+v", e)
		}
		w.do("watch", e.Job).expect(t, 0)
	})
}

func TestWaitOutlastsRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t, redistest.Durable...)
	w := newWorld(t, sandbox.Faults{})
	w.on(server.Client)
	o := hearing(t, t.Context(), w.env, map[string]func(){
		"committed and waits":   server.Kill,
		"Redis does not answer": server.Restart,
		"Redis answers again": func() {
			jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0))
			w.do("cancel", jobs[0].Job).expect(t, 0)
		},
	}, append([]string{"associate", w.list(10), "--wait", "--json"}, asPartner...)...)
	if s := document[endDocument](t, o.expect(t, 3)); s.State != job.Cancelled || s.Unprocessed != 10 {
		t.Errorf("got %+v", s)
	}
}

func TestJobThatRedisForgotEndsTheWait(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	hearing(t, t.Context(), w.env, map[string]func(){"committed and waits": func() {
		if err := w.redis.FlushAll(context.Background()).Err(); err != nil {
			t.Error(err)
		}
	}}, append([]string{"associate", w.list(10), "--wait", "--json"}, asPartner...)...).failed(t, 1, job.CodeRedis)
}

func TestWeakRedisIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t)
	w := newWorld(t, sandbox.Faults{})
	w.on(server.Client)
	o := w.associate(w.list(3), "--json").expect(t, 0)
	if strings.Count(o.err, "append-only") != 1 {
		t.Errorf("got %s", o.err)
	}
	if o := w.do("jobs").expect(t, 0); o.err != "" {
		t.Errorf("looking warns: %s", o.err)
	}
}
