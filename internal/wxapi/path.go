package wxapi

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Where the coupons' paths begin: a partner's and a brand's (partner/4015781302, brand/4015736339).
const (
	partnerPrefix = "/v3/marketing/partner/product-coupon/product-coupons/"
	brandPrefix   = "/brand/marketing/product-coupon/product-coupons/"
)

// targetPath is the path of a target, without the verb at its end. IDs are job.ValidID, so nothing needs escaping.
func targetPath(mode job.Mode, t job.Target, verb string) string {
	var b strings.Builder
	b.Grow(len(partnerPrefix) + len(t.ProductCouponID) + len("/stock-bundles/") + job.MaxIDLength + len(verb) + 1)
	if mode == job.Brand {
		b.WriteString(brandPrefix)
	} else {
		b.WriteString(partnerPrefix)
	}
	b.WriteString(t.ProductCouponID)
	if t.StockBundleID != "" {
		b.WriteString("/stock-bundles/")
		b.WriteString(t.StockBundleID)
	} else {
		b.WriteString("/stocks/")
		b.WriteString(t.StockID)
	}
	b.WriteByte('/')
	b.WriteString(verb)
	return b.String()
}

// verbs are the last parts of the paths of those calls that name stores, one for each of job.Writes.
var verbs = map[job.Operation]string{
	job.Associate:    "associate-stores",
	job.Disassociate: "disassociate-stores",
}

// storesPath is the path of a call that names stores; the operation is one of verbs.
func storesPath(mode job.Mode, op job.Operation, t job.Target) string {
	return targetPath(mode, t, verbs[op])
}

// listPath is the path and query of one page of associated-stores (partner/4015781546).
func listPath(mode job.Mode, call ListCall) string {
	query := make(url.Values, 3)
	if mode == job.Partner {
		query.Set("brand_id", call.Target.BrandID)
	}
	if call.PageSize > 0 {
		query.Set("page_size", strconv.Itoa(call.PageSize))
	}
	if call.PageToken != "" {
		query.Set("page_token", call.PageToken)
	}
	path := targetPath(mode, call.Target, "associated-stores")
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// storesBody is the JSON of StoresRequest, written by hand: it is on the way of every call, and IDs that are
// job.ValidID need no escaping.
func storesBody(brandID string, ids []string) string {
	size := len(`{"brand_id":"","store_list":[]}`) + len(brandID)
	for _, id := range ids {
		size += len(`{"store_id":""},`) + len(id)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte('{')
	if brandID != "" {
		b.WriteString(`"brand_id":"`)
		b.WriteString(brandID)
		b.WriteString(`",`)
	}
	b.WriteString(`"store_list":[`)
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"store_id":"`)
		b.WriteString(id)
		b.WriteString(`"}`)
	}
	b.WriteString(`]}`)
	return b.String()
}
