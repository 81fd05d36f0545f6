//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// slow is a worker as a process, and a job of which calls are in flight whose answers take time.
type slow struct {
	*testing.T
	sandbox *sandbox.Sandbox
	redis   *redistest.Server
	config  string
	ledger  *ledger.Ledger
	job     string
	log     output
	process *os.Process
	exit    chan error
}

// startSlow gives one whose job has had its first answer at once, and has at least three calls in flight.
func startSlow(t *testing.T, answers time.Duration) *slow {
	t.Helper()
	redis := redistest.Real(t, redistest.Durable...)
	path, s := configured(t, "redis://"+redis.Addr, "")
	w := &slow{T: t, sandbox: s, redis: redis, config: path, ledger: ledger.Open(redis.Client, ledger.Options{}), exit: make(chan error, 1)}
	w.start()
	receipt, err := (&control.Submitter{Ledger: w.ledger, Queue: queue.Open(redis.Client)}).Submit(t.Context(), control.Submission{
		Job: job.Job{Operation: job.Associate, Account: "acme", Priority: job.Default, ChunkSize: 10,
			Target: job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}},
		IDs: func(yield func(string, error) bool) {
			for i := range 2000 {
				if !yield(fmt.Sprint(100000001+i), nil) {
					return
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	w.job = receipt.Job.ID
	w.until("its first answer", func() bool { return w.status().Succeeded > 0 })
	if err := s.SetFaults(sandbox.Faults{Latency: answers}); err != nil {
		t.Fatal(err)
	}
	w.until("calls in flight", func() bool { return s.Stats().Calls >= w.status().Calls+3 })
	return w
}

// start starts a worker.
func (w *slow) start() {
	w.Helper()
	cmd := workerCommand(w.T, nil, "--config", w.config, "--http", "off")
	cmd.Stderr = &w.log
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.process = cmd.Process
	go func() { w.exit <- cmd.Wait() }()
	w.log.until(w.T, "worker started")
}

func (w *slow) status() job.Status {
	w.Helper()
	s, err := w.ledger.Status(w.Context(), w.job)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *slow) until(what string, is func() bool) {
	w.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("never %s: %+v\n%s", what, w.status(), &w.log)
		}
	}
}

func TestAStoppedWorkerRecordsAnswersOf19Seconds(t *testing.T) {
	t.Parallel()
	w := startSlow(t, 19*time.Second)
	if err := w.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-w.exit; err != nil {
		t.Fatalf("%v\n%s", err, &w.log)
	}
	s := w.status()
	truth := int64(w.sandbox.Count(job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}))
	if s.State != job.Running || s.Succeeded != truth || s.Calls != w.sandbox.Stats().Calls {
		t.Errorf("%d stores are associated in %d calls, the ledger says %+v\n%s", truth, w.sandbox.Stats().Calls, s, &w.log)
	}
	within := regexp.MustCompile(`within=(\S+)`).FindStringSubmatch(w.log.String())
	if within == nil || within[1] != "40s" {
		t.Errorf("it says %q that it stops within", within)
	}
}

func TestASecondSignalEndsAWorker(t *testing.T) {
	t.Parallel()
	w := startSlow(t, 19*time.Second)
	for _, says := range []string{"stopping: ", ""} {
		if err := w.process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if says != "" {
			w.log.until(t, says)
		}
	}
	var exit *exec.ExitError
	if err := <-w.exit; !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v, not by the second signal\n%s", err, &w.log)
	}
}
