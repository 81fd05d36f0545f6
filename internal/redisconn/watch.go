package redisconn

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// watch sees every command of a client, and does two things about a server that is not the one to talk to any more: it
// retires the connections to it, so that the next command makes a new one, and it lets whoever knows look where the master
// is now. What was refused is tried again.
type watch struct {
	conns *conns
	look  func() // begins a look; nil behind a fixed address, where there is nobody to ask
	every time.Duration

	mu   sync.Mutex
	last time.Time // the last look
}

// The times of a watch.
const (
	slow      = 500 * time.Millisecond // a command that takes longer may wait for a master that is frozen, or cut off
	goneTries = 3                      // of a command that was refused, on new connections
	goneWait  = 50 * time.Millisecond  // before the second of them, and twice that before the third
)

// due begins a look where the last one is long enough ago.
func (w *watch) due(every time.Duration) {
	if w.look == nil {
		return
	}
	w.mu.Lock()
	now := time.Now()
	due := now.Sub(w.last) >= every
	if due {
		w.last = now
	}
	w.mu.Unlock()
	if due {
		w.look()
	}
}

// waits looks again and again while a command waits, until what it gives is called.
func (w *watch) waits() (over func()) {
	if w.look == nil {
		return func() {}
	}
	p := &pending{w: w}
	p.mu.Lock()
	p.timer = time.AfterFunc(slow, p.fire)
	p.mu.Unlock()
	return p.end
}

// pending is a command that has not been answered yet.
type pending struct {
	w     *watch
	mu    sync.Mutex
	timer *time.Timer
	over  bool
}

func (p *pending) fire() {
	p.w.due(slow / 2)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.timer.Reset(slow)
	}
}

func (p *pending) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.timer.Stop()
}

// told looks at what came of a command, and says whether it is to be tried again.
func (w *watch) told(err error) (again bool) {
	switch {
	case Gone(err):
		w.conns.retire(func(string) bool { return true })
		w.due(slow / 5)
		return true
	case broken(err):
		w.due(slow / 5)
	}
	return false
}

// DialHook implements redis.Hook.
func (w *watch) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (w *watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		w.due(w.every)
		defer w.waits()()
		err := next(ctx, cmd)
		for try := 1; w.told(err) && try <= goneTries && pause(ctx, try); try++ {
			cmd.SetErr(nil)
			err = next(ctx, cmd)
		}
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. A pipeline is tried again where its first command was refused, or any of a
// transaction's: a server that is no master has then carried out none of its writes.
func (w *watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		w.due(w.every)
		defer w.waits()()
		err := next(ctx, cmds)
		for try := 1; w.pipelineTold(err, cmds) && try <= goneTries && pause(ctx, try); try++ {
			for _, cmd := range cmds {
				cmd.SetErr(nil)
			}
			err = next(ctx, cmds)
		}
		return err
	}
}

func (w *watch) pipelineTold(err error, cmds []redis.Cmder) (again bool) {
	w.told(err)
	for i, cmd := range cmds {
		if Gone(cmd.Err()) {
			w.told(cmd.Err())
			return i == 0 || cmds[0].Name() == "multi"
		}
	}
	return false
}

// pause waits before a command is tried again; the first time there is nothing to wait for.
func pause(ctx context.Context, try int) bool {
	if try == 1 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(time.Duration(try-1) * goneWait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
