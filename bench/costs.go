package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// sizes is what enqueuing a list and writing a report cost, and how that grows.
func sizes(b *bench) ([]harness.Figure, error) {
	all := pick(b, []int{100_000, 1_000_000, 10_000_000}, []int{10_000, 100_000, 1_000_000})
	rounds := pick(b, 3, 1)
	w, err := b.newWorld(false, "--rate", "0")
	if err != nil {
		return nil, err
	}
	defer w.close()
	// No worker runs: nothing is sent, and one that shows up for the account's name is gone before anything is measured.
	first, err := w.worker(w.config)
	if err != nil {
		return nil, err
	}
	err = harness.Until(b.ctx, 20*time.Second, "the worker has published its accounts", func() (bool, error) {
		n, err := w.rdb.HLen(b.ctx, "storelink:1:accounts").Result()
		return n > 0, err
	})
	first.Stop()
	if err != nil {
		return nil, err
	}
	accounts, err := w.rdb.HGetAll(b.ctx, "storelink:1:accounts").Result()
	if err != nil {
		return nil, err
	}
	took := make([]map[string][]float64, len(all)) // by what was measured
	for i := range took {
		took[i] = map[string][]float64{}
	}
	note := func(i int, what string, v float64) { took[i][what] = append(took[i][what], v) }
	for range rounds {
		for i, n := range all {
			if err := w.forget(); err != nil {
				return nil, err
			}
			for name, doc := range accounts {
				if err := w.rdb.HSet(b.ctx, "storelink:1:accounts", name, doc).Err(); err != nil {
					return nil, err
				}
			}
			list, err := b.list(n)
			if err != nil {
				return nil, err
			}
			var r receipt
			began := time.Now()
			p, err := w.enqueue(&r, append([]string{"associate", list}, target(0)...)...)
			if err != nil {
				return nil, err
			}
			note(i, "enqueue s", time.Since(began).Seconds())
			note(i, "enqueue MiB", p.PeakMiB())
			began = time.Now()
			if p, err = w.enqueue(nil, "results", r.Job, "--output", filepath.Join(w.dir, "report.csv")); err != nil {
				return nil, err
			}
			note(i, "report s", time.Since(began).Seconds())
			note(i, "report MiB", p.PeakMiB())
			b.log("%d stores: %v", n, took[i])
		}
	}
	var out []harness.Figure
	last := len(all) - 1
	for i, n := range all {
		for _, what := range []string{"enqueue s", "enqueue MiB", "report s", "report MiB"} {
			name, unit, _ := strings.Cut(what, " ")
			median, spread := harness.Median(took[i][what])
			f := harness.Figure{Group: name, Name: fmt.Sprintf("%d stores", n), Value: median, Unit: unit, Spread: spread}
			if i == last && what == "enqueue MiB" {
				f = f.AtMost(128)
			}
			if i == last && what == "report MiB" {
				f = f.AtMost(64)
			}
			out = append(out, f)
		}
	}
	for _, name := range []string{"enqueue", "report"} {
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = took[last][name+" s"][r] / took[last-1][name+" s"][r]
		}
		median, spread := harness.Median(ratios)
		f := harness.Figure{Group: name, Name: fmt.Sprintf("time for %d / for %d", all[last], all[last-1]), Value: median,
			Unit: "times", Spread: spread}
		if name == "enqueue" {
			f = f.AtMost(11)
		}
		out = append(out, f)
	}
	return out, nil
}

// memory sums what Redis says that a job's keys take.
func memory(b *bench) ([]harness.Figure, error) {
	n := pick(b, 1_000_000, 50_000)
	w, err := b.newWorld(false, "--rate", "0", "--failing-stores", "1%", "--seed", "1")
	if err != nil {
		return nil, err
	}
	defer w.close()
	list, err := b.list(n)
	if err != nil {
		return nil, err
	}
	id, err := w.submit(list, 0, "--failure-threshold", "0")
	if err != nil {
		return nil, err
	}
	submitted, err := w.memory(id)
	if err != nil {
		return nil, err
	}
	p, err := w.worker(w.config)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	s, err := w.ended(id, 5*time.Minute)
	if err != nil {
		return nil, err
	}
	if math.Abs(float64(s.Failed)/float64(n)-.01) > .003 {
		return nil, fmt.Errorf("%d of %d failed", s.Failed, n)
	}
	done, err := w.memory(id)
	if err != nil {
		return nil, err
	}
	return []harness.Figure{
		harness.Figure{Group: "memory", Name: fmt.Sprintf("%d stores, submitted", n), Value: submitted / float64(n),
			Unit: "bytes/store"}.AtMost(5.5),
		harness.Figure{Group: "memory", Name: fmt.Sprintf("%d stores, done, 1 %% of them failed", n), Value: done / float64(n),
			Unit: "bytes/store"}.AtMost(5),
	}, nil
}

func (w *world) memory(id string) (total float64, err error) {
	keys, err := w.rdb.Keys(w.ctx, "storelink:1:{"+id+"}:*").Result()
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		n, err := w.rdb.MemoryUsage(w.ctx, key, 0).Result() // 0: all of it, no samples
		if err != nil {
			return 0, err
		}
		total += float64(n)
	}
	return total, nil
}

// retries counts calls where stores fail in passing. A perfect world sends each store as often as it must be sent, in
// full calls: ceil(stores sent / 200).
func retries(b *bench) ([]harness.Figure, error) {
	n := pick(b, 50_000, 10_000)
	list, err := b.list(n)
	if err != nil {
		return nil, err
	}
	var out []harness.Figure
	for _, share := range []string{"0", "1%", "5%", "20%"} {
		w, err := b.newWorld(false, "--rate", "0", "--passing-stores", share, "--seed", "7")
		if err != nil {
			return out, err
		}
		f, err := w.retries(list, n, share)
		if closed := w.close(); err == nil {
			err = closed
		}
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (w *world) retries(list string, n int, share string) (f harness.Figure, err error) {
	id, err := w.submit(list, 0)
	if err != nil {
		return f, err
	}
	if _, err := w.worker(w.config); err != nil {
		return f, err
	}
	s, err := w.ended(id, 5*time.Minute)
	if err != nil {
		return f, err
	}
	if s.Succeeded != int64(n) {
		return f, fmt.Errorf("%+v", s)
	}
	report := filepath.Join(w.dir, "report.csv")
	if _, err := w.enqueue(nil, "results", id, "--output", report); err != nil {
		return f, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return f, err
	}
	sent := 0 // attempts are the calls that were made for a store
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if c := strings.Split(line, ","); i > 0 {
			var attempts int
			if _, err := fmt.Sscan(c[5], &attempts); err != nil {
				return f, err
			}
			sent += attempts
		}
	}
	needed := (sent + 199) / 200
	f = harness.Figure{Group: "retries", Name: fmt.Sprintf("%d stores, %s failing in passing: calls / needed", n, share),
		Value: float64(s.Calls) / float64(needed), Unit: "ratio", Note: fmt.Sprintf("%d / %d", s.Calls, needed)}
	if share == "5%" {
		f = f.AtMost(1.08)
	}
	return f, nil
}
