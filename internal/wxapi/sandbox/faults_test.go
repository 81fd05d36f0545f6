package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestWhatEachCallFaultDoes(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	n := 0
	for name, tt := range map[string]struct {
		faults   sandbox.Faults
		done     bool // the work was done
		injected string
		ok       func(reply) bool
	}{
		"server errors": {sandbox.Faults{ServerErrors: 1}, false, "server_error", func(r reply) bool {
			return r.status == 500 && r.verified && strings.Contains(string(r.body), "SYSTEM_ERROR")
		}},
		"cut before": {sandbox.Faults{CutBefore: 1}, false, "cut_before", func(r reply) bool { return r.err != nil }},
		"throttled": {sandbox.Faults{Throttled: 1}, false, "throttled", func(r reply) bool {
			return r.status == 429 && r.verified
		}},
		"proxy pages": {sandbox.Faults{ProxyPages: 1}, false, "proxy_page", func(r reply) bool {
			return r.status == 502 && bytes.HasPrefix(r.body, []byte("<html>")) && r.header.Get("Request-Id") == "" &&
				r.header.Get("Wechatpay-Signature") == ""
		}},
		"a proxy's 404": {sandbox.Faults{ProxyPages: 1, ProxyStatus: 404}, false, "proxy_page", func(r reply) bool {
			return r.status == 404 && bytes.Contains(r.body, []byte("404 Not Found")) && !json.Valid(r.body)
		}},
		"a gateway's 429": {sandbox.Faults{Throttled: 1, GatewayRefusals: 1, RetryAfter: 3}, false, "throttled",
			func(r reply) bool {
				return r.status == 429 && bytes.HasPrefix(r.body, []byte("<html>")) && r.header.Get("Retry-After") == "3" &&
					r.header.Get("Wechatpay-Signature") == "" && r.header.Get("Request-Id") == ""
			}},
		"a gateway's empty 429": {sandbox.Faults{Throttled: 1, GatewayRefusals: 1, GatewayBody: sandbox.GatewayEmpty}, false,
			"throttled", func(r reply) bool {
				return r.status == 429 && len(r.body) == 0 && r.header.Get("Retry-After") == "" &&
					r.header.Get("Wechatpay-Signature") == ""
			}},
		"dropped": {sandbox.Faults{Dropped: 1}, true, "dropped", func(r reply) bool { return r.err != nil }},
		"truncated": {sandbox.Faults{Truncated: 1}, true, "truncated", func(r reply) bool {
			return r.status == 200 && r.err != nil && !json.Valid(r.body)
		}},
		"wrong signatures": {sandbox.Faults{WrongSignatures: 1}, true, "wrong_signature", func(r reply) bool {
			signature := r.header.Get("Wechatpay-Signature")
			return r.status == 200 && !r.verified && strings.HasPrefix(signature, "WECHATPAY/SIGNTEST/") &&
				len(signature) == 344 && json.Valid(r.body)
		}},
		"unsigned": {sandbox.Faults{Unsigned: 1}, true, "unsigned", func(r reply) bool {
			return r.status == 200 && r.header.Get("Wechatpay-Signature") == "" && r.header.Get("Request-Id") != ""
		}},
		"dripped": {sandbox.Faults{Dripped: 1, DripFor: time.Millisecond}, true, "dripped", func(r reply) bool {
			return r.status == 200 && r.verified && json.Valid(r.body)
		}},
		"oversized": {sandbox.Faults{Oversized: 1, OversizedBytes: 200_001}, true, "oversized", func(r reply) bool {
			return r.status == 200 && r.verified && json.Valid(r.body) && len(r.body) == 200_001
		}},
		"strangers": {sandbox.Faults{Strangers: 1}, true, "stranger", func(r reply) bool {
			answer := decode[wxapi.StoresAnswer](t, r)
			return r.verified && answer.TotalCount == 1 && len(answer.SuccessStoreList) == 2
		}},
		"an outage of errors": {sandbox.Faults{Outage: sandbox.OutageErrors, Dropped: 1}, false, "server_error",
			func(r reply) bool { return r.status == 500 }},
		"an outage of 429": {sandbox.Faults{Outage: sandbox.OutageThrottle}, false, "throttled",
			func(r reply) bool { return r.status == 429 }},
		"an outage of cuts": {sandbox.Faults{Outage: sandbox.OutageCut}, false, "cut_before",
			func(r reply) bool { return r.err != nil }},
		"an outage of signatures": {sandbox.Faults{Outage: sandbox.OutageSignatures, ServerErrors: 1}, true,
			"wrong_signature", func(r reply) bool { return r.status == 200 && !r.verified }},
		"an outage at the proxy": {sandbox.Faults{Outage: sandbox.OutageProxy, ProxyStatus: 503}, false, "proxy_page",
			func(r reply) bool { return r.status == 503 }},
	} {
		if err := c.sandbox.SetFaults(tt.faults); err != nil {
			t.Fatal(err)
		}
		n++
		id := fmt.Sprint(n)
		before := c.sandbox.Stats().Injected[tt.injected]
		r := c.try(request{path: partnerBase + associate, body: body(sandbox.BrandID, id)})
		if !tt.ok(r) {
			t.Errorf("%s: %d %.200q %v %v", name, r.status, r.body, r.header, r.err)
		}
		if got := c.sandbox.Has(stockTarget, id); got != tt.done {
			t.Errorf("%s: the work was done: %v", name, got)
		}
		if got := c.sandbox.Stats().Injected[tt.injected] - before; got != 1 {
			t.Errorf("%s: %d injected", name, got)
		}
		if err := c.sandbox.SetFaults(sandbox.Faults{}); err != nil {
			t.Fatal(err)
		}
		if r := c.stores(id); r.status != 200 || !c.sandbox.Has(stockTarget, id) {
			t.Errorf("%s: afterwards: %d %s", name, r.status, r.body)
		}
		if v := c.sandbox.Stats().Violations; v.SentAgainAfterSuccess != 0 {
			t.Fatalf("%s: sending again what was not answered well is no violation: %+v", name, v)
		}
	}
}

func TestAnOutageSpoilsRefusalsToo(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{Faults: sandbox.Faults{Outage: sandbox.OutageSignatures,
		OpenStocks: []string{"stock-1"}}})
	for status, q := range map[int]request{
		400: associateCall,
		401: {path: associateCall.path, body: associateCall.body, key: otherKey()},
		404: {path: "/"},
	} {
		if r := c.try(q); r.status != status || r.verified {
			t.Errorf("%d %s, verified: %v", r.status, r.body, r.verified)
		}
	}
}

func TestTheSameSeedGivesTheSameFaults(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) string {
		c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{Seed: seed, ServerErrors: 0.2, Dropped: 0.2,
			WrongSignatures: 0.2, PassingStores: 0.3, MissingStores: 0.2}})
		var log strings.Builder
		for i := range 40 {
			r := c.try(request{path: partnerBase + associate, body: body(sandbox.BrandID, numbers(i%3, 5)...)})
			fmt.Fprintln(&log, r.status, r.verified, r.err != nil)
			if r.status == 200 {
				log.Write(r.body)
			}
		}
		return log.String()
	}
	first := run(1)
	if run(1) != first {
		t.Error("two runs with seed 1 differ")
	}
	if run(2) == first {
		t.Error("seeds 1 and 2 give the same")
	}
}

func TestHowStoresFail(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{Faults: sandbox.Faults{
		PassingStoreIDs: []string{"passing"}, MissingStoreIDs: []string{"missing"}, DoubleStoreIDs: []string{"double"},
		FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "gone"}, {StoreID: "odd", Code: "ODD", Message: `a "b" <门>`}},
	}})
	answer := decode[wxapi.StoresAnswer](t, c.stores("good", "passing", "missing", "double", "gone", "odd"))
	want := wxapi.StoresAnswer{TotalCount: 6,
		SuccessStoreList: []wxapi.Store{{StoreID: "good"}, {StoreID: "double"}},
		FailedStoreList: []wxapi.Store{
			{StoreID: "passing", Code: "SYSTEM_ERROR", Message: "系统异常，请稍后重试"},
			{StoreID: "double", Code: "SYSTEM_ERROR", Message: "系统异常，请稍后重试"},
			{StoreID: "gone", Code: "INVALID_REQUEST", Message: "门店不存在或不属于该品牌"},
			{StoreID: "odd", Code: "ODD", Message: `a "b" <门>`},
		}}
	if fmt.Sprint(answer) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", answer, want)
	}
	if truth := c.sandbox.Truth(stockTarget); !slices.Equal(truth, []string{"double", "good"}) {
		t.Errorf("the truth is %q", truth)
	}
}

func TestAStoreThatFailsInPassingPasses(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{Seed: 7, PassingStores: 0.5,
		PassingCode: "FREQUENCY_LIMITED"}})
	pending := numbers(0, 200)
	for round := 1; len(pending) > 0; round++ {
		answer := decode[wxapi.StoresAnswer](t, c.stores(pending...))
		if round == 1 && (len(answer.FailedStoreList) < 70 || len(answer.FailedStoreList) > 130) {
			t.Fatalf("%d of 200 failed at a share of a half", len(answer.FailedStoreList))
		}
		if round > 30 {
			t.Fatalf("%d stores fail for ever", len(pending))
		}
		for _, s := range answer.FailedStoreList {
			if s.Code != "FREQUENCY_LIMITED" || s.Message == "" {
				t.Fatalf("%+v", s)
			}
		}
		pending = idsOf(answer.FailedStoreList)
	}
	if n := c.sandbox.Count(stockTarget); n != 200 {
		t.Errorf("%d stores are associated", n)
	}
	if v := c.sandbox.Stats().Violations; v.SentAgainAfterSuccess+v.SentAgainAfterFailure != 0 {
		t.Errorf("%+v", v)
	}
}

func TestAStoreThatFailsForGoodFailsEveryTime(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{FailingStores: 0.1}})
	first := decode[wxapi.StoresAnswer](t, c.stores(numbers(0, 200)...))
	if n := len(first.FailedStoreList); n < 5 || n > 40 {
		t.Fatalf("%d of 200 failed at a share of a tenth", n)
	}
	again := decode[wxapi.StoresAnswer](t, c.stores(idsOf(first.FailedStoreList)...))
	if len(again.SuccessStoreList) != 0 || again.FailedStoreList[0].Code != "INVALID_REQUEST" {
		t.Errorf("%+v", again)
	}
}

func TestAssociatingTwiceAnswersAsTold(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{})
	c.stores("1")
	if a := decode[wxapi.StoresAnswer](t, c.stores("1")); len(a.SuccessStoreList) != 1 {
		t.Errorf("told nothing: %+v", a)
	}
	if err := c.sandbox.SetFaults(sandbox.Faults{AlreadyCode: "STORE_ALREADY_ASSOCIATED"}); err != nil {
		t.Fatal(err)
	}
	a := decode[wxapi.StoresAnswer](t, c.stores("1", "2"))
	if len(a.FailedStoreList) != 1 || a.FailedStoreList[0].Code != "STORE_ALREADY_ASSOCIATED" ||
		!slices.Equal(idsOf(a.SuccessStoreList), []string{"2"}) || !c.sandbox.Has(stockTarget, "1") {
		t.Errorf("told to fail: %+v", a)
	}
	off := request{path: partnerBase + "stocks/stock-1/disassociate-stores", body: body(sandbox.BrandID, "2", "3")}
	a = decode[wxapi.StoresAnswer](t, c.send(off))
	if !slices.Equal(idsOf(a.SuccessStoreList), []string{"2"}) || !slices.Equal(idsOf(a.FailedStoreList), []string{"3"}) {
		t.Errorf("disassociating: %+v", a)
	}
}

func TestAPoisonedStoreRefusesItsCallWhole(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{})
	for how, field := range map[string]string{
		"": "/body/store_list/2/store_id", sandbox.PoisonNamesStore: "/body/store_list/2/store_id",
		sandbox.PoisonNamesList: "/body/store_list", sandbox.PoisonNamesNothing: "",
	} {
		if err := c.sandbox.SetFaults(sandbox.Faults{PoisonedStoreIDs: []string{"bad"}, PoisonDetail: how}); err != nil {
			t.Fatal(err)
		}
		r := c.stores("1", "1", "bad", "2") // the place is that in the call as it was sent
		answer := c.wantStatus(r, 400, "PARAM_ERROR")
		switch {
		case !strings.HasSuffix(r.header.Get("Request-Id"), "-268578101"):
			t.Errorf("%q: Request-Id %s", how, r.header.Get("Request-Id"))
		case field == "" && answer.Detail != nil, field != "" && answer.Detail.Field != field:
			t.Errorf("%q: %s", how, r.body)
		case c.sandbox.Count(stockTarget) != 0:
			t.Errorf("%q: something was done", how)
		}
		if r := c.stores("1", "2"); r.status != 200 {
			t.Errorf("%q: without it: %d", how, r.status)
		}
		c.sandbox.Forget()
	}
	if err := c.sandbox.SetFaults(sandbox.Faults{PoisonedStores: 0.02}); err != nil {
		t.Fatal(err)
	}
	if r := c.stores(numbers(0, 200)...); r.status != 400 {
		t.Errorf("a share of poisoned stores: %d", r.status)
	}
}

func TestAnswerKeys(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{})
	first, second := c.sandbox.PublicKeys()
	platform := c.sandbox.PlatformCertificate()
	for which, want := range map[string][]string{
		"":                         {first.ID},
		sandbox.AnswerKeyFirst:     {first.ID},
		sandbox.AnswerKeySecond:    {second.ID},
		sandbox.AnswerKeyPlatform:  {platform.ID},
		sandbox.AnswerKeyAlternate: {first.ID, second.ID},
	} {
		if err := c.sandbox.SetFaults(sandbox.Faults{AnswerKey: which}); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for range 4 {
			got[c.stores("1").header.Get("Wechatpay-Serial")] = true // send checks the signature
		}
		if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, slices.Sorted(slices.Values(want))) {
			t.Errorf("%q: %q, want %q", which, ids, want)
		}
	}
	if err := c.sandbox.SetFaults(sandbox.Faults{}); err != nil {
		t.Fatal(err)
	}
	q := associateCall
	q.header = map[string][]string{"Wechatpay-Serial": {second.ID}}
	if got := c.send(q).header.Get("Wechatpay-Serial"); got != second.ID {
		t.Errorf("signed with %s although the call named %s", got, second.ID)
	}
}

func TestTheSandboxsClockCanBeWrong(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{ClockOffset: 10 * time.Minute}})
	r := c.try(associateCall)
	answer := c.wantStatus(r, 401, "SIGN_ERROR")
	if answer.Detail.Field != "timestamp" || r.verified {
		t.Errorf("%s, and the answer's timestamp was taken: %v", r.body, r.verified)
	}
	q := associateCall
	q.timestamp = fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	if r := c.try(q); r.status != 200 {
		t.Errorf("a call whose clock is as wrong: %d %s", r.status, r.body)
	}
}

func TestTheWayTakesItsTime(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{})
		took := func(f sandbox.Faults) time.Duration {
			t.Helper()
			if err := c.sandbox.SetFaults(f); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			c.send(associateCall)
			return time.Since(began)
		}
		if got := took(sandbox.Faults{Latency: 30 * time.Millisecond}); got != 30*time.Millisecond {
			t.Errorf("latency: %v", got)
		}
		if got := took(sandbox.Faults{Dripped: 1, DripFor: time.Minute}); got != time.Minute {
			t.Errorf("drip: %v", got)
		}
		for name, f := range map[string]sandbox.Faults{
			"in": {JitterIn: time.Second}, "out": {JitterOut: time.Second},
		} {
			seen := map[time.Duration]bool{}
			for range 10 {
				d := took(f)
				if seen[d] = true; d < 0 || d >= time.Second {
					t.Errorf("jitter %s: %v", name, d)
				}
			}
			if len(seen) < 9 {
				t.Errorf("jitter %s is always the same: %v", name, seen)
			}
		}
	})
}

func TestACallIsCarriedOutThoughItsCallerHasGone(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{Latency: 10 * time.Second}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.http.Do(c.signed(associateCall).WithContext(ctx)); err == nil {
			t.Fatal("an answer came")
		}
		if !c.sandbox.Has(stockTarget, "1") {
			t.Error("the work was not done")
		}
		c.stores("1")
		if v := c.sandbox.Stats().Violations; v.SentAgainAfterSuccess != 0 {
			t.Errorf("an answer to nobody decided something: %+v", v)
		}
	})
}

func TestAHangingCallEndsWithItsCallerOrItsOutage(t *testing.T) {
	t.Parallel()
	keys()
	synctest.Test(t, func(t *testing.T) {
		c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{Outage: sandbox.OutageHang}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if _, err := c.http.Do(c.signed(associateCall).WithContext(ctx)); err == nil || time.Since(began) != time.Hour {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ended := make(chan error)
		go func() { ended <- c.try(associateCall).err }()
		synctest.Wait()
		if err := c.sandbox.SetFaults(sandbox.Faults{}); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil {
			t.Error("a call that hung was answered")
		}
		c.send(associateCall)
	})
}

func TestFaultsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{Faults: sandbox.Faults{Seed: 9}})
	for want, f := range map[string]sandbox.Faults{
		"server_errors":   {ServerErrors: 1.1},
		"passing_stores":  {PassingStores: -0.1},
		"add up":          {Dropped: 0.6, Truncated: 0.6},
		"latency":         {Latency: -1},
		"outage":          {Outage: "sunshine"},
		"answer_key":      {AnswerKey: "third"},
		"poison_detail":   {PoisonDetail: "maybe"},
		"proxy_status":    {ProxyStatus: 99},
		"oversized_bytes": {OversizedBytes: -1},
		"also_used":       {AlsoUsed: math.NaN()},
		"work_spread":     {WorkSpread: -1},
		"jitter_tail":     {JitterTail: 2},
		"jitter_per":      {JitterPer: "day"},
		"gateway_body":    {GatewayBody: "json"},
		"retry_after":     {RetryAfter: -1},
	} {
		if err := c.sandbox.SetFaults(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if got := c.sandbox.Faults().Seed; got != 9 {
		t.Errorf("refused faults are in force: seed %d", got)
	}
}
