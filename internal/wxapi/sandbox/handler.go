package sandbox

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// maxBody is how long a call's body may be: some sixty times what 200 stores need.
const maxBody = 1 << 20

func (s *Sandbox) handler(closing <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, inspectPrefix) {
			s.inspect(w, r)
			return
		}
		sc := s.scratch.Get().(*scratch)
		defer s.scratch.Put(sc)
		c := call{Sandbox: s, sc: sc, w: w, r: r, closing: closing, plan: s.plan.Load()}
		c.serve()
	})
}

// call is one call on its way through the sandbox.
type call struct {
	*Sandbox
	sc      *scratch
	plan    *plan
	w       http.ResponseWriter
	r       *http.Request
	closing <-chan struct{}

	route   route
	window  *window   // that it was admitted by; nil if it was not
	at      time.Time // when it arrived
	arrival uint64    // a number for its jitter
	kind    fault     // what it meets
}

// serve takes a call in, decides what it meets, does the work and answers. The order: the way here, the path, the
// signature, the pace, the faults before the work, the form, the work, the faults after it, the way back.
func (c *call) serve() {
	c.sc.body.Reset()
	if _, err := c.sc.body.ReadFrom(io.LimitReader(c.r.Body, maxBody+1)); err != nil {
		return // the caller has gone
	}
	c.arrival = c.arrivals.number.Add(1)
	c.wait(c.plan.wayHere(c.arrival, connectionOf(c.r)))

	who, refused := c.receive()
	if c.strike(c.outage()) {
		return
	}
	if refused != nil {
		c.refuse(refused)
		return
	}
	nth := c.calls.Add(1)
	if c.strike(c.plan.ofCall(nth)) {
		return
	}
	c.wait(c.plan.Work + c.plan.delay(drawWork, c.plan.WorkSpread, nth))
	if c.route.iface.lists() {
		c.list(who)
		return
	}
	c.change(who, nth)
}

// receive checks path, size, signature and pace.
func (c *call) receive() (*account, *refusal) {
	now := c.now()
	c.at = now
	var known bool
	if c.route, known = parseRoute(c.r.Method, c.r.URL.EscapedPath()); !known {
		return nil, notFound
	}
	if c.sc.body.Len() > maxBody {
		return nil, paramError("body", "", "", "the body is longer than "+strconv.Itoa(maxBody)+" bytes")
	}
	who, refused := c.authenticate(c.r, c.route.mode, c.sc.body.Bytes(), now.Add(c.plan.ClockOffset))
	if refused != nil {
		return nil, refused
	}
	window := &who.windows[c.route.iface]
	kept := window.arrive(now)
	c.arrivals.add(Arrival{At: now, Account: who.Name, Interface: c.route.iface.String(), Refused: !kept})
	var v Violations
	if c.r.Header.Get("Accept") == "" {
		v.NoAccept++
	}
	if c.r.Header.Get("User-Agent") == "" {
		v.NoUserAgent++
	}
	if v.NoAccept+v.NoUserAgent > 0 {
		c.stats.addViolations(v)
	}
	if !kept {
		return nil, tooFast
	}
	c.window = window
	return who, nil
}

// outage is what every call meets at the moment.
func (c *call) outage() fault {
	switch c.plan.Outage {
	case OutageErrors:
		return faultServerError
	case OutageThrottle:
		return faultThrottled
	case OutageCut:
		return faultCutBefore
	case OutageHang:
		return faultHang
	case OutageProxy:
		return faultProxyPage
	case OutageSignatures:
		return faultWrongSignature
	}
	return faultNone
}

// strike lets a fault strike that comes before the work, and says whether that was the end of the call. One that comes
// after the work is kept for then; an outage is not lifted by it.
func (c *call) strike(kind fault) bool {
	if c.kind != faultNone {
		return false
	}
	c.kind = kind
	c.stats.addFault(kind)
	switch kind {
	case faultServerError:
		c.refuse(systemError)
	case faultThrottled:
		c.throttled()
		c.refuse(tooFast)
	case faultCutBefore:
		panic(http.ErrAbortHandler)
	case faultHang:
		select {
		case <-c.r.Context().Done():
		case <-c.closing:
		case <-c.plan.replaced:
		}
		panic(http.ErrAbortHandler)
	case faultProxyPage:
		if c.plan.ProxyStatus == http.StatusTooManyRequests {
			c.throttled()
		}
		c.answerPage(c.plan.ProxyStatus, proxyPage(c.plan.ProxyStatus))
	default:
		return false
	}
	return true
}

// throttled notes an admitted call that is answered 429 all the same.
func (c *call) throttled() {
	if c.window != nil {
		c.window.throttled(c.at)
	}
}

// change serves the calls that name stores.
func (c *call) change(who *account, nth uint64) {
	if refused := c.checkContentType(); refused != nil {
		c.refuse(refused)
		return
	}
	refused := c.sc.request.decodeStores(c.sc.body.Bytes())
	if refused == nil {
		refused = c.sc.request.check(who.Mode)
	}
	if refused != nil {
		if len(c.sc.request.storeIDs) > job.MaxStoresPerCall {
			c.stats.addViolations(Violations{TooManyStores: 1})
		}
		c.refuse(refused)
		return
	}
	c.setBrand(who, string(c.sc.request.brandID))
	body, refused := c.work(c.sc, c.plan, c.route, nth, c.kind)

	// What the answer tells counts from just before it is written: a caller may be back with its next call before the
	// write returns here.
	a := c.truth.of(c.route.target)
	told := false
	tell := func() {
		if told = c.kind == faultNone; told {
			a.answered(c.sc.named, c.route.iface, false)
		}
	}
	status, code, number := http.StatusOK, "", 0
	if refused != nil {
		status, code, number, body = refused.status, refused.code, refused.number, refused.encode()
	}
	if delivered := c.answer(status, code, number, body, tell); told && !delivered {
		a.answered(c.sc.named, c.route.iface, true)
	}
}

// list serves associated-stores.
func (c *call) list(who *account) {
	q, refused := parseList(c.r.URL.RawQuery, who.Mode)
	if refused == nil {
		c.setBrand(who, q.brandID)
		refused = c.plan.condition(c.route)
	}
	if refused != nil {
		c.refuse(refused)
		return
	}
	c.answer(http.StatusOK, "", 0, encode(c.page(c.route.target, q)), nil)
}

// setBrand completes the target: a brand is known from its signature.
func (c *call) setBrand(who *account, brandID string) {
	c.route.target.BrandID = brandID
	if who.Mode == job.Brand {
		c.route.target.BrandID = who.Identity
	}
}

func (c *call) checkContentType() *refusal {
	given := c.r.Header.Get("Content-Type")
	if given == "application/json" {
		return nil
	}
	if media, _, err := mime.ParseMediaType(given); err != nil || media != "application/json" {
		return paramError("header", "/Content-Type", given, "Content-Type must be application/json")
	}
	return nil
}
