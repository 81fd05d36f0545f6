package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

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

func (f *resyncFlags) register(flags flagSet) {
	flags.addBool(&f.prune, "prune", false, "help.flag_prune")
	flags.addString(&f.maxPrune, "max-prune", "", "help.flag_max_prune")
	flags.addBool(&f.verify, "verify", false, "help.flag_verify")
}

// options gives what the flags ask for.
func (f *resyncFlags) options() (*job.ResyncOptions, error) {
	o := &job.ResyncOptions{Prune: f.prune, Verify: f.verify}
	if f.maxPrune == "" {
		return o, nil
	}
	if !f.prune {
		return nil, job.Fail(job.CodeUsage, "flag.max_prune_alone")
	}
	if text, ok := strings.CutSuffix(f.maxPrune, "%"); ok {
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return nil, job.Fail(job.CodeUsage, "flag.max_prune_share", "value", f.maxPrune)
		}
		o.MaxPrunePercent = &p
		return o, nil
	}
	n, err := strconv.ParseInt(f.maxPrune, 10, 64)
	if err != nil || n < 0 {
		return nil, job.Fail(job.CodeUsage, "flag.max_prune", "value", f.maxPrune)
	}
	o.MaxPruneStores = &n
	return o, nil
}

func (a *app) resyncCommand() *cobra.Command {
	f, r := &submitFlags{}, &resyncFlags{}
	cmd := &cobra.Command{
		Use:   "resync LIST",
		Short: a.help("help.resync"),
		Long:  a.help("help.resync_long"),
		Example: `  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --dry-run --output diff.csv
  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue resync stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune --max-prune 500 --verify`,
		Args: one(i18n.M("flag.a_list")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resync(cmd.Context(), args[0], f, r)
		},
	}
	f.register(a.flags(cmd))
	r.register(a.flags(cmd))
	a.flags(cmd).addString(&r.output, "output", "", "help.flag_difference")
	a.flags(cmd).addBool(&r.detach, "detach", false, "help.flag_detach")
	cmd.Flags().Lookup("dry-run").Usage = a.help("help.flag_resync_dry_run")
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
		return job.Fail(job.CodeUsage, "flag.resync_bundle")
	case j.Resync.DryRun && (f.wait || f.report != "" || r.detach):
		return job.Fail(job.CodeUsage, "flag.dry_run_alone")
	case j.Resync.DryRun && j.At != nil:
		return job.Fail(job.CodeUsage, "flag.dry_run_at")
	case r.output != "" && !j.Resync.DryRun:
		return job.Fail(job.CodeUsage, "flag.output_needs_dry_run")
	case r.prune && f.setAside != "":
		return job.Fail(job.CodeUsage, "flag.set_aside_prune")
	case r.detach && f.wait:
		return job.Fail(job.CodeUsage, "flag.detach_wait")
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
		a.warning(i18n.Plain(receipt.Warning))
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
			_, _ = s.leave(ctx, id, i18n.M("cmd.given_up"))
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
		a.out.printf("%s\n", printable(t.reading(receipt.Job.Reading)+t.in(plan(status))))
	}
	if s.isHere() || f.wait {
		return a.wait(ctx, s, id, f.waitFlags, "")
	}
	if a.json {
		a.out.json(status)
		return nil
	}
	if !status.State.Ended() {
		a.line("cmd.follow_it", "job", id)
	}
	return nil
}

// errUnserved says that nobody makes the plan.
var errUnserved = i18n.E("cmd.lane_nobody")

// unservedPatience is how long a worker may take to show up.
const unservedPatience = 3 * time.Second

// givenUp is the error of a resync whose plan nobody waited for, and which was stopped for that.
func givenUp(why error, s job.Status, timeout time.Duration) error {
	e := *job.AsError(why)
	switch e.Code {
	case job.CodeInterrupted:
		e.Message = i18n.M("cmd.interrupted")
	case job.CodeTimeout:
		e.Message = i18n.M("cmd.no_plan_within", "timeout", timeout)
	default:
		return why
	}
	e.Message = i18n.M("cmd.plan_given_up", "why", e.Message, "so_far", soFar(s))
	return &e
}

// planned follows a resync until its plan is made, or, if that is asked for, nobody is there to make it.
func (a *app) planned(ctx context.Context, s *site, id string, f waitFlags, leave bool) (job.Status, error) {
	d, t := a.newDisplay(), a.tongue(a.errors)
	defer d.close()
	p := &progress{display: d, tongue: t}
	var planned job.Status
	served := time.Now() // or the beginning
	done := job.Fail(job.CodeInternal, "cmd.planned")
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
	e := &job.Error{Code: job.CodePruneRefused, Message: i18n.Plain(s.Reason)}
	e.Job = s.Job
	return e
}
