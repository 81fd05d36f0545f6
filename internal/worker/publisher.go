package worker

import (
	"context"
	"github.com/storelink/storelink/internal/registry"
	"reflect"
	"time"
)

// publish tells in Redis how the accounts are served: when a lane changes, and often enough to be believed.
type publish struct {
	w     *Worker
	first chan struct{} // closed when it was tried for the first time
}

const (
	publishEvery = registry.WorkerLife / 3
	tellAccounts = time.Hour // the accounts themselves, which outlive their workers
	unpublishIn  = 2 * time.Second
	publishFirst = 2 * time.Second // how long a start waits for it
)

func (s *publish) run(ctx context.Context) {
	w := s.w
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	var told time.Time
	var last []registry.Lane
	for beat := true; ; {
		if beat || w.unclaimed() {
			if err := w.claimAll(ctx); err != nil && ctx.Err() == nil {
				w.log.Warn("could not claim the accounts", "error", err)
			}
		}
		lanes := w.Lanes()
		others := w.others.Swap(false)
		if others {
			told = time.Time{}
		}
		if beat || others || !reflect.DeepEqual(lanes, last) {
			accounts := time.Since(told) > tellAccounts
			err := w.cfg.Ledger.Publish(ctx, w.cfg.ID, lanes, accounts)
			w.published.Store(err == nil)
			w.unreached.Store(&err)
			if err != nil && ctx.Err() == nil {
				w.log.Warn("the lanes could not be published", "error", err)
				last = nil
				w.others.Store(others || w.others.Load())
			} else {
				last = lanes
				if accounts {
					told = time.Now()
				}
			}
		}
		if beat && s.first != nil {
			close(s.first)
			s.first = nil
		}
		beat = false
		select {
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), unpublishIn)
			defer cancel()
			if err := w.letGo(bye); err != nil {
				w.log.Warn("could not let go of the accounts: the claims expire", "error", err)
			}
			if err := w.cfg.Ledger.Unpublish(bye, w.cfg.ID); err != nil {
				w.log.Warn("the lanes could not be unpublished: they expire", "error", err)
			}
			return
		case <-tick.C:
			beat = true
		case <-w.changed:
		}
	}
}
