package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// workers is how many there are.
const workers = 2

// soak is the world: one Redis, the sandbox, two workers, and who uses them.
type soak struct {
	options
	rng     *rand.Rand
	redis   *redis.Client
	procs   []*exec.Cmd // all, in the order in which they were started
	workers [workers]worker
	config  string   // what the workers read
	plain   string   // its text, as the sandbox wrote it
	jobs    []string // that were submitted, the latest last; a few of them
	counts  map[string]int
	turn    int
}

// worker is a worker's process.
type worker struct {
	cmd  *exec.Cmd
	http string // HOST:PORT
}

// build makes the programs, with a least retention of a minute: operators cannot have jobs forgotten within the hour.
func build(ctx context.Context, bin string) error {
	const file, least = "internal/config/config.go", "MinRetention   = time.Hour"
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("run it in the repository: %w", err)
	}
	changed := strings.Replace(string(text), least, "MinRetention   = time.Minute", 1)
	if changed == string(text) {
		return fmt.Errorf("%s has no %q", file, least)
	}
	whole, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {whole: filepath.Join(bin, "config.go")}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(bin, "config.go"), []byte(changed), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(bin, "overlay.json"), overlay, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", filepath.Join(bin, "overlay.json"), "-o", bin+"/",
		"./cmd/enqueue", "./cmd/worker", "./cmd/sandbox")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// start brings everything up.
func (s *soak) start(ctx context.Context) error {
	s.rng, s.counts = rand.New(rand.NewPCG(1, 1)), map[string]int{}
	port, err := freePort()
	if err != nil {
		return err
	}
	if _, err := s.spawn("redis-server", "redis", "--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always"); err != nil {
		return err
	}
	s.redis = redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, PoolSize: 1})
	if err := until(ctx, func() bool { return s.redis.Ping(ctx).Err() == nil }); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	if err := s.startSandbox(ctx); err != nil {
		return err
	}
	for i := range s.workers {
		port, err := freePort()
		if err != nil {
			return err
		}
		w := worker{http: "127.0.0.1:" + port}
		if w.cmd, err = s.spawn(filepath.Join(s.bin, "worker"), fmt.Sprint("worker-", i), "--config", s.config, "--http", w.http); err != nil {
			return err
		}
		s.workers[i] = w
		if err := until(ctx, func() bool { return get(ctx, w.http, "/readyz") == nil }); err != nil {
			return fmt.Errorf("worker %d: %w", i, err)
		}
	}
	return s.schedule(ctx)
}

// startSandbox starts WeChat Pay's stand-in, with faults that pass and a few that do not.
func (s *soak) startSandbox(ctx context.Context) error {
	dir := filepath.Join(s.dir, "wechatpay")
	written := filepath.Join(dir, "storelink.yaml")
	if _, err := s.spawn(filepath.Join(s.bin, "sandbox"), "sandbox", "--dir", dir, "--latency", "60ms", "--work-spread", "100ms", "--seed", "1",
		"--server-errors", "2%", "--dropped", "1%", "--wrong-signatures", "1%", "--passing-stores", "0.5%", "--failing-stores", "0.2%"); err != nil {
		return err
	}
	if err := until(ctx, func() bool {
		text, err := os.ReadFile(written)
		s.plain = string(text)
		return err == nil && s.plain != ""
	}); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.config = filepath.Join(dir, "soak.yaml")
	return os.WriteFile(s.config, []byte(s.plain), 0o600)
}

// spawn starts a process whose output goes to NAME.log.
func (s *soak) spawn(program, name string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(s.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environment(), log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.procs = append(s.procs, cmd)
	return cmd, nil
}

// environment is this process' own, with what this world says instead of what may be configured outside.
func (s *soak) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "STORELINK_") || strings.HasPrefix(v, "REDIS_URL=")
	})
	env = append(env, "STORELINK_RETENTION="+s.retention.String(), "STORELINK_SOURCES_DIRECTORIES="+s.dir)
	if s.redis != nil {
		env = append(env, "STORELINK_REDIS=redis://"+s.redis.Options().Addr)
	}
	return env
}

// stop ends all processes, the last one first: workers as an operator does, all else at once.
func (s *soak) stop() {
	for _, cmd := range slices.Backward(s.procs) {
		how := os.Signal(syscall.SIGKILL)
		if slices.ContainsFunc(s.workers[:], func(w worker) bool { return w.cmd == cmd }) {
			how = syscall.SIGTERM
		}
		_ = cmd.Process.Signal(how) // it may be gone already
		_ = cmd.Wait()
	}
	if s.redis != nil {
		_ = s.redis.Close()
	}
}

// until looks whether something is so, for half a minute.
func until(ctx context.Context, is func() bool) error {
	for end := time.Now().Add(30 * time.Second); !is(); {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(end):
			return errors.New("it is not up within half a minute: see its log")
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// freePort is a port of this machine that nobody has at the moment.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
