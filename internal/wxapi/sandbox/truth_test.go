package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestPartnerAndBrandSeeTheSameTruth(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	c.stores("1", "2")
	c.send(request{mode: job.Brand, path: brandBase + "stocks/stock-1/disassociate-stores", body: body("", "1")})
	c.send(request{mode: job.Brand, path: brandBase + associate, body: body("", "3")})
	c.send(request{path: partnerBase + associate, body: body("other", "4")})
	if got := c.sandbox.Truth(stockTarget); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("the truth is %q", got)
	}
	other := stockTarget
	other.BrandID = "other"
	if got := c.sandbox.Truth(other); !slices.Equal(got, []string{"4"}) {
		t.Errorf("of the other brand: %q", got)
	}
	if got := c.sandbox.Truth(bundleTarget); got != nil {
		t.Errorf("of the bundle: %q", got)
	}
}

func TestIDsAreText(t *testing.T) {
	t.Parallel()
	c := newDirectClient(t, sandbox.Options{})
	ids := []string{"0", "00", "007", "7", "999999999999999", "0999999999999999", "9999999999999999", "-1", "1e3", "a",
		"A", strings.Repeat("9", 64), strings.Repeat("0", 15), strings.Repeat("0", 16)}
	if r := c.stores(ids...); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	slices.Sort(ids)
	if got := c.sandbox.Truth(stockTarget); !slices.Equal(got, ids) {
		t.Errorf("the truth is %q", got)
	}
	for _, id := range ids {
		if !c.sandbox.Has(stockTarget, id) || c.sandbox.Sent(stockTarget, id) != 1 {
			t.Errorf("%q is missing", id)
		}
	}
	if c.sandbox.Has(stockTarget, "000") || c.sandbox.Has(stockTarget, "b") {
		t.Error("a store that was never named is associated")
	}
}

func TestSendingAStoreAgainThatWasDecidedIsSeen(t *testing.T) {
	t.Parallel()
	disassociate := request{path: partnerBase + "stocks/stock-1/disassociate-stores", body: body(sandbox.BrandID, "1")}
	again := func(c client) [2]int64 {
		v := c.sandbox.Stats().Violations
		return [2]int64{v.SentAgainAfterSuccess, v.SentAgainAfterFailure}
	}
	for name, tt := range map[string]struct {
		faults sandbox.Faults
		calls  func(client)
		want   [2]int64
	}{
		"after a success": {calls: func(c client) { c.stores("1", "2"); c.stores("1"); c.stores("1") }, want: [2]int64{2, 0}},
		"after a failure for good": {faults: sandbox.Faults{FailingStores: 1},
			calls: func(c client) { c.stores("1"); c.stores("1") }, want: [2]int64{0, 1}},
		"after a failure in passing": {faults: sandbox.Faults{PassingStores: 1},
			calls: func(c client) { c.stores("1"); c.stores("1") }},
		"after it was in neither list": {faults: sandbox.Faults{MissingStores: 1},
			calls: func(c client) { c.stores("1"); c.stores("1") }},
		"after it was in both": {faults: sandbox.Faults{DoubleStores: 1},
			calls: func(c client) { c.stores("1"); c.stores("1") }},
		"after it was named as poison": {faults: sandbox.Faults{PoisonedStoreIDs: []string{"1"}},
			calls: func(c client) { c.stores("1", "2"); c.stores("2"); c.stores("1") }, want: [2]int64{0, 1}},
		"while the poison is looked for": {
			faults: sandbox.Faults{PoisonedStoreIDs: []string{"1"}, PoisonDetail: sandbox.PoisonNamesNothing},
			calls:  func(c client) { c.stores("1", "2"); c.stores("1"); c.stores("2") }},
		"after the poison was found": {
			faults: sandbox.Faults{PoisonedStoreIDs: []string{"1"}, PoisonDetail: sandbox.PoisonNamesNothing},
			calls:  func(c client) { c.stores("1"); c.stores("1") }, want: [2]int64{0, 1}},
		"after the job was refused": {faults: sandbox.Faults{OpenStocks: []string{"stock-1"}},
			calls: func(c client) { c.stores("1"); c.stores("1") }},
		"in the other operation": {
			calls: func(c client) { c.stores("1"); c.send(disassociate); c.stores("1"); c.send(disassociate) }},
		"after the figures were forgotten": {
			calls: func(c client) { c.stores("1"); c.sandbox.ForgetStats(); c.stores("1") }},
		"for another target": {calls: func(c client) {
			c.stores("1")
			c.send(request{path: partnerBase + "stocks/stock-2/associate-stores", body: body(sandbox.BrandID, "1")})
		}},
	} {
		c := newDirectClient(t, sandbox.Options{Faults: tt.faults})
		if tt.calls(c); again(c) != tt.want {
			t.Errorf("%s: %v, want %v", name, again(c), tt.want)
		}
	}
	c := newDirectClient(t, sandbox.Options{})
	c.stores("1", "2")
	c.stores("2", "3")
	if c.sandbox.SentAgain(stockTarget, "2") != 1 || c.sandbox.SentAgain(stockTarget, "1") != 0 ||
		!slices.Equal(c.sandbox.Stats().Violations.Examples, []string{"2"}) || c.sandbox.Sent(stockTarget, "2") != 2 {
		t.Errorf("%+v", c.sandbox.Stats())
	}
}

func TestManyCallersAtOnceAddUp(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{Faults: sandbox.Faults{Seed: 3, Dropped: 0.1, ServerErrors: 0.1}})
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 5 {
				for c.try(request{path: partnerBase + associate,
					body: body(sandbox.BrandID, numbers((i*5+j)*100, 150)...)}).status != 200 {
				}
			}
		})
	}
	callers.Wait()
	if got := c.sandbox.Truth(stockTarget); !slices.Equal(got, numbers(0, 4050)) {
		t.Errorf("%d stores are associated", len(got))
	}
	s := c.sandbox.Stats()
	if s.Answers[200] != 40 || s.Answers[500] != s.Injected["server_error"] ||
		s.Calls != 40+s.Injected["server_error"]+s.Injected["dropped"] || s.Targets[0].Associated != 4050 {
		t.Errorf("%+v", s)
	}
}

// inspect asks one of the debugging endpoints.
func (c client) inspect(method, path, text string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+"/sandbox/"+path, strings.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestTheSandboxCanBeInspectedAndSteered(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{KeepArrivals: 10, Faults: sandbox.Faults{Seed: 5,
		FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "9", Code: "X", Message: "m"}}}})
	c.stores("3", "1", "2", "9")
	const truth = "truth?brand_id=" + sandbox.BrandID + "&product_coupon_id=coupon-1&stock_id=stock-1"
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", truth, "", 200, "1\n2\n3\n"},
		{"GET", "truth?brand_id=1&product_coupon_id=2&stock_bundle_id=3", "", 200, ""},
		{"GET", "truth?brand_id=1&product_coupon_id=2", "", 400, "stock_bundle_id"},
		{"GET", "truth?brand_id=1&product_coupon_id=2&stock_id=3&stock_bundle_id=4", "", 400, "one of"},
		{"GET", "stats", "", 200, `"sent_again_after_success": 0`},
		{"GET", "stats", "", 200, `"associated": 3`},
		{"GET", "arrivals", "", 200, `"interface":"associate-stock"`},
		{"GET", "faults", "", 200, `"seed": 5`},
		{"POST", "faults", `{"latency":"20ms","server_errors":1}`, 200, `"latency": "20ms"`},
		{"GET", "faults", "", 200, `"seed": 5`},
		{"POST", "faults", `{"latency":20}`, 400, "faults"},
		{"POST", "faults", `{"latency":"soon"}`, 400, "soon"},
		{"POST", "faults", `{"sever_errors":1}`, 400, "sever_errors"},
		{"POST", "faults", `{"server_errors":2}`, 400, "0 to 1"},
		{"POST", "faults", `{"failing_store_ids":[{"store_id":"8"}]}`, 200, `"store_id": "8"`},
		{"GET", "faults", "", 200, `"server_errors": 1`},
		{"PUT", "faults", `{"outage":"500"}`, 200, `"outage": "500"`},
		{"DELETE", "stats", "", 204, ""},
		{"GET", truth, "", 200, "1\n2\n3\n"},
		{"DELETE", "truth", "", 204, ""},
		{"GET", truth, "", 200, ""},
		{"GET", "", "", 404, "no GET"},
		{"DELETE", "faults", "", 404, "no DELETE"},
	} {
		status, answer := c.inspect(step.method, step.path, step.body)
		if status != step.status || !strings.Contains(answer, step.want) || step.want == "" && answer != "" {
			t.Errorf("%s %s %s: %d %s", step.method, step.path, step.body, status, answer)
		}
		if strings.Contains(answer, `"code": "X"`) && strings.Contains(answer, `"8"`) {
			t.Error("a list of failing stores is mixed with the one before")
		}
	}
	want := sandbox.Faults{Outage: "500"}
	if got := c.sandbox.Faults(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("faults after PUT: %+v", got)
	}
}

func TestASandboxCanGoAwayAndComeBack(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	c.stores("1")
	if err := c.sandbox.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := c.try(associateCall); r.err == nil {
		t.Fatal("a closed sandbox answers")
	}
	if err := c.sandbox.Close(t.Context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	url, err := c.sandbox.Start(strings.TrimPrefix(c.url, "http://"))
	if err != nil || url != c.url {
		t.Fatalf("%q, %v", url, err)
	}
	c.stores("2")
	if got := c.sandbox.Truth(stockTarget); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("the truth is %q", got)
	}
	if _, err := c.sandbox.Start(""); err == nil {
		t.Error("started twice")
	}
}

func TestCloseDoesNotWaitForCallsThatHang(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	arrive := sync.OnceFunc(func() { close(arrived) })
	c := newClient(t, sandbox.Options{Faults: sandbox.Faults{Outage: sandbox.OutageHang}, Now: func() time.Time {
		arrive() // the clock is looked at first of all
		return time.Now()
	}})
	ended := make(chan error)
	r := c.signed(associateCall)
	go func() {
		_, err := c.http.Do(r)
		ended <- err
	}()
	<-arrived
	if err := c.sandbox.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a call that hung was answered")
	}
}

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Options{Keys: keys()})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "[::]:0", "example.com:0", "nonsense"} {
		if url, err := s.Start(addr); err == nil {
			t.Errorf("listening on %s", url)
		} else if job.ExitStatus(err) != 2 {
			t.Errorf("%s: %v", addr, err)
		}
	}
	open, err := sandbox.New(sandbox.Options{Keys: keys(), AllowRemote: true})
	if err != nil {
		t.Fatal(err)
	}
	url, err := open.Start("0.0.0.0:0")
	if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("%q, %v", url, err)
	}
	if err := open.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheSameKeysMakeTheSameIdentity(t *testing.T) {
	t.Parallel()
	make := func() *sandbox.Sandbox {
		s, err := sandbox.New(sandbox.Options{Keys: keys()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := make(), make()
	firstA, secondA := a.PublicKeys()
	firstB, secondB := b.PublicKeys()
	if firstA.ID != firstB.ID || secondA.ID != secondB.ID || firstA.ID == secondA.ID ||
		a.PlatformCertificate().ID != b.PlatformCertificate().ID {
		t.Error("the answer keys differ")
	}
	for i, account := range a.Accounts() {
		if other := b.Accounts()[i]; account.SerialNo != other.SerialNo || len(account.SerialNo) != 40 {
			t.Errorf("%s: serial numbers %s and %s", account.Name, account.SerialNo, other.SerialNo)
		}
	}
}

func TestAccountsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, accounts := range map[string][]sandbox.Account{
		"no mode":        {{Name: "a", Identity: "1"}},
		"no identity":    {{Name: "a", Mode: job.Brand}},
		"identity twice": {{Name: "a", Mode: job.Brand, Identity: "1"}, {Name: "b", Mode: job.Brand, Identity: "1"}},
		"name twice":     {{Name: "a", Mode: job.Brand, Identity: "1"}, {Name: "a", Mode: job.Brand, Identity: "2"}},
	} {
		if _, err := sandbox.New(sandbox.Options{Keys: keys(), Accounts: accounts}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	both := []sandbox.Account{{Name: "a", Mode: job.Brand, Identity: "1"}, {Name: "b", Mode: job.Partner, Identity: "1"}}
	if _, err := sandbox.New(sandbox.Options{Keys: keys(), Accounts: both}); err != nil {
		t.Errorf("a brand and a partner may have the same number: %v", err)
	}
}
