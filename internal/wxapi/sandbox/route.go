package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// endpoint is one of the interfaces that each mode has.
type endpoint struct {
	kind   string // of target: stocks or stock-bundles
	verb   string
	method string

	operation  job.Operation
	associates bool // a store that it succeeds with is associated afterwards; else it is not
}

// endpoints are all that there are, five a mode. List is only for stocks.
var endpoints = [...]endpoint{
	{"stocks", "associate-stores", http.MethodPost, job.Associate, true},
	{"stocks", "disassociate-stores", http.MethodPost, job.Disassociate, false},
	{"stocks", "associated-stores", http.MethodGet, job.List, false},
	{"stock-bundles", "associate-stores", http.MethodPost, job.Associate, true},
	{"stock-bundles", "disassociate-stores", http.MethodPost, job.Disassociate, false},
}

const interfaceCount = len(endpoints)

// iface is an endpoint, by its place among them; its allowance of calls is its own.
type iface int

var interfaceNames = func() (names [interfaceCount]string) {
	for i, e := range endpoints {
		t := job.Target{StockID: "1"}
		if e.kind == "stock-bundles" {
			t = job.Target{StockBundleID: "1"}
		}
		names[i] = job.Interface(e.operation, t)
	}
	return names
}()

func (i iface) String() string { return interfaceNames[i] }

func (i iface) lists() bool { return endpoints[i].operation == job.List }

// route is what a request's method and path say.
type route struct {
	mode   job.Mode
	iface  iface
	target job.Target // without its brand
}

const (
	partnerPrefix = "/v3/marketing/partner/product-coupon/product-coupons/"
	brandPrefix   = "/brand/marketing/product-coupon/product-coupons/"
)

// parseRoute reads a path as it stands on the wire (nothing is decoded, cleaned or redirected): the paths are
// exact, and anything else is no endpoint.
func parseRoute(method, path string) (route, bool) {
	r := route{mode: job.Partner}
	rest, ok := strings.CutPrefix(path, partnerPrefix)
	if !ok {
		r.mode = job.Brand
		if rest, ok = strings.CutPrefix(path, brandPrefix); !ok {
			return r, false
		}
	}
	coupon, rest, _ := strings.Cut(rest, "/")
	kind, rest, _ := strings.Cut(rest, "/")
	id, verb, _ := strings.Cut(rest, "/")
	if !job.ValidID(coupon) || !job.ValidID(id) {
		return r, false
	}
	r.target.ProductCouponID = coupon
	i := slices.IndexFunc(endpoints[:], func(e endpoint) bool { return e.kind == kind && e.verb == verb && e.method == method })
	if i < 0 {
		return r, false
	}
	r.iface = iface(i)
	if kind == "stocks" {
		r.target.StockID = id
	} else {
		r.target.StockBundleID = id
	}
	return r, true
}
