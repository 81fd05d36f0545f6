package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// node is a redis-server that forgets nothing unless it is made to, with the way to it that workers take. The other servers
// of its deployment connect from another address of this machine, and the way treats them well.
type node struct {
	*process
	ctx      context.Context
	dir      string
	addr     string   // its own, that only the campaign knows
	settings []string // the lines of its configuration
	env      []string
	disk     string        // the file that says whether its disk is full; "" where it cannot be
	client   *redis.Client // straight to it
	proxy    *proxy        // nil for a Sentinel
	frozen   bool
}

const redisConf = "redis.conf"

// infrastructure is the address from which servers connect to each other.
const infrastructure = "127.0.0.3"

// ports are those that were given out: a server that was killed gets its own again, and no other may have it meanwhile.
var ports sync.Map

// freeAddr gives an address of this machine, below those that the system gives to whoever asks for any.
func freeAddr() (string, error) {
	var err error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000))
		if _, taken := ports.LoadOrStore(addr, true); taken {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("there is no free port: %w", err)
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// newNode makes a server's folder and its way; start starts it.
func newNode(ctx context.Context, dir string, env []string, preload string) (*node, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	n := &node{ctx: ctx, dir: dir, addr: addr, env: env}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if preload != "" {
		n.disk = filepath.Join(dir, "disk")
		if err := n.fill(false); err != nil {
			return nil, err
		}
		n.env = append([]string{"STORELINK_DISK=" + n.disk}, n.env...)
		for i, v := range n.env {
			if library, ok := strings.CutPrefix(v, "LD_PRELOAD="); ok {
				n.env[i], preload = "LD_PRELOAD="+preload+":"+library, ""
			}
		}
		if preload != "" {
			n.env = append(n.env, "LD_PRELOAD="+preload)
		}
	}
	n.client = redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialTimeout: 2 * time.Second, ReadTimeout: 5 * time.Second,
		ContextTimeoutEnabled: true, PoolSize: 4})
	n.proxy, err = startProxy(addr)
	n.settings = []string{"appendonly yes", "appendfsync always", "aof-load-truncated yes", `save ""`, "repl-diskless-sync-delay 0"}
	return n, err
}

// fill says whether its disk is full.
func (n *node) fill(full bool) error {
	b := []byte{0}
	if full {
		b[0] = 1
	}
	f, err := os.OpenFile(n.disk, os.O_CREATE|os.O_WRONLY, 0o600) // in place: the server has it mapped
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// start starts it, and waits until it answers.
func (n *node) start() error {
	if err := n.launch(); err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); ; {
		if n.client.Ping(n.ctx).Err() == nil {
			return nil
		}
		switch {
		case n.gone():
			return fmt.Errorf("redis-server has exited: see %s", filepath.Join(n.dir, "redis.log"))
		case time.Now().After(end):
			return errors.New("redis-server does not answer")
		case n.ctx.Err() != nil:
			return n.ctx.Err()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (n *node) launch() error {
	log, err := os.OpenFile(filepath.Join(n.dir, "redis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	conf := filepath.Join(n.dir, redisConf)
	if _, err := os.Stat(conf); err != nil { // else it is from its last start, and Sentinels may have written who its master is
		lines := append(n.settings, "bind 127.0.0.1", "port "+portOf(n.addr), "dir "+n.dir, "bind-source-addr "+infrastructure)
		if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	args := []string{conf}
	if n.proxy == nil {
		args = append(args, "--sentinel")
	}
	cmd := exec.Command("redis-server", args...)
	cmd.Env = append(os.Environ(), n.env...)
	n.frozen = false
	n.process, err = begin(cmd, log)
	return err
}

func (n *node) freeze() { n.frozen = true; n.signal(syscall.SIGSTOP) }
func (n *node) thaw()   { n.signal(syscall.SIGCONT); n.frozen = false }

// up says whether it can answer.
func (n *node) up() bool { return n.process != nil && !n.gone() && !n.frozen }

// end ends it for good.
func (n *node) end() {
	if n.process != nil {
		n.kill()
	}
	if n.client != nil {
		_ = n.client.Close()
	}
	if n.proxy != nil {
		n.proxy.close()
	}
}

// info gives one section of what it says of itself.
func (n *node) info(section string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(n.ctx, 5*time.Second)
	defer cancel()
	text, err := n.client.Info(ctx, section).Result()
	return fields(text), err
}

// fields reads lines of NAME:VALUE.
func fields(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			all[name] = value
		}
	}
	return all
}

func (n *node) master() bool {
	info, err := n.info("replication")
	return err == nil && info["role"] == "master"
}

// truncate cuts the end off the append-only file, as a disk that lied does. The server must be dead.
func (n *node) truncate(bytes int64) error {
	files, err := filepath.Glob(filepath.Join(n.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no append-only file: %v", err)
	}
	info, err := os.Stat(files[len(files)-1])
	if err != nil {
		return err
	}
	return os.Truncate(files[len(files)-1], max(0, info.Size()-bytes))
}
