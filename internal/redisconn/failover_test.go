package redisconn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// goOnWithin is how soon after an election commands go on: the promise, not what it takes.
const goOnWithin = 5 * time.Second

// replicated is a master with what would take over from it, and a URL that leads to whichever is the master.
type replicated struct {
	url             string
	key             string // of a slot that the master serves
	master, replica *redis.Client
	process         func(syscall.Signal) // to the master's
	command         func() error         // asks for a fail-over
}

// direct is a connection to one server by its own address, with nothing of ours in between.
func direct(t *testing.T, port int) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: tcp(port), ReadTimeout: time.Second, MaxRetries: -1})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// signals sends signals to a server, and lets it go on at the test's end.
func signals(t *testing.T, s server) func(syscall.Signal) {
	t.Cleanup(func() { _ = s.process.Signal(syscall.SIGCONT) })
	return func(sig syscall.Signal) {
		if err := s.process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
}

// startCluster starts three masters, the first of which has a replica.
func startCluster(t *testing.T) replicated {
	t.Helper()
	ctx := t.Context()
	ports, buses := make([]int, 4), make([]int, 4)
	nodes, servers := make([]*redis.Client, 4), make([]server, 4)
	for i := range ports {
		ports[i], buses[i] = freePort(t), freePort(t)
		servers[i] = startRedis(t, fmt.Sprintf("port %d", ports[i]), "bind 127.0.0.1", "cluster-enabled yes",
			fmt.Sprintf("cluster-port %d", buses[i]), "cluster-node-timeout 1000", "cluster-replica-validity-factor 0",
			"repl-diskless-sync-delay 0")
		nodes[i] = direct(t, ports[i])
	}
	must := func(args ...any) {
		t.Helper()
		if err := nodes[args[0].(int)].Do(ctx, args[1:]...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, slots := range [][2]int{{0, 5460}, {5461, 10922}, {10923, 16383}} {
		must(i, "cluster", "set-config-epoch", i+1)
		must(i, "cluster", "addslotsrange", slots[0], slots[1])
	}
	for i := 1; i < 4; i++ {
		must(i, "cluster", "meet", "127.0.0.1", ports[0], buses[0])
	}
	id := nodes[0].Do(ctx, "cluster", "myid").String()
	id = id[strings.LastIndex(id, " ")+1:]
	eventually(t, func(ctx context.Context) error { return nodes[3].Do(ctx, "cluster", "replicate", id).Err() })
	for i := range nodes {
		eventually(t, func(ctx context.Context) error {
			info, err := nodes[i].ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:4")) {
				err = errors.New(info)
			}
			return err
		})
	}
	eventually(t, func(ctx context.Context) error { return linked(ctx, nodes[0], nodes[3]) })
	key := "x"
	for i := 0; nodes[0].ClusterKeySlot(ctx, key).Val() > 5460; i++ {
		key = fmt.Sprintf("x%d", i)
	}
	return replicated{url: "redis-cluster://" + tcp(ports[0]) + "," + tcp(ports[1]) + "," + tcp(ports[2]), key: key,
		master: nodes[0], replica: nodes[3], process: signals(t, servers[0]),
		command: func() error { return nodes[3].ClusterFailover(ctx).Err() }}
}

// startSentinels starts a master with a replica, and three Sentinels; the URL names one of them.
func startSentinels(t *testing.T) replicated {
	t.Helper()
	ctx := t.Context()
	masterPort, replicaPort := freePort(t), freePort(t)
	m := startRedis(t, fmt.Sprintf("port %d", masterPort), "bind 127.0.0.1", "repl-diskless-sync-delay 0")
	startRedis(t, fmt.Sprintf("port %d", replicaPort), "bind 127.0.0.1", fmt.Sprintf("replicaof 127.0.0.1 %d", masterPort))
	master, replica := direct(t, masterPort), direct(t, replicaPort)
	eventually(t, func(ctx context.Context) error { return linked(ctx, master, replica) })
	var sentinels []*redis.Client
	var ports []int
	for range 3 {
		port := freePort(t)
		startRedis(t, fmt.Sprintf("port %d", port), "bind 127.0.0.1", fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 2", masterPort),
			"sentinel down-after-milliseconds main 1000", "sentinel failover-timeout main 3000")
		sentinels, ports = append(sentinels, direct(t, port)), append(ports, port)
	}
	for _, s := range sentinels {
		eventually(t, func(ctx context.Context) error {
			of, err := redis.NewSentinelClient(s.Options()).Master(ctx, "main").Result()
			if err == nil && (of["num-other-sentinels"] != "2" || of["num-slaves"] != "1" || of["flags"] != "master") {
				err = fmt.Errorf("%v", of)
			}
			return err
		})
	}
	return replicated{url: "redis-sentinel://" + tcp(ports[0]) + "?master=main", key: "x", master: master, replica: replica,
		process: signals(t, m), command: func() error { return sentinels[1].Do(ctx, "sentinel", "failover", "main").Err() }}
}

// linked says whether a replica has all that its master has.
func linked(ctx context.Context, master, replica *redis.Client) error {
	info, err := replica.Info(ctx, "replication").Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "role:slave") || !strings.Contains(info, "master_link_status:up") {
		return errors.New(info)
	}
	of, err := master.Info(ctx, "replication").Result()
	if err == nil && !strings.Contains(of, "connected_slaves:1") {
		err = errors.New(of)
	}
	return err
}

func TestCommandsGoOnSoonAfterAnElection(t *testing.T) {
	t.Parallel()
	for of, start := range map[string]func(*testing.T) replicated{"cluster": startCluster, "sentinel": startSentinels} {
		for why, fail := range map[string]func(*testing.T, replicated){
			"the master is killed":  func(_ *testing.T, r replicated) { r.process(syscall.SIGKILL) },
			"the master is frozen":  func(_ *testing.T, r replicated) { r.process(syscall.SIGSTOP) },
			"a person asked for it": func(t *testing.T, r replicated) { eventually(t, func(context.Context) error { return r.command() }) },
		} {
			t.Run(of+": "+why, func(t *testing.T) {
				t.Parallel()
				failOver(t, start(t), fail)
			})
		}
	}
}

// failOver lets a master be replaced under commands, pipelines and a subscription, and measures how long after the
// election each goes on.
func failOver(t *testing.T, r replicated, fail func(*testing.T, replicated)) {
	client := open(t, r.url)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := client.Set(ctx, r.key, 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	sub := client.Subscribe(ctx, r.key)
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	heard := sub.Channel()

	var mu sync.Mutex
	last := map[string]time.Time{} // when it went well, by what was done
	well := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		last[what] = time.Now()
	}
	since := func(what string, at time.Time) bool {
		mu.Lock()
		defer mu.Unlock()
		return last[what].After(at)
	}
	working, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	repeat := func(what string, do func() error) {
		for range 4 { // so that some are waiting for the master when it goes
			workers.Go(func() {
				for working.Err() == nil {
					if do() == nil {
						well(what)
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
	}
	script := redis.NewScript(`return redis.call('INCR', KEYS[1])`)
	repeat("command", func() error { return script.Run(working, client, []string{r.key}).Err() })
	repeat("pipeline", func() error {
		_, err := client.Pipelined(working, func(p redis.Pipeliner) error {
			p.Incr(working, r.key)
			p.Get(working, r.key)
			return nil
		})
		return err
	})
	repeat("announcement", func() error { _ = r.replica.Publish(working, r.key, "x").Err(); return errors.New("not heard") })
	workers.Go(func() {
		for {
			select {
			case <-heard:
				well("announcement")
			case <-working.Done():
				return
			}
		}
	})
	for _, what := range []string{"command", "pipeline"} {
		eventually(t, func(context.Context) error {
			if !since(what, time.Time{}) {
				return errors.New("no " + what + " went well")
			}
			return nil
		})
	}

	fail(t, r)
	var elected time.Time
	eventually(t, func(ctx context.Context) error {
		info, err := r.replica.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "role:master") {
			err = errors.New("nobody was elected")
		}
		elected = time.Now()
		return err
	})
	for _, what := range []string{"command", "pipeline", "announcement"} {
		var at time.Time
		eventually(t, func(context.Context) error {
			mu.Lock()
			at = last[what]
			mu.Unlock()
			if !at.After(elected) {
				return errors.New("no " + what + " goes on")
			}
			return nil
		})
		t.Logf("%s goes on %.2f s after the election", what, at.Sub(elected).Seconds())
		if at.Sub(elected) > goOnWithin {
			t.Errorf("%s goes on %s after the election", what, at.Sub(elected))
		}
	}
}
