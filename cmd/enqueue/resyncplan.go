package main

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/control"
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
	a.line("Nothing was sent but %s. %s", t.plural(status.Calls, "list call"), t.plan(status))
	took := func(seconds *float64, rate float64) string {
		if seconds == nil {
			return ""
		}
		return t.say(", %s at %.4g calls a second", t.span(time.Duration(*seconds*float64(time.Second))), rate)
	}
	switch {
	case refused:
	case d.Calls == 0:
		a.line("There is nothing to send.")
	default:
		a.line("The run lists anew, in %s%s, and then takes at least %s%s.", t.plural(d.ListAnew, "list call"),
			took(d.ListSeconds, listRate), t.plural(d.Calls, "call"), took(d.Seconds, d.Rate))
	}
	if output != "" {
		a.line("The difference, %s, is in %s.", t.stores(d.OutputStores), output)
	}
	return nil
}

func (t tongue) plan(s job.Status) string {
	r := s.Resync
	surplus := t.say("none is too much")
	switch {
	case r.Surplus > 0 && r.Prune:
		surplus = t.say("%s are too much and are disassociated after that", t.stores(r.Surplus))
	case r.Surplus > 0:
		surplus = t.say("%s are too much and stay (--prune would disassociate them)", t.stores(r.Surplus))
	}
	return t.say("Job %s: %s of the list, %s in line; %s are missing and to be associated; %s.", s.Job, t.stores(r.Wanted),
		count(r.InLine), t.stores(r.Missing), surplus)
}
