package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
)

// states are what --state takes.
var states = []job.State{job.Staging, job.Scheduled, job.Running, job.Paused, job.Completed, job.Cancelling, job.Cancelled,
	job.Aborting, job.Aborted}

func (a *app) jobsCommand() *cobra.Command {
	var filter results.Filter
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
				jobs, err = s.ledger.Jobs(cmd.Context(), filter)
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
		a.out.printf("There are no such jobs.\n")
		return
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "JOB\tSTATE\tOPERATION\tACCOUNT\tSTOCK OR BUNDLE\tDONE\tSTORES\tFAILED\tCREATED\tLABEL")
	for _, s := range jobs {
		state := string(s.State)
		if word, _ := obstacle(s); word != "" && s.State == job.Running {
			state += " (" + word + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Job, state, s.Operation, s.Account, s.StockID+s.StockBundleID,
			count(s.Succeeded+s.Failed), count(s.Total), count(s.Failed), moment(s.CreatedAt), cell(s.Label, 40))
	}
	_ = t.Flush() // its errors stick to a.out
}
