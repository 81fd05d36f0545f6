package sandbox

import (
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Decoded is a request's body as each of the two ways of reading it sees it.
type Decoded struct {
	OK       bool
	HasBrand bool
	BrandID  string
	StoreIDs []string
}

func decoded(q *storesRequest, ok bool) Decoded {
	d := Decoded{OK: ok, HasBrand: q.hasBrand, BrandID: string(q.brandID)}
	for _, id := range q.storeIDs {
		d.StoreIDs = append(d.StoreIDs, string(id))
	}
	return d
}

// DecodePlain and DecodeAny read a body the quick and the thorough way.
func DecodePlain(body []byte) Decoded { var q storesRequest; return decoded(&q, q.decodePlain(body)) }
func DecodeAny(body []byte) Decoded {
	var q storesRequest
	return decoded(&q, q.decodeAny(body) == nil)
}

// CheckStores says whether a body would be accepted from a caller of that mode.
func CheckStores(body []byte, mode job.Mode) bool {
	var q storesRequest
	return q.decodeStores(body) == nil && q.check(mode) == nil
}

// ParseAuthorization reads an Authorization header and gives its parts.
func ParseAuthorization(header string, mode job.Mode) (identity, nonce, timestamp, serial string, ok bool) {
	a, refused := parseAuthorization(header, mode)
	return a.identity, a.nonce, a.timestamp, a.serial, refused == nil
}

// ParseRoute reads a path and gives its target and the name of its interface.
func ParseRoute(method, path string) (job.Target, job.Mode, string, bool) {
	r, ok := parseRoute(method, path)
	return r.target, r.mode, r.iface.String(), ok
}

// ReadPageToken reads a page token.
func ReadPageToken(token string) (int, bool) { return readPageToken(token) }

// Draw draws the fault of the nth call, or of a store the nth time.
func Draw(f Faults, nth uint64) string { return faultNames[newPlan(f).ofCall(nth)] }
func DrawPassing(f Faults, id string, nth uint64) bool {
	return newPlan(f).sometimes(drawPassing, f.PassingStores, []byte(id), nth)
}

// Window is the allowance of one account at one interface.
type Window struct{ w window }

func NewWindow(rate int, countRefused bool) *Window {
	w := new(Window)
	w.w.init(rate, countRefused)
	return w
}

func (w *Window) Arrive(at time.Time) bool { return w.w.arrive(at) }
func (w *Window) Busiest() int             { return w.w.stats(time.Time{}).MaxInSecond }

// WayHere is how long a call, by its number, takes on its way on a connection, by its number.
func WayHere(f Faults, call, connection uint64) time.Duration {
	return newPlan(f).wayHere(call, connection)
}

// Connections are how many have been made to the sandbox.
func (s *Sandbox) Connections() uint64 { return s.dialled.Load() }
