package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// Not parallel: it is about the working directory.
func TestSandboxNeedsNothingButTheList(t *testing.T) {
	t.Chdir(t.TempDir())
	list := "list.csv"
	if err := os.WriteFile(list, []byte("门店编号,城市\n"+strings.Join(storeIDs(1_000), ",上海\n")+",上海\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What is configured, even wrongly, does not matter.
	environ := []string{"REDIS_URL=redis://127.0.0.1:1/0", "STORELINK_CONFIG=/no/such/file"}
	o := enqueue(t, environ, "associate", list, "--sandbox").expect(t, 0)
	if !strings.Contains(o.out, "completed") || !strings.Contains(o.out, "1,000") {
		t.Errorf("the summary:\n%s", o.out)
	}
	reports, err := filepath.Glob("*-*.csv")
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %v, %v", reports, err)
	}
	if !strings.Contains(o.out, reports[0]) || !strings.Contains(o.out, strings.TrimSuffix(reports[0], ".csv")) {
		t.Errorf("the summary names neither job nor report %s:\n%s", reports[0], o.out)
	}
	got := (&world{t: t}).report(reports[0])
	for _, id := range storeIDs(1_000) {
		if got[id] != "succeeded" {
			t.Fatalf("store %s: %q", id, got[id])
		}
	}
	if len(got) != 1_000 {
		t.Errorf("%d rows", len(got))
	}
}

func TestSandboxHonoursTheFlagsThatAreGiven(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dir: t.TempDir()}
	s := document[endDocument](t, w.do("disassociate", w.list(10), "--sandbox", "--account", "sandbox-brand", "--coupon", "77",
		"--bundle", "88", "--label", "try", "--priority", "low", "--report", w.file("r.jsonl"), "--json").expect(t, 0))
	if s.Operation != job.Disassociate || s.Account != "sandbox-brand" || s.ProductCouponID != "77" || s.StockBundleID != "88" ||
		s.StockID != "" || s.BrandID != sandbox.BrandID || s.Label != "try" || s.Priority != job.Low || s.Report != w.file("r.jsonl") {
		t.Errorf("got %+v", s)
	}
	w.do("associate", w.list(10), "--sandbox", "--account", "acme", "--json").failed(t, 2, job.CodeUnknownAccount)
}

// every is each way of calling: who, for what, what to do.
func every(test func(name string, op job.Operation, account string, target job.Target, flags []string)) {
	for _, op := range []job.Operation{job.Associate, job.Disassociate} {
		for _, account := range []string{sandbox.PartnerAccount, sandbox.BrandAccount} {
			for _, bundle := range []bool{false, true} {
				to := job.Target{BrandID: sandbox.BrandID, ProductCouponID: "2000", StockID: "3000"}
				flags := []string{"--account", account, "--coupon", "2000", "--stock", "3000"}
				name := string(op) + " stock as " + account
				if bundle {
					to.StockID, to.StockBundleID = "", "3000"
					flags = []string{"--account", account, "--coupon", "2000", "--bundle", "3000"}
					name = string(op) + " bundle as " + account
				}
				if account == sandbox.PartnerAccount {
					flags = append(flags, "--brand", sandbox.BrandID)
				}
				test(name, op, account, to, flags)
			}
		}
	}
}

func TestHereEveryWayOfCalling(t *testing.T) {
	t.Parallel()
	every(func(name string, op job.Operation, account string, target job.Target, flags []string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Faults{})
			if op == job.Disassociate {
				w.sandbox.Put(target, storeIDs(450)...)
			}
			args := append([]string{string(op), w.list(450), "--config", w.config, "--json", "--report", w.file("r.csv")}, flags...)
			s := document[endDocument](t, w.do(args...).expect(t, 0))
			if s.Succeeded != 450 || s.State != job.Completed || s.BrandID != sandbox.BrandID || s.Calls != 3 {
				t.Errorf("got %+v", s)
			}
			want := 450
			if op == job.Disassociate {
				want = 0
			}
			if n := w.sandbox.Count(target); n != want {
				t.Errorf("%d stores are associated, want %d", n, want)
			}
			if got := w.report(w.file("r.csv")); len(got) != 450 {
				t.Errorf("%d rows", len(got))
			}
		})
	})
}

func TestHereFailedStoresExitWithThree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "100000003"},
		{StoreID: "100000004", Code: "STORE_CLOSED", Message: "=1+1"}}})
	args := func(more ...string) []string {
		return append(append([]string{"associate", w.list(10), "--config", w.config, "--report", w.file("r.csv")}, asPartner...), more...)
	}
	o := w.do(args()...).expect(t, 3)
	for _, say := range []string{"INVALID_REQUEST 1", "STORE_CLOSED 1", "8", w.file("r.csv")} {
		if !strings.Contains(o.out, say) {
			t.Errorf("the summary does not say %q:\n%s", say, o.out)
		}
	}
	if !strings.Contains(o.err, "2 stores failed") {
		t.Errorf("standard error: %s", o.err)
	}
	s := document[endDocument](t, w.do(args("--json")...).expect(t, 3))
	if s.Failed != 2 || s.Succeeded != 8 || s.Failures["INVALID_REQUEST"] != 1 {
		t.Errorf("got %+v", s)
	}
	if text, err := os.ReadFile(w.file("r.csv")); err != nil || !strings.Contains(string(text), "STORE_CLOSED,'=1+1,") {
		t.Errorf("the report: %s, %v", text, err)
	}
}

func TestHereHopelessJobIsAbortedAfterOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{OpenStocks: []string{"3000"}})
	s := document[endDocument](t, w.do(append([]string{"associate", w.list(2_000), "--config", w.config, "--json", "--report",
		w.file("r.csv")}, asPartner...)...).expect(t, 3))
	if s.State != job.Aborted || s.Unprocessed != 2_000 || s.Reason == "" || w.calls.Load() != 1 {
		t.Errorf("got %+v after %d calls", s, w.calls.Load())
	}
}

func TestHereWrongIdentityEndsAtOnceWithTheCause(t *testing.T) {
	t.Parallel()
	keys, err := sharedKeys()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*sandbox.Account)
		faults sandbox.Faults
		cause  string
	}{
		"wrong key":    {change: func(a *sandbox.Account) { a.PrivateKey = keys.WechatpayNext }, cause: "private key"},
		"wrong serial": {change: func(a *sandbox.Account) { a.SerialNo = "1" + a.SerialNo[1:39] + "0" }, cause: "serial"},
		"clock":        {faults: sandbox.Faults{ClockOffset: 10 * time.Minute}, cause: "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.faults)
			text, err := os.ReadFile(w.config)
			if err != nil {
				t.Fatal(err)
			}
			_, after, _ := strings.Cut(string(text), "base_url: \"")
			url, _, _ := strings.Cut(after, "\"")
			config := w.configure("wrong.yaml", url, c.change)
			for _, more := range [][]string{{"--json"}, {}} {
				o := w.do(append(append([]string{"associate", w.list(1_000), "--config", config}, asPartner...), more...)...).expect(t, 1)
				text := o.err
				if len(more) > 0 {
					e := o.failed(t, 1, job.CodeLane)
					if text = e.Message; e.Status == nil || e.Status.Failed != 0 || e.Status.Unprocessed != 1_000 {
						t.Errorf("status %+v", e.Status)
					}
				}
				if !strings.Contains(strings.ToLower(text), c.cause) || !strings.Contains(text, "sandbox-partner") {
					t.Errorf("the cause is not told: %s", text)
				}
			}
			if n := w.sandbox.Count(target); n != 0 {
				t.Errorf("%d stores are associated", n)
			}
			if left, err := filepath.Glob(w.file("2*.csv")); err != nil || len(left) != 0 {
				t.Errorf("a report without a word in it: %v, %v", left, err)
			}
		})
	}
}

func TestHereWrongKeyFileIsTheConfigurations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	w.write("storelink.yaml-sandbox-partner.pem", "no key at all")
	w.do(append([]string{"associate", w.list(3), "--config", w.config, "--json"}, asPartner...)...).failed(t, 2, job.CodeBadConfig)
	w.do(append([]string{"associate", w.list(3), "--config", w.config, "--json", "--account", "acme"}, asPartner[2:]...)...).
		failed(t, 2, job.CodeBadConfig)
}

func TestHereUnknownAccountNamesThoseThatAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	e := w.do(append([]string{"associate", w.list(3), "--config", w.config, "--json", "--account", "acme"}, asPartner[2:]...)...).
		failed(t, 2, job.CodeUnknownAccount)
	if !strings.Contains(e.Message, "sandbox-brand, sandbox-partner") {
		t.Errorf("got %s", e.Message)
	}
}

func TestHereInterruptedReportsWhatIsKnownAndCanBeRunAgain(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		w := newWorld(t, sandbox.Faults{Latency: 10 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		w.onCall = func(n int64) {
			if n == 5 {
				cancel() // with calls in flight: this one, at least
			}
		}
		args := append([]string{"associate", w.list(20_000), "--config", w.config, "--report", w.file("r.csv")}, asPartner...)
		if asJSON {
			args = append(args, "--json")
		}
		o := enqueueWith(t, ctx, nil, "", args...).expect(t, 130)
		said := o.err
		if asJSON {
			e := o.failed(t, 130, job.CodeInterrupted)
			if said = e.Message; e.Report != w.file("r.csv") || e.Status == nil || e.Status.State != job.Cancelled {
				t.Errorf("got %+v", e)
			}
		}
		if !strings.Contains(said, "again") || !strings.Contains(said, w.file("r.csv")) {
			t.Errorf("it is not told how to go on: %s", said)
		}
		var done []string
		for id, outcome := range w.report(w.file("r.csv")) {
			switch outcome {
			case "succeeded":
				done = append(done, id)
			case "unprocessed":
			default:
				t.Errorf("store %s is %s", id, outcome)
			}
		}
		slices.Sort(done)
		if truth := w.sandbox.Truth(target); len(done) < 200 || len(done) >= 20_000 || !slices.Equal(done, truth) {
			t.Errorf("the report has %d stores as done, the truth %d", len(done), len(truth))
		}
		w.onCall = nil
		s := document[endDocument](t, w.do(append([]string{"associate", w.list(20_000), "--config", w.config, "--json", "--report",
			w.file("r.csv")}, asPartner...)...).expect(t, 0))
		if s.Succeeded != 20_000 {
			t.Errorf("run again: %+v", s)
		}
	}
}

func TestHereTimeoutLeavesTheJobAndReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{Outage: sandbox.OutageErrors})
	e := w.do(append([]string{"associate", w.list(10), "--config", w.config, "--timeout", "300ms", "--report", w.file("r.csv"), "--json"},
		asPartner...)...).failed(t, 1, job.CodeTimeout)
	if e.Status == nil || e.Status.Failed != 0 || e.Status.Unprocessed != 10 {
		t.Errorf("an outage failed stores: %+v", e.Status)
	}
	if got := w.report(w.file("r.csv")); len(got) != 10 || got["100000000"] != "unprocessed" {
		t.Errorf("the report: %v", got)
	}
}

func TestHereIsTakenWhereRedisIsConfiguredToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	environ := []string{"REDIS_URL=redis://127.0.0.1:1/0"}
	args := append([]string{"associate", w.list(10), "--config", w.config, "--json"}, asPartner...)
	enqueue(t, environ, args...).failed(t, 1, job.CodeRedis)
	args = append(args, "--report", w.file("r.csv"))
	enqueue(t, environ, append(args, "--wait")...).failed(t, 1, job.CodeRedis)
	if s := document[endDocument](t, enqueue(t, environ, append(args, "--here")...).expect(t, 0)); s.Succeeded != 10 {
		t.Errorf("got %+v", s)
	}
}

func TestWithNothingConfiguredItSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dir: t.TempDir()}
	e := w.do(append([]string{"associate", w.list(10), "--json"}, asPartner...)...).failed(t, 2, job.CodeUsage)
	for _, way := range []string{"--redis", "--config", "--sandbox"} {
		if !strings.Contains(e.Message, way) {
			t.Errorf("%s is not named: %s", way, e.Message)
		}
	}
}

func TestDryRunSendsNothingAndNeedsNoRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	list := w.write("r.txt", strings.Join(append(storeIDs(401), "100000000", "100000001"), "\n"))
	for name, environ := range map[string][]string{
		"here": nil, "Redis away": {"REDIS_URL=redis://127.0.0.1:1/0"},
	} {
		o := enqueue(t, environ, append([]string{"associate", list, "--config", w.config, "--dry-run", "--json"}, asPartner...)...)
		d := document[dryRunDocument](t, o.expect(t, 0))
		if d.Job != nil || d.Total != 401 || d.Chunks != 3 || d.Calls != 3 || d.Repeats != 2 || d.SetAside != 0 || d.Seconds != nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// An account that this machine does not know goes at WeChat Pay's pace.
	o := enqueue(t, nil, append([]string{"associate", list, "--dry-run", "--json", "--account", "elsewhere", "--chunk-size", "10"},
		asPartner[2:]...)...)
	if d := document[dryRunDocument](t, o.expect(t, 0)); d.Rate != 20 || d.Chunks != 41 || d.Seconds == nil || *d.Seconds != 2.05 {
		t.Errorf("got %+v", d)
	}
	human := enqueue(t, nil, append([]string{"associate", list, "--dry-run", "--account", "elsewhere"}, asPartner[2:]...)...).expect(t, 0)
	if !strings.Contains(human.out, "Nothing was sent") || !strings.Contains(human.out, "2 repeats dropped") {
		t.Errorf("got %s", human.out)
	}
	bad := w.write("bad.txt", "1\n2\n3?\n")
	if e := w.do(append([]string{"associate", bad, "--dry-run", "--json"}, asPartner...)...).failed(t, 2, job.CodeBadList); e.Line != 3 {
		t.Errorf("got %+v", e)
	}
	if w.calls.Load() != 0 {
		t.Error("calls were made")
	}
}

func TestHereOnABadDayEveryStoreSucceedsAndNoneIsSentAgainOnceDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{Seed: 7, ServerErrors: 0.05, Dropped: 0.02, WrongSignatures: 0.01, PassingStores: 0.01})
	s := document[endDocument](t, w.do(append([]string{"associate", w.list(10_000), "--config", w.config, "--chunk-size", "50",
		"--report", w.file("r.csv"), "--json"}, asPartner...)...).expect(t, 0))
	if s.Succeeded != 10_000 || s.Retries == 0 {
		t.Errorf("got %+v", s)
	}
	var done []string
	for id, outcome := range w.report(w.file("r.csv")) {
		if outcome == "succeeded" {
			done = append(done, id)
		}
	}
	slices.Sort(done)
	if !slices.Equal(done, w.sandbox.Truth(target)) {
		t.Error("the report and the truth differ")
	}
	if v := w.sandbox.Stats().Violations; v.SentAgainAfterSuccess+v.SentAgainAfterFailure != 0 {
		t.Errorf("sent again once decided: %+v", v)
	}
}
