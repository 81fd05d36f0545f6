package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
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
	return notify.Hook{URL: h.URL, Format: notify.Format(h.Format)}.String()
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
			return a.withSchedules(cmd.Context(), func(ctx context.Context, _ *site, book *schedule.Book) error {
				all, err := book.List(ctx)
				if err == nil {
					a.listSchedules(all)
				}
				return err
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
		a.out.printf("There are no schedules.\n")
		return
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tCRON\tOPERATION\tACCOUNT\tSTOCK OR BUNDLE\tNEXT TICK\tLAST RUN\tIS\tJOB\tREASON")
	for _, s := range all {
		next := "paused"
		if s.Next != nil {
			next = s.Next.Format(zoned)
		}
		tick, is, id, reason := "-", "", "", ""
		if r := s.LastRun; r != nil {
			tick, is, id, reason = r.Tick.Format(zoned), runText(*r), r.Job, cell(r.Reason, 120)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Cron, s.Job.Operation, s.Job.Account,
			s.Job.Target.StockID+s.Job.Target.StockBundleID, next, tick, is, id, reason)
	}
	_ = t.Flush() // its errors stick to a.out
}

// runText is what became of a run, in a few words.
func runText(r schedule.Run) string {
	switch {
	case r.Outcome != nil:
		return string(r.Outcome.State)
	case r.State == schedule.Missed && r.Missed > 1:
		return fmt.Sprintf("missed (%s)", count(r.Missed))
	}
	return string(r.State)
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
			return a.withSchedules(cmd.Context(), func(ctx context.Context, _ *site, book *schedule.Book) error {
				return a.tellSchedule(ctx, book, args[0])
			})
		},
	}
}

// tellSchedule prints a schedule with its runs.
func (a *app) tellSchedule(ctx context.Context, book *schedule.Book, name string) error {
	s, err := book.Get(ctx, name)
	if err != nil {
		return err
	}
	d := documentOf(s, true)
	if a.json {
		a.out.json(d)
		return nil
	}
	next := "none while it is paused"
	if s.Next != nil {
		next = s.Next.Format(zoned)
	}
	rows := [][2]string{{"schedule", s.Name}, {"cron", s.Cron + " (" + s.Timezone + ")"}, {"next tick", next},
		{"operation", string(d.Operation) + ", " + s.Job.Target.String()}, {"account", d.Account}, {"brand", d.BrandID},
		{"source", d.Source}, {"priority", string(d.Priority)}}
	if r := d.Resync; r != nil && r.Prune {
		rows = append(rows, [2]string{"prune", "at most " + mostPruned(r)})
	}
	for _, r := range [][2]string{{"column", d.Column}, {"sheet", d.Sheet}, {"label", d.Label}, {"notify", d.Notify}} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	if s.CatchUp {
		rows = append(rows, [2]string{"catch up", "the latest missed tick is made up for"})
	}
	a.rows(append(rows, [2]string{"added", moment(s.AddedAt) + " by " + s.AddedBy}))
	a.listRuns(s.Runs)
	return nil
}

// mostPruned says how much a resync may remove.
func mostPruned(r *job.ResyncOptions) string {
	switch {
	case r.MaxPruneStores != nil:
		return stores(*r.MaxPruneStores)
	case r.MaxPrunePercent != nil:
		return fmt.Sprintf("%v %%", *r.MaxPrunePercent)
	}
	return fmt.Sprintf("%d %%", job.DefaultMaxPrune)
}

func (a *app) listRuns(runs []schedule.Run) {
	if len(runs) == 0 {
		a.out.printf("It has not run yet.\n")
		return
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nRUN\tTICK\tKIND\tIS\tJOB\tSTORES\tFAILED\tUNPROCESSED\tMISSING\tSURPLUS\tREASON")
	for _, r := range runs {
		figures := "\t\t\t\t"
		if o := r.Outcome; o != nil {
			figures = count(o.Total) + "\t" + count(o.Failed) + "\t" + count(o.Unprocessed) + "\t\t"
			if d := o.Drift; d != nil {
				figures = count(o.Total) + "\t" + count(o.Failed) + "\t" + count(o.Unprocessed) + "\t" + count(d.Missing) + "\t" +
					count(d.Surplus)
			}
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, r.Tick.Format(zoned), r.Kind, runText(r), r.Job, figures,
			cell(r.Reason, 160))
	}
	_ = t.Flush() // its errors stick to a.out
}
