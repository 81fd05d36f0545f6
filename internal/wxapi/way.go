package wxapi

import "time"

// Way is how a request went on its way: what tells of when it arrived.
type Way struct {
	At time.Time // when its first bytes were written; the zero time where none were
	// RTTVar is the kernel's mean deviation of the connection's round-trip time; 0 where the system does not tell.
	RTTVar time.Duration
}

// began forgets when the connection's last request left.
func (w *wire) began() { w.first.Store(nil) }

// left notes when a request's first bytes leave.
func (w *wire) left() {
	if w.first.Load() == nil {
		now := time.Now()
		w.first.CompareAndSwap(nil, &now)
	}
}

// way is how the connection's last request went.
func (w *wire) way() (way Way) {
	if at := w.first.Load(); at != nil {
		way.At = *at
	}
	way.RTTVar = rttVar(w.Conn)
	return way
}
