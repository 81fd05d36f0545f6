package redisconn_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	miniserver "github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// durable is how storelink wants Redis.
var durable = []string{"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"}

func check(t *testing.T, url string) []string {
	t.Helper()
	warnings, err := redisconn.Check(t.Context(), open(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return warnings
}

// refused checks the error of a Check that must fail.
func refused(t *testing.T, url string, says ...string) {
	t.Helper()
	warnings, err := redisconn.Check(t.Context(), open(t, url))
	if err == nil {
		t.Fatalf("%s is taken, with %q", url, warnings)
	}
	if e := job.AsError(err); e.Code != job.CodeRedis || job.ExitStatus(err) != 1 {
		t.Errorf("code %s", e.Code)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("it does not say %q: %s", s, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it shows the password: %s", err)
	}
}

func TestARedisThatKeepsWhatItIsGivenRaisesNoWarning(t *testing.T) {
	t.Parallel()
	if w := check(t, startRedis(t, durable...).url("")); len(w) != 0 {
		t.Errorf("got %q", w)
	}
}

func TestARedisThatMayForgetRaisesAWarningForEachReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings, says []string
	}{
		"as it comes":  {nil, []string{"keeps no append-only file"}},
		"each second":  {[]string{"appendonly yes"}, []string{"has appendfsync everysec"}},
		"may evict":    {append(durable[:2:2], "maxmemory-policy volatile-lru"), []string{"has maxmemory-policy volatile-lru"}},
		"both":         {[]string{"maxmemory-policy allkeys-lru"}, []string{"append-only", "allkeys-lru"}},
		"tells little": {append(durable[:3:3], `rename-command CONFIG ""`), []string{"does not tell how it writes its append-only file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startRedis(t, c.settings...)
			w := check(t, s.url(""))
			if len(w) != len(c.says) {
				t.Fatalf("got %q", w)
			}
			for i, says := range c.says {
				if !strings.Contains(w[i], says) || !strings.HasPrefix(w[i], "Redis at "+s.socket+" ") {
					t.Errorf("%q does not say %q", w[i], says)
				}
			}
		})
	}
}

func TestAnInspectionTellsWhatIsWellToo(t *testing.T) {
	t.Parallel()
	inspect := func(settings ...string) (well, warned string) {
		t.Helper()
		s := startRedis(t, settings...)
		findings, err := redisconn.Inspect(t.Context(), open(t, s.url("")))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Warn {
				warned += string(f.Topic) + " "
			} else {
				well += string(f.Topic) + " "
			}
			if !strings.HasPrefix(f.Text, "Redis at "+s.socket+" ") {
				t.Errorf("%q names no Redis", f.Text)
			}
		}
		return well, warned
	}
	if well, warned := inspect(durable...); well != "version persistence eviction replication " || warned != "" {
		t.Errorf("well is %q, warned of %q", well, warned)
	}
	if _, warned := inspect(append(durable[:3:3], "maxmemory 1mb")...); warned != "memory " {
		t.Errorf("of one that is full it warns of %q", warned)
	}
	if _, warned := inspect(append(durable[:3:3], "cluster-enabled yes")...); warned != "cluster " {
		t.Errorf("of one of a cluster, named alone, it warns of %q", warned)
	}
}

func TestUsersAndPasswords(t *testing.T) {
	t.Parallel()
	s := startRedis(t, append(durable[:3:3], "requirepass hunter2/@", `user bob on >hunter2#? ~* &* +@all`, `user shy on >x ~* &* +@all -info`)...)
	check(t, s.url(":hunter2%2F%40@"))
	check(t, s.url("default:hunter2%2F%40@"))
	check(t, s.url("bob:hunter2%23%3F@"))
	if w := check(t, s.url("shy:x@")); len(w) != 1 || !strings.Contains(w[0], "does not tell its version") {
		t.Errorf("a user who may not ask gets %q", w)
	}
	refused(t, s.url(""), "Redis at "+s.socket+" wants a password")
	refused(t, s.url(":hunter2@"), "refuses the user or password")
}

func TestAReplicaIsRefusedAndAMasterWithReplicasWarnedOf(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	master := startRedis(t, append(durable[:3:3], fmt.Sprintf("port %d", port), "bind 127.0.0.1", "repl-diskless-sync-delay 0")...)
	replica := startRedis(t, fmt.Sprintf("replicaof 127.0.0.1 %d", port))
	refused(t, replica.url(""), "is a replica")
	eventually(t, func(ctx context.Context) error {
		w, err := redisconn.Check(ctx, open(t, master.url("")))
		if err == nil && (len(w) != 1 || !strings.Contains(w[0], "has replicas")) {
			err = fmt.Errorf("got %q", w)
		}
		return err
	})
}

func TestSentinelsAreAskedForTheMaster(t *testing.T) {
	t.Parallel()
	port, sentinelPort := freePort(t), freePort(t)
	startRedis(t, append(durable[:3:3], fmt.Sprintf("port %d", port), "bind 127.0.0.1", "requirepass hunter2")...)
	startRedis(t, fmt.Sprintf("port %d", sentinelPort), "bind 127.0.0.1", "requirepass hunter3",
		fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 1", port), "sentinel auth-pass main hunter2")
	url := "redis-sentinel://:hunter2@" + tcp(sentinelPort) + "/0?sentinel_password=hunter3&master="
	if w := check(t, url+"main"); len(w) != 0 {
		t.Errorf("got %q", w)
	}
	refused(t, url+"other", "Redis (asked for of its Sentinels) is not known to them by that name")
}

func TestAClustersMastersAreAllLookedAt(t *testing.T) {
	t.Parallel()
	ports := []int{freePort(t), freePort(t)}
	var nodes []redis.UniversalClient
	for i, port := range ports {
		settings := append(durable[:3:3], fmt.Sprintf("port %d", port), "bind 127.0.0.1", "cluster-enabled yes",
			fmt.Sprintf("cluster-port %d", freePort(t)))
		if i == 1 {
			settings = append(settings, "appendfsync everysec")
		}
		nodes = append(nodes, open(t, startRedis(t, settings...).url("")))
	}
	ctx := t.Context()
	for i, slots := range [][2]int{{0, 8000}, {8001, 16383}} {
		if err := nodes[i].Do(ctx, "cluster", "addslotsrange", slots[0], slots[1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	bus := strings.Split(nodes[1].Do(ctx, "cluster", "nodes").String(), "@")[1]
	bus, _, _ = strings.Cut(bus, " ")
	bus, _, _ = strings.Cut(bus, ",")
	if err := nodes[0].Do(ctx, "cluster", "meet", "127.0.0.1", ports[1], bus).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error {
		c := open(t, "redis-cluster://"+tcp(ports[0]))
		w, err := redisconn.Check(ctx, c)
		if err != nil {
			return err
		}
		if len(w) != 1 || !strings.Contains(w[0], "everysec") || !strings.Contains(w[0], tcp(ports[1])) {
			return fmt.Errorf("got %q", w)
		}
		for _, key := range []string{"{a}1", "{b}1", "{c}1"} { // on both nodes
			if err := c.Set(ctx, key, "x", 0).Err(); err != nil {
				return err
			}
		}
		if f, err := redisconn.Look(ctx, c); err != nil || f.AppendOnly != redisconn.Yes || f.FsyncAlways != redisconn.No ||
			f.NoEviction != redisconn.Yes || f.MemoryUsed == 0 {
			return fmt.Errorf("it stands like this: %+v, %v", f, err)
		}
		return nil
	})
	refused(t, "redis-cluster://"+tcp(freePort(t)), "the Redis cluster at 127.0.0.1:", "cannot be reached")
}

func TestARedisThatIsAwayIsToldSoSoon(t *testing.T) {
	t.Parallel()
	start := time.Now()
	port := tcp(freePort(t))
	refused(t, "redis://:hunter2@"+port+"/0", "Redis at "+port+" cannot be reached: connect: connection refused")
	refused(t, "unix:///nowhere/redis.sock", "Redis at /nowhere/redis.sock cannot be reached", "no such file or directory")
	refused(t, "redis-sentinel://:hunter2@"+port+"?master=m", "its Sentinels")
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %s", d)
	}
}

// silent is a listener that takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestARedisThatDoesNotAnswerIsWaitedForAsLongAsTheContextSays(t *testing.T) {
	t.Parallel()
	addr := silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := redisconn.Check(ctx, open(t, "redis://"+addr))
	if err == nil || !strings.Contains(err.Error(), "does not answer in time") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %s", d)
	}
}

func TestTLSChecksWhoAnswers(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(nil) // its certificate is nobody's
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	defer s.Close()
	refused(t, "rediss://:hunter2@"+s.Listener.Addr().String(), "certificate")
}

func TestWhatTellsNothingOfItselfIsWarnedOf(t *testing.T) {
	t.Parallel()
	w := check(t, "redis://"+miniredis.RunT(t).Addr())
	if len(w) != 1 || !strings.Contains(w[0], "does not tell its version") {
		t.Errorf("got %q", w)
	}
}

func TestAnOldRedisIsRefused(t *testing.T) {
	t.Parallel()
	for info, says := range map[string]string{
		"redis_version:6.2.14\r\nrole:master\r\n":           "is version 6.2.14; storelink needs 7.0 or newer",
		"redis_version:7.0.0\r\nrole:slave\r\n":             "is a replica",
		"redis_version:7.2.4\r\nrole:master\r\nloading:1\r": "is still loading",
	} {
		refused(t, "redis://"+answering(t, info), says)
	}
	w := check(t, "redis://"+answering(t, "# Server\r\nredis_version:10.1\r\nvalkey_version:9\r\nrole:master\r\n"))
	if len(w) != 2 || !strings.Contains(w[0], "append-only") || !strings.Contains(w[1], "evict") {
		t.Errorf("got %q", w)
	}
}

func TestErrorsAreForAPerson(t *testing.T) {
	t.Parallel()
	c := open(t, "redis://:hunter2@127.0.0.1:1/0")
	mine := job.Errorf(job.CodeBadState, "mine")
	if redisconn.Error(c, nil) != nil || redisconn.Error(c, mine) != error(mine) {
		t.Error("nil or an error for a person is not left as it is")
	}
	for _, x := range []struct {
		err  error
		says string
	}{
		{context.Canceled, "Redis at 127.0.0.1:1 was not waited for"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "does not answer in time"},
		{&net.DNSError{Err: "no such host", Name: "h"}, "cannot be found: no such host"},
		{redis.ErrPoolTimeout, "had no free connection in time"},
		{errors.New("odd"), "failed: odd"},
	} {
		if err := redisconn.Error(c, x.err); !strings.Contains(err.Error(), x.says) || !errors.Is(err, x.err) {
			t.Errorf("%v becomes %v", x.err, err)
		}
	}
}

// answering is the address of a Redis that says that of itself, whatever it is.
func answering(t *testing.T, info string) string {
	t.Helper()
	m := miniredis.RunT(t)
	m.Server().SetPreHook(func(c *miniserver.Peer, cmd string, _ ...string) bool {
		if cmd != "INFO" {
			return false
		}
		c.WriteBulk(info)
		return true
	})
	return m.Addr()
}
