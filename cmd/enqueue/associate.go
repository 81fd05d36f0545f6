package main

import (
	"context"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
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

func (f *waitFlags) register(flags flagSet) {
	flags.addBool(&f.wait, "wait", false, "help.flag_wait")
	flags.addDuration(&f.timeout, "timeout", 0, "help.flag_timeout")
	flags.addString(&f.report, "report", "", "help.flag_report")
	flags.addString(&f.encoding, "encoding", "", "help.flag_encoding")
}

// check checks what is wrong of itself. waits says that the job's end is waited for.
func (f *waitFlags) check(waits bool) error {
	switch {
	case f.timeout < 0:
		return job.Fail(job.CodeUsage, "flag.timeout_negative", "timeout", f.timeout)
	case f.timeout > 0 && !waits:
		return job.Fail(job.CodeUsage, "flag.timeout_needs_wait")
	case f.report != "" && !waits:
		return job.Fail(job.CodeUsage, "flag.report_needs_wait")
	case f.report != "":
		return checkReport(f.report, f.encoding)
	case f.encoding != "" && !waits:
		return job.Fail(job.CodeUsage, "flag.encoding_needs_wait")
	}
	return checkEncoding(f.encoding, report.CSV)
}

// summaries say, of each of job.Writes, what the subcommand of its name does.
var summaries = map[job.Operation]i18n.Message{
	job.Associate:    i18n.M("help.associate"),
	job.Disassociate: i18n.M("help.disassociate"),
}

// submitCommand is the subcommand of one of job.Writes.
func (a *app) submitCommand(op job.Operation) *cobra.Command {
	f := &submitFlags{}
	what, verb := summaries[op], string(op)
	cmd := &cobra.Command{
		Use:   verb + " LIST",
		Short: what.In(a.helps),
		Long:  a.help("help.submit_long", "what", what),
		Example: fmt.Sprintf(`  enqueue %[1]s stores.csv --sandbox
  enqueue %[1]s stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue %[1]s stores.csv --account my-brand --coupon 1000000013 --bundle 98065002 --priority high --label "spring, north"
  enqueue %[1]s stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --dry-run
  enqueue %[1]s stores.csv --config storelink.yaml --here --account acme --brand 120344 --coupon 1000000013 --stock 98065001
  zcat stores.gz | enqueue %[1]s - --column 门店编号 --set-aside bad.csv --account acme --brand 120344 \
      --coupon 1000000013 --stock 98065001 --json`, verb),
		Args: one(i18n.M("flag.a_list")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.submit(cmd.Context(), op, args[0], f)
		},
	}
	f.register(a.flags(cmd))
	return cmd
}

func (f *submitFlags) register(flags flagSet) {
	flags.SortFlags = false
	flags.addString(&f.account, "account", "", "help.flag_account")
	flags.addString(&f.brand, "brand", "", "help.flag_brand")
	flags.addString(&f.coupon, "coupon", "", "help.flag_coupon")
	flags.addString(&f.stock, "stock", "", "help.flag_stock")
	flags.addString(&f.bundle, "bundle", "", "help.flag_bundle")
	flags.addString(&f.priority, "priority", "default", "help.flag_priority")
	flags.addString(&f.label, "label", "", "help.flag_label")
	f.readFlags.register(flags, i18n.Message{})
	flags.addString(&f.sheet, "sheet", "", "help.flag_sheet")
	flags.addString(&f.setAside, "set-aside", "", "help.flag_set_aside")
	flags.addInt(&f.chunkSize, "chunk-size", 0, "help.flag_chunk_size")
	flags.addInt(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"help.flag_failure_threshold")
	f.laterFlags.register(flags)
	f.hookFlags.register(flags)
	f.waitFlags.register(flags)
	flags.addBool(&f.yes, "yes", false, "help.flag_yes")
	flags.addBool(&f.dryRun, "dry-run", false, "help.flag_dry_run")
	f.placeFlags.register(flags)
}

// checkThreshold checks a --failure-threshold.
func checkThreshold(percent int) error {
	if percent < 0 || percent > 100 {
		return job.Fail(job.CodeUsage, "flag.threshold", "percent", percent)
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
		return j, job.Fail(job.CodeUsage, "flag.account_missing")
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
		return job.Fail(job.CodeUsage, "flag.label_long", "most", maxLabel)
	}
	for _, r := range label {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return job.Fail(job.CodeUsage, "flag.label_unseen", "character", fmt.Sprintf("%U", r))
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
				return a.confirm(ctx, question, i18n.M("cmd.nothing_sent"))
			}
			return nil
		}
	}
	receipt, err = s.submitter().Submit(ctx, sub)
	return account, receipt, err
}
