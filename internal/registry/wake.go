package registry

import (
	"context"
	"fmt"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Wake is news for workers: an account has work, or a job changed its state.
type Wake struct {
	Account string
	Job     string
	State   job.State
}

// Announce tells all workers at once. It is a courtesy: what gets lost is found by the next look at the ledger.
func (r *Registry) Announce(ctx context.Context, w Wake) error {
	return redisconn.CommandError("announce", r.rdb.Publish(ctx, keyWake, w.Account+" "+w.Job+" "+string(w.State)).Err())
}

// Listen gives the announcements until ctx ends, then closes the channel. A connection that breaks is made again.
func (r *Registry) Listen(ctx context.Context) <-chan Wake {
	sub := r.rdb.Subscribe(ctx, keyWake)
	out := make(chan Wake)
	go func() { // owned by ctx: the channel's end tells that it is gone
		defer close(out)
		defer sub.Close()
		in := sub.Channel()
		for {
			select {
			case <-ctx.Done():
				return
			case msg, ok := <-in:
				if !ok {
					return
				}
				var w Wake
				if n, _ := fmt.Sscanf(msg.Payload, "%s %s %s", &w.Account, &w.Job, &w.State); n < 2 {
					continue
				}
				select {
				case out <- w:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}
