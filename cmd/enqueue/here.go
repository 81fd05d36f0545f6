package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/embedded"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// here is a run in this process: an embedded Redis, a worker for one account, and perhaps the sandbox. All of it, and
// what it knows, is gone with the process.
type here struct {
	redis   *embedded.Server
	sandbox *sandbox.Sandbox // nil where the calls go to WeChat Pay

	stop func()     // tells the worker to stop
	done chan error // what its Run returned
}

// sandboxCloses bounds how long the sandbox may take to answer what is in flight.
const sandboxCloses = 2 * time.Second

// openHere starts what a job of the account needs in this process.
func (a *app) openHere(ctx context.Context, p place, name string, verbose bool) (*site, error) {
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	h := &here{done: make(chan error, 1)}
	account, err := h.chooseAccount(p, name)
	if err != nil {
		return nil, err
	}
	accounts, err := worker.Accounts([]config.Account{account}, log)
	if err != nil {
		return nil, errors.Join(err, h.closeSandbox())
	}
	if h.redis, err = embedded.Start(); err != nil {
		return nil, errors.Join(err, h.closeSandbox())
	}
	p.config.Accounts = []config.Account{account}
	s := newSite(redis.NewClient(h.redis.Options()), p)
	s.here = h
	w, err := worker.New(worker.Config{Redis: s.rdb, Ledger: s.ledger, Queue: s.queue, Accounts: accounts, Logger: log,
		Tracer: s.tracer})
	if err != nil {
		h.done <- nil
		h.stop = func() {}
		return nil, s.closed(err)
	}
	// An interrupt does not end the worker: calls in flight are finished first, see leave.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go func() { h.done <- w.Run(running) }() // awaited by close
	return s, nil
}

// chooseAccount gives the account that the job is for, with its keys: the sandbox's, or the configuration's.
func (h *here) chooseAccount(p place, name string) (config.Account, error) {
	if p.sandbox {
		return h.startSandbox(name)
	}
	if account, ok := p.config.Account(name); ok {
		return account, nil
	}
	names := map[string]bool{}
	for _, c := range p.config.Accounts {
		names[c.Name] = true
	}
	return config.Account{}, unknownAccount(name, names)
}

// close stops the worker, which finishes the calls in flight, and the sandbox. The embedded Redis is still there.
func (h *here) close() error {
	h.stop()
	return errors.Join(<-h.done, h.closeSandbox())
}

func (h *here) closeSandbox() error {
	if h.sandbox == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sandboxCloses)
	defer cancel()
	if err := h.sandbox.Close(ctx); err != nil {
		return fmt.Errorf("close the sandbox: %w", err)
	}
	return nil
}

// How long a job that is stopped here may take to finish its calls in flight: longer than one may take, and no longer
// than a person waits.
const (
	leavePatience = 25 * time.Second
	leaveLook     = 20 * time.Millisecond
)

// leave ends a job that cannot be finished here: no more calls are begun, those in flight are finished and recorded, and
// what is pending reads unprocessed. It gives the last status.
func (s *site) leave(ctx context.Context, id, why string) (job.Status, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer cancel()
	if err := s.ledger.Cancel(ctx, id, why); err != nil && job.AsError(err).Code != job.CodeBadState {
		return job.Status{}, err
	}
	status, err := s.ledger.Status(ctx, id)
	if err != nil {
		return job.Status{}, err
	}
	if err := s.ledger.Announce(ctx, results.Wake{Account: status.Account, Job: id, State: status.State}); err != nil {
		return job.Status{}, err
	}
	tick := time.NewTicker(leaveLook)
	defer tick.Stop()
	for !status.State.Ended() {
		select {
		case <-ctx.Done():
			return status, nil // what is known is known
		case <-tick.C:
		}
		if status, err = s.ledger.Status(ctx, id); err != nil {
			return job.Status{}, err
		}
	}
	return status, nil
}
