package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/bench/harness"
	"github.com/storelink/storelink/internal/testkit"
)

// bench is a run: where the programs are, and what was asked for.
type bench struct {
	ctx      context.Context
	bin      string // the folder of enqueue, worker, sandbox and peer
	dir      string // for everything else; gone at the end
	quick    bool
	grid     bool // all cases of the rate limit
	parallel int  // how many of those run at a time
	log      func(format string, args ...any)

	listing sync.Mutex // held while a list is made: cases that run at a time ask for the same one
}

// pick gives the first, or the second for a quick run.
func pick[T any](b *bench, full, quick T) T {
	if b.quick {
		return quick
	}
	return full
}

// world is a sandbox and a Redis of one measurement's own.
type world struct {
	*bench
	dir     string
	sandbox *harness.Process
	url     string
	config  string
	redis   *harness.Process
	address string
	rdb     *redis.Client
	link    *testkit.Link  // the workers' way to Redis
	clock   *testkit.Clock // Redis'; nil unless it was asked for
	far     string         // the configuration of farWorkers
	others  []*harness.Process
	marked  time.Duration // what sandbox and Redis had used at the last mark
}

// mark begins to count processor time, just before a measured process is started.
func (w *world) mark() { w.marked = w.servers() }

func (w *world) servers() (used time.Duration) {
	for _, p := range []*harness.Process{w.sandbox, w.redis} {
		cpu, _, _ := p.Usage() // one that is gone shows elsewhere
		used += cpu
	}
	return used
}

// used is the processor time since the mark of sandbox, Redis, and the process that was started last, which has ended.
func (w *world) used() time.Duration {
	return w.servers() - w.marked + w.others[len(w.others)-1].CPU()
}

// newWorld starts a sandbox with these faults, and a Redis that keeps nothing, or everything.
func (b *bench) newWorld(durable bool, faults ...string) (*world, error) {
	return b.newWorldOf(worldKind{durable: durable}, faults...)
}

// worldKind is what a world's Redis is like, and the way to its sandbox.
type worldKind struct {
	durable bool          // it keeps everything, with appendfsync always
	clock   bool          // its clock can be set
	road    *testkit.Road // that the workers go to the sandbox by, if there is one
}

// newWorldOf is newWorld with a Redis of some kind.
func (b *bench) newWorldOf(kind worldKind, faults ...string) (*world, error) {
	dir, err := os.MkdirTemp(b.dir, "world-")
	if err != nil {
		return nil, err
	}
	w := &world{bench: b, dir: dir, config: filepath.Join(dir, "sandbox", "storelink.yaml")}
	w.far = w.config
	if kind.road != nil {
		faults = append(faults, "--listen", kind.road.Server)
	}
	if w.sandbox, err = harness.Start(dir, nil, filepath.Join(b.bin, "sandbox"), append([]string{"--dir",
		filepath.Join(dir, "sandbox")}, faults...)...); err != nil {
		return nil, err
	}
	if w.address, err = harness.FreePort(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	_, port, _ := net.SplitHostPort(w.address)
	keeps := []string{"--appendonly", "no"}
	if kind.durable {
		keeps = []string{"--appendonly", "yes", "--appendfsync", "always"}
	}
	var env []string
	if kind.clock {
		if w.clock, err = testkit.NewClock(dir); err != nil {
			return nil, errors.Join(err, w.close())
		}
		env = w.clock.Env()
	}
	if w.redis, err = harness.Start(dir, env, "redis-server", append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", dir,
		"--save", ""}, keeps...)...); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.rdb = redis.NewClient(&redis.Options{Addr: w.address})
	if w.link, err = testkit.NewLink(w.address); err != nil {
		return nil, errors.Join(err, w.close())
	}
	err = harness.Until(b.ctx, 20*time.Second, "sandbox and Redis are up", func() (bool, error) {
		if w.sandbox.Gone() {
			return false, fmt.Errorf("the sandbox ended: %s", w.sandbox.Tail())
		}
		text, err := os.ReadFile(w.config)
		if err != nil || w.rdb.Ping(b.ctx).Err() != nil {
			return false, nil
		}
		for line := range strings.Lines(string(text)) {
			if at, ok := strings.CutPrefix(strings.TrimSpace(line), "base_url:"); ok {
				w.url = strings.Trim(strings.TrimSpace(at), `"'`)
			}
		}
		_, err = w.stats()
		return w.url != "" && err == nil, nil
	})
	if err == nil && kind.durable {
		err = w.keepsEverything()
	}
	if err == nil && kind.road != nil {
		err = w.takeRoad(kind.road)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// takeRoad has farWorkers reach the sandbox by a road.
func (w *world) takeRoad(r *testkit.Road) error {
	text, err := os.ReadFile(w.config)
	if err != nil {
		return err
	}
	w.far = filepath.Join(filepath.Dir(w.config), "far.yaml")
	return os.WriteFile(w.far, []byte(strings.ReplaceAll(string(text), r.Server, r.Addr)), 0o600)
}

// keepsEverything makes sure that what the figures are said to be made on is in force.
func (w *world) keepsEverything() error {
	for name, want := range map[string]string{"appendonly": "yes", "appendfsync": "always"} {
		got, err := w.rdb.ConfigGet(w.ctx, name).Result()
		if err != nil {
			return fmt.Errorf("asking Redis for %s: %w", name, err)
		}
		if got[name] != want {
			return fmt.Errorf("the setting %s of Redis is %q, not %q", name, got[name], want)
		}
	}
	return nil
}

func (w *world) close() error {
	for _, p := range append(w.others, w.sandbox, w.redis) {
		if p != nil {
			p.Stop()
		}
	}
	if w.link != nil {
		_ = w.link.Close() // nobody uses it any more
	}
	if w.clock != nil {
		_ = w.clock.Close() // nobody reads it any more
	}
	if w.rdb != nil {
		_ = w.rdb.Close() // there is no server any more
	}
	return os.RemoveAll(w.dir)
}

func (w *world) redisURL() string { return "redis://" + w.address }

// start starts one of our programs, which close stops.
func (w *world) start(name string, args ...string) (*harness.Process, error) {
	p, err := harness.Start(w.dir, []string{"STORELINK_CONFIG=" + w.config, "REDIS_URL=" + w.redisURL()},
		filepath.Join(w.bin, name), args...)
	if err == nil {
		w.others = append(w.others, p)
	}
	return p, err
}

// farWorkers starts workers whose way to Redis is the link, and to the sandbox the road, if there is one.
func (w *world) farWorkers(n int) ([]*harness.Process, error) {
	return w.several(n, func() (*harness.Process, error) {
		return w.start("worker", "--config", w.far, "--redis", "redis://"+w.link.Addr(), "--http", "off", "--log-level", "warn")
	})
}

func (w *world) several(n int, start func() (*harness.Process, error)) (all []*harness.Process, err error) {
	for range n {
		p, err := start()
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// worker starts a worker with the sandbox's configuration, or another.
func (w *world) worker(config string) (*harness.Process, error) {
	return w.start("worker", "--config", config, "--redis", w.redisURL(), "--http", "off", "--log-level", "warn")
}

// enqueue runs the command to its end and gives its document.
func (w *world) enqueue(into any, args ...string) (*harness.Process, error) {
	out := filepath.Join(w.dir, "out.json")
	shell := append([]string{"-c", `out=$1; shift; exec "$@" > "$out"`, "sh", out, filepath.Join(w.bin, "enqueue")}, args...)
	p, err := harness.Start(w.dir, nil, "sh", append(shell, "--json", "--config", w.config, "--redis", w.redisURL())...)
	if err != nil {
		return nil, err
	}
	if err := p.Wait(3); err != nil {
		text, _ := os.ReadFile(out)
		return nil, fmt.Errorf("%w %s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil || into == nil {
		return p, err
	}
	return p, json.Unmarshal(text, into)
}

// target is what a job is for; n tells targets apart.
func target(n int) []string {
	return []string{"--account", "sandbox-partner", "--brand", "120344", "--coupon", "1001", "--stock", strconv.Itoa(2001 + n)}
}

type receipt struct {
	Job   string
	Total int64
}

type status struct {
	State     string
	Total     int64
	Succeeded int64
	Failed    int64
	Calls     int64
	Retries   int64
	Throttled int64
	Started   time.Time `json:"started_at"`
	Ended     time.Time `json:"ended_at"`
}

// submit commits a list for the nth target.
func (w *world) submit(list string, n int, more ...string) (string, error) {
	var r receipt
	_, err := w.enqueue(&r, append(append([]string{"associate", list}, target(n)...), more...)...)
	return r.Job, err
}

// ended waits for a job's end, looking at Redis alone.
func (w *world) ended(id string, limit time.Duration) (status, error) {
	key := "storelink:1:{" + id + "}:job"
	err := harness.Until(w.ctx, limit, "job "+id+" has ended", func() (bool, error) {
		state, err := w.rdb.HGet(w.ctx, key, "state").Result()
		return state == "completed" || state == "aborted" || state == "cancelled", err
	})
	if err != nil {
		return status{}, err
	}
	var s status
	_, err = w.enqueue(&s, "status", id)
	return s, err
}

// stats are the sandbox's.
type stats struct {
	Calls      int64
	Interfaces []struct {
		Account     string
		Interface   string
		Admitted    int64
		Refused     int64
		MaxInSecond int `json:"max_in_a_second"`
		First, Last time.Time
	}
}

func (w *world) stats() (stats, error) {
	var s stats
	r, err := http.Get(w.url + "/sandbox/stats")
	if err != nil {
		return s, err
	}
	defer r.Body.Close()
	return s, json.NewDecoder(r.Body).Decode(&s)
}

func (w *world) ask(method, path, body string) error {
	r, err := http.NewRequestWithContext(w.ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s %s", method, path, a.Status, text)
	}
	return err
}

// forget makes the sandbox and Redis as they were.
func (w *world) forget() error {
	return errors.Join(w.ask(http.MethodDelete, "/sandbox/truth", ""), w.ask(http.MethodDelete, "/sandbox/stats", ""),
		w.rdb.FlushAll(w.ctx).Err())
}

// list writes a list of n random nine-digit IDs, each once, the same for the same n.
func (b *bench) list(n int) (string, error) {
	b.listing.Lock()
	defer b.listing.Unlock()
	path := filepath.Join(b.dir, fmt.Sprintf("stores-%d.csv", n))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	// In a process of its own: a child's peak memory begins with what its parent is resident with.
	_, err := harness.Output(b.ctx, b.dir, filepath.Join(b.bin, "peer"), "list", path, strconv.Itoa(n))
	return path, err
}
