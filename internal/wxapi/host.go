package wxapi

import (
	"sync"
	"time"
)

// spareHold is how long calls go to the spare host first after the first host failed. Then one call tries the first
// host again, and the others follow once it has answered.
const spareHold = 30 * time.Second

// hosts says which host a call tries first.
type hosts struct {
	first, spare *pool // spare is nil where there is none
	clock        func() time.Time

	mu    sync.Mutex
	until time.Time // calls prefer the spare host until then; zero: they do not
}

// order gives the hosts in the order in which a call tries them; the second is nil where there is none.
func (h *hosts) order() [2]*pool {
	if h.spare == nil {
		return [2]*pool{h.first}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until.IsZero() {
		return [2]*pool{h.first, h.spare}
	}
	now := h.clock()
	if left := h.until.Sub(now); left > 0 && left <= spareHold { // more than that: the clock was set back
		return [2]*pool{h.spare, h.first}
	}
	h.until = now.Add(spareHold) // this call alone tries the first host again
	return [2]*pool{h.first, h.spare}
}

// failed records that p could not be reached, or did not answer; it reports whether that changes what is preferred.
func (h *hosts) failed(p *pool) bool {
	if h.spare == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before := !h.until.IsZero()
	if p == h.first {
		h.until = h.clock().Add(spareHold)
	} else {
		h.until = time.Time{} // no better than the first
	}
	return before == h.until.IsZero()
}

// answered records that p answered, whatever it said.
func (h *hosts) answered(p *pool) bool {
	if h.spare == nil || p != h.first {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	was := !h.until.IsZero()
	h.until = time.Time{}
	return was
}
