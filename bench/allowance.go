package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// calls20 is what the API allows an identity and interface in any second.
const calls20 = 20

// usage is one case: a system with so many worker processes, on a network with so much jitter.
type usage struct {
	system    string
	processes int
	jitter    string
	start     func(w *world) ([]*harness.Process, error)
}

// allowance measures what share of the allowance is used. Two cases run at a time: at twenty calls a second each uses
// a few percent of a core.
func allowance(b *bench) ([]harness.Figure, error) {
	span := pick(b, 60*time.Second, 10*time.Second)
	work := int(span.Seconds())*calls20 + 400 // more calls than can be made
	var cases []usage
	for _, jitter := range []string{"0", "20ms", "60ms"} {
		for _, n := range []int{1, 2, 8} {
			cases = append(cases, usage{"storelink", n, jitter, func(w *world) ([]*harness.Process, error) {
				list, err := b.list(work * 200)
				if err != nil {
					return nil, err
				}
				if _, err := w.submit(list, 0); err != nil {
					return nil, err
				}
				return w.several(n, func() (*harness.Process, error) { return w.worker(w.config) })
			}})
		}
	}
	recipe := func(n int, kind string) func(w *world) ([]*harness.Process, error) {
		return func(w *world) ([]*harness.Process, error) {
			p, err := w.start("peer", "asynq", "enqueue", w.address, strconv.Itoa(work))
			if err != nil {
				return nil, err
			}
			if err := p.Wait(); err != nil {
				return nil, err
			}
			// The wiki's limiter is a process's own: each of n is given its share.
			return w.several(n, func() (*harness.Process, error) {
				return w.start("peer", kind, "work", w.address, w.config, fmt.Sprint(float64(calls20)/float64(n)), strconv.Itoa(calls20/n))
			})
		}
	}
	rateLoop := func(rate, burst string) func(w *world) ([]*harness.Process, error) {
		return func(w *world) ([]*harness.Process, error) {
			return w.several(1, func() (*harness.Process, error) {
				return w.start("peer", "xrate", w.config, strconv.Itoa(int(span.Seconds())+5), rate, burst)
			})
		}
	}
	cases = append(cases,
		usage{"asynq's wiki recipe", 1, "20ms", recipe(1, "recipe")}, usage{"asynq's wiki recipe", 2, "20ms", recipe(2, "recipe")},
		usage{"x/time/rate, 20/s burst 20", 1, "20ms", rateLoop("20", "20")},
		usage{"x/time/rate, 19.6/s burst 1", 1, "20ms", rateLoop("19.6", "1")})
	var skipped []harness.Figure
	if err := haveBullMQ(); err != nil {
		skipped = append(skipped, harness.Figure{Group: "allowance", Name: "BullMQ's limiter", Note: "skipped: " + err.Error()})
	} else {
		for _, n := range []int{1, 2} {
			cases = append(cases, usage{"BullMQ's limiter", n, "20ms", func(w *world) ([]*harness.Process, error) { return w.bullmq(work, n) }})
		}
	}
	if pg, err := b.startPostgres(); err != nil {
		skipped = append(skipped, harness.Figure{Group: "allowance", Name: "River", Note: "skipped: " + err.Error()})
	} else {
		defer pg.close()
		address, err := pg.database()
		if err != nil {
			return nil, err
		}
		cases = append(cases, usage{"River, x/time/rate in the worker", 1, "20ms", func(w *world) ([]*harness.Process, error) {
			p, err := w.start("peer", "river", "enqueue", address, strconv.Itoa(work))
			if err == nil {
				err = p.Wait()
			}
			if err != nil {
				return nil, err
			}
			return w.several(1, func() (*harness.Process, error) {
				return w.start("peer", "river", "work", address, w.config, "20", "20")
			})
		}})
	}
	out := make([][]harness.Figure, len(cases))
	errs := make([]error, len(cases))
	turn := make(chan struct{}, 2)
	var wg sync.WaitGroup
	for i, c := range cases {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			if out[i], errs[i] = b.usage(c, span); errs[i] != nil {
				errs[i] = fmt.Errorf("%s, %d, %s: %w", c.system, c.processes, c.jitter, errs[i])
			}
		})
	}
	wg.Wait()
	var all []harness.Figure
	for _, f := range out {
		all = append(all, f...)
	}
	return append(all, skipped...), errors.Join(errs...)
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

// usage runs one case. Jitter delays calls on their way, before the server counts them.
func (b *bench) usage(c usage, span time.Duration) ([]harness.Figure, error) {
	w, err := b.newWorld(false, "--rate", strconv.Itoa(calls20), "--latency", "40ms", "--jitter-in", jitterOf(c.jitter))
	if err != nil {
		return nil, err
	}
	defer w.close()
	if _, err := c.start(w); err != nil {
		return nil, err
	}
	err = harness.Until(b.ctx, 30*time.Second, "the first call", func() (bool, error) {
		s, err := w.stats()
		return s.Calls > 0, err
	})
	if err != nil {
		return nil, err
	}
	s, err := w.stats()
	if err != nil {
		return nil, err
	}
	if err := pause(b.ctx, time.Until(s.Interfaces[0].First.Add(span))); err != nil {
		return nil, err
	}
	if s, err = w.stats(); err != nil {
		return nil, err
	}
	i := s.Interfaces[0]
	calls := i.Admitted + i.Refused
	share := 100 * float64(i.Admitted) / (calls20 * span.Seconds())
	f := harness.Figure{Group: "allowance", Name: fmt.Sprintf("%s, %s, jitter up to %s", c.system, processes(c.processes), c.jitter),
		Value: share, Unit: "%", Note: fmt.Sprintf("%d of %d calls refused", i.Refused, calls)}
	if c.system == "storelink" {
		if c.jitter == "60ms" {
			f = f.AtLeast(93)
			ok := *f.Met && float64(i.Refused) < 0.01*float64(calls)
			f.Met = &ok
		} else {
			f = f.AtLeast(97)
			ok := *f.Met && i.Refused == 0
			f.Met = &ok
		}
	}
	b.log("%s: %.1f %%, %s", f.Name, f.Value, f.Note)
	return []harness.Figure{f}, nil
}

func jitterOf(s string) string {
	if s == "0" {
		return "0s"
	}
	return s
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}

func haveBullMQ() error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("Node.js is not installed")
	}
	if _, err := os.Stat("bullmq/node_modules/bullmq"); err != nil {
		return errors.New("BullMQ is not installed: see bench/setup")
	}
	return nil
}

func (w *world) bullmq(work, n int) ([]*harness.Process, error) {
	script, err := filepath.Abs("bullmq/peer.js")
	if err != nil {
		return nil, err
	}
	p, err := harness.Start(w.dir, nil, "node", script, "enqueue", w.address, strconv.Itoa(work))
	if err == nil {
		err = p.Wait()
	}
	if err != nil {
		return nil, err
	}
	return w.several(n, func() (*harness.Process, error) {
		p, err := harness.Start(w.dir, nil, "node", script, "work", w.address, w.config, strconv.Itoa(calls20))
		if err == nil {
			w.others = append(w.others, p)
		}
		return p, err
	})
}

// accounts has ten accounts of ten identities in one worker, each with work for longer than is looked at. They are at ten
// sandboxes, since a sandbox has one partner.
func accounts(b *bench) ([]harness.Figure, error) {
	const n = 10
	span := pick(b, 60*time.Second, 10*time.Second)
	work := int(span.Seconds())*calls20 + 200
	main, err := b.newWorld(false, "--rate", strconv.Itoa(calls20), "--latency", "40ms")
	if err != nil {
		return nil, err
	}
	defer main.close()
	worlds := []*world{main}
	for i := range n - 1 {
		w, err := b.newWorld(false, "--rate", strconv.Itoa(calls20), "--latency", "40ms", "--mchid", fmt.Sprint(1900000010+i))
		if err != nil {
			return nil, err
		}
		defer w.close()
		worlds = append(worlds, w)
	}
	var config strings.Builder
	config.WriteString("accounts:\n")
	for i, w := range worlds {
		text, err := os.ReadFile(w.config)
		if err != nil {
			return nil, err
		}
		_, list, _ := strings.Cut(string(text), "accounts:\n")
		partner, _, _ := strings.Cut(list, "  - name: sandbox-brand")
		dir := filepath.Dir(w.config) + "/"
		partner = strings.ReplaceAll(strings.ReplaceAll(partner, "private_key: ", "private_key: "+dir), "key: wechatpay", "key: "+dir+"wechatpay")
		config.WriteString(strings.Replace(partner, "name: sandbox-partner", fmt.Sprintf("name: account-%d", i), 1))
	}
	path := filepath.Join(main.dir, "accounts.yaml")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		return nil, err
	}
	list, err := b.list(work * 200)
	if err != nil {
		return nil, err
	}
	main.config = path
	for i := range worlds {
		if _, err := main.submit(list, i, "--account", fmt.Sprintf("account-%d", i)); err != nil {
			return nil, err
		}
	}
	p, err := main.worker(path)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := pause(b.ctx, span+2*time.Second); err != nil {
		return nil, err
	}
	cpu, resident, err := p.Usage()
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	var shares []float64
	refused := int64(0)
	for i, w := range worlds {
		s, err := w.stats()
		if err != nil || len(s.Interfaces) != 1 {
			return nil, errors.Join(err, fmt.Errorf("account %d made no call", i))
		}
		in := s.Interfaces[0]
		shares = append(shares, 100*float64(in.Admitted-1)/(calls20*in.Last.Sub(in.First).Seconds()))
		refused += in.Refused
	}
	median, spread := harness.Median(shares)
	return []harness.Figure{
		{Group: "accounts", Name: "ten accounts at 20/s in one worker: the share of each", Value: median, Unit: "%", Spread: spread,
			Note: fmt.Sprintf("%d calls refused", refused)},
		{Group: "accounts", Name: "that worker: of a core", Value: 100 * cpu.Seconds() / took.Seconds(), Unit: "%"},
		{Group: "accounts", Name: "that worker: resident", Value: resident, Unit: "MiB"},
	}, nil
}
