package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/testkit"
)

// The kinds of Redis that a run can have.
const (
	Single   = "single"
	Sentinel = "sentinel" // a master, two replicas, three Sentinels
	Cluster  = "cluster"  // three masters, each with a replica
)

// Kinds are all of them.
var Kinds = []string{Single, Sentinel, Cluster}

// deployment is the Redis of a run.
type deployment struct {
	kind      string
	ctx       context.Context
	nodes     []*node
	sentinels []*node
	clocks    []*testkit.Clock // the nodes take them in turn; none where there is no gcc

	url    string // for workers
	direct string // for enqueue, past what befalls workers where that can be

	elections int64 // how many there were, as far as the run knows of them
}

// healthyWithin is how long Redis itself may take to get over something on a machine that is short of time.
const healthyWithin = 2 * time.Minute

// deploy starts a Redis of a kind.
func deploy(ctx context.Context, kind, dir, preload string) (*deployment, error) {
	d := &deployment{kind: kind, ctx: ctx}
	if preload != "" {
		for i := range 2 {
			sub := filepath.Join(dir, fmt.Sprint("clock-", i))
			if err := os.MkdirAll(sub, 0o700); err != nil {
				return d, err
			}
			c, err := testkit.NewClock(sub)
			if err != nil {
				return d, err
			}
			d.clocks = append(d.clocks, c)
		}
	}
	servers := map[string]int{Single: 1, Sentinel: 3, Cluster: 6}[kind]
	for i := range servers {
		var env []string
		if len(d.clocks) > 0 {
			env = d.clocks[i%len(d.clocks)].Env()
		}
		n, err := newNode(ctx, filepath.Join(dir, fmt.Sprint("redis-", i)), env, preload)
		if err != nil {
			return d, err
		}
		d.nodes = append(d.nodes, n)
	}
	switch kind {
	case Single:
		d.url, d.direct = "redis://"+d.nodes[0].proxy.addr, "redis://"+d.nodes[0].addr
		return d, d.nodes[0].start()
	case Sentinel:
		if err := d.startSentinels(dir); err != nil {
			return d, err
		}
	case Cluster:
		if err := d.startCluster(); err != nil {
			return d, err
		}
	default:
		return d, fmt.Errorf("no kind of Redis: %s", kind)
	}
	d.direct = d.url
	return d, d.settle()
}

// eventually tries until it goes well, for what servers do in their own time.
func eventually(ctx context.Context, patience time.Duration, try func() error) error {
	for end := time.Now().Add(patience); ; {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// settle waits until Redis is as it was at the beginning: all servers up, each replica beside its master, and all of one mind.
func (d *deployment) settle() error {
	if err := eventually(d.ctx, healthyWithin, d.healthy); err != nil {
		return fmt.Errorf("the servers of Redis do not get well: %w", err)
	}
	return nil
}

func (d *deployment) healthy() error {
	masters, replicas := 0, 0
	for _, n := range d.nodes {
		if !n.up() {
			return fmt.Errorf("%s is down", n.dir)
		}
		info, err := n.info("replication")
		switch {
		case err != nil:
			return err
		case info["role"] == "master":
			masters++
		case info["master_link_status"] == "up":
			replicas++
		}
	}
	want := map[string]int{Single: 1, Sentinel: 1, Cluster: 3}[d.kind]
	if masters != want || masters+replicas != len(d.nodes) {
		return fmt.Errorf("it has %d masters and %d replicas", masters, replicas)
	}
	switch d.kind {
	case Sentinel:
		return d.sentinelsAgree()
	case Cluster:
		return d.clusterAgrees()
	}
	return nil
}

// masters are the servers that take writes.
func (d *deployment) masters() (all []*node) {
	for _, n := range d.nodes {
		if n.up() && n.master() {
			all = append(all, n)
		}
	}
	return all
}

// each does something to all ways of the workers to Redis.
func (d *deployment) each(do func(*proxy)) {
	for _, n := range d.nodes {
		do(n.proxy)
	}
}

// shift sets one of its clocks.
func (d *deployment) shift(clock int, by time.Duration) error { return d.clocks[clock].Shift(by) }

// unforeseen says whether servers were elected without the run's doing, as on a machine that is short of time; such an
// election may have forgotten what no fault did.
func (d *deployment) unforeseen() bool {
	now := d.elected()
	was := d.elections
	d.elections = now
	return now != was
}

// elected counts elections; 0 for a Redis that has none.
func (d *deployment) elected() int64 {
	switch d.kind {
	case Sentinel:
		return d.sentinelEpoch()
	case Cluster:
		return d.clusterEpoch()
	}
	return 0
}

// powerCut ends all servers at once, and starts them again.
func (d *deployment) powerCut() error {
	all := append(append([]*node(nil), d.nodes...), d.sentinels...)
	for _, n := range all {
		n.kill()
	}
	var errs []error
	for _, n := range all {
		errs = append(errs, n.launch())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return d.settle()
}

func (d *deployment) end() {
	for _, n := range append(d.sentinels, d.nodes...) {
		n.end()
	}
	for _, c := range d.clocks {
		_ = c.Close() // it is no more than a file
	}
}

// url joins the addresses of servers.
func join(scheme string, nodes []*node, addr func(*node) string, query string) string {
	var all []string
	for _, n := range nodes {
		all = append(all, addr(n))
	}
	return scheme + "://" + strings.Join(all, ",") + query
}
