package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

func (r *run) killRedis() error {
	n := r.redis.nodes[0]
	n.kill()
	if err := r.pause(r.between(0, 4*time.Second)); err != nil {
		return err
	}
	return n.start()
}

// killEverything is a power cut: workers and all servers at once.
func (r *run) killEverything() error {
	r.dies(len(r.workers))
	if r.Redis != Single {
		r.forgets(100) // a replica may be elected before its master is back
	}
	if err := r.catchUp(true); err != nil {
		return err
	}
	for _, w := range r.workers {
		w.kill()
	}
	if err := r.redis.powerCut(); err != nil {
		return err
	}
	for i := range r.workers {
		if err := r.replace(i); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) truncateRedis() error {
	r.forgets(300)
	n := r.redis.nodes[0]
	n.kill()
	if err := n.truncate(1 + r.rng.Int64N(20_000)); err != nil {
		return err
	}
	return n.start()
}

// forgetAsynq deletes asynq's keys, and leaves the ledger's.
func (r *run) forgetAsynq() error {
	for _, n := range r.redis.masters() {
		keys := n.client.Scan(r.ctx, 0, "asynq:*", 1000).Iterator()
		for keys.Next(r.ctx) {
			if err := n.client.Del(r.ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		if err := keys.Err(); err != nil {
			return err
		}
	}
	return nil
}

// cutRedis ends all workers' connections and refuses new ones for a while.
func (r *run) cutRedis() error {
	r.redis.each((*proxy).sever)
	err := r.pause(r.between(500*time.Millisecond, 5*time.Second))
	r.redis.each((*proxy).mend)
	return err
}

// swallowRedis has all workers' connections, old and new, take what they are given and never answer; none is closed.
func (r *run) swallowRedis() error {
	r.redis.each((*proxy).swallow)
	err := r.pause(r.between(3*time.Second, 12*time.Second))
	r.redis.each((*proxy).mend)
	return err
}

func (r *run) slowRedis() error {
	by := r.between(20*time.Millisecond, 300*time.Millisecond)
	r.redis.each(func(p *proxy) { p.slow(by) })
	err := r.pause(3 * time.Second)
	r.redis.each((*proxy).mend)
	return err
}

// farRedis makes round trips long for the rest of the run.
func (r *run) farRedis() error {
	rtt := r.between(10*time.Millisecond, 300*time.Millisecond)
	r.logf("round trips take %v from now on", rtt.Round(time.Millisecond))
	r.redis.each(func(p *proxy) { p.stretch(rtt) })
	return nil
}

// away takes Redis away for long: cut off, swallowed, or where there is one server alone, killed or frozen. Nothing is
// forgotten, and no worker dies: no store may be sent again.
func (r *run) away(d time.Duration) error {
	ways := []string{"cut", "swallowed"}
	if r.Redis == Single {
		ways = append(ways, "killed", "frozen")
	}
	way, n := ways[r.rng.IntN(len(ways))], r.redis.nodes[0]
	r.logf("Redis is %s for %v", way, d)
	switch way {
	case "cut":
		r.redis.each((*proxy).sever)
	case "swallowed":
		r.redis.each((*proxy).swallow)
	case "killed":
		n.kill()
	case "frozen":
		n.freeze()
	}
	if err := r.pause(d); err != nil {
		return err
	}
	switch way {
	case "killed":
		return n.start()
	case "frozen":
		n.thaw()
	}
	r.redis.each((*proxy).mend)
	return nil
}

// fullDisk has nothing more written to a master's disk for a while. A Redis with appendfsync always ends by that; it is
// started again each second, as a supervisor does, and comes back when there is room.
func (r *run) fullDisk() error {
	if r.Redis != Single {
		r.forgets(100)
		if err := r.settle(); err != nil {
			return err
		}
	}
	masters := r.redis.masters()
	if len(masters) == 0 {
		return errors.New("there is no master")
	}
	n := masters[r.rng.IntN(len(masters))]
	if err := n.fill(true); err != nil {
		return err
	}
	for end := time.Now().Add(r.between(3*time.Second, 10*time.Second)); time.Now().Before(end); {
		if n.gone() {
			if err := n.launch(); err != nil {
				return err
			}
		}
		if err := r.pause(time.Second); err != nil {
			return err
		}
	}
	if err := n.fill(false); err != nil {
		return err
	}
	// Whether it is about to end by its last failure or was started anew, it must be up when this is over.
	return eventually(r.ctx, healthyWithin, func() error {
		if n.gone() {
			if err := n.launch(); err != nil {
				return err
			}
		}
		if err := n.client.Ping(r.ctx).Err(); err != nil {
			return err
		}
		if len(r.redis.masters()) < map[string]int{Single: 1, Sentinel: 1, Cluster: 3}[r.Redis] {
			return fmt.Errorf("a master is missing")
		}
		return nil
	})
}

// maxMemory lets Redis take no more data for a while: reads go well, writes do not.
func (r *run) maxMemory() error {
	set := func(bytes int64) error {
		var errs []error
		for _, n := range r.redis.nodes {
			ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
			errs = append(errs, n.client.ConfigSet(ctx, "maxmemory", fmt.Sprint(bytes)).Err())
			cancel()
		}
		return errors.Join(errs...)
	}
	if err := set(1); err != nil {
		return err
	}
	err := r.pause(r.between(3*time.Second, 20*time.Second))
	return errors.Join(err, set(0))
}

// redisClock sets Redis' clock back or forward, for good or for a while. Servers of a cluster watch over one another by
// their clocks, so theirs are set by less.
func (r *run) redisClock() error {
	by := []time.Duration{-time.Hour, -30 * time.Second, -3 * time.Second, 3 * time.Second, 30 * time.Second, time.Hour}[r.rng.IntN(6)]
	clocks := []int{0, 1}
	if r.Redis != Single {
		by = min(max(by, -10*time.Second), 10*time.Second)
		clocks = slices.Clone([][]int{{0}, {1}, {0, 1}}[r.rng.IntN(3)])
	}
	r.logf("Redis' clocks %v are set by %v", clocks, by)
	set := func(by time.Duration) (errs error) {
		for _, c := range clocks {
			errs = errors.Join(errs, r.redis.shift(c, by))
		}
		return errs
	}
	if err := set(by); err != nil {
		return err
	}
	if r.rng.IntN(2) == 0 {
		return nil
	}
	if err := r.pause(r.between(5*time.Second, 15*time.Second)); err != nil {
		return err
	}
	return set(0)
}
