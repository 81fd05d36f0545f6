package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
		Short: "List the jobs, the newest first",
		Long: `List the jobs, the newest first. Jobs that have ended are kept for a time (30 days unless configured), then expire.

With --json: one array of status documents.`,
		Example: `  enqueue jobs --limit 20
  enqueue jobs --state running --account acme
  enqueue jobs --stock 98065001 --json | jq -r '.[].job'`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.State = job.State(state)
			if state != "" && !slices.Contains(states, filter.State) {
				return job.Errorf(job.CodeUsage, "--state %q: it is one of %s", state, joined(states))
			}
			if filter.Limit < 0 {
				return job.Errorf(job.CodeUsage, "--limit %d: it cannot be negative", filter.Limit)
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
					a.warn("the record of job %s in Redis cannot be read: `enqueue status %s` says why", id, id)
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
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&state, "state", "", "only jobs in this `STATE`: "+joined(states))
	f.StringVar(&filter.Account, "account", "", "only jobs of the account of this `NAME`")
	f.StringVar(&filter.Brand, "brand", "", "only jobs for the brand with this `ID`")
	f.StringVar(&filter.Stock, "stock", "", "only jobs for the stock or stock bundle with this `ID`")
	f.StringVar(&batch, "batch", "", "the jobs of the batch with this `ID`, in its order; a batch itself is listed as one")
	f.IntVar(&filter.Limit, "limit", 0, "at most this `NUMBER` of jobs; 0 is all")
	return cmd
}

func joined[T ~string](all []T) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = string(v)
	}
	return strings.Join(parts, ", ")
}

// list prints jobs, a line each.
func (a *app) list(jobs []job.Status) {
	if a.json {
		a.out.json(jobs)
		return
	}
	if len(jobs) == 0 {
		a.line("There are no such jobs.")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "JOB"}, terminal.Column{Name: "STATE"}, terminal.Column{Name: "OPERATION", Drop: 6},
		terminal.Column{Name: "ACCOUNT", Least: 8, Drop: 3}, terminal.Column{Name: "STOCK OR BUNDLE", Drop: 5},
		terminal.Column{Name: "DONE", Right: true, Drop: 1}, terminal.Column{Name: "STORES", Right: true, Drop: 1},
		terminal.Column{Name: "FAILED", Right: true}, terminal.Column{Name: "CREATED", Drop: 4},
		terminal.Column{Name: "LABEL", Least: 8, Drop: 2})
	for _, s := range jobs {
		state := say.state(string(s.State))
		if word, _ := say.obstacle(s); word != "" && s.State == job.Running {
			state.Text += " (" + say.term(word) + ")"
			state.Style = terminal.Yellow
		}
		t.Add(text(s.Job), state, text(say.operation(s)), text(s.Account), text(s.StockID+s.StockBundleID),
			text(count(s.Succeeded+s.Failed)), text(count(s.Total)), failedCell(s.Failed), text(moment(s.CreatedAt)),
			text(cell(s.Label, 40)))
	}
	a.print(t)
}

// operation is what a job does; one that only looks says so.
func (t tongue) operation(s job.Status) string {
	op := t.term(string(s.Operation))
	if s.Resync != nil && s.Resync.DryRun {
		return t.say("%s (dry run)", op)
	}
	return op
}
