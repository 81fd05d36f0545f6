package redisconn_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/redisconn"
)

// TestMain keeps the Redis client's own words out of the tests' output.
func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// server is a redis-server that a test started with settings of its own, and that ends with the test.
type server struct {
	dir, socket string
	process     *os.Process
}

func (s server) url(userinfo string) string { return "unix://" + userinfo + s.socket }

// startRedis starts a redis-server on a socket, and on TCP only if the settings say so. Without a redis-server the test
// is skipped, unless STORELINK_REQUIRE_REDIS is set.
func startRedis(t *testing.T, settings ...string) server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("STORELINK_REQUIRE_REDIS") != "" {
			t.Fatal("STORELINK_REQUIRE_REDIS is set, and there is no redis-server")
		}
		t.Skip("there is no redis-server")
	}
	dir, err := os.MkdirTemp("", "redis") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := server{dir: dir, socket: filepath.Join(dir, "s")}
	conf := filepath.Join(dir, "redis.conf")
	lines := append([]string{"port 0", "save \"\"", "dir " + dir, "unixsocket " + s.socket}, settings...)
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{conf}
	if strings.Contains(strings.Join(settings, "\n"), "sentinel monitor") {
		args = append(args, "--sentinel")
	}
	cmd := exec.Command(path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	ready, drained := make(chan bool, 1), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(drained)
		found := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !found {
				said.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), "ready to accept connections") || strings.Contains(lines.Text(), "Sentinel ID is") {
					found = true
					ready <- true
				}
			}
		}
		if !found {
			ready <- false
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-drained
		_ = cmd.Wait()
	})
	select {
	case ok := <-ready:
		if !ok {
			t.Fatalf("redis-server does not start:\n%s", said.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("redis-server does not get ready")
	}
	return s
}

// freePort is a TCP port on loopback that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// eventually tries until it goes well, for what a server does in its own time and tells nobody of.
func eventually(t *testing.T, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

func tcp(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
