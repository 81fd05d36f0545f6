package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const masterName = "main"

// startSentinels starts a master, its replicas, and three Sentinels that know them by the ways to them.
func (d *deployment) startSentinels(dir string) error {
	first := d.nodes[0]
	for _, n := range d.nodes {
		n.settings = append(n.settings, "replica-announce-ip 127.0.0.1", "replica-announce-port "+portOf(n.proxy.addr))
		if n != first {
			n.settings = append(n.settings, "replicaof 127.0.0.1 "+portOf(first.proxy.addr))
		}
		if err := n.start(); err != nil {
			return err
		}
	}
	for i := range 3 {
		addr, err := freeAddr()
		if err != nil {
			return err
		}
		s := &node{ctx: d.ctx, addr: addr, dir: filepath.Join(dir, fmt.Sprint("sentinel-", i)),
			client: redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: 5 * time.Second})}
		d.sentinels = append(d.sentinels, s)
		of := func(name, value string) string { return fmt.Sprintf("sentinel %s %s %s", name, masterName, value) }
		s.settings = []string{"sentinel announce-ip 127.0.0.1", "sentinel announce-port " + portOf(addr),
			of("monitor", "127.0.0.1 "+portOf(first.proxy.addr)+" 2"), of("down-after-milliseconds", "2000"), of("failover-timeout", "6000")}
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return err
		}
		if err := s.start(); err != nil {
			return err
		}
	}
	d.url = join("redis-sentinel", d.sentinels, func(n *node) string { return n.addr }, "?master="+masterName)
	return nil
}

// follow waits until all Sentinels have heard who the master is.
func (d *deployment) follow(master *node) error {
	return eventually(d.ctx, healthyWithin, func() error {
		for _, s := range d.sentinels {
			of, err := s.told()
			if err == nil && of["port"] != portOf(master.proxy.addr) {
				err = errors.New("a Sentinel has not heard of the new master")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// told is what a Sentinel says of the master.
func (n *node) told() (map[string]string, error) {
	return redis.NewSentinelClient(n.client.Options()).Master(n.ctx, masterName).Result()
}

func (d *deployment) sentinelsAgree() error {
	var master string
	for _, n := range d.nodes {
		if n.master() {
			master = portOf(n.proxy.addr)
		}
	}
	for _, s := range d.sentinels {
		of, err := s.told()
		if err != nil {
			return err
		}
		if of["num-other-sentinels"] != "2" || of["num-slaves"] != "2" || of["flags"] != "master" || of["port"] != master {
			return fmt.Errorf("the master is %s, a Sentinel says %v", master, of)
		}
	}
	return nil
}

func (d *deployment) sentinelEpoch() (most int64) {
	for _, s := range d.sentinels {
		of, _ := s.told()
		epoch, _ := strconv.ParseInt(of["config-epoch"], 10, 64)
		most = max(most, epoch)
	}
	return most
}
