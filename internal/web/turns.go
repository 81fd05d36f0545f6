package web

import (
	"context"
	"time"
)

// turns lets as many do something at a time as it has room for, and rests after each: whoever asks for it again and again
// takes no more than a part of the time that there is.
type turns struct {
	room chan struct{}
	rest float64 // how long a place stays empty, as a multiple of how long it was taken
}

// mostRest bounds a rest.
const mostRest = 5 * time.Second

func newTurns(atOnce int, rest float64) turns { return turns{make(chan struct{}, atOnce), rest} }

// take waits for a turn, for a while; done gives it back, and is nil where there was none.
func (t turns) take(ctx context.Context) (done func()) {
	select {
	case t.room <- struct{}{}:
		return t.taken()
	default:
	}
	wait := time.NewTimer(turnTimeout)
	defer wait.Stop()
	select {
	case t.room <- struct{}{}:
		return t.taken()
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil
}

// taken begins a turn.
func (t turns) taken() (done func()) {
	began := time.Now()
	return func() {
		rest := min(time.Duration(t.rest*float64(time.Since(began))), mostRest)
		if rest <= 0 {
			<-t.room
			return
		}
		time.AfterFunc(rest, func() { <-t.room })
	}
}
