package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

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
		Short: "Write what became of every store of a job",
		Long: `Write what became of every store of a job, in the list's order, each store once: as CSV to standard output, or to a file
as its ending says (.xlsx, .csv, .jsonl), which appears whole or not at all. The columns are store_id, outcome, code,
message, request_id, attempts and decided_at. It can be asked for at any time: what is not decided yet is pending.

As .xlsx it has a summary, with the failures by code, what each means and what to do, and the stores. CSV is UTF-8 unless
--encoding says otherwise; Excel in China shows Chinese in it as utf-8-bom or gb18030. A field that a spreadsheet would
take for a formula gets an apostrophe before it.

--join gives a list back, CSV, TSV or .xlsx, with every column and row as it was and in its order, and behind them what
became of each row's store (storelink_outcome, …): mostly the list that was submitted. A workbook that is given back as .xlsx
is the same workbook with cells added; in CSV each line has the bytes that it came in, with cells added in the list's encoding
(unless --encoding says otherwise) and with its separator.
--only keeps the header and the rows of the stores with that outcome. Repeats have their store's
outcome; rows without a good store ID read "set aside", and stores that the job does not have "not in the job". Of a
batch, a row stands once for each job that has its store, or for its own target where the list has a column for it.

With --json: a row a line (JSON lines) on standard output.`,
		Example: `  enqueue results 20260701-093000-k3jq7w2p --output report.xlsx
  enqueue results 20260701-093000-k3jq7w2p --output report.csv --encoding gb18030
  enqueue results 20260701-093000-k3jq7w2p --only failed
  enqueue results 20260701-093000-k3jq7w2p --join stores.xlsx --output stores-done.xlsx
  enqueue results 20260701-093000-k3jq7w2p --join stores.xlsx --only failed --output stores-failed.xlsx
  enqueue results 20260701-093000-k3jq7w2p --json | jq -r 'select(.outcome == "failed") | .store_id'`,
		Args: one("the JOB's ID"),
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
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.only, "only", "", "only stores with this `OUTCOME`: "+joined(outcomes))
	flags.StringVar(&f.output, "output", "", "write to `FILE` (.xlsx, .csv or .jsonl) instead of standard output")
	flags.StringVar(&f.encoding, "encoding", "", "of CSV: utf-8, utf-8-bom or gb18030 (default utf-8; with --join the list's)")
	flags.StringVar(&f.join, "join", "", "give this `LIST` back with the outcomes behind its columns")
	f.readFlags.register(flags, "of --join: ")
	flags.StringVar(&f.sheet, "sheet", "", "of --join: a spreadsheet's sheet, its `NAME|NUMBER`")
	return cmd
}

// checkResults checks what can be told from the flags alone.
func (a *app) checkResults(f *resultsFlags) error {
	if f.only != "" && !slices.Contains(outcomes, job.Outcome(f.only)) {
		return job.Errorf(job.CodeUsage, "--only %q: it is one of %s", f.only, joined(outcomes))
	}
	if f.output == "-" {
		f.output = ""
	}
	switch {
	case f.join != "":
		return a.checkJoin(f)
	case f.readFlags.any() || f.sheet != "":
		return job.Errorf(job.CodeUsage, "--column, --ids, --header, --no-header and --sheet are those of a list that is given by --join")
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
		a.line("%s written to %s.", a.tongue(a.screen).plural(rows, "row"), name)
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
