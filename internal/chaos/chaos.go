// Package chaos is the campaign: jobs are run by real processes (enqueue, workers, a redis-server, the sandbox) while
// those are killed, stopped, cut off and made to forget, by a seed; then it is checked that the promises held. It sees
// storelink from outside alone, as an operator does, and must never import what it tests.
//
//	go run ./internal/chaos/campaign --seeds 1-100
package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Options are one run's. Bin and Dir are needed.
type Options struct {
	Bin      string        // the folder with enqueue, worker and sandbox, as Build makes it
	Dir      string        // where the run keeps its files
	Seed     uint64        // decides all that happens, but not when the machine gets round to it
	Stores   int           // of each of the two jobs that must end
	Workers  int           // processes
	Faults   int           // how many, of different kinds as far as there are
	Only     []string      // the kinds to choose from; all unless set
	Latency  time.Duration // of every call, so that a job is long enough to be disturbed
	Patience time.Duration // after the last fault, for the jobs to end
	Log      io.Writer     // what happens, a line each
}

// Report is how a run went.
type Report struct {
	Seed   uint64
	Faults []string // that were put in, in order
	Took   time.Duration
	Calls  int64 // that the sandbox saw
}

// run is one run under way.
type run struct {
	Options
	ctx   context.Context
	rng   *rand.Rand
	began time.Time

	redis   *redisServer
	proxy   *proxy
	sandbox *process
	url     string // the sandbox's
	config  string // the workers', through the proxy
	workers []*process
	jobs    []*submitted

	forgot  bool // Redis lost its last writes
	crashed bool // a process died or stood still with calls in flight
}

// submitted is a job as the campaign knows it.
type submitted struct {
	id        string
	stock     string
	ids       []string
	cancelled bool
}

// Run runs one seed. An error says which promise was broken, or what of the campaign itself went wrong.
func Run(ctx context.Context, o Options) (Report, error) {
	r := &run{Options: o, ctx: ctx, rng: rand.New(rand.NewPCG(o.Seed, 1)), began: time.Now()}
	report := Report{Seed: o.Seed}
	err := r.start()
	if err == nil {
		report.Faults, err = r.disturb()
	}
	if err == nil {
		err = r.finish()
	}
	if err == nil {
		report.Calls, err = r.check()
	}
	r.stop()
	report.Took = time.Since(r.began)
	return report, err
}

func (r *run) logf(format string, args ...any) {
	fmt.Fprintf(r.Log, "seed %d %7.2fs  %s\n", r.Seed, time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// start brings everything up and submits two jobs.
func (r *run) start() error {
	if err := r.startStore(); err != nil {
		return err
	}
	if err := r.startSandbox(true); err != nil {
		return err
	}
	if err := r.hire(); err != nil {
		return err
	}
	for n := range 2 {
		if err := r.submit(fmt.Sprintf("stock-%d", n), r.Stores); err != nil {
			return err
		}
	}
	return nil
}

// startStore makes the run's folder, and starts Redis and the way to it.
func (r *run) startStore() (err error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return err
	}
	if r.redis, err = startRedis(r.ctx, r.Dir); err != nil {
		return err
	}
	r.proxy, err = startProxy(r.redis.addr)
	return err
}

// startSandbox starts WeChat Pay's stand-in with faults of its own, by the seed: those that pass, and, if final says so,
// stores that fail for good.
func (r *run) startSandbox(final bool) error {
	share := func(most float64) string { return fmt.Sprintf("%.4f", r.rng.Float64()*most) }
	args := []string{"--server-errors", share(.05), "--dropped", share(.04), "--wrong-signatures", share(.02),
		"--passing-stores", share(.03), "--missing-stores", share(.005)}
	if final {
		args = append(args, "--failing-stores", share(.02))
	}
	if final && r.rng.IntN(2) == 0 {
		args = append(args, "--poisoned-stores", "0.0003", "--poison-detail", []string{"store", "list", "none"}[r.rng.IntN(3)])
	}
	return r.serveSandbox(args...)
}

// serveSandbox starts the sandbox, and learns its address and the configuration that it writes.
func (r *run) serveSandbox(args ...string) error {
	dir := filepath.Join(r.Dir, "sandbox")
	p, err := r.spawn("sandbox", append([]string{"--listen", "127.0.0.1:0", "--dir", dir, "--rate", "0", "--seed", fmt.Sprint(r.Seed),
		"--latency", r.Latency.String()}, args...)...)
	if err != nil {
		return err
	}
	r.sandbox = p
	r.config = filepath.Join(dir, "storelink.yaml")
	return r.until(20*time.Second, "the sandbox is up", func() (bool, error) {
		text, err := os.ReadFile(r.config)
		if err != nil {
			return false, nil
		}
		for line := range strings.Lines(string(text)) {
			if at, ok := strings.CutPrefix(strings.TrimSpace(line), "base_url:"); ok {
				r.url = strings.Trim(strings.TrimSpace(at), `"'`)
			}
		}
		return r.url != "" && r.get("/sandbox/stats", nil) == nil, nil
	})
}

func (r *run) startWorker(i int) (*process, error) {
	return r.spawn("worker", "--config", r.config, "--redis", "redis://"+r.proxy.addr, "--http", "off", "--log-level", "debug",
		"--log-format", []string{"text", "json"}[i%2])
}

// list writes a list of its own for a job.
func (r *run) list(name string, stores int) (path string, ids []string, err error) {
	seen := map[int]bool{}
	for len(ids) < stores {
		id := 100_000_000 + r.rng.IntN(900_000_000)
		if !seen[id] {
			seen[id] = true
			ids = append(ids, fmt.Sprint(id))
		}
	}
	path = filepath.Join(r.Dir, name+".csv")
	return path, ids, os.WriteFile(path, []byte("store_id\n"+strings.Join(ids, "\n")+"\n"), 0o600)
}

// arguments are those that submit a list.
func (r *run) arguments(path, stock string) []string {
	return []string{"associate", path, "--config", r.config, "--redis", "redis://" + r.redis.addr, "--account", "sandbox-partner", "--brand", "120344",
		"--coupon", "1001", "--stock", stock, "--chunk-size", "50", "--failure-threshold", "0", "--json"}
}

func (r *run) submit(stock string, stores int) error {
	path, ids, err := r.list(stock, stores)
	if err != nil {
		return err
	}
	var receipt struct{ Job string }
	if err := r.enqueue(&receipt, r.arguments(path, stock)...); err != nil {
		return err
	}
	r.logf("job %s for %s", receipt.Job, stock)
	r.jobs = append(r.jobs, &submitted{id: receipt.Job, stock: stock, ids: ids})
	return nil
}

// disturb puts the faults in, one after another, while the jobs run.
func (r *run) disturb() (put []string, err error) {
	var kinds []string
	for len(put) < r.Faults {
		if len(kinds) == 0 {
			for _, f := range faults {
				if len(r.Only) == 0 || slices.Contains(r.Only, f.name) {
					kinds = append(kinds, f.name)
				}
			}
			r.rng.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		}
		at := slices.IndexFunc(faults, func(f fault) bool { return f.name == kinds[0] })
		kinds = kinds[1:]
		if err := r.pause(time.Duration(200+r.rng.IntN(1000)) * time.Millisecond); err != nil {
			return put, err
		}
		r.logf("fault: %s", faults[at].name)
		put = append(put, faults[at].name)
		if err := faults[at].put(r); err != nil {
			return put, fmt.Errorf("the fault %s could not be put in: %w", faults[at].name, err)
		}
	}
	return put, nil
}

// finish ends all faults and waits for the jobs to end.
func (r *run) finish() error {
	r.logf("all faults are over")
	r.proxy.mend()
	for i, w := range r.workers {
		if w.gone() {
			var err error
			if r.workers[i], err = r.startWorker(i); err != nil {
				return err
			}
		}
	}
	for _, j := range r.jobs {
		err := r.until(r.Patience, "job "+j.id+" has ended", func() (bool, error) {
			var s job.Status
			if err := r.enqueue(&s, "status", j.id, "--redis", "redis://"+r.redis.addr, "--json"); err != nil {
				if r.forgot && strings.Contains(err.Error(), job.CodeUnknownJob) {
					j.id = "" // it was committed in what Redis forgot
					return true, nil
				}
				return false, err
			}
			if s.State == job.Paused { // Redis forgot that it was resumed
				return false, r.enqueue(nil, "resume", j.id, "--redis", "redis://"+r.redis.addr, "--json")
			}
			if s.Succeeded+s.Failed+s.Pending+s.Unprocessed != s.Total {
				return false, fmt.Errorf("job %s does not add up: %+v", j.id, s)
			}
			return s.State.Ended(), nil
		})
		if err != nil {
			return err
		}
	}
	r.logf("all jobs have ended")
	return nil
}

// until looks until something is so.
func (r *run) until(patience time.Duration, what string, is func() (bool, error)) error {
	end := time.Now().Add(patience)
	for {
		ok, err := is()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("not in %v: %s", patience, what)
		}
		if err := r.pause(100 * time.Millisecond); err != nil {
			return err
		}
	}
}

func (r *run) pause(d time.Duration) error {
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// stop ends all processes.
func (r *run) stop() {
	for _, w := range append(r.workers, r.sandbox) {
		if w != nil {
			w.kill()
		}
	}
	if r.proxy != nil {
		r.proxy.close()
	}
	if r.redis != nil {
		r.redis.kill()
	}
}

// ErrBroken says that a promise was broken.
var ErrBroken = errors.New("a promise was broken")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}
