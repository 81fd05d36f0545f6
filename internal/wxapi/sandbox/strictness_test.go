package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func ptr[T any](v T) *T { return &v }

func TestTheTenEndpointsWork(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	for _, mode := range []job.Mode{job.Partner, job.Brand} {
		base, brand, query := partnerBase, sandbox.BrandID, "?brand_id="+sandbox.BrandID+"&page_size=2"
		if mode == job.Brand {
			base, brand, query = brandBase, "", "?page_size=2"
		}
		for kind, target := range map[string]job.Target{
			"stocks/stock-1/": stockTarget, "stock-bundles/bundle-1/": bundleTarget,
		} {
			post := func(verb string, ids ...string) {
				t.Helper()
				r := c.send(request{mode: mode, path: base + kind + verb, body: body(brand, ids...)})
				a := decode[wxapi.StoresAnswer](t, r)
				if r.status != 200 || a.TotalCount != len(ids) || !slices.Equal(idsOf(a.SuccessStoreList), ids) ||
					a.FailedStoreList != nil {
					t.Fatalf("%s %s%s: %d %s", mode, kind, verb, r.status, r.body)
				}
			}
			post("associate-stores", "007", "7", "west_gate-1")
			post("disassociate-stores", "7")
			if truth := c.sandbox.Truth(target); !slices.Equal(truth, []string{"007", "west_gate-1"}) {
				t.Fatalf("%s %s: the truth is %q", mode, kind, truth)
			}
			if kind == "stocks/stock-1/" {
				r := c.send(request{method: "GET", mode: mode, path: base + kind + "associated-stores" + query})
				list := decode[wxapi.ListAnswer](t, r)
				if list.TotalCount != 2 || !slices.Equal(idsOf(list.StoreList), []string{"007", "west_gate-1"}) ||
					list.NextPageToken != "" {
					t.Fatalf("%s list: %s", mode, r.body)
				}
			}
			post("disassociate-stores", "007", "west_gate-1")
			if n := c.sandbox.Count(target); n != 0 {
				t.Fatalf("%s %s: %d stores are left", mode, kind, n)
			}
		}
	}
	if v := c.sandbox.Stats().Violations; fmt.Sprint(v) != fmt.Sprint(sandbox.Violations{}) {
		t.Errorf("violations of a good client: %+v", v)
	}
}

func TestAnyOtherMethodOrPathIsNotFound(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	for _, q := range []request{
		{path: "/"},
		{path: "/v3/marketing/partner/product-coupon/product-coupons/coupon-1"},
		{path: partnerBase + associate + "/"},
		{path: partnerBase + "stocks//associate-stores"},
		{path: partnerBase + "stocks/stock-1/associate-stores/more"},
		{path: partnerBase + "stocks/stock%2D1/associate-stores"},
		{path: partnerBase + "stocks/../stocks/stock-1/associate-stores"},
		{path: "/" + partnerBase + associate},
		{path: partnerBase + "stocks/stock-1/associated-stores"},                            // a POST
		{path: partnerBase + associate, method: "GET"},                                      //
		{path: partnerBase + associate, method: "PUT"},                                      //
		{path: partnerBase + "stock-bundles/b/associated-stores?brand_id=1", method: "GET"}, // bundles have no list
		{path: strings.ToUpper(partnerBase) + associate},
		{path: strings.Replace(partnerBase, "/v3/", "/v2/", 1) + associate},
		{path: "/v3" + brandBase + associate, mode: job.Brand},
		{path: "/sandboxed"},
	} {
		if q.body = body(sandbox.BrandID, "1"); q.method == "GET" {
			q.body = ""
		}
		r := c.send(q)
		c.wantStatus(r, 404, "NOT_FOUND")
		if id := r.header.Get("Request-Id"); !strings.HasSuffix(id, "-0") {
			t.Errorf("Request-Id %q", id)
		}
	}
	if n := c.sandbox.Stats().Calls; n != 0 {
		t.Errorf("%d calls counted", n)
	}
}

func TestA401NamesItsCause(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	partner, brand := partnerBase+associate, brandBase+associate
	partnerBody, brandBody := body(sandbox.BrandID, "1"), body("", "1")
	at := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	first, _ := c.sandbox.PublicKeys()
	for name, tt := range map[string]struct {
		request
		field, message string
	}{
		"no Authorization":          {request{header: http.Header{"Authorization": nil}}, "scheme", "Authorization"},
		"the brand's scheme":        {request{scheme: "WECHATPAY-BRAND-SHA256-RSA2048"}, "scheme", "scheme"},
		"the partner's scheme":      {request{mode: job.Brand, scheme: "WECHATPAY2-SHA256-RSA2048"}, "scheme", "scheme"},
		"a brand on partner's path": {request{mode: job.Brand, path: partner}, "scheme", "scheme"},
		"a partner on brand's path": {request{path: brand}, "scheme", "scheme"},
		"no scheme":                 {request{authorization: ptr("Bearer x")}, "scheme", "scheme"},
		"no fields": {request{authorization: ptr("WECHATPAY2-SHA256-RSA2048 ")},
			"Authorization", "malformed"},
		"an unknown mchid":         {request{identity: "1900000002"}, "identity", "identity"},
		"an unknown brand":         {request{mode: job.Brand, identity: "1"}, "identity", "identity"},
		"another serial number":    {request{serial: "5D1234"}, "serial_no", "serial number"},
		"a clock 6 minutes behind": {request{timestamp: at(-6 * time.Minute)}, "timestamp", "timestamp"},
		"a clock 6 minutes ahead":  {request{timestamp: at(6 * time.Minute)}, "timestamp", "timestamp"},
		"another key":              {request{key: otherKey()}, "signature", "signature"},
		"a body that was changed":  {request{sentBody: ptr(partnerBody + " ")}, "signature", "signature"},
		"a key named that is none": {request{header: http.Header{"Wechatpay-Serial": {first.ID + "0"}}},
			"Wechatpay-Serial", "Wechatpay-Serial"},
		"a brand that names no key": {request{mode: job.Brand, header: http.Header{"Wechatpay-Serial": nil}},
			"Wechatpay-Serial", "Wechatpay-Serial"},
	} {
		q := tt.request
		if q.body = partnerBody; q.mode == job.Brand {
			q.body = brandBody
		}
		if q.path == "" {
			if q.path = partner; q.mode == job.Brand {
				q.path = brand
			}
		}
		answer := c.wantStatus(c.send(q), 401, "SIGN_ERROR")
		if answer.Detail.Field != tt.field || !strings.Contains(answer.Message, tt.message) {
			t.Errorf("%s: field %q: %s", name, answer.Detail.Field, answer.Message)
		}
	}
	if len(c.sandbox.Truth(stockTarget)) != 0 || c.sandbox.Stats().Calls != 0 {
		t.Errorf("a 401 did something: %+v", c.sandbox.Stats())
	}
}

func TestAuthorizationIsReadStrictly(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	good := c.signed(request{path: partnerBase + associate, body: body(sandbox.BrandID, "1")}).Header.Get("Authorization")
	scheme, fields, _ := strings.Cut(good, " ")
	list := strings.Split(fields, ",")
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	for name, tt := range map[string]struct {
		header string
		status int
	}{
		"as it is":           {good, 200},
		"in another order":   {scheme + " " + strings.Join(reversed, ","), 200},
		"with spaces":        {scheme + " " + strings.Join(list, ", "), 200},
		"a field missing":    {scheme + " " + strings.Join(list[1:], ","), 401},
		"a field twice":      {good + "," + list[0], 401},
		"a field more":       {good + `,more="1"`, 401},
		"a comma at the end": {good + ",", 401},
		"no commas":          {scheme + " " + strings.Join(list, " "), 401},
		"no quotes":          {strings.ReplaceAll(good, `"`, ""), 401},
		"cut off":            {good[:len(good)-1], 401},
		"in lower case":      {strings.ToLower(scheme) + " " + fields, 401},
	} {
		r := c.send(request{path: partnerBase + associate, body: body(sandbox.BrandID, "1"), authorization: &tt.header})
		if r.status != tt.status {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

func TestAPartnerNeedNotNameAKey(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	r := c.send(request{path: partnerBase + associate, body: body(sandbox.BrandID, "1"),
		header: http.Header{"Wechatpay-Serial": nil}})
	if r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestTheQueryIsSigned(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	r := c.signed(request{method: "GET", path: partnerBase + "stocks/stock-1/associated-stores?brand_id=1"})
	r.URL.RawQuery += "&page_size=20"
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 401 {
		t.Errorf("HTTP %d for a query that was not signed", response.StatusCode)
	}
}

func TestAWrongRequestIsAParamErrorThatNamesThePlace(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	list := func(elements string) string { return `{"brand_id":"1","store_list":[` + elements + `]}` }
	for name, tt := range map[string]struct {
		mode        job.Mode
		body, field string
	}{
		"no JSON":                   {"", `{"brand_id":"1"`, "/body"},
		"more than JSON":            {"", body("1", "1") + "{}", "/body"},
		"no object":                 {"", `[]`, "/body"},
		"null":                      {"", `null`, "/body"},
		"nothing":                   {"", ``, "/header/Content-Type"},
		"not UTF-8":                 {"", list(`{"store_id":"` + "\xff" + `"}`), "/body"},
		"a partner without a brand": {"", body("", "1"), "/body/brand_id"},
		"a partner's empty brand":   {"", `{"brand_id":"","store_list":[{"store_id":"1"}]}`, "/body/brand_id"},
		"a brand that is no text":   {"", `{"brand_id":1,"store_list":[{"store_id":"1"}]}`, "/body/brand_id"},
		"a brand that is null":      {"", `{"brand_id":null,"store_list":[{"store_id":"1"}]}`, "/body/brand_id"},
		"a brand that is no ID":     {"", body("12/3", "1"), "/body/brand_id"},
		"a brand with a brand":      {job.Brand, body(sandbox.BrandID, "1"), "/body/brand_id"},
		"a brand with none in it":   {job.Brand, `{"brand_id":"","store_list":[{"store_id":"1"}]}`, "/body/brand_id"},
		"no list":                   {"", `{"brand_id":"1"}`, "/body/store_list"},
		"a list that is null":       {"", `{"brand_id":"1","store_list":null}`, "/body/store_list"},
		"a list that is none":       {"", `{"brand_id":"1","store_list":{}}`, "/body/store_list"},
		"an empty list":             {"", body("1"), "/body/store_list"},
		"201 stores":                {"", body("1", numbers(0, 201)...), "/body/store_list"},
		"201 times one store":       {"", body("1", slices.Repeat([]string{"1"}, 201)...), "/body/store_list"},
		"a store that is text":      {"", list(`{"store_id":"1"},"2"`), "/body/store_list/1"},
		"a store that is null":      {"", list(`{"store_id":"1"},null`), "/body/store_list/1"},
		"a store without ID":        {"", list(`{"store_id":"1"},{}`), "/body/store_list/1/store_id"},
		"an empty ID":               {"", body("1", "1", "2", ""), "/body/store_list/2/store_id"},
		"an ID that is a number":    {"", list(`{"store_id":1}`), "/body/store_list/0/store_id"},
		"an ID with a space":        {"", body("1", "1", "2 "), "/body/store_list/1/store_id"},
		"an ID of 65":               {"", body("1", strings.Repeat("1", 65)), "/body/store_list/0/store_id"},
		"an ID in other digits":     {"", body("1", "１２"), "/body/store_list/0/store_id"},
		"Store_ID":                  {"", list(`{"Store_ID":"1"}`), "/body/store_list/0/store_id"},
	} {
		path := partnerBase + associate
		if tt.mode == job.Brand {
			path = brandBase + associate
		}
		r := c.send(request{mode: tt.mode, path: path, body: tt.body})
		answer := c.wantStatus(r, 400, "PARAM_ERROR")
		if answer.Detail == nil || answer.Detail.Field != tt.field {
			t.Errorf("%s: %s, want field %s", name, r.body, tt.field)
		}
		if id := r.header.Get("Request-Id"); !strings.HasSuffix(id, "-268435461") {
			t.Errorf("%s: Request-Id %q", name, id)
		}
	}
	if got := c.sandbox.Stats(); got.Violations.TooManyStores != 2 || len(got.Targets) != 0 {
		t.Errorf("stats: %+v", got)
	}
}

func TestContentTypeMustBeJSON(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	for contentType, status := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "Application/JSON": 200,
		"text/json": 400, "application/x-www-form-urlencoded": 400, "application/json; charset": 400,
	} {
		r := c.send(request{path: partnerBase + associate, body: body("1", "1"),
			header: http.Header{"Content-Type": {contentType}}})
		if r.status != status {
			t.Errorf("%s: HTTP %d", contentType, r.status)
		}
	}
}

func TestWhatIsUnusualButWellFormedIsAccepted(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	for text, want := range map[string][]string{
		" {\n\"store_list\" : [ {\t\"store_id\" : \"1\" } ] , \"brand_id\":\"1\" }\r\n":               {"1"},
		`{"brand_id":"1","more":{"a":[1]},"store_list":[{"more":null,"store_id":"1"}]}`:               {"1"},
		`{"brand_id":"2","brand_id":"1","store_list":[{"store_id":"9","store_id":"1"}]}`:              {"1"},
		`{"brand_id":"1","store_list":[{"store_id":"9"}],"store_list":[{"store_id":"\u0031\u0032"}]}`: {"12"},
	} {
		r := c.send(request{path: partnerBase + associate, body: text})
		if got := idsOf(decode[wxapi.StoresAnswer](t, r).SuccessStoreList); r.status != 200 || !slices.Equal(got, want) {
			t.Errorf("%s: %d %s", text, r.status, r.body)
		}
	}
}

func TestRepeatsInACallAreRemovedAndCounted(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	r := c.stores("1", "2", "1", "a", "a", "01")
	answer := decode[wxapi.StoresAnswer](t, r)
	if answer.TotalCount != 4 || !slices.Equal(idsOf(answer.SuccessStoreList), []string{"1", "2", "a", "01"}) {
		t.Errorf("%s", r.body)
	}
	if n := c.sandbox.Stats().Violations.Repeats; n != 2 {
		t.Errorf("%d repeats counted", n)
	}
	if n := c.sandbox.Sent(stockTarget, "1"); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestHeadersThatAreMissingAreCounted(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	r := c.send(request{path: partnerBase + associate, body: body("1", "1"),
		header: http.Header{"Accept": nil, "User-Agent": {""}}})
	v := c.sandbox.Stats().Violations
	if r.status != 200 || v.NoAccept != 1 || v.NoUserAgent != 1 {
		t.Errorf("HTTP %d, %+v", r.status, v)
	}
}

func TestListPagesThroughAllStores(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	want := append(numbers(0, 450), "x1", "x2")
	c.sandbox.Put(stockTarget, want...)
	c.send(request{path: partnerBase + "stocks/stock-1/disassociate-stores", body: body(sandbox.BrandID, "000000100")})
	want = slices.DeleteFunc(want, func(id string) bool { return id == "000000100" })
	for size, most := range map[string]int{"": 20, "&page_size=13": 13, "&page_size=200": 200} {
		var got []string
		for token, more := "", true; more; more = token != "" {
			page := decode[wxapi.ListAnswer](t, c.send(request{method: "GET", path: partnerBase +
				"stocks/stock-1/associated-stores?brand_id=" + sandbox.BrandID + size + "&page_token=" + token}))
			if page.TotalCount != len(want) || len(page.StoreList) > most {
				t.Fatalf("%s: a page of %d of %d", size, len(page.StoreList), page.TotalCount)
			}
			got = append(got, idsOf(page.StoreList)...)
			token = page.NextPageToken
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %d stores, want %d", size, len(got), len(want))
		}
	}
}

func TestListQueriesAreChecked(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	const path = "stocks/stock-1/associated-stores"
	for query, field := range map[string]string{
		"":                           "/query/brand_id",
		"?brand_id=":                 "/query/brand_id",
		"?brand_id=a%20b":            "/query/brand_id",
		"?brand_id=1&page_size=0":    "/query/page_size",
		"?brand_id=1&page_size=201":  "/query/page_size",
		"?brand_id=1&page_size=":     "/query/page_size",
		"?brand_id=1&page_token=!":   "/query/page_token",
		"?brand_id=1&page_token=MTI": "/query/page_token",
		"?brand_id=1&page_size=%zz":  "/query",
	} {
		answer := c.wantStatus(c.send(request{method: "GET", path: partnerBase + path + query}), 400, "PARAM_ERROR")
		if answer.Detail.Field != field {
			t.Errorf("%s: field %q, want %q", query, answer.Detail.Field, field)
		}
	}
	answer := c.wantStatus(c.send(request{method: "GET", mode: job.Brand, path: brandBase + path + "?brand_id=" +
		sandbox.BrandID}), 400, "PARAM_ERROR")
	if answer.Detail.Field != "/query/brand_id" {
		t.Errorf("a brand's brand_id: field %q", answer.Detail.Field)
	}
}

func TestTheConditionsOfAJob(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{Faults: sandbox.Faults{
		OpenStocks: []string{"open"}, UnknownStocks: []string{"unknown", "no-coupon"}, NotFoundStocks: []string{"lost"},
		UngrantedBrands: []string{sandbox.BrandID},
	}})
	coupon := func(id string) string { return strings.Replace(partnerBase, "coupon-1", id, 1) }
	for _, tt := range []struct {
		path, brand  string
		status       int
		code, number string
	}{
		{partnerBase + "stocks/open/associate-stores", "1", 400, "INVALID_REQUEST", "268578813"},
		{partnerBase + "stocks/open/disassociate-stores", "1", 400, "INVALID_REQUEST", "268578813"},
		{partnerBase + "stock-bundles/open/associate-stores", "1", 400, "INVALID_REQUEST", "268578813"},
		{partnerBase + "stocks/unknown/associate-stores", "1", 400, "INVALID_REQUEST", "268578608"},
		{coupon("no-coupon") + associate, "1", 400, "INVALID_REQUEST", "268578608"},
		{partnerBase + "stocks/lost/associate-stores", "1", 404, "NOT_FOUND", "0"},
		{partnerBase + associate, sandbox.BrandID, 403, "NO_AUTH", "268579803"},
	} {
		r := c.send(request{path: tt.path, body: body(tt.brand, "1")})
		c.wantStatus(r, tt.status, tt.code)
		if id := r.header.Get("Request-Id"); !strings.HasSuffix(id, "-"+tt.number) {
			t.Errorf("%s: Request-Id %s, want number %s", tt.path, id, tt.number)
		}
	}
	r := c.send(request{method: "GET",
		path: partnerBase + "stocks/stock-1/associated-stores?brand_id=" + sandbox.BrandID})
	c.wantStatus(r, 403, "NO_AUTH")
	r = c.send(request{method: "GET", path: partnerBase + "stocks/open/associated-stores?brand_id=1"})
	if r.status != 200 {
		t.Errorf("a stock that is open to all has a list as well: %d %s", r.status, r.body)
	}
	if r := c.send(request{mode: job.Brand, path: brandBase + associate, body: body("", "1")}); r.status != 200 {
		t.Errorf("the brand itself needs no grant: %d %s", r.status, r.body)
	}
	if r := c.send(request{path: partnerBase + associate, body: body("1", "1")}); r.status != 200 {
		t.Errorf("other brands are not concerned: %d %s", r.status, r.body)
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	c := newClient(t, sandbox.Options{})
	seen := map[string]bool{}
	for range 20 {
		id := c.stores("1").header.Get("Request-Id")
		if seen[id] || !strings.HasPrefix(id, "08") {
			t.Fatalf("Request-Id %q", id)
		}
		seen[id] = true
	}
}
