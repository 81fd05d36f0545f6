package worker

import "github.com/storelink/storelink/internal/wxapi"

// Keys tells, by account, how the keys stand that its answers are checked with.
func (w *Worker) Keys() map[string]wxapi.KeyState {
	lanes := w.all()
	out := make(map[string]wxapi.KeyState, len(lanes))
	for _, l := range lanes {
		if c, ok := l.account.Client.(interface{ KeyState() wxapi.KeyState }); ok {
			out[l.account.Name] = c.KeyState()
		}
	}
	return out
}
