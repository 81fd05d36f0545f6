package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
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
		Short: a.help("help.schedule_list"),
		Long:  a.help("help.schedule_list_long"),
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
		a.line("cmd.no_schedules")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "cmd.head_name"}, terminal.Column{Name: "cmd.head_cron", Drop: 4},
		terminal.Column{Name: "cmd.head_operation", Drop: 6},
		terminal.Column{Name: "cmd.head_account", Least: 8, Drop: 7}, terminal.Column{Name: "cmd.head_stock_or_bundle", Drop: 8},
		terminal.Column{Name: "cmd.head_next_tick", Drop: 1}, terminal.Column{Name: "cmd.head_last_run", Drop: 3},
		terminal.Column{Name: "cmd.head_is"},
		terminal.Column{Name: "cmd.head_job", Drop: 2}, terminal.Column{Name: "cmd.head_reason", Least: 16, Drop: 5})
	for _, s := range all {
		next := say.say("cmd.schedule_paused")
		if s.Next != nil {
			next = s.Next.Format(zoned)
		}
		tick, is, id, reason := "-", terminal.Cell{}, "", ""
		if r := s.LastRun; r != nil {
			tick, is, id, reason = r.Tick.Format(zoned), say.run(*r), r.Job, cell(say.in(i18n.Plain(r.Reason)), 120)
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
		_, why := known.unserved()
		r.Reason = why.String()
	}
}

// run is what became of a run, in a few words.
func (t tongue) run(r schedule.Run) terminal.Cell {
	switch {
	case r.Outcome != nil:
		return t.state(string(r.Outcome.State))
	case r.State == schedule.Missed && r.Missed > 1:
		return terminal.Cell{Text: t.say("cmd.missed_times", "n", r.Missed), Style: terminal.Yellow}
	}
	return t.state(string(r.State))
}

func (a *app) scheduleShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: a.help("help.schedule_show"),
		Long:  a.help("help.schedule_show_long"),
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
	next := t.say("cmd.next_paused")
	if s.Next != nil {
		next = s.Next.Format(zoned)
	}
	rows := [][2]string{{"cmd.row_schedule", s.Name}, {"cmd.row_cron", s.Cron + " (" + s.Timezone + ")"},
		{"cmd.row_next_tick", next},
		{"cmd.row_operation", t.say("cmd.operation_target", "operation", i18n.Term(d.Operation), "target",
			about(s.Job.Target))}, {"cmd.row_account", d.Account}, {"cmd.row_brand", d.BrandID},
		{"cmd.row_source", d.Source}, {"cmd.row_priority", t.term(string(d.Priority))}}
	if r := d.Resync; r != nil && r.Prune {
		rows = append(rows, [2]string{"cmd.row_prune", t.say("cmd.at_most", "what", mostPruned(r))})
	}
	header := ""
	switch {
	case d.NoHeader:
		header = t.say("cmd.none")
	case d.Header > 0:
		header = t.say("cmd.line_number", "line", d.Header)
	}
	for _, r := range [][2]string{{"cmd.row_column", d.Column}, {"cmd.row_ids", d.IDs}, {"cmd.row_header", header},
		{"cmd.row_sheet", d.Sheet}, {"cmd.row_label", d.Label}, {"cmd.row_notify", d.Notify}} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	if s.CatchUp {
		rows = append(rows, [2]string{"cmd.row_catch_up", t.say("cmd.caught_up")})
	}
	a.rows(append(rows, [2]string{"cmd.row_added", t.say("cmd.added_by", "at", moment(s.AddedAt), "by", s.AddedBy)}))
	a.listRuns(s.Runs)
	return nil
}

// mostPruned says how much a resync may remove.
func mostPruned(r *job.ResyncOptions) i18n.Message {
	switch {
	case r.MaxPruneStores != nil:
		return i18n.M("cmd.stores", "stores", *r.MaxPruneStores)
	case r.MaxPrunePercent != nil:
		return i18n.M("cmd.percent", "share", *r.MaxPrunePercent)
	}
	return i18n.M("cmd.percent", "share", job.DefaultMaxPrune)
}

func (a *app) listRuns(runs []schedule.Run) {
	if len(runs) == 0 {
		a.line("cmd.not_run")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "cmd.head_run", Drop: 6}, terminal.Column{Name: "cmd.head_tick"},
		terminal.Column{Name: "cmd.head_kind", Drop: 7},
		terminal.Column{Name: "cmd.head_is"}, terminal.Column{Name: "cmd.head_job", Drop: 1},
		terminal.Column{Name: "cmd.head_stores", Right: true, Drop: 3},
		terminal.Column{Name: "cmd.head_failed", Right: true, Drop: 2}, terminal.Column{Name: "cmd.head_unprocessed",
			Right: true, Drop: 4},
		terminal.Column{Name: "cmd.head_missing", Right: true, Drop: 5}, terminal.Column{Name: "cmd.head_surplus",
			Right: true, Drop: 5},
		terminal.Column{Name: "cmd.head_contradicted", Right: true, Drop: 5},
		terminal.Column{Name: "cmd.head_reason", Least: 16, Drop: 8})
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
		t.Add(append(append(cells, figures...), text(cell(say.in(i18n.Plain(r.Reason)), 160)))...)
	}
	a.out.printf("\n")
	a.print(t)
}
