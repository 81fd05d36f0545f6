package main

import (
	"context"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// submitFlags are those of the subcommands of job.Writes.
type submitFlags struct {
	account, brand, coupon, stock, bundle string

	priority, label string
	setAside        string
	sheet           string
	readFlags
	chunkSize        int
	failureThreshold int
	dryRun, yes      bool
	laterFlags
	hookFlags
	placeFlags

	waitFlags
}

// waitFlags are those of all that may wait for a job's end.
type waitFlags struct {
	wait     bool
	timeout  time.Duration
	report   string
	encoding string
	began    time.Time // when the waiting began, where that was before what waits now
}

func (f *waitFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.wait, "wait", false, "wait for the job's end, with progress on standard error")
	flags.DurationVar(&f.timeout, "timeout", 0, "give up waiting after `TIME` (90s, 2h); the job goes on")
	flags.StringVar(&f.report, "report", "", "at the end, write what became of every store to `FILE` (.xlsx, .csv or .jsonl)")
	flags.StringVar(&f.encoding, "encoding", "", "of a CSV report: utf-8, utf-8-bom or gb18030 (default utf-8)")
}

// check checks what is wrong of itself. waits says that the job's end is waited for.
func (f *waitFlags) check(waits bool) error {
	switch {
	case f.timeout < 0:
		return job.Errorf(job.CodeUsage, "--timeout %s: it cannot be negative", f.timeout)
	case f.timeout > 0 && !waits:
		return job.Errorf(job.CodeUsage, "--timeout needs --wait: without it nothing is waited for")
	case f.report != "" && !waits:
		return job.Errorf(job.CodeUsage, "--report needs --wait, which waits for the job's end; or use enqueue results later")
	case f.report != "":
		return checkReport(f.report, f.encoding)
	case f.encoding != "" && !waits:
		return job.Errorf(job.CodeUsage, "--encoding is that of the report, and there is none without --wait")
	}
	return checkEncoding(f.encoding, report.CSV)
}

// summaries say, of each of job.Writes, what the subcommand of its name does.
var summaries = map[job.Operation]string{
	job.Associate:    "Associate the stores of a list with a stock or a stock bundle",
	job.Disassociate: "Disassociate the stores of a list from a stock or a stock bundle",
}

// submitCommand is the subcommand of one of job.Writes.
func (a *app) submitCommand(op job.Operation) *cobra.Command {
	f := &submitFlags{}
	what, verb := summaries[op], string(op)
	cmd := &cobra.Command{
		Use:   verb + " LIST",
		Short: what,
		Long: what + `.

LIST is a file, or - for standard input: a spreadsheet (.xlsx), CSV, TSV, plain text with an ID a line, or JSON lines;
plain or gzip; text in UTF-8 or GB18030. It is checked whole before anything is sent: a list with a bad row is refused with the rows' lines, or
--set-aside writes its bad rows to a file of their own and goes on with the rest. Repeats are dropped and counted.

Without Redis (--redis, REDIS_URL, the configuration), or with --here, the job runs in this process with the
configuration's keys, waits for the end and writes the report. --sandbox runs it here against a built-in stand-in for
WeChat Pay and needs nothing but the list.`,
		Example: fmt.Sprintf(`  enqueue %[1]s stores.csv --sandbox
  enqueue %[1]s stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue %[1]s stores.csv --account my-brand --coupon 1000000013 --bundle 98065002 --priority high --label "spring, north"
  enqueue %[1]s stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --dry-run
  enqueue %[1]s stores.csv --config storelink.yaml --here --account acme --brand 120344 --coupon 1000000013 --stock 98065001
  zcat stores.gz | enqueue %[1]s - --column 门店编号 --set-aside bad.csv --account acme --brand 120344 \
      --coupon 1000000013 --stock 98065001 --json`, verb),
		Args: one("LIST: a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.submit(cmd.Context(), op, args[0], f)
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *submitFlags) register(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&f.account, "account", "", "the account's `NAME`, as a worker or the configuration has it")
	flags.StringVar(&f.brand, "brand", "", "the brand's `ID`; a brand's own account knows it")
	flags.StringVar(&f.coupon, "coupon", "", "the product coupon's `ID`")
	flags.StringVar(&f.stock, "stock", "", "the stock's `ID`, or …")
	flags.StringVar(&f.bundle, "bundle", "", "… the stock bundle's `ID`")
	flags.StringVar(&f.priority, "priority", "default", "high, default or low: who goes first among an account's jobs")
	flags.StringVar(&f.label, "label", "", "a `TEXT` to know the job by")
	f.readFlags.register(flags, "")
	flags.StringVar(&f.sheet, "sheet", "", "of a spreadsheet: the sheet's `NAME|NUMBER` (default: the only one with rows)")
	flags.StringVar(&f.setAside, "set-aside", "", "write bad rows to `FILE` and go on with the rest")
	flags.IntVar(&f.chunkSize, "chunk-size", 0, "stores a call: 1 to 200 (default 200)")
	flags.IntVar(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"abort once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off")
	f.laterFlags.register(flags)
	f.hookFlags.register(flags)
	f.waitFlags.register(flags)
	flags.BoolVar(&f.yes, "yes", false, "on a terminal: do not ask before stores are disassociated")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be sent and how long it would take, and send nothing")
	f.placeFlags.register(flags)
}

// checkThreshold checks a --failure-threshold.
func checkThreshold(percent int) error {
	if percent < 0 || percent > 100 {
		return job.Errorf(job.CodeUsage, "--failure-threshold %d: it is a share in percent, 0 to 100; 0 is off", percent)
	}
	return nil
}

// maxLabel bounds a label, in characters.
const maxLabel = 200

// check checks what can be told from the flags alone, and gives the job that they ask for.
func (f *submitFlags) check(op job.Operation) (job.Job, error) {
	j := job.Job{Operation: op, Account: f.account, Label: f.label, FailureThreshold: f.failureThreshold,
		Target: job.Target{BrandID: f.brand, ProductCouponID: f.coupon, StockID: f.stock, StockBundleID: f.bundle}}
	var err error
	if j.Priority, err = job.ParsePriority(f.priority); err != nil {
		return j, err
	}
	if f.chunkSize == 0 {
		f.chunkSize = job.MaxStoresPerCall
	}
	if j.ChunkSize, err = chunker.Size(f.chunkSize); err != nil {
		return j, err
	}
	switch {
	case f.here && f.sandbox:
		f.here = false // the sandbox is always here
	case f.account == "":
		return j, job.Errorf(job.CodeUsage, "--account is missing: the name that a worker or the configuration has for it")
	}
	if j.At, err = f.laterFlags.read(time.Now()); err != nil {
		return j, err
	}
	if err := checkThreshold(f.failureThreshold); err != nil {
		return j, err
	}
	if err := f.readFlags.check(); err != nil {
		return j, err
	}
	if err := checkLabel(f.label); err != nil {
		return j, err
	}
	// Of the target, all but whether the account needs a brand: that hangs on its mode.
	if err := j.Target.Validate(job.Brand); err != nil {
		return j, err
	}
	return j, nil
}

func checkLabel(label string) error {
	if utf8.RuneCountInString(label) > maxLabel {
		return job.Errorf(job.CodeUsage, "--label is too long: %d characters at the most", maxLabel)
	}
	for _, r := range label {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return job.Errorf(job.CodeUsage, "--label has a character that cannot be shown (%U)", r)
		}
	}
	return nil
}

// submit is what the subcommands of job.Writes do.
func (a *app) submit(ctx context.Context, op job.Operation, list string, f *submitFlags) error {
	if f.sandbox {
		f.fillForSandbox()
	}
	j, err := f.check(op)
	if err != nil {
		return err
	}
	j.Source, j.SubmittedBy = list, submitter(a.environ)
	p, err := a.place(f.placeFlags, f.dryRun)
	if err != nil {
		return err
	}
	if err := f.waitFlags.check(f.wait || p.here || f.dryRun); err != nil {
		return err
	}
	if err := notLaterHere(p, j.At); err != nil {
		return err
	}
	if j.Notify, err = f.hook(p); err != nil {
		return err
	}
	if f.dryRun {
		return a.dryRun(ctx, p, j, list, f)
	}
	if err := p.checkDefaultReport(f.report); err != nil {
		return err
	}
	s, err := a.open(ctx, p, []string{j.Account}, f.verbose)
	if err != nil {
		return err
	}
	return s.closed(a.submitAt(ctx, s, j, list, f))
}

// submitAt submits a job where it is to run, and follows it there if that is asked for.
func (a *app) submitAt(ctx context.Context, s *site, j job.Job, list string, f *submitFlags) error {
	account, receipt, err := a.submitList(ctx, s, j, list, f)
	if err != nil {
		return err
	}
	return a.submitted(ctx, s, account, receipt, f.waitFlags)
}

// submitList submits a job of a list where it is to run.
func (a *app) submitList(ctx context.Context, s *site, j job.Job, list string, f *submitFlags) (account accountKnown,
	receipt control.Receipt, err error) {
	if account, err = s.account(ctx, j.Account); err != nil {
		return account, receipt, err
	}
	if err := account.complete(&j.Target); err != nil {
		return account, receipt, err
	}
	ids, err := a.openList(ctx, list, f)
	if err != nil {
		return account, receipt, err
	}
	defer ids.close()
	sub := control.Submission{Job: j, IDs: ids.all(), Counts: ids.counts, Reading: ids.read}
	if a.asks(f.yes) {
		sub.Bind = func(ctx context.Context, _ string) error {
			if question := a.tongue(a.errors).takesAway(j, ids); question != "" {
				return a.confirm(ctx, question, "nothing was sent")
			}
			return nil
		}
	}
	receipt, err = s.submitter().Submit(ctx, sub)
	return account, receipt, err
}
