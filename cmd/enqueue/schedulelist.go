package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/terminal"
)

// zoned is how a tick is written: by its schedule's clocks.
const zoned = "2006-01-02 15:04:05 -07:00"

// scheduleDocument is a schedule with --json.
type scheduleDocument struct {
	Name             string             `json:"name"`
	Cron             string             `json:"cron"`
	Timezone         string             `json:"timezone"`
	Paused           bool               `json:"paused"`
	CatchUp          bool               `json:"catch_up"`
	Operation        job.Operation      `json:"operation"`
	Account          string             `json:"account"`
	BrandID          string             `json:"brand_id"`
	ProductCouponID  string             `json:"product_coupon_id"`
	StockID          string             `json:"stock_id,omitempty"`
	StockBundleID    string             `json:"stock_bundle_id,omitempty"`
	Source           string             `json:"source"` // of an address, without its query
	Column           string             `json:"column,omitempty"`
	Sheet            string             `json:"sheet,omitempty"`
	Header           int                `json:"header,omitempty"`
	NoHeader         bool               `json:"no_header,omitempty"`
	IDs              string             `json:"ids,omitempty"`
	Label            string             `json:"label"`
	Priority         job.Priority       `json:"priority"`
	ChunkSize        int                `json:"chunk_size"`
	FailureThreshold int                `json:"failure_threshold"`
	Resync           *job.ResyncOptions `json:"resync,omitempty"`
	Notify           string             `json:"notify,omitempty"` // its format and host
	AddedAt          time.Time          `json:"added_at"`
	AddedBy          string             `json:"added_by"`
	Next             *time.Time         `json:"next"` // null while it is paused
	LastRun          *schedule.Run      `json:"last_run"`
	Runs             *[]schedule.Run    `json:"runs,omitempty"` // of show: the newest first
}

func documentOf(s schedule.Schedule, runs bool) scheduleDocument {
	j := s.Job
	d := scheduleDocument{Name: s.Name, Cron: s.Cron, Timezone: s.Timezone, Paused: s.Paused, CatchUp: s.CatchUp,
		Operation: j.Operation, Account: j.Account, BrandID: j.Target.BrandID, ProductCouponID: j.Target.ProductCouponID,
		StockID: j.Target.StockID, StockBundleID: j.Target.StockBundleID, Source: source.Shown(s.Source), Column: s.Column, Sheet: s.Sheet,
		Header: s.Header, NoHeader: s.NoHeader, IDs: s.IDs,
		Label: j.Label, Priority: j.Priority, ChunkSize: j.ChunkSize, FailureThreshold: j.FailureThreshold, Resync: j.Resync,
		Notify: shownHook(j.Notify), AddedAt: s.AddedAt, AddedBy: s.AddedBy, Next: s.Next, LastRun: s.LastRun}
	if runs {
		d.Runs = &s.Runs
	}
	return d
}

// shownHook is a hook without what may be secret in it: all but its host.
func shownHook(h *job.Hook) string {
	if h == nil {
		return ""
	}
	return notify.HookOf(*h).String()
}

func (a *app) scheduleListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the schedules, with their next tick and their last run",
		Long: `List the schedules by name, with their next tick and their last run.

With --json: one array of schedules.`,
		Example: `  enqueue schedule list
  enqueue schedule list --json | jq -r '.[] | select(.last_run.state == "failed") | .name'`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSchedules(cmd.Context(), func(ctx context.Context, at *site, book *schedule.Book) error {
				all, err := book.List(ctx)
				if err != nil {
					return err
				}
				for _, s := range all {
					if r := s.LastRun; r != nil {
						at.sayWhyDue(ctx, s.Job.Account, r)
					}
				}
				a.listSchedules(all)
				return nil
			})
		},
	}
}

func (a *app) listSchedules(all []schedule.Schedule) {
	if a.json {
		documents := make([]scheduleDocument, len(all))
		for i, s := range all {
			documents[i] = documentOf(s, false)
		}
		a.out.json(documents)
		return
	}
	if len(all) == 0 {
		a.line("There are no schedules.")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "NAME"}, terminal.Column{Name: "CRON", Drop: 4}, terminal.Column{Name: "OPERATION", Drop: 6},
		terminal.Column{Name: "ACCOUNT", Least: 8, Drop: 7}, terminal.Column{Name: "STOCK OR BUNDLE", Drop: 8},
		terminal.Column{Name: "NEXT TICK", Drop: 1}, terminal.Column{Name: "LAST RUN", Drop: 3}, terminal.Column{Name: "IS"},
		terminal.Column{Name: "JOB", Drop: 2}, terminal.Column{Name: "REASON", Least: 16, Drop: 5})
	for _, s := range all {
		next := say.say("paused")
		if s.Next != nil {
			next = s.Next.Format(zoned)
		}
		tick, is, id, reason := "-", terminal.Cell{}, "", ""
		if r := s.LastRun; r != nil {
			tick, is, id, reason = r.Tick.Format(zoned), say.run(*r), r.Job, cell(say.sentence(r.Reason), 120)
		}
		t.Add(text(s.Name), text(s.Cron), text(say.term(string(s.Job.Operation))), text(s.Job.Account),
			text(s.Job.Target.StockID+s.Job.Target.StockBundleID), text(next), text(tick), is, text(id), text(reason))
	}
	a.print(t)
}

// sayWhyDue gives a run that is due a reason, where nobody is there to begin with it.
func (s *site) sayWhyDue(ctx context.Context, account string, r *schedule.Run) {
	if r.State != schedule.Due || r.Reason != "" {
		return
	}
	if known, err := s.account(ctx, account); err == nil { // else the run is told as it is
		_, r.Reason = known.unserved()
	}
}

// run is what became of a run, in a few words.
func (t tongue) run(r schedule.Run) terminal.Cell {
	switch {
	case r.Outcome != nil:
		return t.state(string(r.Outcome.State))
	case r.State == schedule.Missed && r.Missed > 1:
		return terminal.Cell{Text: t.say("missed (%s)", count(r.Missed)), Style: terminal.Yellow}
	}
	return t.state(string(r.State))
}

func (a *app) scheduleShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Tell what a schedule does, and of its last 50 runs",
		Long: `Tell what a schedule does, and of its last 50 runs, the newest first: which job each made, how that ended, and, of a
resync, how many stores were missing or too much.

With --json: the schedule with its runs.`,
		Example: `  enqueue schedule show nightly
  enqueue schedule show nightly --json | jq '.runs[0].outcome.drift'`,
		Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedules(cmd.Context(), func(ctx context.Context, at *site, book *schedule.Book) error {
				return a.tellSchedule(ctx, at, book, args[0])
			})
		},
	}
}

// tellSchedule prints a schedule with its runs.
func (a *app) tellSchedule(ctx context.Context, at *site, book *schedule.Book, name string) error {
	s, err := book.Get(ctx, name)
	if err != nil {
		return err
	}
	for i := range s.Runs {
		at.sayWhyDue(ctx, s.Job.Account, &s.Runs[i])
	}
	d := documentOf(s, true)
	if a.json {
		a.out.json(d)
		return nil
	}
	t := a.tongue(a.screen)
	next := t.say("none while it is paused")
	if s.Next != nil {
		next = s.Next.Format(zoned)
	}
	rows := [][2]string{{"schedule", s.Name}, {"cron", s.Cron + " (" + s.Timezone + ")"}, {"next tick", next},
		{"operation", t.say("%s, %s", t.term(string(d.Operation)), t.target(s.Job.Target))}, {"account", d.Account}, {"brand", d.BrandID},
		{"source", d.Source}, {"priority", t.term(string(d.Priority))}}
	if r := d.Resync; r != nil && r.Prune {
		rows = append(rows, [2]string{"prune", t.say("at most %s", t.mostPruned(r))})
	}
	header := ""
	switch {
	case d.NoHeader:
		header = t.say("none")
	case d.Header > 0:
		header = t.say("line %d", d.Header)
	}
	for _, r := range [][2]string{{"column", d.Column}, {"ids", d.IDs}, {"header", header}, {"sheet", d.Sheet}, {"label", d.Label}, {"notify", d.Notify}} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	if s.CatchUp {
		rows = append(rows, [2]string{"catch up", t.say("the latest missed tick is made up for")})
	}
	a.rows(append(rows, [2]string{"added", t.say("%s by %s", moment(s.AddedAt), s.AddedBy)}))
	a.listRuns(s.Runs)
	return nil
}

// mostPruned says how much a resync may remove.
func (t tongue) mostPruned(r *job.ResyncOptions) string {
	switch {
	case r.MaxPruneStores != nil:
		return t.stores(*r.MaxPruneStores)
	case r.MaxPrunePercent != nil:
		return fmt.Sprintf("%v %%", *r.MaxPrunePercent)
	}
	return fmt.Sprintf("%d %%", job.DefaultMaxPrune)
}

func (a *app) listRuns(runs []schedule.Run) {
	if len(runs) == 0 {
		a.line("It has not run yet.")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "RUN", Drop: 6}, terminal.Column{Name: "TICK"}, terminal.Column{Name: "KIND", Drop: 7},
		terminal.Column{Name: "IS"}, terminal.Column{Name: "JOB", Drop: 1}, terminal.Column{Name: "STORES", Right: true, Drop: 3},
		terminal.Column{Name: "FAILED", Right: true, Drop: 2}, terminal.Column{Name: "UNPROCESSED", Right: true, Drop: 4},
		terminal.Column{Name: "MISSING", Right: true, Drop: 5}, terminal.Column{Name: "SURPLUS", Right: true, Drop: 5},
		terminal.Column{Name: "CONTRADICTED", Right: true, Drop: 5},
		terminal.Column{Name: "REASON", Least: 16, Drop: 8})
	for _, r := range runs {
		cells := []terminal.Cell{text(strconv.FormatInt(r.Number, 10)), text(r.Tick.Format(zoned)), text(say.term(string(r.Kind))),
			say.run(r), text(r.Job)}
		figures := make([]terminal.Cell, 6)
		if o := r.Outcome; o != nil {
			figures[0], figures[1], figures[2] = text(count(o.Total)), failedCell(o.Failed), failedCell(o.Unprocessed)
			if d := o.Drift; d != nil {
				figures[3], figures[4] = text(count(d.Missing)), text(count(d.Surplus))
				figures[5] = failedCell(o.Contradicted)
			}
		}
		t.Add(append(append(cells, figures...), text(cell(say.sentence(r.Reason), 160)))...)
	}
	a.out.printf("\n")
	a.print(t)
}
