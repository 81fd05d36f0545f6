package sandbox

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"
)

// fault is what one call meets.
type fault int

const (
	faultNone fault = iota
	faultServerError
	faultCutBefore
	faultThrottled
	faultProxyPage
	faultDropped // this and those after it come after the work
	faultTruncated
	faultWrongSignature
	faultUnsigned
	faultDripped
	faultOversized
	faultStranger
	faultHang // only by an outage
	faultCount
)

var faultNames = [faultCount]string{"none", "server_error", "cut_before", "throttled", "proxy_page", "dropped",
	"truncated", "wrong_signature", "unsigned", "dripped", "oversized", "stranger", "hang"}

// plan is Faults made ready to draw from. It does not change.
type plan struct {
	Faults
	given    Faults        // as they were set
	replaced chan struct{} // closed when other faults are set

	upTo [faultCount]float64 // a call whose draw is below upTo[k], and not below upTo[k-1], meets fault k

	passing, missing, double, poisoned map[string]bool // stores
	open, unknown, notFound, ungranted map[string]bool // stocks and brands

	failing              map[string]failure // stores that fail for good, by ID
	pass, final, already failure
}

// failure is how a store fails.
type failure struct {
	tail    []byte // what follows its ID in failed_store_list
	passing bool   // its code is a passing one, so the store is not decided by it
}

func newPlan(f Faults) *plan {
	p := &plan{Faults: f.withDefaults(), given: f, replaced: make(chan struct{})}
	shares := [faultCount]float64{
		faultServerError: f.ServerErrors, faultCutBefore: f.CutBefore, faultThrottled: f.Throttled,
		faultProxyPage: f.ProxyPages, faultDropped: f.Dropped, faultTruncated: f.Truncated,
		faultWrongSignature: f.WrongSignatures, faultUnsigned: f.Unsigned, faultDripped: f.Dripped,
		faultOversized: f.Oversized, faultStranger: f.Strangers,
	}
	sum := 0.0
	for k := range shares {
		sum += shares[k]
		p.upTo[k] = sum
	}
	p.passing, p.missing, p.double = set(f.PassingStoreIDs), set(f.MissingStoreIDs), set(f.DoubleStoreIDs)
	p.poisoned, p.open = set(f.PoisonedStoreIDs), set(f.OpenStocks)
	p.unknown, p.notFound, p.ungranted = set(f.UnknownStocks), set(f.NotFoundStocks), set(f.UngrantedBrands)
	p.pass = newFailure(p.PassingCode, messagePassing)
	p.final = newFailure(codeNotExist, messageNotExist)
	p.already = newFailure(p.AlreadyCode, messageAlready)
	if len(f.FailingStoreIDs) > 0 {
		p.failing = make(map[string]failure, len(f.FailingStoreIDs))
	}
	for _, store := range f.FailingStoreIDs {
		p.failing[store.StoreID] = newFailure(cmp.Or(store.Code, codeNotExist), cmp.Or(store.Message, messageNotExist))
	}
	return p
}

// The things that are drawn, each from numbers of its own.
const (
	drawCall = iota + 1
	drawJitterIn
	drawJitterOut
	drawPassing
	drawFailing
	drawMissing
	drawDouble
	drawPoisoned
	drawJitterTail
	drawWork
	drawGateway
	drawAlsoUsed
)

// draw gives a number from 0 up to 1 that follows from its arguments alone.
func (p *plan) draw(what, about, nth uint64) float64 {
	var pcg rand.PCG
	pcg.Seed(p.Seed+what*0x9E3779B97F4A7C15, about+nth*0xD1B54A32D192ED03)
	return float64(pcg.Uint64()>>11) / (1 << 53)
}

func (p *plan) ofCall(nth uint64) fault {
	u := p.draw(drawCall, nth, 0)
	for k, upTo := range p.upTo {
		if u < upTo {
			return fault(k)
		}
	}
	return faultNone
}

func (p *plan) delay(what uint64, most time.Duration, nth uint64) time.Duration {
	if most == 0 {
		return 0
	}
	return time.Duration(p.draw(what, nth, 0) * float64(most))
}

// wayHere is how long a call takes on its way, before it counts towards the rate limit; call and connection are numbers.
func (p *plan) wayHere(call, connection uint64) time.Duration {
	about := call
	if p.JitterPer == JitterPerConnection {
		about = connection
	}
	d := p.Latency/2 + p.delay(drawJitterIn, p.JitterIn, about)
	if p.JitterTail > 0 && p.draw(drawJitterTail, call, 0) < p.JitterTail {
		d += p.JitterTailBy
	}
	return d
}

// hashID is FNV-1a: the same in every process, as reproducible draws need it.
func hashID(id []byte) uint64 {
	h := uint64(0xCBF29CE484222325)
	for _, c := range id {
		h = (h ^ uint64(c)) * 0x100000001B3
	}
	return h
}

func newFailure(code, message string) failure {
	text, err := json.Marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message})
	if err != nil {
		text = []byte("{}") // it cannot be: two strings
	}
	text[0] = ','
	return failure{tail: text, passing: slices.Contains(passingCodes, code)}
}

func set(ids []string) map[string]bool {
	if len(ids) == 0 {
		return nil
	}
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}
