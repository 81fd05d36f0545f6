package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/embedded"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// How long a hook may take to be told from here: a person waits for it.
const (
	tellPatience = 30 * time.Second
	tellBackoff  = time.Second // doubled for each further attempt
)

// tellHook tells whoever is to be told that a job or a batch has ended here, and at once: the process is gone before a
// worker's tasks for that would be due. That it could not be told is a warning.
func (a *app) tellHook(ctx context.Context, s *site, status job.Status) {
	hook, err := s.ledger.Hook(context.WithoutCancel(ctx), status.Job)
	if err == nil && (hook == nil || !status.State.Ended()) {
		return
	}
	hooks := s.here.hooks
	patient, cancel := context.WithTimeout(ctx, tellPatience)
	defer cancel()
	for attempt, wait := 1, tellBackoff; err == nil; attempt, wait = attempt+1, 2*wait {
		err = hooks.Sender.Send(patient, notify.HookOf(*hook), hooks.Secret, notify.Ended(status, attempt))
		f := notify.AsFailure(err)
		if f == nil || !f.Passing {
			break
		}
		select {
		case <-patient.Done():
		case <-time.After(max(wait, f.RetryAfter)):
			err = nil
		}
	}
	if err != nil {
		a.warn("cmd.hook_untold", "error", err, "job", status.Job)
	}
}

// here is a run in this process: an embedded Redis, a worker for its accounts, and perhaps the sandbox. All of it, and
// what it knows, is gone with the process.
type here struct {
	redis   *embedded.Server
	sandbox *sandbox.Sandbox // nil where the calls go to WeChat Pay
	hooks   *worker.Hooks

	stop func()     // tells the worker to stop
	done chan error // what its Run returned
}

// sandboxCloses bounds how long the sandbox may take to answer what is in flight.
const sandboxCloses = 2 * time.Second

// openHere starts what jobs of the accounts need in this process.
func (a *app) openHere(ctx context.Context, p place, names []string, verbose bool) (*site, error) {
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	h := &here{done: make(chan error, 1)}
	chosen, err := h.chooseAccounts(p, names)
	if err != nil {
		return nil, err
	}
	if h.hooks, err = worker.NewHooks(p.config.Notify); err != nil {
		return nil, errors.Join(err, h.closeSandbox())
	}
	accounts, err := worker.Accounts(chosen, log)
	if err != nil {
		return nil, errors.Join(err, h.closeSandbox())
	}
	if h.redis, err = embedded.Start(); err != nil {
		return nil, errors.Join(err, h.closeSandbox())
	}
	p.config.Accounts = chosen
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

// chooseAccounts gives the accounts that the jobs are for, with their keys: the sandbox's, or the configuration's.
func (h *here) chooseAccounts(p place, names []string) ([]config.Account, error) {
	if p.sandbox {
		return h.startSandbox(names)
	}
	var chosen []config.Account
	for _, name := range names {
		account, ok := p.config.Account(name)
		if !ok {
			return nil, unconfigured(p.config, name)
		}
		chosen = append(chosen, account)
	}
	return chosen, nil
}

// knownHere gives an account as it would be here: the sandbox's, or the configuration's.
func (p place) knownHere(name string) (accountKnown, error) {
	if p.sandbox {
		for _, s := range sandbox.DefaultAccounts() {
			if s.Name == name {
				return accountKnown{name: name, mode: s.Mode, identity: s.Identity}, nil
			}
		}
	}
	c, ok := p.config.Account(name)
	if !ok {
		return accountKnown{}, unconfigured(p.config, name)
	}
	return accountKnown{name: name, mode: c.Mode, identity: c.Identity()}, nil
}

// unconfigured is the error of an account that the configuration does not have, where nothing else counts.
func unconfigured(c *config.Config, name string) error {
	names := map[string]bool{}
	for _, c := range c.Accounts {
		names[c.Name] = true
	}
	return unknownAccount(name, names)
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
		return i18n.E("cmd.sandbox_close", "error", err)
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
func (s *site) leave(ctx context.Context, id string, why i18n.Message) (job.Status, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer cancel()
	if err := s.ledger.Cancel(ctx, id, why.String()); err != nil && job.AsError(err).Code != job.CodeBadState {
		return job.Status{}, err
	}
	status, err := s.ledger.Status(ctx, id)
	if err != nil {
		return job.Status{}, err
	}
	if err := s.ledger.Announce(ctx, registry.Wake{Account: status.Account, Job: id, State: status.State}); err != nil {
		return job.Status{}, err
	}
	tick := time.NewTicker(leaveLook)
	defer tick.Stop()
	for !status.State.Ended() {
		if status.Targets > 0 {
			_ = s.desk().Tend(ctx, id) // or the worker does
		}
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
