package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/terminal"
)

// states are what --state takes.
var states = []job.State{job.Staging, job.Scheduled, job.Running, job.Paused, job.Completed, job.Cancelling, job.Cancelled,
	job.Aborting, job.Aborted}

func (a *app) jobsCommand() *cobra.Command {
	var filter ledger.Filter
	var state, batch string
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: a.help("help.jobs"),
		Long:  a.help("help.jobs_long"),
		Example: `  enqueue jobs --limit 20
  enqueue jobs --state running --account acme
  enqueue jobs --stock 98065001 --json | jq -r '.[].job'`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.State = job.State(state)
			if state != "" && !slices.Contains(states, filter.State) {
				return job.Fail(job.CodeUsage, "flag.state", "value", state, "states", states)
			}
			if filter.Limit < 0 {
				return job.Fail(job.CodeUsage, "flag.limit", "value", filter.Limit)
			}
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			var jobs []job.Status
			if batch == "" {
				var list ledger.JobList
				list, err = s.ledger.JobList(cmd.Context(), filter, 0)
				jobs = list.Jobs
				for _, id := range list.Damaged {
					a.warn("cmd.damaged_job", "job", id)
				}
			} else if _, err = s.status(cmd.Context(), batch); err == nil {
				jobs, err = s.ledger.BatchJobs(cmd.Context(), batch)
				jobs = slices.DeleteFunc(jobs, func(s job.Status) bool { return !filter.Matches(s) })
				if filter.Limit > 0 {
					jobs = jobs[:min(len(jobs), filter.Limit)]
				}
			}
			if err == nil {
				a.list(jobs)
			}
			return s.closed(err)
		},
	}
	f := a.flags(cmd)
	f.SortFlags = false
	f.addString(&state, "state", "", "help.flag_state", "states", states)
	f.addString(&filter.Account, "account", "", "help.flag_jobs_account")
	f.addString(&filter.Brand, "brand", "", "help.flag_jobs_brand")
	f.addString(&filter.Stock, "stock", "", "help.flag_jobs_stock")
	f.addString(&batch, "batch", "", "help.flag_batch")
	f.addInt(&filter.Limit, "limit", 0, "help.flag_limit")
	return cmd
}

// list prints jobs, a line each.
func (a *app) list(jobs []job.Status) {
	if a.json {
		a.out.json(jobs)
		return
	}
	if len(jobs) == 0 {
		a.line("cmd.no_jobs")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "cmd.head_job"}, terminal.Column{Name: "cmd.head_state"},
		terminal.Column{Name: "cmd.head_operation", Drop: 6},
		terminal.Column{Name: "cmd.head_account", Least: 8, Drop: 3}, terminal.Column{Name: "cmd.head_stock_or_bundle", Drop: 5},
		terminal.Column{Name: "cmd.head_done", Right: true, Drop: 1}, terminal.Column{Name: "cmd.head_stores", Right: true,
			Drop: 1},
		terminal.Column{Name: "cmd.head_failed", Right: true}, terminal.Column{Name: "cmd.head_created", Drop: 4},
		terminal.Column{Name: "cmd.head_label", Least: 8, Drop: 2})
	for _, s := range jobs {
		state := say.state(string(s.State))
		if word, _ := obstacle(s); word != "" && s.State == job.Running {
			state.Text = say.say("cmd.with_obstacle", "state", i18n.Term(s.State), "obstacle", i18n.Term(word))
			state.Style = terminal.Yellow
		}
		t.Add(text(s.Job), state, text(say.in(operation(s))), text(s.Account), text(s.StockID+s.StockBundleID),
			text(count(s.Succeeded+s.Failed)), text(count(s.Total)), failedCell(s.Failed), text(moment(s.CreatedAt)),
			text(cell(s.Label, 40)))
	}
	a.print(t)
}

// operation is what a job does; one that only looks says so.
func operation(s job.Status) i18n.Message {
	if s.Resync != nil && s.Resync.DryRun {
		return i18n.M("cmd.operation_dry_run", "operation", i18n.Term(s.Operation))
	}
	return i18n.Term(s.Operation)
}
