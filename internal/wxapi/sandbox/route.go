package sandbox

import (
	"net/http"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// iface is one of the five interfaces that each mode has; its allowance of calls is its own.
type iface int

const (
	associateStock iface = iota
	disassociateStock
	listStock
	associateBundle
	disassociateBundle
	interfaceCount
)

var interfaceNames = [interfaceCount]string{"associate-stock", "disassociate-stock", "list-stock", "associate-bundle",
	"disassociate-bundle"}

func (i iface) String() string { return interfaceNames[i] }

func (i iface) disassociates() bool { return i == disassociateStock || i == disassociateBundle }

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

// parseRoute reads a path as it stands on the wire (nothing is decoded, cleaned or redirected): the ten paths are
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
	switch {
	case kind == "stocks" && verb == "associate-stores" && method == http.MethodPost:
		r.iface = associateStock
	case kind == "stocks" && verb == "disassociate-stores" && method == http.MethodPost:
		r.iface = disassociateStock
	case kind == "stocks" && verb == "associated-stores" && method == http.MethodGet:
		r.iface = listStock
	case kind == "stock-bundles" && verb == "associate-stores" && method == http.MethodPost:
		r.iface = associateBundle
	case kind == "stock-bundles" && verb == "disassociate-stores" && method == http.MethodPost:
		r.iface = disassociateBundle
	default:
		return r, false
	}
	if kind == "stocks" {
		r.target.StockID = id
	} else {
		r.target.StockBundleID = id
	}
	return r, true
}
