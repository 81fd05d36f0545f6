package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// resyncFlags are those of resync beside those of every submission.
type resyncFlags struct {
	prune, verify    bool
	maxPrune, output string
	detach           bool
}

func (f *resyncFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.prune, "prune", false, "disassociate the stores that are associated and not on the list")
	flags.StringVar(&f.maxPrune, "max-prune", "", "refuse a prune of more than this: `N` stores, or P% of those that are"+
		" associated (default 10%)")
	flags.BoolVar(&f.verify, "verify", false, "list again after the writes, and flag each store whose outcome is contradicted")
}

// options gives what the flags ask for.
func (f *resyncFlags) options() (*job.ResyncOptions, error) {
	o := &job.ResyncOptions{Prune: f.prune, Verify: f.verify}
	if f.maxPrune == "" {
		return o, nil
	}
	if !f.prune {
		return nil, job.Errorf(job.CodeUsage, "--max-prune needs --prune: without it nothing is removed")
	}
	if text, ok := strings.CutSuffix(f.maxPrune, "%"); ok {
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return nil, job.Errorf(job.CodeUsage, "--max-prune %s: a share is 0%% to 100%%", f.maxPrune)
		}
		o.MaxPrunePercent = &p
		return o, nil
	}
	n, err := strconv.ParseInt(f.maxPrune, 10, 64)
	if err != nil || n < 0 {
		return nil, job.Errorf(job.CodeUsage, "--max-prune %s: it is a number of stores, or a share like 25%%", f.maxPrune)
	}
	o.MaxPruneStores = &n
	return o, nil
}

func (a *app) resyncCommand() *cobra.Command {
	f, r := &submitFlags{}, &resyncFlags{}
	cmd := &cobra.Command{
		Use:   "resync LIST",
		Short: "Bring a stock's stores back in line with a list",
		Long: `Bring a stock's stores back in line with a list: the worker lists what is associated now, compares it with LIST, and
associates what is missing. With --prune it then disassociates what is not on the list; more than --max-prune is refused
(10 % of what is associated unless said), so that an empty or truncated list never empties a coupon. Stores that are in
line already are counted, and nothing is sent for them.

The command waits for the plan, tells it, and leaves the rest to the worker (or waits for the end with --wait). With
--dry-run it ends with the plan, and --output writes the difference to a file.

Stock bundles have no list call at WeChat Pay: use associate for them.`,
		Example: `  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --dry-run --output diff.csv
  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune --max-prune 500 --verify`,
		Args: one("LIST: a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resync(cmd.Context(), args[0], f, r)
		},
	}
	f.register(cmd.Flags())
	r.register(cmd.Flags())
	cmd.Flags().StringVar(&r.output, "output", "", "with --dry-run: write the difference to `FILE` (.xlsx, .csv or .jsonl)")
	cmd.Flags().BoolVar(&r.detach, "detach", false, "do not wait for the plan either")
	cmd.Flags().Lookup("dry-run").Usage = "say what would be sent and how long it would take, and send nothing but the list calls"
	return cmd
}

func (a *app) resync(ctx context.Context, list string, f *submitFlags, r *resyncFlags) error {
	if f.sandbox {
		f.fillForSandbox()
	}
	dry := f.dryRun
	f.dryRun = false // it needs a worker: only WeChat Pay knows what is associated
	j, err := f.check(job.Resync)
	if err != nil {
		return err
	}
	if j.Resync, err = r.options(); err != nil {
		return err
	}
	j.Resync.DryRun = dry
	if err := r.together(j, list, f); err != nil {
		return err
	}
	j.Source, j.SubmittedBy = list, submitter(a.environ)
	p, err := a.place(f.placeFlags, false)
	if err != nil {
		return err
	}
	if err := f.waitFlags.check(f.wait || p.here || f.timeout > 0 && dry); err != nil {
		return err
	}
	if err := notLaterHere(p, j.At); err != nil {
		return err
	}
	if j.Notify, err = f.hook(p); err != nil {
		return err
	}
	if !j.Resync.DryRun {
		if err := p.checkDefaultReport(f.report); err != nil {
			return err
		}
	}
	s, err := a.open(ctx, p, []string{j.Account}, f.verbose)
	if err != nil {
		return err
	}
	return s.closed(a.resyncAt(ctx, s, j, list, f, r))
}

// together refuses what does not go together, of a job as the flags tell it.
func (r *resyncFlags) together(j job.Job, list string, f *submitFlags) error {
	switch {
	case j.Target.StockBundleID != "":
		return job.Errorf(job.CodeUsage, "WeChat Pay has no call that lists the stores of a stock bundle, so that nothing can be"+
			" compared: use `enqueue associate` for a bundle, it does no harm to stores that are associated")
	case j.Resync.DryRun && (f.wait || f.report != "" || r.detach):
		return job.Errorf(job.CodeUsage, "--dry-run goes with none of --wait, --report and --detach: it waits for the plan, and"+
			" there is no more")
	case j.Resync.DryRun && j.At != nil:
		return job.Errorf(job.CodeUsage, "--dry-run and --at exclude each other")
	case r.output != "" && !j.Resync.DryRun:
		return job.Errorf(job.CodeUsage, "--output needs --dry-run: it is where the difference is written")
	case r.prune && f.setAside != "":
		return job.Errorf(job.CodeUsage, "--set-aside goes not with --prune: stores whose rows cannot be read would be taken for"+
			" stores that are not on the list, and disassociated; mend the list, or resync without --prune")
	case r.detach && f.wait:
		return job.Errorf(job.CodeUsage, "--detach and --wait exclude each other")
	}
	if r.output != "" {
		if _, err := reportFormat(r.output); err != nil {
			return err
		}
		if err := checkWritable(r.output); err != nil {
			return err
		}
		if err := apart(list, f.setAside, r.output); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) resyncAt(ctx context.Context, s *site, j job.Job, list string, f *submitFlags, r *resyncFlags) error {
	account, receipt, err := a.submitList(ctx, s, j, list, f)
	if err != nil {
		return err
	}
	if r.detach || j.At != nil {
		return a.submitted(ctx, s, account, receipt, f.waitFlags)
	}
	if receipt.Warning != "" {
		a.warn("%s", receipt.Warning)
	}
	id := receipt.Job.ID
	f.began = time.Now()
	status, err := a.planned(ctx, s, id, f.waitFlags, !j.Resync.DryRun && !f.wait)
	if errors.Is(err, errUnserved) {
		account.workers = nil
		return a.submitted(ctx, s, account, receipt, f.waitFlags)
	}
	if err != nil {
		if j.Resync.DryRun || s.isHere() { // nobody waits for it any more
			_, _ = s.leave(ctx, id, "given up")
			err = givenUp(err, status, f.timeout)
		}
		return err
	}
	refused := pruneRefused(status)
	switch {
	case refused != nil && !j.Resync.DryRun:
		return refused
	case refused == nil && status.State.Ended() && status.State != job.Completed:
		return a.ended(status, "")
	case j.Resync.DryRun: // what is refused can be looked at, to decide whether to allow it
		return cmp.Or(a.tellPlan(ctx, s, status, receipt, r.output, refused != nil), refused)
	}
	if !a.json {
		t := a.tongue(a.screen)
		a.out.printf("%s\n", printable(t.reading(receipt.Job.Reading)+t.plan(status)))
	}
	if s.isHere() || f.wait {
		return a.wait(ctx, s, id, f.waitFlags, "")
	}
	if a.json {
		a.out.json(status)
		return nil
	}
	if !status.State.Ended() {
		a.line("`enqueue watch %s` follows it, `enqueue results %[1]s` writes its report.", id)
	}
	return nil
}

// errUnserved says that nobody makes the plan.
var errUnserved = errors.New("no worker serves the account")

// unservedPatience is how long a worker may take to show up.
const unservedPatience = 3 * time.Second

// givenUp is the error of a resync whose plan nobody waited for, and which was stopped for that.
func givenUp(why error, s job.Status, timeout time.Duration) error {
	e := *job.AsError(why)
	switch e.Code {
	case job.CodeInterrupted:
		e.Message = i18n.Plain("interrupted")
	case job.CodeTimeout:
		e.Message = i18n.Plain(fmt.Sprintf("there is no plan within %s", timeout))
	default:
		return why
	}
	e.Message = i18n.Plain(e.Message.String() + fmt.Sprintf(" (%s): nothing was sent but list calls, and the same command can be run again", soFar(s)))
	return &e
}

// planned follows a resync until its plan is made, or, if that is asked for, nobody is there to make it.
func (a *app) planned(ctx context.Context, s *site, id string, f waitFlags, leave bool) (job.Status, error) {
	d, t := a.newDisplay(), a.tongue(a.errors)
	defer d.close()
	p := &progress{display: d, tongue: t}
	var planned job.Status
	served := time.Now() // or the beginning
	done := job.Errorf(job.CodeInternal, "the plan is made")
	fo := &follow{ledger: s.ledger, id: id, every: lookEvery, timeout: f.timeout, began: f.began, tongue: t, note: d.note,
		show: func(status job.Status) {
			if status.Resync != nil && status.Resync.Phase == job.PhaseList {
				p.look(status, time.Now())
			}
		},
		halt: func(status job.Status) error {
			if status.Resync != nil && status.Resync.Phase != job.PhaseList {
				planned = status
				return done
			}
			if s.isHere() {
				return refused(status)
			}
			if status.Lane.State != job.LaneUnserved && status.Lane.State != job.LaneRefused &&
				status.Lane.State != job.LaneConflict {
				served = time.Now()
			} else if leave && time.Since(served) > unservedPatience {
				return errUnserved
			}
			return nil
		}}
	status, err := fo.to(ctx)
	if err == done {
		return planned, nil
	}
	return status, err
}

// pruneRefused is the error of a resync whose prune would have removed too much.
func pruneRefused(s job.Status) error {
	if s.State != job.Aborted && s.State != job.Aborting || !strings.HasPrefix(s.Reason, ledger.PruneRefused) {
		return nil
	}
	e := job.Errorf(job.CodePruneRefused, "%s", s.Reason)
	e.Job = s.Job
	return e
}
