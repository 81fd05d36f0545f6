package redisconn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	miniserver "github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/redisconn"
)

// fixed is an address that leads to whatever it is switched to, as a cloud's does: new connections go there, and those
// that are open stay where they are.
type fixed struct {
	addr string
	to   atomic.Value // string
	say  func([]byte) []byte

	mu   sync.Mutex
	open map[string]int // connections by where they lead to
}

func startFixed(t *testing.T, to string, say func([]byte) []byte) *fixed {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixed{addr: l.Addr().String(), say: say, open: map[string]int{}}
	f.to.Store(to)
	var all sync.WaitGroup
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended); _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { f.lead(in, ended) })
		}
	})
	return f
}

func (f *fixed) count(to string, by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[to] += by
}

func (f *fixed) lead(in net.Conn, ended <-chan struct{}) {
	to := f.to.Load().(string)
	out, err := net.Dial("tcp", to)
	if err != nil {
		_ = in.Close()
		return
	}
	f.count(to, 1)
	defer f.count(to, -1)
	gone := make(chan struct{}, 2)
	pass := func(from, into net.Conn, change func([]byte) []byte) {
		defer func() { gone <- struct{}{} }()
		b := make([]byte, 64<<10)
		for {
			n, err := from.Read(b)
			if err != nil {
				return
			}
			if _, err := into.Write(change(b[:n])); err != nil {
				return
			}
		}
	}
	go pass(in, out, func(b []byte) []byte { return b })
	go pass(out, in, f.say)
	select {
	case <-gone:
	case <-ended:
	}
	_, _ = in.Close(), out.Close()
}

// TestAFailOverBehindAFixedAddressIsNoticed lets a replica become the master behind an address that stays: the old master
// goes on answering, with READONLY, over the connections that are open.
func TestAFailOverBehindAFixedAddressIsNoticed(t *testing.T) {
	t.Parallel()
	script := redis.NewScript(`redis.call('INCR', KEYS[1]) return 1`)
	for says, say := range map[string]func([]byte) []byte{
		"as Redis says it": func(b []byte) []byte { return b },
		"as a proxy does":  func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("-READONLY "), []byte("-ERR READONLY ")) },
		"as an old Redis's": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("-READONLY "), []byte("-ERR Error running script (call to f_0): @user_script:1: -READONLY "))
		},
	} {
		for what, do := range map[string]func(context.Context, redis.UniversalClient) error{
			"command": func(ctx context.Context, c redis.UniversalClient) error { return c.Incr(ctx, "x").Err() },
			"script": func(ctx context.Context, c redis.UniversalClient) error {
				return script.Run(ctx, c, []string{"x"}).Err()
			},
			"pipeline": func(ctx context.Context, c redis.UniversalClient) error {
				_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "x"); p.Get(ctx, "x"); return nil })
				return err
			},
			"transaction": func(ctx context.Context, c redis.UniversalClient) error {
				_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "x"); p.Incr(ctx, "y"); return nil })
				return err
			},
			"late in a pipeline": func(ctx context.Context, c redis.UniversalClient) error {
				cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { p.Exists(ctx, "x"); p.Incr(ctx, "x"); return nil })
				if err == nil {
					err = cmds[1].Err()
				}
				return err
			},
		} {
			t.Run(what+", "+says, func(t *testing.T) {
				t.Parallel()
				switched(t, say, do)
			})
		}
	}
}

func switched(t *testing.T, say func([]byte) []byte, do func(context.Context, redis.UniversalClient) error) {
	ports := []int{freePort(t), freePort(t)}
	startRedis(t, fmt.Sprintf("port %d", ports[0]), "bind 127.0.0.1")
	startRedis(t, fmt.Sprintf("port %d", ports[1]), "bind 127.0.0.1")
	old, next := direct(t, ports[0]), direct(t, ports[1])
	f := startFixed(t, tcp(ports[0]), say)
	client := open(t, "redis://"+f.addr)
	ctx := t.Context()

	const at = 16 // connections of the pool
	var held sync.WaitGroup
	for range at {
		held.Go(func() {
			// A blocking command holds its connection, so that the others have ones of their own.
			if err := client.BLPop(ctx, 1e9, "nothing").Err(); !errors.Is(err, redis.Nil) {
				t.Error(err)
			}
		})
	}
	held.Wait()
	f.mu.Lock()
	before := f.open[tcp(ports[0])]
	f.mu.Unlock()
	if before < at {
		t.Fatalf("the pool has %d connections", before)
	}
	if err := do(ctx, client); err != nil {
		t.Fatal(err)
	}

	f.to.Store(tcp(ports[1]))
	if err := old.Do(ctx, "replicaof", "127.0.0.1", ports[1]).Err(); err != nil {
		t.Fatal(err)
	}
	// The first may be refused, the second may not: nothing of the old master is left in the pool.
	first := do(ctx, client)
	if first != nil && !redisconn.Gone(first) {
		t.Errorf("it ends with %v", first)
	}
	for range at {
		if err := do(ctx, client); err != nil {
			t.Fatalf("after the first (%v): %v", first, err)
		}
	}
	if n, err := next.Get(ctx, "x").Int(); err != nil || n < at {
		t.Errorf("the new master has %d of %d, %v", n, at, err)
	}
}

// TestAnswersOfAServerThatIsNotTheOneEndItsConnections tries the other answers of a server that is not the one to talk to.
func TestAnswersOfAServerThatIsNotTheOneEndItsConnections(t *testing.T) {
	t.Parallel()
	for _, says := range []string{
		"LOADING Redis is loading the dataset in memory", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"CLUSTERDOWN The cluster is down", "ERR LOADING Redis is loading the dataset in memory",
	} {
		t.Run(strings.Fields(says)[0], func(t *testing.T) {
			t.Parallel()
			old, next := miniredis.RunT(t), miniredis.RunT(t)
			var asked atomic.Int64
			old.Server().SetPreHook(func(c *miniserver.Peer, cmd string, _ ...string) bool {
				if cmd != "GET" {
					return false
				}
				asked.Add(1)
				c.WriteError(says)
				return true
			})
			if err := next.Set("x", "new"); err != nil {
				t.Fatal(err)
			}
			f := startFixed(t, old.Addr(), func(b []byte) []byte { return b })
			client := open(t, "redis://"+f.addr)
			if err := client.Ping(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			f.to.Store(next.Addr())
			if got, err := client.Get(t.Context(), "x").Result(); err != nil || got != "new" {
				t.Errorf("got %q, %v after %d questions to the old one", got, err, asked.Load())
			}
		})
	}
}

func TestWhatIsNoFailOverEndsNoConnection(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, context.Canceled, redis.Nil, errors.New("READONLY"), redisError("ERR READONLYX"), redisError("WRONGTYPE x"),
		redisError("OOM command not allowed"), redisError("NOSCRIPT x")} {
		if redisconn.Gone(err) {
			t.Errorf("%v is taken for a fail-over", err)
		}
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }
func (redisError) RedisError()     {}
