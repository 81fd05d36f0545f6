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
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Options are one run's. Bin and Dir are needed.
type Options struct {
	Bin      string        // the folder with enqueue, worker and sandbox, as Build makes it
	Dir      string        // where the run keeps its files
	Redis    string        // the kind of Redis; Single unless set
	Seed     uint64        // decides all that happens, but not when the machine gets round to it
	Stores   int           // of each of the two jobs that must end
	Workers  int           // processes
	Faults   int           // how many, of different kinds as far as there are
	Strict   bool          // only kinds that excuse no store's being sent again
	Only     []string      // the kinds to choose from; all unless set
	Latency  time.Duration // of every call, so that a job is long enough to be disturbed
	Patience time.Duration // after the last fault, for the jobs to end
	Log      io.Writer     // what happens, a line each
}

// Report is how a run went.
type Report struct {
	Seed    uint64
	Faults  []string // that were put in, in order
	Took    time.Duration
	Calls   int64         // that the sandbox saw
	Refused int64         // of them, those that came too fast
	Again   int64         // stores that were sent again though their answer had come
	Strict  bool          // none might be
	Slowest time.Duration // from the end of a fault until calls went on
	Broken  string        // the fault after which a promise was broken; "" for none, or at the end
}

// run is one run under way.
type run struct {
	Options
	ctx   context.Context
	rng   *rand.Rand
	began time.Time

	redis   *deployment
	sandbox *process
	url     string // the sandbox's
	config  string // the workers'
	workers []*process
	jobs    []*submitted
	pending []deferred // what is left to do of faults

	spawned, stocks, reloads int // so far

	forgot  bool  // Redis lost its last writes
	crashed bool  // a process died or stood still with calls in flight
	excused int64 // how many stores may be sent again for it

	before  usage         // what a worker took before anything happened
	slowest time.Duration // from the end of a fault until calls went on
}

// submitted is a job as the campaign knows it.
type submitted struct {
	id        string
	stock     string
	ids       []string
	cancelled bool
	ended     bool
}

// Run runs one seed. An error says which promise was broken, or what of the campaign itself went wrong.
func Run(ctx context.Context, o Options) (Report, error) {
	r := &run{Options: o, ctx: ctx, rng: rand.New(rand.NewPCG(o.Seed, 1)), began: time.Now()}
	report := Report{Seed: o.Seed}
	defer func() { r.stop() }()
	err := r.start()
	if err == nil {
		err = r.disturb(&report)
	}
	if err == nil {
		err = r.finish()
	}
	for _, ask := range []func() error{r.check, r.checkAgain, r.checkUsage} {
		if err == nil {
			err = ask()
		}
	}
	if c, cerr := r.counted(); r.url != "" && cerr == nil {
		report.Calls, report.Again = c.Calls, c.Violations.Again+c.Violations.AgainFailed
		for _, i := range c.Interfaces {
			report.Refused += i.Refused
		}
	}
	report.Took, report.Slowest, report.Strict = time.Since(r.began), r.slowest, r.excused == 0
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
	if err := r.warmUp(); err != nil {
		return err
	}
	for range 2 {
		if err := r.submit(r.newStock("stock"), r.Stores); err != nil {
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
	if r.Redis == "" {
		r.Redis = Single
	}
	r.redis, err = deploy(r.ctx, r.Redis, r.Dir, r.made(diskLibrary))
	if err == nil {
		r.redis.elections = r.redis.elected()
	}
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
	p, err := r.spawn("sandbox", append([]string{"--listen", "127.0.0.1:0", "--dir", dir, "--rate", fmt.Sprint(callsASecond), "--seed",
		fmt.Sprint(r.Seed), "--latency", r.Latency.String()}, args...)...)
	if err != nil {
		return err
	}
	r.sandbox = p
	r.config = filepath.Join(dir, "storelink.yaml")
	r.url, err = r.sandboxURL(r.config)
	return err
}

// sandboxURL waits until a sandbox is up, and gives its address from the configuration that it writes.
func (r *run) sandboxURL(config string) (url string, err error) {
	err = r.until(time.Minute, "the sandbox is up", func() (bool, error) {
		text, err := os.ReadFile(config)
		if err != nil {
			return false, nil
		}
		for line := range strings.Lines(string(text)) {
			if at, ok := strings.CutPrefix(strings.TrimSpace(line), "base_url:"); ok {
				url = strings.Trim(strings.TrimSpace(at), `"'`)
			}
		}
		if url == "" {
			return false, nil
		}
		status, _, err := ask(r.ctx, url+"/sandbox/stats")
		return err == nil && status == http.StatusOK, nil
	})
	return url, err
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
	return []string{"associate", path, "--config", r.config, "--redis", r.redis.direct, "--account", "sandbox-partner", "--brand", "120344",
		"--coupon", "1001", "--stock", stock, "--chunk-size", fmt.Sprint(chunkSize), "--failure-threshold", "0", "--json"}
}

// submit submits a job. Where Redis cannot be reached for the moment, another is submitted until one is known of.
func (r *run) submit(stock string, stores int) error {
	for end := time.Now().Add(time.Minute); ; {
		path, ids, err := r.list(stock, stores)
		if err != nil {
			return err
		}
		var receipt struct{ Job string }
		err = r.enqueue(&receipt, r.arguments(path, stock)...)
		if err == nil {
			r.logf("job %s for %s", receipt.Job, stock)
			r.jobs = append(r.jobs, &submitted{id: receipt.Job, stock: stock, ids: ids})
			return nil
		}
		if !passing(err) || time.Now().After(end) {
			return err
		}
		if err := r.pause(time.Second); err != nil {
			return err
		}
		stock = r.newStock(stock)
	}
}

// disturb puts the faults in, one after another, while the jobs run, and asks after each whether calls go on.
func (r *run) disturb(report *Report) error {
	var kinds []fault
	for len(report.Faults) < r.Faults {
		if len(kinds) == 0 {
			if kinds = r.kinds(); len(kinds) == 0 {
				return fmt.Errorf("there is no such fault on %s: %v", r.Redis, r.Only)
			}
			r.rng.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		}
		f := kinds[0]
		kinds = kinds[1:]
		if err := r.feed(600); err != nil {
			return err
		}
		if err := r.pause(time.Duration(200+r.rng.IntN(1000)) * time.Millisecond); err != nil {
			return err
		}
		r.logf("fault: %s", f.name)
		report.Faults = append(report.Faults, f.name)
		report.Broken = f.name
		if err := f.put(r); err != nil {
			return fmt.Errorf("the fault %s: %w", f.name, err)
		}
		r.foresee(f.elects)
		if err := r.goOn(f.name); err != nil {
			return err
		}
		report.Broken = ""
	}
	return nil
}

// foresee notes elections that a fault has not made: a machine that is short of time makes some, and they forget as others do.
func (r *run) foresee(made bool) {
	if r.redis.unforeseen() && !made {
		r.logf("servers were elected for want of time")
		r.forgets(100)
	}
}

// finish ends all faults and waits for the jobs to end.
func (r *run) finish() error {
	r.logf("all faults are over")
	r.redis.each((*proxy).mend)
	if err := r.settle(); err != nil {
		return err
	}
	for i, w := range r.workers {
		if w.gone() {
			return broken("worker %d has ended by itself: %s", i, w.log)
		}
	}
	for _, j := range r.jobs {
		if err := r.awaitEnd(j); err != nil {
			return err
		}
	}
	r.foresee(len(r.pending) > 0)
	r.logf("all jobs have ended")
	return nil
}

// awaitEnd waits for a job to end.
func (r *run) awaitEnd(j *submitted) error {
	if j.id == "" {
		return nil
	}
	err := r.until(r.Patience, "job "+j.id+" has ended", func() (bool, error) {
		s, err := r.status(j.id)
		if err != nil {
			if r.forgot && strings.Contains(err.Error(), job.CodeUnknownJob) {
				j.id = "" // it was committed in what Redis forgot
				return true, nil
			}
			return false, err
		}
		if s.State == job.Paused { // Redis forgot that it was resumed
			return false, r.control("resume", j)
		}
		if s.Succeeded+s.Failed+s.Pending+s.Unprocessed != s.Total {
			return false, broken("job %s does not add up: %+v", j.id, s)
		}
		return s.State.Ended(), nil
	})
	if errors.Is(err, errNotYet) {
		return broken("%v", err)
	}
	return err
}

var errNotYet = errors.New("not")

// until looks until something is so.
func (r *run) until(patience time.Duration, what string, is func() (bool, error)) error {
	end := time.Now().Add(patience)
	for {
		ok, err := is()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w in %v: %s", errNotYet, patience, what)
		}
		if err := r.pause(100 * time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits, and does meanwhile what was deferred.
func (r *run) pause(d time.Duration) error {
	for end := time.Now().Add(d); ; {
		if err := errors.Join(r.catchUp(false), r.supervise()); err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		select {
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-time.After(min(left, time.Second)):
		}
	}
}

// stop ends all processes.
func (r *run) stop() {
	for _, w := range append(r.workers, r.sandbox) {
		if w != nil {
			w.kill()
		}
	}
	if r.redis != nil {
		r.redis.end()
	}
}

// ErrBroken says that a promise was broken.
var ErrBroken = errors.New("a promise was broken")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}
