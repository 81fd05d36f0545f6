package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// outcomes are what --only takes.
var outcomes = []job.Outcome{job.Succeeded, job.Failed, job.Pending, job.Unprocessed}

// resultsFlags are those of results.
type resultsFlags struct {
	only, output, encoding string

	join, sheet string
	readFlags
}

func (a *app) resultsCommand() *cobra.Command {
	f := &resultsFlags{}
	cmd := &cobra.Command{
		Use:   "results JOB",
		Short: a.help("help.results"),
		Long:  a.help("help.results_long"),
		Example: `  enqueue results 20260701-093000-k3jq7w2p --output report.xlsx
  enqueue results 20260701-093000-k3jq7w2p --output report.csv --encoding gb18030
  enqueue results 20260701-093000-k3jq7w2p --only failed
  enqueue results 20260701-093000-k3jq7w2p --join stores.xlsx --output stores-done.xlsx
  enqueue results 20260701-093000-k3jq7w2p --join stores.xlsx --only failed --output stores-failed.xlsx
  enqueue results 20260701-093000-k3jq7w2p --json | jq -r 'select(.outcome == "failed") | .store_id'`,
		Args: one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkResults(f); err != nil {
				return err
			}
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			return s.closed(a.results(cmd.Context(), s, args[0], f))
		},
	}
	flags := a.flags(cmd)
	flags.SortFlags = false
	flags.addString(&f.only, "only", "", "help.flag_only", "outcomes", outcomes)
	flags.addString(&f.output, "output", "", "help.flag_output")
	flags.addString(&f.encoding, "encoding", "", "help.flag_results_encoding")
	flags.addString(&f.join, "join", "", "help.flag_join")
	f.readFlags.register(flags, i18n.M("help.of_join"))
	flags.addString(&f.sheet, "sheet", "", "help.flag_join_sheet")
	return cmd
}

// checkResults checks what can be told from the flags alone.
func (a *app) checkResults(f *resultsFlags) error {
	if f.only != "" && !slices.Contains(outcomes, job.Outcome(f.only)) {
		return job.Fail(job.CodeUsage, "flag.only", "value", f.only, "outcomes", outcomes)
	}
	if f.output == "-" {
		f.output = ""
	}
	switch {
	case f.join != "":
		return a.checkJoin(f)
	case f.readFlags.any() || f.sheet != "":
		return job.Fail(job.CodeUsage, "flag.reading_needs_join")
	case f.output != "":
		return checkReport(f.output, f.encoding)
	case a.json:
		return checkEncoding(f.encoding, report.JSONLines)
	}
	return checkEncoding(f.encoding, report.CSV)
}

func (a *app) results(ctx context.Context, s *site, id string, f *resultsFlags) error {
	if _, err := s.status(ctx, id); err != nil {
		return err
	}
	if f.join != "" {
		return a.join(ctx, s, id, f)
	}
	wish := a.wish(job.Outcome(f.only), f.encoding)
	if f.output != "" {
		rows, err := writeReport(ctx, s.ledger, id, wish, f.output)
		return a.reportWritten(rows, f.output, err)
	}
	format := report.CSV
	if a.json {
		format = report.JSONLines
	}
	wish.shown = a.screen.Terminal
	_, err := copyRows(ctx, s.ledger, id, wish, a.out, format)
	return onStandardOutput(err)
}

// reportWritten tells of a report that was written.
func (a *app) reportWritten(rows int64, name string, err error) error {
	if err == nil && !a.json {
		a.line("cmd.rows_written", "rows", rows, "file", name)
	}
	return err
}

// onStandardOutput passes over an error of writing there: it sticks to the printer, and is told at the end.
func onStandardOutput(err error) error {
	if e := (*writing)(nil); errors.As(err, &e) {
		return nil
	}
	return err
}
