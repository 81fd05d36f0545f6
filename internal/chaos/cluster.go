package chaos

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// startCluster starts three masters with a replica each. Clients and replicas find each by the way to it.
func (d *deployment) startCluster() error {
	buses := make([]string, len(d.nodes))
	for i, n := range d.nodes {
		bus, err := freeAddr()
		if err != nil {
			return err
		}
		buses[i] = portOf(bus)
		n.settings = append(n.settings, "cluster-enabled yes", "cluster-port "+buses[i], "cluster-announce-ip 127.0.0.1",
			"cluster-announce-port "+portOf(n.proxy.addr), "cluster-announce-bus-port "+buses[i],
			"cluster-node-timeout 3000", "cluster-replica-validity-factor 0")
		if err := n.start(); err != nil {
			return err
		}
	}
	do := func(n *node, args ...any) error { return n.client.Do(d.ctx, args...).Err() }
	for i, slots := range [][2]int{{0, 5460}, {5461, 10922}, {10923, 16383}} {
		err := errors.Join(do(d.nodes[i], "cluster", "set-config-epoch", i+1), do(d.nodes[i], "cluster", "addslotsrange", slots[0], slots[1]))
		if err != nil {
			return err
		}
	}
	for _, n := range d.nodes[1:] {
		if err := do(n, "cluster", "meet", "127.0.0.1", portOf(d.nodes[0].proxy.addr), buses[0]); err != nil {
			return err
		}
	}
	for i, n := range d.nodes[3:] {
		err := eventually(d.ctx, healthyWithin, func() error { return do(n, "cluster", "replicate", d.nodes[i].id()) })
		if err != nil {
			return err
		}
	}
	d.url = join("redis-cluster", d.nodes[:3], func(n *node) string { return n.proxy.addr }, "")
	return nil
}

// id is a server's name in its cluster.
func (n *node) id() string {
	id, _ := n.client.Do(n.ctx, "cluster", "myid").Text()
	return id
}

func (d *deployment) clusterAgrees() error {
	for _, n := range d.nodes {
		text, err := n.client.ClusterInfo(d.ctx).Result()
		if err != nil {
			return err
		}
		if info := fields(text); info["cluster_state"] != "ok" || info["cluster_known_nodes"] != strconv.Itoa(len(d.nodes)) ||
			info["cluster_size"] != "3" {
			return fmt.Errorf("%s says %v", n.dir, info)
		}
		nodes, err := n.client.ClusterNodes(d.ctx).Result()
		if err != nil {
			return err
		}
		if strings.Contains(nodes, "fail") || strings.Contains(nodes, "disconnected") || strings.Contains(nodes, "handshake") {
			return errors.New(nodes)
		}
	}
	return nil
}

func (d *deployment) clusterEpoch() (most int64) {
	for _, n := range d.nodes {
		if !n.up() {
			continue
		}
		text, _ := n.client.ClusterInfo(d.ctx).Result()
		epoch, _ := strconv.ParseInt(fields(text)["cluster_current_epoch"], 10, 64)
		most = max(most, epoch)
	}
	return most
}

// moveSlot brings a slot with its keys from one master to another, one key at a time with a pause between, so that commands
// meet it under way.
func (d *deployment) moveSlot(slot int64, from, to *node, pause func() error) error {
	fromID, toID := from.id(), to.id()
	err := errors.Join(to.client.Do(d.ctx, "cluster", "setslot", slot, "importing", fromID).Err(),
		from.client.Do(d.ctx, "cluster", "setslot", slot, "migrating", toID).Err())
	if err != nil {
		return err
	}
	for {
		keys, err := from.client.ClusterGetKeysInSlot(d.ctx, int(slot), 1).Result()
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		if err := from.client.Do(d.ctx, "migrate", "127.0.0.1", portOf(to.addr), keys[0], 0, 5000).Err(); err != nil {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
	}
	if err := to.client.Do(d.ctx, "cluster", "setslot", slot, "node", toID).Err(); err != nil {
		return err
	}
	for _, n := range d.masters() {
		if err := n.client.Do(d.ctx, "cluster", "setslot", slot, "node", toID).Err(); err != nil {
			return err
		}
	}
	return nil
}

// slotsInUse are slots of a master that hold keys.
func (n *node) slotsInUse() (slots []int64, err error) {
	seen := map[int64]bool{}
	keys := n.client.Scan(n.ctx, 0, "*", 1000).Iterator()
	for keys.Next(n.ctx) {
		slot, err := n.client.ClusterKeySlot(n.ctx, keys.Val()).Result()
		if err != nil {
			return nil, err
		}
		if !seen[slot] {
			seen[slot] = true
			slots = append(slots, slot)
		}
	}
	return slots, keys.Err()
}

// successor waits until a master's replica has taken over from it, and gives it.
func (d *deployment) successor(before []*node) (next *node, err error) {
	err = eventually(d.ctx, healthyWithin, func() error {
		for _, n := range d.masters() {
			known := false
			for _, b := range before {
				known = known || b == n
			}
			if !known {
				next = n
				return nil
			}
		}
		return errors.New("nobody was elected")
	})
	if err == nil {
		err = d.follow(next)
	}
	return next, err
}
