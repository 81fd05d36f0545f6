// Package redistest gives tests a Redis of their own: a real redis-server on a free port of this machine, and the
// embedded one. It must never be used outside tests, nor touch a Redis that it has not started.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/testkit"
)

// Require is the environment variable that, if set, makes a test fail where it would be skipped for want of a
// redis-server, or of gcc where a clock is to be set.
const Require = "STORELINK_REQUIRE_REDIS"

// Both runs a test on a real Redis and on the embedded one, each fresh, in parallel.
func Both(t *testing.T, test func(*testing.T, *redis.Client)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, Mini(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, Real(t).Client)
	})
}

// Mini gives a miniredis of the test's own: for what hangs on no detail of Redis.
func Mini(t *testing.T) *redis.Client {
	t.Helper()
	return client(t, miniredis.RunT(t).Addr())
}

// Server is a redis-server that a test has started.
type Server struct {
	Client *redis.Client
	Addr   string
	Dir    string // its working directory, with its append-only file if it keeps one

	t    *testing.T
	args []string
	env  []string
	cmd  *exec.Cmd
	exit chan struct{} // closed when cmd is gone
}

// Durable are the arguments of a Redis that forgets nothing.
var Durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// Real starts a redis-server, without persistence unless args say otherwise; the test is skipped where there is none.
func Real(t *testing.T, args ...string) *Server {
	t.Helper()
	return started(t, nil, args)
}

// RealWithClock is Real with a clock that can be set while the server runs.
func RealWithClock(t *testing.T, args ...string) (*Server, *testkit.Clock) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		missing(t, "gcc", err)
	}
	clock, err := testkit.NewClock(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = clock.Close() })
	return started(t, clock.Env(), args), clock
}

func started(t *testing.T, env, args []string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis-server", err)
	}
	s := &Server{t: t, Dir: t.TempDir(), args: args, env: env}
	for range 10 { // another process may take the port between the look and the start
		s.Addr = freePort(t)
		if s.start() == nil {
			break
		}
	}
	if s.cmd == nil {
		t.Fatal("redis-server does not start")
	}
	t.Cleanup(s.Kill)
	s.Client = client(t, s.Addr)
	return s
}

// missing ends a test for want of a program.
func missing(t *testing.T, program string, err error) {
	t.Helper()
	if os.Getenv(Require) != "" {
		t.Fatalf("%s is set and there is no %s: %v", Require, program, err)
	}
	t.Skip("there is no " + program)
}

func client(t *testing.T, addr string) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *Server) start() error {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	log := filepath.Join(s.Dir, "log")
	cmd := exec.Command("redis-server", append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", s.Dir, "--save", "",
		"--logfile", log}, s.args...)...)
	cmd.Env = append(os.Environ(), s.env...)
	DiesWithTest(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	exit := make(chan struct{})
	go func() { // ends with the process, which Kill waits for
		_ = cmd.Wait()
		close(exit)
	}()
	s.cmd, s.exit = cmd, exit
	if err := s.await(cmd.Process.Pid); err != nil {
		text, _ := os.ReadFile(log)
		s.Kill()
		s.cmd = nil
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// await waits until this very process answers at the address.
func (s *Server) await(pid int) error {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := c.InfoMap(ctx, "server").Result()
		if err == nil && c.Ping(ctx).Err() == nil {
			if info["Server"]["process_id"] == strconv.Itoa(pid) {
				return nil
			}
			return fmt.Errorf("another process answers at %s", s.Addr)
		}
		select {
		case <-s.exit:
			return fmt.Errorf("redis-server has exited")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Kill ends the server at once, as a power cut would; its files stay.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.exit
}

// Restart starts the server again at the same address with the files that it left.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}
