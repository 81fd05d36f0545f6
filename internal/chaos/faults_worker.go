package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// freezeFor is longer than a lease: a run that stands still for so long is not alone with its chunk when it goes on.
const freezeFor = 11 * time.Second

func (r *run) killWorker() error {
	r.dies(1)
	i := r.rng.IntN(len(r.workers))
	r.workers[i].kill()
	if err := r.pause(r.between(0, 3*time.Second)); err != nil {
		return err
	}
	return r.replace(i)
}

func (r *run) freezeWorker() error {
	r.dies(1)
	w := r.workers[r.rng.IntN(len(r.workers))]
	w.signal(syscall.SIGSTOP)
	err := r.pause(freezeFor)
	w.signal(syscall.SIGCONT)
	return err
}

// replace starts a worker anew.
func (r *run) replace(i int) (err error) {
	r.workers[i], err = r.startWorker(i)
	return err
}

// longAnswers has answers take 18 s, for as long as it takes that all workers wait for some. A call may take 20 s.
func (r *run) longAnswers() error {
	if err := r.feed(3000); err != nil {
		return err
	}
	if err := r.setFaults(map[string]string{"latency": "18s"}); err != nil {
		return err
	}
	err := r.pause(3 * time.Second)
	if back := r.setFaults(map[string]string{"latency": r.Latency.String()}); err == nil {
		err = back
	}
	return err
}

// stopInFlight stops a worker as a person or a system does, with answers on their way that take long. It must record them,
// and end in good order, within the time that it says.
func (r *run) stopInFlight() error {
	if err := r.longAnswers(); err != nil {
		return err
	}
	i := r.rng.IntN(len(r.workers))
	w := r.workers[i]
	asked := time.Now()
	w.asked = true
	w.signal(syscall.SIGTERM)
	const within = 40 * time.Second // as docs/operations.md says
	err := r.until(within+20*time.Second, "the worker has stopped", func() (bool, error) { return w.gone(), nil })
	switch {
	case err != nil:
		return broken("%v", err)
	case time.Since(asked) > within:
		return broken("the worker took %v to stop", time.Since(asked).Round(time.Second))
	case w.cmd.ProcessState.ExitCode() != 0:
		return broken("the worker that was stopped ended with %v", w.cmd.ProcessState)
	}
	r.logf("the worker stopped within %v", time.Since(asked).Round(100*time.Millisecond))
	return r.replace(i)
}

var concurrency = regexp.MustCompile(`(?m)^    rate: .*\n(    concurrency: .*\n)?`)

// reloadInFlight has all workers read their configuration again, with another account in it, while answers are on their way.
func (r *run) reloadInFlight() error {
	if err := r.longAnswers(); err != nil {
		return err
	}
	text, err := os.ReadFile(r.config)
	if err != nil {
		return err
	}
	r.reloads++
	rate := fmt.Sprintf("    rate: %d\n    concurrency: %d\n", callsASecond, 10+r.reloads%7)
	if err := os.WriteFile(r.config, concurrency.ReplaceAll(text, []byte(rate)), 0o600); err != nil {
		return err
	}
	for _, w := range r.workers {
		w.signal(syscall.SIGHUP)
	}
	for _, w := range r.workers {
		err := r.until(time.Minute, "the accounts were read again", func() (bool, error) {
			return bytes.Count(w.said(), []byte("the accounts were read again")) > w.reloads, nil
		})
		if err != nil {
			return broken("%v", err)
		}
		w.reloads++
	}
	return nil
}

// secondInstallation starts a worker with another WeChat Pay under the same accounts' names on the same Redis. It must make
// no call, and say why.
func (r *run) secondInstallation() error {
	dir := filepath.Join(r.Dir, fmt.Sprint("second-", r.spawned))
	other, err := r.spawn("sandbox", "--listen", "127.0.0.1:0", "--dir", dir, "--rate", fmt.Sprint(callsASecond))
	if err != nil {
		return err
	}
	defer other.kill()
	config := filepath.Join(dir, "storelink.yaml")
	url, err := r.sandboxURL(config)
	if err != nil {
		return err
	}
	w, err := r.spawnWorker("worker", 0, config)
	if err != nil {
		return err
	}
	defer w.kill()
	err = r.until(30*time.Second, "the second installation says that it does not serve", func() (bool, error) {
		status, text, err := ask(r.ctx, "http://"+w.http+"/readyz")
		return err == nil && status == http.StatusServiceUnavailable && strings.Contains(text, job.LaneConflict), nil
	})
	if err != nil {
		return broken("%v", err)
	}
	if err := r.pause(r.between(2*time.Second, 8*time.Second)); err != nil {
		return err
	}
	res, err := http.Get(url + "/sandbox/stats")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var stats struct{ Calls int64 }
	if err := json.NewDecoder(res.Body).Decode(&stats); err != nil {
		return err
	}
	if stats.Calls != 0 {
		return broken("another installation made %d calls", stats.Calls)
	}
	return nil
}

// ask gets a page of a worker's, over a connection of its own.
func ask(ctx context.Context, url string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// workerClock sets the clock of one worker far off, or that of all by less than WeChat Pay minds, and sets it right again.
func (r *run) workerClock() error {
	all := []time.Duration{-90 * time.Second, -20 * time.Second, 20 * time.Second, 90 * time.Second, -10 * time.Minute, 10 * time.Minute}
	if r.Strict {
		all = all[:4]
	}
	by := all[r.rng.IntN(len(all))]
	which := r.workers[r.rng.IntN(len(r.workers)):][:1]
	if by.Abs() < 5*time.Minute && r.rng.IntN(2) == 0 {
		which = r.workers
	}
	r.logf("%d workers' clocks are set by %v", len(which), by)
	if by.Abs() >= 5*time.Minute {
		// Answers that were on their way are of another time than this worker has, and prove nothing to it.
		r.excused += inFlight * chunkSize
	}
	for _, w := range which {
		if err := w.clock.shift(by); err != nil {
			return err
		}
	}
	if err := r.pause(r.between(5*time.Second, 15*time.Second)); err != nil {
		return err
	}
	for _, w := range which {
		if err := w.clock.shift(0); err != nil {
			return err
		}
	}
	return nil
}

// outage makes every call fail for a while.
func (r *run) outage() error {
	kind := []string{"500", "cut", "signature", "429"}[r.rng.IntN(4)]
	if err := r.setFaults(map[string]string{"outage": kind}); err != nil {
		return err
	}
	if err := r.pause(r.between(time.Second, 5*time.Second)); err != nil {
		return err
	}
	return r.setFaults(map[string]string{"outage": ""})
}

// setFaults changes some of the sandbox's faults.
func (r *run) setFaults(changes map[string]string) error {
	body, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	return r.ask(http.MethodPost, "/sandbox/faults", bytes.NewReader(body), nil)
}
