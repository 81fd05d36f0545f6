package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// peer is one case of a system that people would use instead, with so many processes.
type peer struct {
	system    string
	processes int
	start     func(w *world) ([]*harness.Process, error)
}

// peers measures what share of the allowance others use in the minute from their first call, at a jitter of 20 ms.
func peers(b *bench) ([]harness.Figure, error) {
	span := pick(b, time.Minute, 10*time.Second)
	work := int(span.Seconds())*calls20 + 400 // more calls than can be made
	cases, skipped, done, err := b.peerCases(span, work)
	if err != nil {
		return nil, err
	}
	defer done()
	figures, err := b.atATime(len(cases), func(i int) ([]harness.Figure, error) {
		c := cases[i]
		figures, err := b.peer(c, span)
		if err != nil {
			err = fmt.Errorf("%s, %d: %w", c.system, c.processes, err)
		}
		return figures, err
	})
	return append(figures, skipped...), err
}

// peerCases gives the cases, rows for those that cannot be run here, and what is to be called when all is over.
func (b *bench) peerCases(span time.Duration, work int) (cases []peer, skipped []harness.Figure, done func(), err error) {
	done = func() {}
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
		peer{"asynq's wiki recipe", 1, recipe(1, "recipe")}, peer{"asynq's wiki recipe", 2, recipe(2, "recipe")},
		peer{"x/time/rate, 20/s burst 20", 1, rateLoop("20", "20")},
		peer{"x/time/rate, 19.6/s burst 1", 1, rateLoop("19.6", "1")})
	if err := haveBullMQ(); err != nil {
		skipped = append(skipped, harness.Figure{Group: "allowance", Name: "BullMQ's limiter", Note: "skipped: " + err.Error()})
	} else {
		for _, n := range []int{1, 2} {
			cases = append(cases, peer{"BullMQ's limiter", n, func(w *world) ([]*harness.Process, error) { return w.bullmq(work, n) }})
		}
	}
	if pg, err := b.startPostgres(); err != nil {
		skipped = append(skipped, harness.Figure{Group: "allowance", Name: "River", Note: "skipped: " + err.Error()})
	} else {
		address, err := pg.database()
		if err != nil {
			pg.close()
			return nil, nil, done, err
		}
		done = func() { pg.close() }
		cases = append(cases, peer{"River, x/time/rate in the worker", 1, func(w *world) ([]*harness.Process, error) {
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
	return cases, skipped, done, nil
}

// peer runs one case. Jitter delays calls on their way, before the server counts them.
func (b *bench) peer(c peer, span time.Duration) ([]harness.Figure, error) {
	w, err := b.newWorld(true, "--rate", strconv.Itoa(calls20), "--latency", "40ms", "--jitter-in", "20ms")
	if err != nil {
		return nil, err
	}
	defer w.close()
	if _, err := c.start(w); err != nil {
		return nil, err
	}
	s, err := w.after(span)
	if err != nil {
		return nil, err
	}
	all := s.between(0, int(span.Seconds()))
	f := harness.Figure{Group: "allowance", Name: fmt.Sprintf("%s, %s, jitter up to 20ms", c.system, processes(c.processes)),
		Value: all.share(calls20), Unit: "%", Note: fmt.Sprintf("%d of %d calls refused", all.refused, all.admitted+all.refused)}
	b.log("%s: %.1f %%, %s", f.Name, f.Value, f.Note)
	return []harness.Figure{f}, nil
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
