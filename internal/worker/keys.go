package worker

import "github.com/storelink/storelink/internal/wxapi"

// Keys tells, by account, how the keys stand that its answers are checked with.
func (w *Worker) Keys() map[string]wxapi.KeyState {
	out := map[string]wxapi.KeyState{}
	for _, l := range w.all() {
		if c, ok := l.account.Client.(interface{ KeyState() wxapi.KeyState }); ok {
			out[l.account.Name] = c.KeyState()
		}
	}
	return out
}
