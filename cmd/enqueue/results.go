package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
)

// outcomes are what --only takes.
var outcomes = []job.Outcome{job.Succeeded, job.Failed, job.Pending, job.Unprocessed}

func (a *app) resultsCommand() *cobra.Command {
	var only, output string
	cmd := &cobra.Command{
		Use:   "results JOB",
		Short: "Write what became of every store of a job",
		Long: `Write what became of every store of a job, in the list's order, each store once: as CSV to standard output, or to a file
as its ending says (.csv, .jsonl), which appears whole or not at all. The columns are store_id, outcome, code, message,
request_id, attempts and decided_at. It can be asked for at any time: what is not decided yet is pending.

With --json: a row a line (JSON lines) on standard output.`,
		Example: `  enqueue results 20260701-093000-k3jq7w2p --output report.csv
  enqueue results 20260701-093000-k3jq7w2p --only failed
  enqueue results 20260701-093000-k3jq7w2p --json | jq -r 'select(.outcome == "failed") | .store_id'`,
		Args: one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if only != "" && !slices.Contains(outcomes, job.Outcome(only)) {
				return job.Errorf(job.CodeUsage, "--only %q: it is one of %s", only, joined(outcomes))
			}
			if output == "-" {
				output = ""
			}
			if output != "" {
				if err := checkReport(output); err != nil {
					return err
				}
			}
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			return s.closed(a.results(cmd.Context(), s, args[0], job.Outcome(only), output))
		},
	}
	cmd.Flags().StringVar(&only, "only", "", "only stores with this `OUTCOME`: "+joined(outcomes))
	cmd.Flags().StringVar(&output, "output", "", "write to `FILE` (.csv or .jsonl) instead of standard output")
	return cmd
}

func (a *app) results(ctx context.Context, s *site, id string, only job.Outcome, output string) error {
	if _, err := s.status(ctx, id); err != nil {
		return err
	}
	if output != "" {
		rows, err := writeReport(ctx, s.ledger, id, only, output)
		if err == nil && !a.json {
			a.out.printf("%s written to %s.\n", plural(rows, "row"), output)
		}
		return err
	}
	format := results.ReportCSV
	if a.json {
		format = results.ReportJSONLines
	}
	_, err := copyRows(ctx, s.ledger, id, only, a.out, format)
	if e := (*writing)(nil); errors.As(err, &e) {
		return nil // it sticks to a.out
	}
	return err
}
