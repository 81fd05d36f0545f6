package redisconn

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// The times of a cluster's map.
const (
	clusterReload = time.Second     // how old the client's own map may be while commands are sent
	clusterEvery  = 5 * time.Second // how often it is looked for masters that were replaced, while all goes well
)

// topology knows the masters of a cluster, and ends the connections to those that were replaced. The client has a map of
// its own, which it asks a node for; but where that node, or the one that a command waits for, is frozen, it waits with it.
type topology struct {
	conns  *conns
	ask    *askers
	seeds  []string
	reload func() // lets the client look at its own map again; set once it is there

	looking atomic.Bool

	mu      sync.Mutex
	nodes   []string // all that are known; none before the first look
	epoch   int64    // of the latest answer that was believed
	at      time.Time
	masters map[string]bool
	former  map[string]bool // masters that are none any more
}

// mapTold is what a node says.
type mapTold struct {
	epoch   int64
	masters map[string]bool
	nodes   []string
}

// errReplaced refuses to connect to a master that was replaced.
var errReplaced = errors.New("this master was replaced")

// refuses says whether an address is not to be connected to.
func (t *topology) refuses(addr string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.former[addr] {
		return &net.OpError{Op: "dial", Net: "tcp", Err: errReplaced}
	}
	return nil
}

// begin begins a look, unless one is under way.
func (t *topology) begin() {
	if !t.looking.CompareAndSwap(false, true) {
		return
	}
	t.mu.Lock()
	ask := append([]string(nil), t.nodes...)
	t.mu.Unlock()
	if len(ask) == 0 {
		ask = append(ask, t.seeds...)
	}
	rand.Shuffle(len(ask), func(i, j int) { ask[i], ask[j] = ask[j], ask[i] })
	ask = ask[:min(len(ask), askAtMost)]
	go func() {
		defer t.looking.Store(false)
		told, _ := each(context.Background(), ask, t.asked) // whoever needs the cluster is told by the command
		t.take(told)
		t.reload()
	}()
}

// take believes the node that has seen the latest election. Where that is older than what is known, all of them were
// away; after a while they are believed all the same, as a cluster that was made anew.
func (t *topology) take(told []mapTold) {
	if len(told) == 0 {
		t.mu.Lock()
		t.nodes = nil // perhaps all have moved: the seeds are asked again
		t.mu.Unlock()
		return
	}
	best := told[0]
	for _, m := range told {
		if m.epoch > best.epoch {
			best = m
		}
	}
	t.mu.Lock()
	if best.epoch < t.epoch && time.Since(t.at) < 4*clusterEvery {
		t.mu.Unlock()
		return
	}
	former := map[string]bool{}
	for addr := range t.former {
		former[addr] = true
	}
	replaced := false
	for addr := range t.masters {
		if !best.masters[addr] {
			former[addr], replaced = true, true
		}
	}
	for addr := range best.masters {
		delete(former, addr)
	}
	t.nodes, t.masters, t.former, t.epoch, t.at = best.nodes, best.masters, former, best.epoch, time.Now()
	t.mu.Unlock()
	if replaced {
		t.conns.cut(func(addr string) bool { return former[addr] })
	}
}

// asked is one node's answer.
func (t *topology) asked(ctx context.Context, addr string) (mapTold, error) {
	pipe := t.ask.to(addr).Pipeline()
	slots, info := pipe.ClusterSlots(ctx), pipe.ClusterInfo(ctx)
	if _, err := pipe.Exec(ctx); err != nil && slots.Err() != nil {
		return mapTold{}, slots.Err()
	}
	m := mapTold{masters: map[string]bool{}}
	m.epoch, _ = strconv.ParseInt(fields(info.Val())["cluster_current_epoch"], 10, 64) // 0 where it may not be asked
	seen := map[string]bool{}
	for _, s := range slots.Val() {
		for i, n := range s.Nodes {
			at := reachable(n.Addr, addr)
			if i == 0 {
				m.masters[at] = true
			}
			if !seen[at] {
				seen[at], m.nodes = true, append(m.nodes, at)
			}
		}
	}
	if len(m.masters) == 0 {
		return m, errors.New("it knows no master")
	}
	return m, nil
}

// reachable is a node's address as the client makes it of what another node says: what is loopback or unknown there is on
// that node's own host, and a port of 0 is the one that was asked.
func reachable(node, asked string) string {
	host, port, err := net.SplitHostPort(node)
	askedHost, askedPort, err2 := net.SplitHostPort(asked)
	if err != nil || err2 != nil {
		return node
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		if own := net.ParseIP(askedHost); (own == nil || !own.IsLoopback()) && !strings.EqualFold(askedHost, "localhost") {
			host = askedHost
		}
	}
	if port == "0" {
		port = askedPort
	}
	return net.JoinHostPort(host, port)
}

// nodeHook watches one node of a cluster: what goes wrong with it may be that it is the master no more.
type nodeHook struct {
	w    *watch
	addr string
}

// DialHook implements redis.Hook.
func (h nodeHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (h nodeHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		h.told(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h nodeHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		h.told(err)
		for _, cmd := range cmds {
			if Gone(cmd.Err()) {
				h.told(cmd.Err())
				break
			}
		}
		return err
	}
}

func (h nodeHook) told(err error) {
	_, moved := redis.IsMovedError(err)
	switch {
	case Gone(err):
		h.w.conns.retire(func(addr string) bool { return addr == h.addr })
		h.w.due(slow / 5)
	case moved, broken(err):
		h.w.due(slow / 5)
	}
}
