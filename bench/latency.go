package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// wake is how long an idle worker takes from a commit to the first call, and what one with 200 accounts costs.
func wake(b *bench) ([]harness.Figure, error) {
	w, err := b.newWorld(false, "--rate", "0")
	if err != nil {
		return nil, err
	}
	defer w.close()
	list := filepath.Join(w.dir, "one.csv")
	if err := os.WriteFile(list, []byte("store_id\n100000001\n"), 0o600); err != nil {
		return nil, err
	}
	var took []float64
	for i := range pick(b, 20, 3) {
		// A worker of its own each time, idle since it started: a lane stays warm for a while after a job.
		p, err := w.worker(w.config)
		if err != nil {
			return nil, err
		}
		if err := w.idle(1); err != nil {
			return nil, err
		}
		if err := w.ask(http.MethodDelete, "/sandbox/stats", ""); err != nil {
			return nil, err
		}
		id, err := w.submit(list, i)
		if err != nil {
			return nil, err
		}
		s, err := w.ended(id, 20*time.Second)
		if err != nil {
			return nil, err
		}
		st, err := w.stats()
		if err != nil || len(st.Interfaces) != 1 {
			return nil, errors.Join(err, fmt.Errorf("%d interfaces were called", len(st.Interfaces)))
		}
		_ = s
		created, err := w.committed(id)
		if err != nil {
			return nil, err
		}
		took = append(took, float64(st.Interfaces[0].First.Sub(created).Microseconds())/1000)
		p.Stop()
	}
	median, spread := harness.Median(took)
	out := []harness.Figure{harness.Figure{Group: "wake", Name: "from the job's creation to its first call, worker idle", Value: median,
		Unit: "ms", Spread: spread}.AtMost(250)}

	config, err := w.manyAccounts(200, 20)
	if err != nil {
		return out, err
	}
	p, err := w.worker(config)
	if err != nil {
		return out, err
	}
	if err := w.idle(200); err != nil {
		return out, err
	}
	before, _, err := p.Usage()
	if err != nil {
		return out, err
	}
	watched := pick(b, 60*time.Second, 10*time.Second)
	if err := pause(b.ctx, watched); err != nil {
		return out, err
	}
	after, resident, err := p.Usage()
	return append(out,
		harness.Figure{Group: "wake", Name: "an idle worker with 200 accounts: of a core", Unit: "%",
			Value: 100 * (after - before).Seconds() / watched.Seconds()}.AtMost(5),
		harness.Figure{Group: "wake", Name: "an idle worker with 200 accounts: resident", Value: resident, Unit: "MiB"}), err
}

// pause waits: what is measured is what happens meanwhile.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// committed is when a job was created: its list was staged after that, so that this is earlier than its commit.
func (w *world) committed(id string) (time.Time, error) {
	ms, err := w.rdb.HGet(w.ctx, "storelink:1:{"+id+"}:job", "created_at").Int64()
	return time.UnixMilli(ms), err
}

// idle waits until a worker has published so many lanes.
func (w *world) idle(lanes int) error {
	return harness.Until(w.ctx, 30*time.Second, "a worker has published its lanes", func() (bool, error) {
		keys, err := w.rdb.ZRange(w.ctx, "storelink:1:workers", 0, -1).Result()
		if err != nil {
			return false, err
		}
		for _, key := range keys {
			text, err := w.rdb.Get(w.ctx, "storelink:1:worker:"+key).Bytes()
			var p struct{ Lanes []struct{ Account string } }
			if err == nil && json.Unmarshal(text, &p) == nil && len(p.Lanes) >= lanes {
				return true, nil
			}
		}
		return false, nil
	})
}

// manyAccounts writes a configuration with n accounts: the sandbox's partner under other names, so that most of them
// would share an identity's pace if they were used.
func (w *world) manyAccounts(n int, rate float64) (string, error) {
	text, err := os.ReadFile(w.config)
	if err != nil {
		return "", err
	}
	_, list, _ := strings.Cut(string(text), "accounts:\n")
	partner, _, _ := strings.Cut(list, "  - name: sandbox-brand")
	var b strings.Builder
	b.WriteString("accounts:\n")
	for i := range n {
		one := strings.Replace(partner, "name: sandbox-partner", fmt.Sprintf("name: account-%d", i), 1)
		if at := strings.Index(one, "    rate: "); at >= 0 {
			end := strings.IndexByte(one[at:], '\n')
			one = one[:at] + fmt.Sprintf("    rate: %g", rate) + one[at+end:]
		}
		b.WriteString(one)
	}
	path := filepath.Join(filepath.Dir(w.config), "many.yaml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// arrival is a call as the sandbox saw it come in.
type arrival struct {
	At      time.Time
	Refused bool
}

// arrivals are the calls that the sandbox still knows.
func (w *world) arrivals() (all []arrival, err error) {
	r, err := http.Get(w.url + "/sandbox/arrivals")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		var a arrival
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, lines.Err()
}

// backoff429 has the sandbox refuse a call while workers run, and looks at when the last call after that came, and when
// the pace was back.
func backoff429(b *bench) ([]harness.Figure, error) {
	processes := 4
	w, err := b.newWorld(false, "--rate", "20", "--latency", "40ms", "--keep-arrivals", "100000")
	if err != nil {
		return nil, err
	}
	defer w.close()
	list, err := b.list(1_000_000)
	if err != nil {
		return nil, err
	}
	if _, err := w.submit(list, 0); err != nil {
		return nil, err
	}
	for range processes {
		if _, err := w.worker(w.config); err != nil {
			return nil, err
		}
	}
	var quiet, back []float64
	for range pick(b, 5, 1) {
		if err := pause(b.ctx, pick(b, 20*time.Second, 8*time.Second)); err != nil {
			return nil, err
		}
		if err := w.ask(http.MethodPost, "/sandbox/faults", `{"outage":"429"}`); err != nil {
			return nil, err
		}
		refusedFrom := time.Now()
		s, err := w.stats()
		if err != nil {
			return nil, err
		}
		err = harness.Until(b.ctx, 5*time.Second, "a call was refused", func() (bool, error) {
			now, err := w.stats()
			return now.Calls > s.Calls, err
		})
		if err != nil {
			return nil, err
		}
		if err := pause(b.ctx, 600*time.Millisecond); err != nil { // within the second's stop
			return nil, err
		}
		if err := w.ask(http.MethodPost, "/sandbox/faults", `{"outage":""}`); err != nil {
			return nil, err
		}
		if err := pause(b.ctx, pick(b, 30*time.Second, 10*time.Second)); err != nil {
			return nil, err
		}
		all, err := w.arrivals()
		if err != nil {
			return nil, err
		}
		q, r := after429(all, refusedFrom)
		quiet, back = append(quiet, q), append(back, r)
	}
	median, spread := harness.Median(quiet)
	out := []harness.Figure{{Group: "backoff429", Name: fmt.Sprintf("from the first 429 to the last call before quiet, %d processes", processes),
		Value: median, Unit: "ms", Spread: spread}}
	median, spread = harness.Median(back)
	return append(out, harness.Figure{Group: "backoff429", Name: "from the first 429 to a second with 97 % of the pace", Value: median, Unit: "s",
		Spread: spread}), nil
}

// after429 looks at the calls around a refusal: how long they went on, in ms, and how long until a sliding second held
// 97 % of the rate in force before it, in seconds.
func after429(all []arrival, from time.Time) (quietMS, backSeconds float64) {
	first := -1
	for i, a := range all {
		if a.At.After(from) && first < 0 {
			first = i
		}
	}
	if first < 0 {
		return 0, 0
	}
	at := all[first].At
	last := at
	for _, a := range all[first:] {
		if a.At.Sub(last) > 400*time.Millisecond {
			break
		}
		last = a.At
	}
	const wanted = 19 // 97 % of 19.6, the pace on a calm network
	for i := first; i < len(all); i++ {
		if all[i].At.Before(last.Add(time.Millisecond)) {
			continue
		}
		n := 0
		for j := i; j >= 0 && all[i].At.Sub(all[j].At) < time.Second; j-- {
			n++
		}
		if n >= wanted {
			return float64(last.Sub(at).Microseconds()) / 1000, all[i].At.Sub(at).Seconds()
		}
	}
	return float64(last.Sub(at).Microseconds()) / 1000, -1
}

// priority has a job of high priority, and one of low, come to an account that is at work on a million stores.
func priority(b *bench) ([]harness.Figure, error) {
	w, err := b.newWorld(false, "--rate", "20")
	if err != nil {
		return nil, err
	}
	defer w.close()
	large, err := b.list(pick(b, 1_000_000, 100_000))
	if err != nil {
		return nil, err
	}
	small, err := b.list(2000)
	if err != nil {
		return nil, err
	}
	for range 2 {
		if _, err := w.worker(w.config); err != nil {
			return nil, err
		}
	}
	if err := w.idle(1); err != nil {
		return nil, err
	}
	if _, err := w.submit(large, 0); err != nil {
		return nil, err
	}
	low, err := w.submit(small, 1, "--priority", "low")
	if err != nil {
		return nil, err
	}
	var waits []float64
	for i := range pick(b, 5, 1) {
		if err := pause(b.ctx, 4*time.Second); err != nil {
			return nil, err
		}
		began := time.Now()
		id, err := w.submit(small, 2+i, "--priority", "high")
		if err != nil {
			return nil, err
		}
		key := "storelink:1:{" + id + "}:job"
		err = harness.Until(b.ctx, 20*time.Second, "the high job's first call is recorded", func() (bool, error) {
			n, err := w.rdb.HGet(b.ctx, key, "succeeded").Int()
			return n > 0, err
		})
		if err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(began).Seconds())
	}
	s, err := w.ended(low, 2*time.Minute)
	if err != nil {
		return nil, fmt.Errorf("the low job does not move: %w", err)
	}
	median, spread := harness.Median(waits)
	return []harness.Figure{
		harness.Figure{Group: "priority", Name: "from submitting a high job to its first outcome, beside a running job of a million, 2 workers",
			Value: median, Unit: "s", Spread: spread}.AtMost(2),
		{Group: "priority", Name: "a low job of 10 calls beside it", Value: s.Ended.Sub(s.Started).Seconds(), Unit: "s"},
	}, nil
}
