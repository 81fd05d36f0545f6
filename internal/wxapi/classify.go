package wxapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// rule is one row of the table of what answers mean.
type rule struct {
	status int    // HTTP status; 200 where the code is that of one store in failed_store_list
	code   string // as it came; "" for any
	number string // the finer error number, from the Request-Id's end; "" for any
	class  job.Class
}

// rules is the table. The first row that fits decides. A pair of status and code that is not in it proves nothing
// (ClassPassingCall), unless it is a refusal that nobody knows (see refuses). Sources: partner/4015781302 and its siblings
// for status, code and number; docs/wechatpay.md gathers them.
var rules = [...]rule{
	// One store of a verified 200. The list of these codes is not documented; these three plainly pass. Config adds to
	// them. Any other is the store's final failure.
	{200, "SYSTEM_ERROR", "", job.ClassPassingStore},
	{200, "RATELIMIT_EXCEEDED", "", job.ClassPassingStore},
	{200, "FREQUENCY_LIMITED", "", job.ClassPassingStore},
	{200, "", "", job.ClassStore},

	// Something in the request: numbers 268435461, 268578101, 268578224. Which store, detail says, or halving finds;
	// where detail names a part of the request that all its calls share, the job is hopeless (see classify).
	{400, "PARAM_ERROR", "", job.ClassPoisoned},
	// The stock is open to all stores, so none can be associated.
	{400, "INVALID_REQUEST", "268578813", job.ClassJob},
	// No such coupon or stock, or not this brand's, or not made by this partner.
	{400, "INVALID_REQUEST", "268578608", job.ClassJob},
	// Another number, or none. In every documented case the code speaks of coupon or stock as a whole, and the
	// conditions that the pages name without a number (stock deactivated or expired, a progressive bundle's coupon under
	// the stock's path) do too. To abort is also the error that costs least: it fails no store, and `retry` goes on from
	// there. Where detail names a store of the call, it is that store all the same (see classify).
	{400, "INVALID_REQUEST", "", job.ClassJob},
	// Key, serial number, scheme or clock of this worker.
	{401, "SIGN_ERROR", "", job.ClassAccount},
	// 268579803: this brand has not granted this partner the product; its other brands are not concerned.
	{403, "NO_AUTH", "", job.ClassJob},
	// No such coupon or stock.
	{404, "NOT_FOUND", "", job.ClassJob},
	// Too many calls, 270924289; the second code is what WeChat Pay's other interfaces send for it.
	{429, "RATELIMIT_EXCEEDED", "", job.ClassPace},
	{429, "FREQUENCY_LIMITED", "", job.ClassPace},
	// Whatever else a 429 carries, it is about how many calls there are.
	{429, "", "", job.ClassPace},
	// Send the same request again. So too with 502, 503, 504, whatever they carry.
	{500, "SYSTEM_ERROR", "", job.ClassPassingCall},
}

// lookup finds the class of a status, code and number.
func lookup(status int, code, number string) job.Class {
	for i := range rules {
		r := &rules[i]
		if r.status == status && (r.code == code || r.code == "") && (r.number == number || r.number == "") {
			return r.class
		}
	}
	if refuses(status, code) {
		if status == http.StatusUnauthorized {
			return job.ClassAccount // whatever WeChat Pay calls it, it does not know the caller
		}
		return job.ClassUnknownRefusal
	}
	return job.ClassPassingCall
}

// refuses says whether a status and code that the table does not have are WeChat Pay's refusal of what was asked for, which
// it may have many of that no page names. All its codes are upper-case words; a gateway's are mostly numbers or prose.
// Time-outs and limits pass by themselves, under whatever status a code tells of them.
func refuses(status int, code string) bool {
	if status < 400 || status > 499 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests {
		return false
	}
	switch code {
	case "SYSTEM_ERROR", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMITED":
		return false
	}
	for i := range len(code) {
		c := code[i]
		if !(c >= 'A' && c <= 'Z') && (i == 0 || c != '_' && !(c >= '0' && c <= '9')) {
			return false
		}
	}
	return code != ""
}

// classify says what an error answer, so one that is no 200, means for a call of ids, and for ClassPoisoned which of
// them it names, -1 where none.
func classify(status int, f fault, number string, ids []string) (job.Class, int) {
	class := lookup(status, f.code, number)
	switch {
	case class == job.ClassPoisoned && (f.location == "header" || strings.Contains(f.message, headerSerial)):
		// The request's headers are the account's; halving would fail every store for them. WeChat Pay's gateway names
		// the Wechatpay-Serial header in the message alone (github.com/binarywang/weixin-java-pay-demo/issues/140).
		return job.ClassAccount, -1
	case class == job.ClassPoisoned && namesTarget(f.field):
		return job.ClassJob, -1
	case class == job.ClassPoisoned:
		return class, namedStore(f, ids)
	case class == job.ClassJob && f.code == "INVALID_REQUEST" && !documented(status, f.code, number):
		if i := namedStore(f, ids); i >= 0 {
			return job.ClassPoisoned, i
		}
	}
	return class, -1
}

// documented says whether the table has a row for this very number.
func documented(status int, code, number string) bool {
	return number != "" && slices.ContainsFunc(rules[:], func(r rule) bool {
		return r.status == status && r.code == code && r.number == number
	})
}

// namesTarget says whether detail.field points at what all calls of a job have in common.
func namesTarget(field string) bool {
	if strings.Contains(field, "store_list") {
		return false
	}
	name := strings.TrimRight(field, "/")
	switch name[strings.LastIndexAny(name, "/.")+1:] {
	case "brand_id", "product_coupon_id", "stock_id", "stock_bundle_id":
		return true
	}
	return false
}

// namedStore is the place in ids that an answer's detail names: by its place in store_list (/body/store_list/3/store_id,
// counted from 0), or by the store's ID as detail.value. -1 where it names none, or where the two contradict each other:
// better to halve the chunk than to fail the wrong store.
func namedStore(f fault, ids []string) int {
	place, named := storePlace(f.field)
	byValue := -1
	if f.value != "" && (named || f.field == "" || strings.Contains(f.field, "store")) {
		byValue = slices.Index(ids, f.value)
	}
	switch {
	case !named:
		return byValue
	case place >= len(ids) || byValue >= 0 && byValue != place:
		return -1
	}
	return place
}

// storePlace reads the number after store_list in a field such as /body/store_list/3/store_id or store_list[3].store_id.
func storePlace(field string) (int, bool) {
	_, after, ok := strings.Cut(field, "store_list")
	if !ok || after == "" || after[0] != '/' && after[0] != '[' && after[0] != '.' {
		return 0, false
	}
	after = after[1:]
	if end := strings.IndexAny(after, "/].["); end >= 0 {
		after = after[:end]
	}
	if len(after) == 0 || len(after) > 9 {
		return 0, false
	}
	place, err := strconv.ParseUint(after, 10, 32)
	return int(place), err == nil
}

// storeCodes are the user's additions to the table's rows for one store.
type storeCodes map[string]job.Class

func newStoreCodes(passing, already []string) (storeCodes, error) {
	codes := make(storeCodes, len(passing)+len(already))
	for _, list := range []struct {
		name  string
		codes []string
		class job.Class
	}{{"passing_codes", passing, job.ClassPassingStore}, {"already_codes", already, job.ClassAlready}} {
		for _, code := range list.codes {
			code = strings.TrimSpace(code)
			if code == "" || len(code) > maxCode {
				return nil, job.Fail(job.CodeBadConfig, "config.code_length", "list", list.name, "most", maxCode)
			}
			if other, ok := codes[code]; ok && other != list.class {
				return nil, job.Fail(job.CodeBadConfig, "config.code_twice", "code", code)
			}
			codes[code] = list.class
		}
	}
	return codes, nil
}

// class says what a code in failed_store_list means.
func (s storeCodes) class(code string) job.Class {
	if class, ok := s[code]; ok {
		return class
	}
	return lookup(200, code, "")
}
