package sandbox

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Faults are how a sandbox misbehaves. The zero value does not. What is drawn is drawn by Seed: a call's fault by the
// call's number (the nth that kept the pace), a store's by its ID and by how often it has been sent to its target, so
// that the same calls in the same order meet the same faults, and a store's lot does not hang on its neighbours'.
//
// In JSON (GET, POST and PUT /sandbox/faults) the names are those below in snake_case; durations are texts ("20ms").
type Faults struct {
	Seed uint64 `json:"seed,omitempty"`

	// The way there and back. Latency is the whole of it, one half each way. JitterIn is drawn evenly from 0 to itself
	// and delays a call before it counts towards the pace, so that calls overtake one another; JitterOut delays the
	// answer after the work was done.
	Latency   time.Duration `json:"-"`
	JitterIn  time.Duration `json:"-"`
	JitterOut time.Duration `json:"-"`

	// JitterTail is a share of the calls, 0 to 1, that come JitterTailBy later than they would, as those do of which a
	// packet was lost. JitterPer says what JitterIn is drawn for: JitterPerCall (and so the zero value), or
	// JitterPerConnection, as where each connection has a path of its own; without a listener, all calls have one.
	JitterTail   float64       `json:"jitter_tail,omitempty"`
	JitterTailBy time.Duration `json:"-"` // 0 means 200 ms, the least time after which Linux sends a packet again
	JitterPer    string        `json:"jitter_per,omitempty"`

	// WeChat Pay's own work on a call: Work, and drawn evenly up to WorkSpread more, after the call has counted towards
	// the rate limit. Calls that are refused for it, or meet a fault that comes before the work, do not take it.
	Work       time.Duration `json:"-"`
	WorkSpread time.Duration `json:"-"`

	// AlsoUsed is how many calls a second another client makes at each allowance, from 0 to 10,000: spread evenly but
	// for a little randomness, for as long as it is set, repeating nothing. They count in the same sliding second, and
	// apart in InterfaceStats.AlsoUsed; of the faults they meet none.
	AlsoUsed float64 `json:"also_used,omitempty"`

	// Shares of the calls that kept the pace, each 0 to 1 and all together at most 1: a call meets one of them at most.
	// The first four come before the work, so that nothing was done.
	ServerErrors    float64 `json:"server_errors,omitempty"`    // 500 SYSTEM_ERROR
	CutBefore       float64 `json:"cut_before,omitempty"`       // the connection is cut
	Throttled       float64 `json:"throttled,omitempty"`        // 429 for no reason
	ProxyPages      float64 `json:"proxy_pages,omitempty"`      // an HTML page with ProxyStatus, not signed
	Dropped         float64 `json:"dropped,omitempty"`          // after the work: the connection is cut, no answer
	Truncated       float64 `json:"truncated,omitempty"`        // after the work: cut in the middle of the answer
	WrongSignatures float64 `json:"wrong_signatures,omitempty"` // after the work: signed with WECHATPAY/SIGNTEST/…
	Unsigned        float64 `json:"unsigned,omitempty"`         // after the work: no signature headers at all
	Dripped         float64 `json:"dripped,omitempty"`          // after the work: the answer takes DripFor to come
	Oversized       float64 `json:"oversized,omitempty"`        // after the work: padded to OversizedBytes, well signed
	Strangers       float64 `json:"strangers,omitempty"`        // after the work: also names a store nobody asked about

	// GatewayRefusals is a share of the 429s, whatever they are for, that come from a gateway before WeChat Pay: not
	// signed and no JSON, but an HTML page or nothing, as GatewayBody says, with a Retry-After of so many seconds unless
	// that is 0.
	GatewayRefusals float64 `json:"gateway_refusals,omitempty"`
	GatewayBody     string  `json:"gateway_body,omitempty"` // GatewayHTML (and so the zero value) or GatewayEmpty
	RetryAfter      int     `json:"retry_after,omitempty"`  // in seconds

	ProxyStatus    int           `json:"proxy_status,omitempty"`    // 0 means 502
	DripFor        time.Duration `json:"-"`                         // 0 means 10 s
	OversizedBytes int           `json:"oversized_bytes,omitempty"` // 0 means 16 MiB

	// Stores failing in passing: a share of the times that a store is sent, and stores that do so every time. The code
	// is SYSTEM_ERROR unless PassingCode says another.
	PassingStores   float64  `json:"passing_stores,omitempty"`
	PassingStoreIDs []string `json:"passing_store_ids,omitempty"`
	PassingCode     string   `json:"passing_code,omitempty"`

	// Stores failing for good: a share of all stores, the same ones every time, with INVALID_REQUEST; and stores by
	// name, each with a code and a message of its own or the same.
	FailingStores   float64        `json:"failing_stores,omitempty"`
	FailingStoreIDs []StoreFailure `json:"failing_store_ids,omitempty"`

	// Stores that an answer names in neither list, nothing having been done for them: a share of the times that a store
	// is sent, and stores every time.
	MissingStores   float64  `json:"missing_stores,omitempty"`
	MissingStoreIDs []string `json:"missing_store_ids,omitempty"`

	// Stores that an answer names in both lists, the work having been done: in the same way.
	DoubleStores   float64  `json:"double_stores,omitempty"`
	DoubleStoreIDs []string `json:"double_store_ids,omitempty"`

	// Stores whose call is refused whole, every time, with 400 PARAM_ERROR. What detail.field says of them is
	// PoisonNamesStore (and so the zero value), PoisonNamesList or PoisonNamesNothing.
	PoisonedStores   float64  `json:"poisoned_stores,omitempty"`
	PoisonedStoreIDs []string `json:"poisoned_store_ids,omitempty"`
	PoisonDetail     string   `json:"poison_detail,omitempty"`

	// What a store gets that is associated already, or disassociated without being associated: its failure with this
	// code, or success where it is empty. (Nobody has documented which; STORE_ALREADY_ASSOCIATED would be a likely one.)
	AlreadyCode string `json:"already_code,omitempty"`

	// The conditions of the job, by ID: stocks or bundles open to all stores; coupons, stocks or bundles that do not
	// exist, answered 400 or 404; brands that have not granted a partner the product.
	OpenStocks      []string `json:"open_stocks,omitempty"`
	UnknownStocks   []string `json:"unknown_stocks,omitempty"`
	NotFoundStocks  []string `json:"not_found_stocks,omitempty"`
	UngrantedBrands []string `json:"ungranted_brands,omitempty"`

	// Outage is what every call meets until it is lifted: one of the Outage constants.
	Outage string `json:"outage,omitempty"`

	// AnswerKey is what answers are signed with: the AnswerKey constants. Empty means the key that the call's
	// Wechatpay-Serial header names, or else the first.
	AnswerKey string `json:"answer_key,omitempty"`

	// ClockOffset is how far the sandbox's clock is ahead of the true one, where it looks at a call's timestamp and
	// where it puts its own on an answer. The pace is not concerned.
	ClockOffset time.Duration `json:"-"`
}

// StoreFailure is one store that fails for good.
type StoreFailure struct {
	StoreID string `json:"store_id"`
	Code    string `json:"code,omitempty"`    // empty means INVALID_REQUEST
	Message string `json:"message,omitempty"` // empty means 门店不存在
}

// The outages.
const (
	OutageErrors     = "500"       // every call is answered 500 SYSTEM_ERROR
	OutageThrottle   = "429"       // every call is answered 429 RATELIMIT_EXCEEDED
	OutageCut        = "cut"       // every connection is cut
	OutageHang       = "hang"      // no call is answered, until its caller gives up
	OutageSignatures = "signature" // every answer is signed with WECHATPAY/SIGNTEST/…, the work having been done
	OutageProxy      = "proxy"     // every call gets the HTML page with ProxyStatus
)

// The keys of Faults.AnswerKey.
const (
	AnswerKeyFirst     = "first"
	AnswerKeySecond    = "second"
	AnswerKeyPlatform  = "platform"  // the platform certificate's
	AnswerKeyAlternate = "alternate" // first and second by turns, as in the weeks in which a key is replaced
)

// The values of Faults.PoisonDetail.
const (
	PoisonNamesStore   = "store"
	PoisonNamesList    = "list"
	PoisonNamesNothing = "none"
)

// The values of Faults.JitterPer.
const (
	JitterPerCall       = "call"
	JitterPerConnection = "connection"
)

// The values of Faults.GatewayBody.
const (
	GatewayHTML  = "html"
	GatewayEmpty = "empty"
)

// Codes and messages of failing stores. None of them is documented but that SYSTEM_ERROR is a passing one.
const (
	codeNotExist    = "INVALID_REQUEST" // as WeChat Pay says it of a store that the brand has not, or that is none
	messageNotExist = "门店不存在或不属于该品牌"
	codePassing     = "SYSTEM_ERROR"
	messagePassing  = "系统异常，请稍后重试"
	messageAlready  = "门店状态与请求不符"
)

// passingCodes are the per-store codes that are plainly passing (docs/wechatpay.md, "What nobody has documented").
var passingCodes = []string{"SYSTEM_ERROR", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMITED"}

// Validate tells what is wrong with faults.
func (f Faults) Validate() error {
	together := 0.0
	for _, share := range []struct {
		name   string
		value  float64
		ofCall bool
	}{
		{"server_errors", f.ServerErrors, true}, {"cut_before", f.CutBefore, true}, {"throttled", f.Throttled, true},
		{"proxy_pages", f.ProxyPages, true}, {"dropped", f.Dropped, true}, {"truncated", f.Truncated, true},
		{"wrong_signatures", f.WrongSignatures, true}, {"unsigned", f.Unsigned, true}, {"dripped", f.Dripped, true},
		{"oversized", f.Oversized, true}, {"strangers", f.Strangers, true},
		{"passing_stores", f.PassingStores, false}, {"failing_stores", f.FailingStores, false},
		{"missing_stores", f.MissingStores, false}, {"double_stores", f.DoubleStores, false},
		{"poisoned_stores", f.PoisonedStores, false},
		{"jitter_tail", f.JitterTail, false}, {"gateway_refusals", f.GatewayRefusals, false},
	} {
		if math.IsNaN(share.value) || share.value < 0 || share.value > 1 {
			return job.Errorf(job.CodeUsage, "fault %s is %v: a share is 0 to 1", share.name, share.value)
		}
		if share.ofCall {
			together += share.value
		}
	}
	if together > 1+1e-9 {
		return job.Errorf(job.CodeUsage, "the shares of calls add up to %v: a call meets one fault, so 1 is the most",
			together)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"latency", f.Latency}, {"jitter_in", f.JitterIn}, {"jitter_out", f.JitterOut}, {"drip_for", f.DripFor},
		{"jitter_tail_by", f.JitterTailBy}, {"work", f.Work}, {"work_spread", f.WorkSpread},
	} {
		if d.value < 0 {
			return job.Errorf(job.CodeUsage, "fault %s is %v: it cannot be negative", d.name, d.value)
		}
	}
	for _, word := range []struct{ name, value, allowed string }{
		{"outage", f.Outage, "500 429 cut hang signature proxy"},
		{"answer_key", f.AnswerKey, "first second platform alternate"},
		{"poison_detail", f.PoisonDetail, "store list none"},
		{"jitter_per", f.JitterPer, "call connection"},
		{"gateway_body", f.GatewayBody, "html empty"},
	} {
		if word.value != "" && !slices.Contains(strings.Fields(word.allowed), word.value) {
			return job.Errorf(job.CodeUsage, "fault %s is %q: it is one of: %s", word.name, word.value, word.allowed)
		}
	}
	if f.ProxyStatus != 0 && (f.ProxyStatus < 200 || f.ProxyStatus > 599) || f.ProxyStatus == http.StatusNoContent ||
		f.ProxyStatus == http.StatusNotModified {
		return job.Errorf(job.CodeUsage, "fault proxy_status is %d: it is an HTTP status with a body", f.ProxyStatus)
	}
	if !(f.AlsoUsed >= 0 && f.AlsoUsed <= maxAlsoUsed) {
		return job.Errorf(job.CodeUsage, "fault also_used is %v: it is 0 to %d calls a second", f.AlsoUsed, maxAlsoUsed)
	}
	if f.RetryAfter < 0 {
		return job.Errorf(job.CodeUsage, "fault retry_after is %d: it is a number of seconds", f.RetryAfter)
	}
	if f.OversizedBytes < 0 || f.OversizedBytes > maxOversized {
		return job.Errorf(job.CodeUsage, "fault oversized_bytes is %d: it is 0 to %d", f.OversizedBytes, maxOversized)
	}
	return nil
}

// maxOversized keeps a slip from filling the memory.
const maxOversized = 1 << 30

func (f Faults) withDefaults() Faults {
	if f.ProxyStatus == 0 {
		f.ProxyStatus = http.StatusBadGateway
	}
	if f.DripFor == 0 {
		f.DripFor = 10 * time.Second
	}
	if f.JitterTailBy == 0 {
		f.JitterTailBy = 200 * time.Millisecond
	}
	if f.OversizedBytes == 0 {
		f.OversizedBytes = 16 << 20
	}
	if f.PassingCode == "" {
		f.PassingCode = codePassing
	}
	if f.PoisonDetail == "" {
		f.PoisonDetail = PoisonNamesStore
	}
	return f
}

// clone copies what could be changed from outside.
func (f Faults) clone() Faults {
	for _, ids := range []*[]string{&f.PassingStoreIDs, &f.MissingStoreIDs, &f.DoubleStoreIDs, &f.PoisonedStoreIDs,
		&f.OpenStocks, &f.UnknownStocks, &f.NotFoundStocks, &f.UngrantedBrands} {
		*ids = slices.Clone(*ids)
	}
	f.FailingStoreIDs = slices.Clone(f.FailingStoreIDs)
	return f
}

// SetFaults changes how the sandbox misbehaves from the next call on; calls that hang are cut. The error is a
// *job.Error that says what is wrong with f, and then nothing has changed.
func (s *Sandbox) SetFaults(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	next := newPlan(f.clone())
	s.changing.Lock()
	defer s.changing.Unlock()
	old := s.plan.Swap(next)
	if old != nil {
		close(old.replaced)
	}
	if old == nil || old.AlsoUsed != f.AlsoUsed || old.Seed != f.Seed {
		s.shareWindows(next, s.now())
	}
	return nil
}

// Faults are those in force.
func (s *Sandbox) Faults() Faults { return s.plan.Load().given.clone() }
