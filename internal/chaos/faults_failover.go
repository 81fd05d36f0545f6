package chaos

import (
	"errors"
	"fmt"
	"time"
)

// struck is a master that a fault picks, of a Redis that is well: the fault must not take what is left.
func (r *run) struck() (n *node, before []*node, err error) {
	if err := r.settle(); err != nil {
		return nil, nil, err
	}
	before = r.redis.masters()
	if len(before) == 0 {
		return nil, nil, errors.New("there is no master")
	}
	return before[r.rng.IntN(len(before))], before, nil
}

// settle does what is left to do for Redis to be whole, and waits until it is.
func (r *run) settle() error {
	if err := r.catchUp(true); err != nil {
		return err
	}
	return r.redis.settle()
}

// killMaster kills a master; its replica takes over, and it comes back later as a replica. What it had not passed on is
// forgotten.
func (r *run) killMaster() error {
	n, before, err := r.struck()
	if err != nil {
		return err
	}
	r.forgets(100)
	n.kill()
	began := time.Now()
	if _, err := r.redis.successor(before); err != nil {
		return err
	}
	r.logf("another master after %v", time.Since(began).Round(100*time.Millisecond))
	r.later(r.between(0, 10*time.Second), n.launch)
	return nil
}

// freezeMaster lets a master stand still until another has taken over, and go on some time later: it takes itself for the
// master until it is told.
func (r *run) freezeMaster() error {
	n, before, err := r.struck()
	if err != nil {
		return err
	}
	r.forgets(100)
	n.freeze()
	began := time.Now()
	_, err = r.redis.successor(before)
	if err != nil {
		n.thaw()
		return err
	}
	r.logf("another master after %v", time.Since(began).Round(100*time.Millisecond))
	r.later(r.between(0, 10*time.Second), func() error { n.thaw(); return nil })
	return nil
}

// deferred is what is to be done while the run goes on.
type deferred struct {
	at time.Time
	do func() error
}

// later does something when so much time has passed, between other things, and before the next fault that it would get in
// the way of.
func (r *run) later(wait time.Duration, do func() error) {
	r.pending = append(r.pending, deferred{time.Now().Add(wait), do})
}

// catchUp does what was deferred until now, or all of it.
func (r *run) catchUp(all bool) error {
	var errs []error
	left := r.pending[:0]
	for _, p := range r.pending {
		if all || time.Now().After(p.at) {
			errs = append(errs, p.do())
		} else {
			left = append(left, p)
		}
	}
	r.pending = left
	return errors.Join(errs...)
}

// failOver has a replica take its master's place, as a person does. A cluster forgets nothing by that; Sentinels may.
func (r *run) failOver() error {
	_, before, err := r.struck()
	if err != nil {
		return err
	}
	if r.Redis == Sentinel {
		r.forgets(100)
		err = eventually(r.ctx, healthyWithin, func() error {
			return r.redis.sentinels[r.rng.IntN(3)].client.Do(r.ctx, "sentinel", "failover", masterName).Err()
		})
	} else {
		var replicas []*node
		for _, n := range r.redis.nodes {
			if !n.master() {
				replicas = append(replicas, n)
			}
		}
		n := replicas[r.rng.IntN(len(replicas))]
		err = eventually(r.ctx, healthyWithin, func() error { return n.client.ClusterFailover(r.ctx).Err() })
	}
	if err != nil {
		return err
	}
	_, err = r.redis.successor(before)
	return err
}

// moveSlots moves slots that hold keys from one master to another while the workers use them.
func (r *run) moveSlots() error {
	from, before, err := r.struck()
	if err != nil {
		return err
	}
	var to *node
	for _, n := range before {
		if n != from {
			to = n
		}
	}
	slots, err := from.slotsInUse()
	if err != nil {
		return err
	}
	r.rng.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	slots = slots[:min(4, len(slots))]
	for _, slot := range slots {
		err := r.redis.moveSlot(slot, from, to, func() error { return r.pause(r.between(0, 60*time.Millisecond)) })
		if err != nil {
			return fmt.Errorf("moving slot %d: %w", slot, err)
		}
	}
	r.logf("moved the slots %v", slots)
	return nil
}
