package sandbox

import (
	"bytes"
	"strconv"

	"github.com/storelink/storelink/internal/job"
)

// scratch is the memory of one call, used again by others.
type scratch struct {
	body    bytes.Buffer
	request storesRequest
	named   []namedStore
	success []byte // the success_store_list of the answer, and then all of it
	failed  []byte // the failed_store_list
}

// namedStore is one store of a call, repeats removed.
type namedStore struct {
	at    int    // where in the call
	place uint32 // where in the target's associations
	says  uint8  // what the answer tells about it: answeredSuccess, answeredFailure, or 0 for nothing that decides
}

// stranger is a store that nobody asked about.
const stranger = "424242424242"

// work does what a well-formed call that names stores asks for, and gives the answer's body or
// the refusal. What the answer tells about each store is left in sc.named.
func (s *Sandbox) work(sc *scratch, p *plan, rt route, nth uint64, kind fault) ([]byte, *refusal) {
	a := s.truth.of(rt.target)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	s.name(sc, a, rt, uint32(nth))

	if refused := p.condition(rt); refused != nil {
		return nil, refused
	}
	if refused := p.poison(sc); refused != nil {
		return nil, refused
	}
	sc.success, sc.failed = sc.success[:0], sc.failed[:0]
	for i := range sc.named {
		s.workStore(sc, p, a, rt, &sc.named[i])
	}
	if kind == faultStranger {
		sc.success = append(sc.success, `,{"store_id":"`+stranger+`"}`...)
	}
	return sc.encode(), nil
}

// name notes which stores the call names, drops repeats, and notices stores whose outcome had been answered before.
func (s *Sandbox) name(sc *scratch, a *associations, rt route, call uint32) {
	sc.named = sc.named[:0]
	var v Violations
	for i, id := range sc.request.storeIDs {
		place, _ := a.place(id, true)
		answered, repeat := a.stores[place].name(call, rt.iface)
		if repeat {
			v.Repeats++
			continue
		}
		if answered != 0 {
			v.sentAgain(answered, id)
		}
		sc.named = append(sc.named, namedStore{at: i, place: place})
	}
	s.stats.addStores(len(sc.named), v)
}

// condition tells whether the job as a whole is refused.
func (p *plan) condition(rt route) *refusal {
	t := rt.target
	stock := t.StockID + t.StockBundleID // one of them is empty
	switch {
	case rt.mode == job.Partner && p.ungranted[t.BrandID]:
		return notGranted
	case p.notFound[stock] || p.notFound[t.ProductCouponID]:
		return stockNotFound
	case p.unknown[stock] || p.unknown[t.ProductCouponID]:
		return stockUnknown
	case !rt.iface.lists() && p.open[stock]:
		return stockOpen
	}
	return nil
}

// poison tells whether a store poisons the call.
func (p *plan) poison(sc *scratch) *refusal {
	if p.PoisonedStores == 0 && p.poisoned == nil {
		return nil
	}
	for i := range sc.named {
		n := &sc.named[i]
		id := sc.request.storeIDs[n.at]
		if !p.poisoned[string(id)] && !p.always(drawPoisoned, p.PoisonedStores, id) {
			continue
		}
		if p.PoisonDetail == PoisonNamesStore || len(sc.named) == 1 {
			n.says = answeredFailure
		}
		return poisoned(n.at, string(id), p.PoisonDetail)
	}
	return nil
}

// workStore does one store's part.
func (s *Sandbox) workStore(sc *scratch, p *plan, a *associations, rt route, n *namedStore) {
	id := sc.request.storeIDs[n.at]
	st := &a.stores[n.place]
	nth := uint64(st.sent)
	if f, fails := p.failing[string(id)]; fails {
		sc.fail(n, id, f)
		return
	}
	switch {
	case p.always(drawFailing, p.FailingStores, id):
		sc.fail(n, id, p.final)
	case p.passing[string(id)] || p.sometimes(drawPassing, p.PassingStores, id, nth):
		sc.fail(n, id, p.pass)
	case p.missing[string(id)] || p.sometimes(drawMissing, p.MissingStores, id, nth):
		// In neither list, and nothing done.
	case !a.set(st, endpoints[rt.iface].associates) && p.AlreadyCode != "":
		sc.fail(n, id, p.already)
	case p.double[string(id)] || p.sometimes(drawDouble, p.DoubleStores, id, nth):
		sc.succeed(n, id)
		sc.fail(n, id, p.pass)
		n.says = 0
	default:
		sc.succeed(n, id)
	}
}

// always draws what is so for a store every time.
func (p *plan) always(what uint64, share float64, id []byte) bool {
	return share > 0 && p.draw(what, hashID(id), 0) < share
}

// sometimes draws what is so for a store the nth time that it is sent.
func (p *plan) sometimes(what uint64, share float64, id []byte, nth uint64) bool {
	return share > 0 && p.draw(what, hashID(id), nth) < share
}

const storeHead = `,{"store_id":"`

func (sc *scratch) succeed(n *namedStore, id []byte) {
	sc.success = append(append(append(sc.success, storeHead...), id...), `"}`...)
	n.says = answeredSuccess
}

func (sc *scratch) fail(n *namedStore, id []byte, f failure) {
	sc.failed = append(append(append(sc.failed, storeHead...), id...), '"')
	sc.failed = append(sc.failed, f.tail...)
	if !f.passing {
		n.says = answeredFailure
	}
}

// encode writes wxapi.StoresAnswer by hand: IDs are of [0-9A-Za-z_-] and need no escapes. Each list stands in its
// buffer with a comma before every store.
func (sc *scratch) encode() []byte {
	body := make([]byte, 0, len(sc.success)+len(sc.failed)+96)
	body = strconv.AppendInt(append(body, `{"total_count":`...), int64(len(sc.named)), 10)
	if len(sc.success) > 0 {
		body = append(append(append(body, `,"success_store_list":[`...), sc.success[1:]...), ']')
	}
	if len(sc.failed) > 0 {
		body = append(append(append(body, `,"failed_store_list":[`...), sc.failed[1:]...), ']')
	}
	return append(body, '}')
}

// answered notes in a target's associations, just before an answer is written, what it tells; with undo, that it could
// not be written after all. A call of another operation that came in between has made it void.
func (a *associations) answered(named []namedStore, of iface, undo bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range named {
		if int(n.place) >= len(a.stores) {
			continue
		}
		st := &a.stores[n.place]
		switch {
		case st.about() != of:
		case undo:
			st.flags &^= n.says
		default:
			st.flags |= n.says
		}
	}
}
