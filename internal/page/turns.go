package page

import (
	"context"
	"time"
)

// turns lets as many do something at a time as it has room for.
type turns chan struct{}

// take waits for a turn, for a while; done gives it back, and is nil where there was none.
func (t turns) take(ctx context.Context) (done func()) {
	done = func() { <-t }
	select {
	case t <- struct{}{}:
		return done
	default:
	}
	wait := time.NewTimer(turnTimeout)
	defer wait.Stop()
	select {
	case t <- struct{}{}:
		return done
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil
}
