package wxapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func TestCallsAreMadeAsDocumented(t *testing.T) {
	t.Parallel()
	bundle := job.Target{BrandID: brandID, ProductCouponID: "200000001", StockBundleID: "400000001"}
	const partnerPath = "/v3/marketing/partner/product-coupon/product-coupons/200000001"
	const brandPath = "/brand/marketing/product-coupon/product-coupons/200000001"
	for _, tc := range []struct {
		mode   job.Mode
		op     job.Operation
		target job.Target
		path   string
	}{
		{job.Partner, job.Associate, stock, partnerPath + "/stocks/300000001/associate-stores"},
		{job.Partner, job.Disassociate, stock, partnerPath + "/stocks/300000001/disassociate-stores"},
		{job.Partner, job.Associate, bundle, partnerPath + "/stock-bundles/400000001/associate-stores"},
		{job.Partner, job.Disassociate, bundle, partnerPath + "/stock-bundles/400000001/disassociate-stores"},
		{job.Brand, job.Associate, stock, brandPath + "/stocks/300000001/associate-stores"},
		{job.Brand, job.Disassociate, stock, brandPath + "/stocks/300000001/disassociate-stores"},
		{job.Brand, job.Associate, bundle, brandPath + "/stock-bundles/400000001/associate-stores"},
		{job.Brand, job.Disassociate, bundle, brandPath + "/stock-bundles/400000001/disassociate-stores"},
	} {
		t.Run(fmt.Sprint(tc.mode, " ", tc.op, " ", tc.target), func(t *testing.T) {
			t.Parallel()
			var got *seen
			server := serve(t, func(w http.ResponseWriter, r *seen) { got = r; succeed(w, r) })
			config := partner(server.URL)
			config.Mode = tc.mode
			scheme, field, body := "WECHATPAY2-SHA256-RSA2048", "mchid",
				`{"brand_id":"120344","store_list":[{"store_id":"007"},{"store_id":"7"},{"store_id":"A-b_9"}]}`
			if tc.mode == job.Brand {
				config.Identity = brandID
				scheme, field, body = "WECHATPAY-BRAND-SHA256-RSA2048", "brand_id",
					`{"store_list":[{"store_id":"007"},{"store_id":"7"},{"store_id":"A-b_9"}]}`
			}
			answer, err := newClient(t, config).Do(t.Context(),
				wxapi.Call{Operation: tc.op, Target: tc.target, StoreIDs: []string{"007", "7", "A-b_9"}})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(answer.Succeeded, []int{0, 1, 2}) || answer.Sent != 1 || answer.RequestID != requestID+"0" {
				t.Errorf("answer %+v", answer)
			}
			if got.Method != "POST" || got.URL.RequestURI() != tc.path {
				t.Errorf("%s %s, want POST %s", got.Method, got.URL.RequestURI(), tc.path)
			}
			if string(got.body) != body {
				t.Errorf("body %s, want %s", got.body, body)
			}
			if got.scheme != scheme || got.auth[field] != config.Identity || got.auth["serial_no"] != serialNo {
				t.Errorf("Authorization %s %v", got.scheme, got.auth)
			}
			if len(got.auth) != 5 || len(got.auth["nonce_str"]) < 16 || len(got.auth["nonce_str"]) > 32 {
				t.Errorf("Authorization has %v", got.auth)
			}
			for name, want := range map[string]string{"Wechatpay-Serial": keyID, "Accept": "application/json",
				"Content-Type": "application/json", "Accept-Encoding": "identity"} {
				if got.Header.Get(name) != want {
					t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
				}
			}
			if got.Header.Get("User-Agent") == "" {
				t.Error("no User-Agent: WeChat Pay refuses such requests")
			}
		})
	}
}

func TestEveryStoreIsInExactlyOneList(t *testing.T) {
	t.Parallel()
	config := wxapi.Config{PassingCodes: []string{"BUSY"}, AlreadyCodes: []string{"ALREADY"}}
	for name, tc := range map[string]struct {
		answer              string
		succeeded, missing  []int
		store, passingStore []int
	}{
		"both lists empty": {`{"total_count":4}`, nil, []int{0, 1, 2, 3}, nil, nil},
		"lists are null":   {`{"success_store_list":null,"failed_store_list":null}`, nil, []int{0, 1, 2, 3}, nil, nil},
		"another order": {`{"success_store_list":[{"store_id":"d"},{"store_id":"a"}],
			"failed_store_list":[{"store_id":"c","code":"X"},{"store_id":"b","code":"Y"}]}`,
			[]int{0, 3}, nil, []int{1, 2}, nil},
		"not ours":         {`{"success_store_list":[{"store_id":"a"},{"store_id":"zz"}]}`, []int{0}, []int{1, 2, 3}, nil, nil},
		"without store_id": {`{"success_store_list":[{"store_id":"a"},{}]}`, []int{0}, []int{1, 2, 3}, nil, nil},
		"twice in a list": {`{"success_store_list":[{"store_id":"a"},{"store_id":"a"},{"store_id":"b"}],
			"failed_store_list":[{"store_id":"c","code":"X"},{"store_id":"c","code":"SYSTEM_ERROR"}]}`,
			[]int{0, 1}, []int{3}, []int{2}, nil},
		"in both lists": {`{"success_store_list":[{"store_id":"a"},{"store_id":"b"}],
			"failed_store_list":[{"store_id":"a","code":"X"},{"store_id":"b","code":"ALREADY"}]}`,
			nil, []int{0, 1, 2, 3}, nil, nil},
		"passing codes": {`{"failed_store_list":[{"store_id":"a","code":"SYSTEM_ERROR"},{"store_id":"b","code":"BUSY"},
			{"store_id":"c","code":"RATELIMIT_EXCEEDED"},{"store_id":"d","code":"FREQUENCY_LIMITED"}]}`,
			nil, nil, nil, []int{0, 1, 2, 3}},
		"already so":      {`{"failed_store_list":[{"store_id":"b","code":"ALREADY"}]}`, []int{1}, []int{0, 2, 3}, nil, nil},
		"without a code":  {`{"failed_store_list":[{"store_id":"b"}]}`, nil, []int{0, 2, 3}, []int{1}, nil},
		"unknown fields":  {`{"x":[{"y":[1.5e3,-0,true,null,"\u00e9"]}],"success_store_list":[{"z":{},"store_id":"\u0061"}]}`, []int{0}, []int{1, 2, 3}, nil, nil},
		"names differ":    {`{"total_count":1,"Success_Store_List":[{"store_id":"a"}]}`, nil, []int{0, 1, 2, 3}, nil, nil},
		"007 is not 7":    {`{"success_store_list":[{"store_id":"0a"},{"store_id":"A"}]}`, nil, []int{0, 1, 2, 3}, nil, nil},
		"numbers as text": {`{"total_count":"4","success_store_list":[{"store_id":"d"}]}`, []int{3}, []int{0, 1, 2}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *seen) { reply(w, 200, tc.answer, signing{}) })
			c := partner(server.URL)
			c.PassingCodes, c.AlreadyCodes = config.PassingCodes, config.AlreadyCodes
			answer, err := newClient(t, c).Do(t.Context(),
				wxapi.Call{Operation: job.Associate, Target: stock, StoreIDs: []string{"a", "b", "c", "d"}})
			if err != nil {
				t.Fatal(err)
			}
			var store, passing []int
			for _, f := range answer.Failed {
				switch f.Class {
				case job.ClassStore:
					store = append(store, f.Index)
				case job.ClassPassingStore:
					passing = append(passing, f.Index)
				default:
					t.Errorf("store %d has class %v", f.Index, f.Class)
				}
			}
			for what, pair := range map[string][2][]int{"succeeded": {answer.Succeeded, tc.succeeded},
				"missing": {answer.Missing, tc.missing}, "store": {store, tc.store}, "passing store": {passing, tc.passingStore}} {
				if !slices.Equal(pair[0], pair[1]) {
					t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestStoreCodesAndMessagesAreKeptAsTheyCame(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 200, `{"failed_store_list":[{"store_id":"100000002","code":"STORE_NOT_EXIST","message":"门店\n\"不存在\""},
			{"store_id":"100000001","code":"LONG","message":"`+strings.Repeat("长", 2000)+`"}]}`, signing{})
	})
	answer, err := newClient(t, partner(server.URL)).Do(t.Context(), call(2))
	if err != nil {
		t.Fatal(err)
	}
	want := wxapi.StoreFailure{Index: 1, Code: "STORE_NOT_EXIST", Message: "门店\n\"不存在\"", Class: job.ClassStore}
	if len(answer.Failed) != 2 || answer.Failed[1] != want {
		t.Errorf("failed %+v, want %+v second", answer.Failed, want)
	}
	if m := answer.Failed[0].Message; len(m) > 1024 || !strings.HasPrefix(m, "长长") || !strings.HasSuffix(m, "…") {
		t.Errorf("a long message is kept at %d bytes: %.20s", len(m), m)
	}
}

func TestTwoHundredStoresInAnyOrder(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		slices.Reverse(r.stores)
		succeed(w, r)
	})
	client := newClient(t, partner(server.URL))
	answer, err := client.Do(t.Context(), call(200))
	if err != nil || len(answer.Succeeded) != 200 || !slices.IsSorted(answer.Succeeded) {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	for _, n := range []int{0, 201} {
		if f := fail(t, client, call(n)); f.Class != job.ClassJob || f.Sent != 0 {
			t.Errorf("a call of %d stores: %+v", n, f)
		}
	}
	if server.requests.Load() != 1 {
		t.Errorf("%d requests, want 1", server.requests.Load())
	}
}

func TestHopelessCallsAreNotSent(t *testing.T) {
	t.Parallel()
	server := serve(t, succeed)
	brand := partner(server.URL)
	brand.Mode, brand.Identity = job.Brand, "120345"
	for name, tc := range map[string]struct {
		config wxapi.Config
		change func(*wxapi.Call)
	}{
		"no operation":      {partner(server.URL), func(c *wxapi.Call) { c.Operation = "" }},
		"no coupon":         {partner(server.URL), func(c *wxapi.Call) { c.Target.ProductCouponID = "" }},
		"no brand":          {partner(server.URL), func(c *wxapi.Call) { c.Target.BrandID = "" }},
		"a path for an ID":  {partner(server.URL), func(c *wxapi.Call) { c.Target.StockID = "1/../../x" }},
		"a quote in an ID":  {partner(server.URL), func(c *wxapi.Call) { c.StoreIDs[1] = `1"},{"store_id":"2` }},
		"an empty store ID": {partner(server.URL), func(c *wxapi.Call) { c.StoreIDs[1] = "" }},
		"another brand's":   {brand, func(c *wxapi.Call) {}},
	} {
		c := call(3)
		tc.change(&c)
		c.Ready = func(context.Context) error { t.Errorf("%s: the pace was asked", name); return nil }
		if f := fail(t, newClient(t, tc.config), c); f.Class != job.ClassJob || f.Sent != 0 || f.Unanswered || f.Message.IsZero() {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if server.requests.Load() != 0 {
		t.Errorf("%d requests were sent", server.requests.Load())
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		if strings.Contains(r.URL.Path, "disassociate") {
			reply(w, 404, `{"code":"NOT_FOUND","message":"x"}`, signing{})
			return
		}
		succeed(w, r)
	})
	config := partner(server.URL)
	config.Concurrency = 4
	client := newClient(t, config)
	for i := range 30 {
		c := call(200)
		if i%3 == 1 {
			c.Operation = job.Disassociate // error answers must not cost a connection either
		}
		client.Do(t.Context(), c)
	}
	if n := server.connections.Load(); n != 1 {
		t.Errorf("30 calls one after the other took %d connections, want 1", n)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if _, err := client.Do(t.Context(), call(20)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := server.connections.Load(); n > 4 {
		t.Errorf("4 calls at a time took %d connections", n)
	}
	if n := server.requests.Load(); n != 70 {
		t.Errorf("%d requests, want 70", n)
	}
}

func TestCallWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	turn := make(chan struct{})
	asked := make(chan struct{})
	server := serve(t, succeed)
	client := newClient(t, partner(server.URL))
	c := call(1)
	c.Ready = func(ctx context.Context) error {
		close(asked)
		select {
		case <-turn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done := make(chan error, 1)
	go func() { _, err := client.Do(t.Context(), c); done <- err }()
	<-asked
	if n := server.requests.Load(); n != 0 {
		t.Errorf("%d requests before the turn", n)
	}
	close(turn)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStoppedBeforeItsTurnIsNotSent(t *testing.T) {
	t.Parallel()
	server := serve(t, succeed)
	client := newClient(t, partner(server.URL))
	paused := errors.New("the job was paused")
	c := call(1)
	c.Ready = func(context.Context) error { return paused }
	f := fail(t, client, c)
	if f.Class != job.ClassNotSent || f.Sent != 0 || f.Unanswered || !errors.Is(f, paused) {
		t.Errorf("refused turn: %+v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Do(ctx, call(1))
	if f := err.(*wxapi.Failure); f.Class != job.ClassNotSent || f.Sent != 0 || !errors.Is(f, context.Canceled) {
		t.Errorf("cancelled before: %+v", f)
	}
	if server.requests.Load() != 0 {
		t.Errorf("%d requests were sent", server.requests.Load())
	}
}

func TestLongWaitForTheTurnIsSignedAnew(t *testing.T) {
	t.Parallel()
	now := time.Now().Add(-4 * time.Minute)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	var stamp string
	server := serve(t, func(w http.ResponseWriter, r *seen) { stamp = r.auth["timestamp"]; succeed(w, r) })
	config := partner(server.URL)
	config.Clock = clock
	c := call(1)
	c.Ready = func(context.Context) error {
		mu.Lock()
		now = now.Add(4 * time.Minute)
		mu.Unlock()
		return nil
	}
	if _, err := newClient(t, config).Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprint(clock().Unix()); stamp != want {
		t.Errorf("sent with timestamp %s, want %s", stamp, want)
	}
}

func TestListGivesAStocksStores(t *testing.T) {
	t.Parallel()
	var got []string
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		got = append(got, r.Method+" "+r.URL.RequestURI())
		if r.URL.Query().Get("page_token") == "" {
			reply(w, 200, `{"total_count":3,"store_list":[{"store_id":"007"},{"store_id":"7"}],"next_page_token":"a+b/c=="}`,
				signing{})
			return
		}
		reply(w, 200, `{"total_count":3,"store_list":[{"store_id":"8"}]}`, signing{})
	})
	client := newClient(t, partner(server.URL))
	page, err := client.List(t.Context(), wxapi.ListCall{Target: stock, PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	if page.Way.At.IsZero() {
		t.Error("nobody knows when the call left")
	}
	page.Elapsed, page.Way = 0, wxapi.Way{}
	want := &wxapi.ListPage{StoreIDs: []string{"007", "7"}, TotalCount: 3, NextPageToken: "a+b/c==",
		RequestID: requestID + "0", Sent: 1}
	if !reflect.DeepEqual(page, want) {
		t.Errorf("page %+v, want %+v", page, want)
	}
	page, err = client.List(t.Context(), wxapi.ListCall{Target: stock, PageSize: 2, PageToken: page.NextPageToken})
	if err != nil || !slices.Equal(page.StoreIDs, []string{"8"}) || page.NextPageToken != "" {
		t.Errorf("second page %+v, %v", page, err)
	}
	brand := partner(server.URL)
	brand.Mode, brand.Identity = job.Brand, brandID
	if _, err := newClient(t, brand).List(t.Context(), wxapi.ListCall{Target: stock}); err != nil {
		t.Error(err)
	}
	const path = "/product-coupon/product-coupons/200000001/stocks/300000001/associated-stores"
	if want := []string{"GET /v3/marketing/partner" + path + "?brand_id=120344&page_size=2",
		"GET /v3/marketing/partner" + path + "?brand_id=120344&page_size=2&page_token=a%2Bb%2Fc%3D%3D",
		"GET /brand/marketing" + path}; !slices.Equal(got, want) {
		t.Errorf("requests\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestListFailsAsCallsDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call   wxapi.ListCall
		status int
		body   string
		class  job.Class
		sent   int
	}{
		"a bundle":      {wxapi.ListCall{Target: job.Target{BrandID: "1", ProductCouponID: "2", StockBundleID: "3"}}, 200, ``, job.ClassJob, 0},
		"too large":     {wxapi.ListCall{Target: stock, PageSize: 201}, 200, ``, job.ClassJob, 0},
		"bad parameter": {wxapi.ListCall{Target: stock}, 400, `{"code":"PARAM_ERROR","message":"page_token"}`, job.ClassJob, 1},
		"no list":       {wxapi.ListCall{Target: stock}, 200, `{"code":"OK"}`, job.ClassPassingCall, 1},
		"bad list":      {wxapi.ListCall{Target: stock}, 200, `{"total_count":1,"store_list":{}}`, job.ClassPassingCall, 1},
		"too fast":      {wxapi.ListCall{Target: stock}, 429, `{"code":"RATELIMIT_EXCEEDED","message":"x"}`, job.ClassPace, 1},
	} {
		server := serve(t, func(w http.ResponseWriter, r *seen) { reply(w, tc.status, tc.body, signing{}) })
		page, err := newClient(t, partner(server.URL)).List(t.Context(), tc.call)
		f, ok := err.(*wxapi.Failure)
		if !ok || page != nil || f.Class != tc.class || f.Sent != tc.sent || f.Index != -1 {
			t.Errorf("%s: %+v, %+v", name, page, f)
		}
	}
}
