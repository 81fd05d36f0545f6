package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// refusing puts a server before the bundle's sandbox that answers every call for a stock by itself, and counts them.
func (b *bundle) refusing(stockID string, status int, body string) (url_ string, calls *atomic.Int64) {
	b.Helper()
	to, err := url.Parse(b.url)
	b.must(err)
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	calls = new(atomic.Int64)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/stocks/"+stockID+"/") {
			pass.ServeHTTP(w, r)
			return
		}
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", "08F0E1B2-268435999")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	b.Cleanup(front.Close)
	return front.URL, calls
}

// A job that WeChat Pay refuses readably, for what no table knows, is its own trouble: others of the account go on. That it
// ends is tested where its backoff need not be waited for (processor, results).
func TestRefusalThatNobodyKnowsIsOneJobsAlone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"RULE_LIMIT":          {400, `{"code":"RULE_LIMIT","message":"the rule forbids it"}`},
		"RESOURCE_NOT_EXISTS": {404, `{"code":"RESOURCE_NOT_EXISTS","message":"there is nothing here"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, redistest.Real(t).Client, sandbox.Options{Rate: sandbox.NoRate})
			bad := job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2999"}
			url, calls := b.refusing(bad.StockID, answer.status, answer.body)
			w, _ := b.start(b.account(sandbox.PartnerAccount, func(c *wxapi.Config) { c.BaseURL = url }))
			refused := newJob(sandbox.PartnerAccount, job.Associate, bad)
			b.submit(refused, storeIDs(1000))
			b.wait(refused.ID, "six calls were refused", func(s job.Status) bool {
				if s.Lane.State == job.LaneOutage {
					b.Fatalf("one job's refusals are taken for an outage: %+v", s)
				}
				return s.Calls >= 6
			})
			good := newJob(sandbox.PartnerAccount, job.Associate, stock)
			b.submit(good, storeIDs(1000))
			if s := b.waitEnd(good.ID); s.Succeeded != 1000 {
				b.Fatalf("the good job: %+v", s)
			}
			if err := w.Ready(); err != nil {
				b.Fatalf("the lane is not well: %v", err)
			}
			s, err := b.ledger.Status(b.ctx, refused.ID)
			b.must(err)
			if s.Failed != 0 || s.Calls > calls.Load() || calls.Load() > 8 {
				b.Fatalf("the refused job: %+v, %d calls", s, calls.Load())
			}
		})
	}
}

// stuck is a WeChat Pay that fails all calls for one stock, as an outage would, for ever.
type stuck struct {
	*wxapi.Client
	stock string
}

func (c stuck) Do(ctx context.Context, call wxapi.Call) (*wxapi.Answer, error) {
	if call.Target.StockID != c.stock {
		return c.Client.Do(ctx, call)
	}
	if err := call.Ready(ctx); err != nil {
		return nil, &wxapi.Failure{Class: job.ClassNotSent, Err: err, Index: -1}
	}
	return nil, &wxapi.Failure{Class: job.ClassPassingCall, Status: 500, Code: "SYSTEM_ERROR", Sent: 1, Index: -1}
}

func TestProbesGoRoundTheJobs(t *testing.T) {
	t.Parallel()
	b := newBundle(t, redistest.Real(t).Client, sandbox.Options{Rate: sandbox.NoRate})
	bad := job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2999"}
	a := b.account(sandbox.PartnerAccount, nil)
	a.Client = stuck{a.Client.(*wxapi.Client), bad.StockID}
	b.start(a)
	first := newJob(a.Name, job.Associate, bad)
	first.Priority = job.High
	b.submit(first, storeIDs(1000))
	b.wait(first.ID, "the circuit breaker is open", func(s job.Status) bool { return s.Lane.State == job.LaneOutage })
	second := newJob(a.Name, job.Associate, stock)
	b.submit(second, storeIDs(1000))
	if s := b.waitEnd(second.ID); s.Succeeded != 1000 {
		b.Fatalf("%+v", s)
	}
}
