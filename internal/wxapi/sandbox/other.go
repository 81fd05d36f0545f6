package sandbox

import "time"

// maxAlsoUsed is the most of Faults.AlsoUsed, in calls a second.
const maxAlsoUsed = 10_000

// OtherStats are the calls of the other client that uses an allowance too.
type OtherStats struct {
	Calls   int64 `json:"calls"`
	Refused int64 `json:"refused"` // those of them that were refused for the rate limit: 429
}

// otherClient is the other client at one window. What it does hangs on nothing but the time, so it needs no goroutine:
// the calls that it has made by now are counted before anything else that happens at the window.
type otherClient struct {
	plan  *plan     // whose AlsoUsed it follows; nil: there is none
	since time.Time // when that was set
	about uint64    // tells it from the clients at other windows
	next  uint64    // the number of its next call

	calls, refused int64
}

// due is when the next call comes: somewhere in the first half of its share of the time.
func (o *otherClient) due() time.Time {
	share := float64(time.Second) / o.plan.AlsoUsed
	return o.since.Add(time.Duration((float64(o.next) + o.plan.draw(drawAlsoUsed, o.about, o.next)/2) * share))
}

// callOther counts what the other client has sent by now.
func (w *window) callOther(now time.Time) {
	o := &w.other
	if o.plan == nil {
		return
	}
	if lead := now.Sub(o.since) - 2*time.Second; w.calls == 0 && lead > 0 {
		// Nobody has asked yet: only the last second matters.
		o.next = max(o.next, uint64(lead.Seconds()*o.plan.AlsoUsed))
	}
	for at := o.due(); !at.After(now); at = o.due() {
		o.next++
		if at.Before(w.last) {
			at = w.last
		}
		w.last = at
		ok := w.count(at)
		if w.calls == 0 {
			continue
		}
		o.calls++
		if !ok {
			o.refused++
		}
		if s := w.second(at); s != nil {
			s.alsoUsed++
			if !ok {
				s.alsoRefused++
			}
		}
	}
}

// shareWindows has another client at every window from now on, as p says, or none.
func (s *Sandbox) shareWindows(p *plan, now time.Time) {
	for i, a := range s.accounts {
		for j := range a.windows {
			a.windows[j].share(p, now, uint64(i*interfaceCount+j))
		}
	}
}

func (w *window) share(p *plan, now time.Time, about uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callOther(now)
	w.other.plan, w.other.since, w.other.about, w.other.next = nil, now, about, 0
	if p.AlsoUsed > 0 {
		w.other.plan = p
	}
}
