package main

import (
	"context"
	"strconv"
	"time"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// planDocument is what a resync's dry run prints with --json.
type planDocument struct {
	Job          string   `json:"job"`
	DryRun       bool     `json:"dry_run"`
	Wanted       int64    `json:"wanted"`
	Associated   int64    `json:"associated"`
	InLine       int64    `json:"in_line"`
	Missing      int64    `json:"missing"`
	Surplus      int64    `json:"surplus"`
	Prune        bool     `json:"prune"`
	Calls        int64    `json:"calls"` // at least; the list calls that were made for the plan are not among them
	ListCalls    int64    `json:"list_calls"`
	ListAnew     int64    `json:"list_anew"`    // list calls that the run itself makes, at least
	ListSeconds  *float64 `json:"list_seconds"` // that these take, at least
	Rate         float64  `json:"rate"`
	Seconds      *float64 `json:"seconds"`
	Repeats      int64    `json:"repeats"`
	SetAside     int64    `json:"set_aside"`
	Output       string   `json:"output,omitempty"`
	OutputStores int64    `json:"output_stores,omitempty"`

	List *job.Reading `json:"list,omitempty"` // how it was read
}

// tellPlan tells what a dry run found; with --json nothing where the prune is refused, since the error is the one document.
func (a *app) tellPlan(ctx context.Context, s *site, status job.Status, receipt control.Receipt, output string,
	refused bool) error {
	r := status.Resync
	d := planDocument{Job: status.Job, DryRun: true, Wanted: r.Wanted, Associated: r.InLine + r.Surplus, InLine: r.InLine,
		Missing: r.Missing, Surplus: r.Surplus, Prune: r.Prune, ListCalls: status.Calls, Output: output,
		Repeats: receipt.Job.Repeats, SetAside: receipt.Job.SetAside, List: receipt.Job.Reading}
	size := int64(receipt.Job.ChunkSize)
	d.Calls = (r.Missing + size - 1) / size
	if r.Prune {
		d.Calls += (r.Surplus + size - 1) / size
	}
	rates, err := s.paces(ctx, status.Account)
	if err != nil {
		return err
	}
	if d.Rate = rates[job.Interface(job.Associate, job.Target{})]; d.Rate > 0 {
		seconds := float64(d.Calls) / d.Rate
		d.Seconds = &seconds
	}
	d.ListAnew = max(1, (d.Associated+r.Strange+wxapi.MaxPageSize-1)/wxapi.MaxPageSize)
	if receipt.Job.Resync.Verify {
		d.ListAnew *= 2
	}
	listRate := rates[job.Interface(job.List, job.Target{})]
	if listRate > 0 {
		seconds := float64(d.ListAnew) / listRate
		d.ListSeconds = &seconds
	}
	if output != "" {
		if d.OutputStores, err = writeDifference(s.ledger.Difference(ctx, status.Job), output); err != nil {
			return err
		}
	}
	if a.json {
		if !refused {
			a.out.json(d)
		}
		return nil
	}
	t := a.tongue(a.screen)
	a.out.printf("%s", printable(t.reading(receipt.Job.Reading)))
	a.line("cmd.plan_shown", "calls", status.Calls, "plan", plan(status))
	took := func(seconds *float64, rate float64) i18n.Message {
		if seconds == nil {
			return i18n.Message{}
		}
		span := i18n.Rough(time.Duration(*seconds * float64(time.Second)))
		return i18n.M("cmd.at_rate_of", "span", span, "rate", strconv.FormatFloat(rate, 'g', 4, 64))
	}
	switch {
	case refused:
	case d.Calls == 0:
		a.line("cmd.nothing_to_send")
	default:
		a.line("cmd.run_anew", "list_calls", d.ListAnew, "listing", took(d.ListSeconds, listRate), "calls", d.Calls,
			"sending", took(d.Seconds, d.Rate))
	}
	if output != "" {
		a.line("cmd.difference_written", "stores", d.OutputStores, "file", output)
	}
	return nil
}

func plan(s job.Status) i18n.Message {
	r := s.Resync
	surplus := i18n.M("cmd.surplus_none")
	switch {
	case r.Surplus > 0 && r.Prune:
		surplus = i18n.M("cmd.surplus_removed", "stores", r.Surplus)
	case r.Surplus > 0:
		surplus = i18n.M("cmd.surplus_stays", "stores", r.Surplus)
	}
	return i18n.M("cmd.plan", "job", s.Job, "wanted", r.Wanted, "in_line", r.InLine, "missing", r.Missing, "surplus", surplus)
}
