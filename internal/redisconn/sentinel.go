package redisconn

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// sentinelsAddr is the address of a client that asks Sentinels for its master.
const sentinelsAddr = "FailoverClient"

// sentinelEvery is how often Sentinels are asked while commands go well: an old master that is cut off from them still
// takes writes, which are lost.
const sentinelEvery = 2 * time.Second

// guide knows where the master is that Sentinels watch over, and ends the connections to one that it is not any more.
type guide struct {
	name  string // the master's
	conns *conns
	ask   *askers

	mu      sync.Mutex
	known   []string // Sentinels: those that are configured first, then those that they told of
	current string   // the master's address; "" before the first answer
	epoch   int64    // of that answer
	at      time.Time
	looking *looking // under way; nil for none
}

// looking is one look, for all who wait for it.
type looking struct {
	done chan struct{}
	err  error
}

// masterTold is what a Sentinel says.
type masterTold struct {
	addr   string
	epoch  int64
	others []string // other Sentinels
}

// master gives the master's address: what was told within a moment, else what is told now.
func (g *guide) master(ctx context.Context) (string, error) {
	g.mu.Lock()
	if g.current != "" && time.Since(g.at) < slow {
		defer g.mu.Unlock()
		return g.current, nil
	}
	g.mu.Unlock()
	l := g.begin()
	select {
	case <-l.done:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if l.err != nil {
		return "", l.err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.current, nil
}

// begin begins a look, or gives the one that is under way. Its time is bounded by itself.
func (g *guide) begin() *looking {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.looking != nil {
		return g.looking
	}
	l := &looking{done: make(chan struct{})}
	g.looking = l
	known := slices.Clone(g.known)
	go func() {
		told, errs := each(context.Background(), known, g.asked)
		l.err = g.take(told, errs)
		g.mu.Lock()
		g.looking = nil
		g.mu.Unlock()
		close(l.done)
	}()
	return l
}

// take believes the Sentinel that has seen the latest fail-over. One that has seen fewer than what is known was away,
// unless most say so: then they were set up anew.
func (g *guide) take(told []masterTold, errs []error) error {
	if len(told) == 0 {
		for _, err := range errs {
			if errors.Is(err, redis.Nil) {
				return err // they know no such master
			}
		}
		return errors.Join(errs...)
	}
	best := told[0]
	for _, t := range told {
		if t.epoch > best.epoch {
			best = t
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range told {
		for _, o := range t.others {
			if len(g.known) < 32 && !slices.Contains(g.known, o) {
				g.known = append(g.known, o)
			}
		}
	}
	if best.epoch < g.epoch && 2*len(told) <= len(g.known) {
		return nil
	}
	moved := g.current != "" && g.current != best.addr
	g.current, g.epoch, g.at = best.addr, best.epoch, time.Now()
	if moved {
		g.conns.cut(func(addr string) bool { return addr != best.addr })
	}
	return nil
}

// asked is one Sentinel's answer. redis.Nil is that it knows no such master.
func (g *guide) asked(ctx context.Context, addr string) (masterTold, error) {
	c := g.ask.to(addr)
	master, others := redis.NewMapStringStringCmd(ctx, "sentinel", "master", g.name), redis.NewMapStringStringSliceCmd(ctx, "sentinel", "sentinels", g.name)
	pipe := c.Pipeline()
	_ = pipe.Process(ctx, master) // Exec tells
	_ = pipe.Process(ctx, others)
	_, err := pipe.Exec(ctx)
	var answer redis.Error
	if err != nil && !errors.As(err, &answer) {
		return masterTold{}, err
	}
	m, err := master.Result()
	if err != nil && strings.Contains(err.Error(), "No such master") {
		return masterTold{}, redis.Nil
	}
	t := masterTold{addr: net.JoinHostPort(m["ip"], m["port"])}
	t.epoch, _ = strconv.ParseInt(m["config-epoch"], 10, 64)
	if err != nil || m["ip"] == "" { // a user who may ask only this
		get := redis.NewStringSliceCmd(ctx, "sentinel", "get-master-addr-by-name", g.name)
		if err := c.Process(ctx, get); err != nil {
			return masterTold{}, err
		}
		if len(get.Val()) != 2 {
			return masterTold{}, redis.Nil
		}
		t.addr, t.epoch = net.JoinHostPort(get.Val()[0], get.Val()[1]), 0
	}
	for _, o := range others.Val() {
		if o["ip"] != "" && o["port"] != "" {
			t.others = append(t.others, net.JoinHostPort(o["ip"], o["port"]))
		}
	}
	return t, nil
}
