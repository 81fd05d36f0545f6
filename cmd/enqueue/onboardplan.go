package main

import (
	"cmp"
	"context"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/terminal"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// batchPlanDocument is what a dry run of a batch prints with --json.
type batchPlanDocument struct {
	Batch    *string         `json:"batch"` // null: there is none
	DryRun   bool            `json:"dry_run"`
	Targets  int             `json:"targets"`
	Total    int64           `json:"total"`
	Calls    int64           `json:"calls"`
	Repeats  int64           `json:"repeats"`
	SetAside int64           `json:"set_aside"`
	Accounts []accountEffort `json:"accounts"`
	Seconds  *float64        `json:"seconds"` // the accounts work side by side
}

type accountEffort struct {
	Account string   `json:"account"`
	Targets int      `json:"targets"`
	Calls   int64    `json:"calls"`
	Seconds *float64 `json:"seconds"`
}

// planned is a job that is not made, and how many stores it would have.
type planned struct {
	job    job.Job
	stores int64
	line   int    // of the manifest
	source string // the manifest; "" where there is none
}

// planHere plans a batch that would run in this process, for which nothing of it is started and no key is needed.
func (a *app) planHere(ctx context.Context, p place, path string, m *manifest.Manifest, jobs []job.Job) error {
	plans, left, err := planTargets(ctx, path, m, jobs)
	if err != nil {
		return err
	}
	rate := func(_ context.Context, name string) (float64, error) {
		if c, ok := p.config.Account(name); ok && !p.sandbox {
			return c.Rate, nil
		}
		return sandbox.DefaultRate, nil
	}
	return a.tellBatchPlan(ctx, rate, plans, left)
}

// planTargets reads all lists of a manifest, each once, and counts their stores.
func planTargets(ctx context.Context, path string, m *manifest.Manifest, jobs []job.Job) ([]planned, dropped, error) {
	left := readSoFar(m)
	stores := make([]int64, len(m.Lists))
	for i, l := range m.Lists {
		err := eachList(ctx, path, l, func(r *storelist.Reader) (int64, error) {
			for _, err := range r.IDs() {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					return 0, err
				}
				stores[i]++
			}
			left.read(l, r)
			return stores[i], nil
		})
		if err != nil {
			return nil, left, err
		}
	}
	plans := make([]planned, len(jobs))
	for i, t := range m.Targets {
		jobs[i].ChunkSize = cmp.Or(t.ChunkSize, job.MaxStoresPerCall)
		plans[i] = planned{job: jobs[i], stores: t.Stores, line: t.Line, source: path}
		if t.List >= 0 {
			plans[i].stores = stores[t.List]
		}
	}
	return plans, left, nil
}

// free refuses a plan one of whose targets another job is at work on.
func (s *site) free(ctx context.Context, plans []planned) error {
	targets := make([]job.Target, len(plans))
	for i, p := range plans {
		targets[i] = p.job.Target
	}
	holders, err := s.ledger.Holders(ctx, targets)
	if err != nil {
		return err
	}
	for i, holder := range holders {
		if holder == "" {
			continue
		}
		if p := plans[i]; p.source != "" {
			return taken(ledger.AtWork(holder), p.source, manifest.Target{Target: p.job.Target, Line: p.line})
		}
		return ledger.AtWork(holder)
	}
	return nil
}

func (a *app) tellBatchPlan(ctx context.Context, rate func(context.Context, string) (float64, error), plans []planned,
	left dropped) error {
	d := batchPlanDocument{DryRun: true, Targets: len(plans), Repeats: left.repeats, SetAside: left.setAside}
	at := map[string]int{}
	for _, p := range plans {
		n, ok := at[p.job.Account]
		if !ok {
			n = len(d.Accounts)
			at[p.job.Account] = n
			d.Accounts = append(d.Accounts, accountEffort{Account: p.job.Account})
		}
		calls := (p.stores + int64(p.job.ChunkSize) - 1) / int64(p.job.ChunkSize)
		d.Accounts[n].Targets++
		d.Accounts[n].Calls += calls
		d.Total, d.Calls = d.Total+p.stores, d.Calls+calls
	}
	for i := range d.Accounts {
		rate, err := rate(ctx, d.Accounts[i].Account)
		if err != nil {
			return err
		}
		if rate > 0 {
			seconds := float64(d.Accounts[i].Calls) / rate
			d.Accounts[i].Seconds = &seconds
			if d.Seconds == nil || *d.Seconds < seconds {
				d.Seconds = &seconds
			}
		}
	}
	a.warnOf(left)
	if a.json {
		a.out.json(d)
		return nil
	}
	a.line("cmd.dry_run_batch", "stores", d.Total, "targets", int64(d.Targets), "calls", d.Calls, "left_out",
		leftOut(d.Repeats, d.SetAside))
	for _, e := range d.Accounts {
		took := i18n.M("cmd.as_answered")
		if e.Seconds != nil {
			took = atLeast(*e.Seconds)
		}
		a.line("cmd.account_effort", "account", terminal.Pad(e.Account, 20, false), "targets", e.Targets, "calls", e.Calls,
			"took", took)
	}
	return nil
}
