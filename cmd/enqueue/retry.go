package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// retryFlags are those of retry. What is not given is as it was in the job.
type retryFlags struct {
	priority, label  string
	chunkSize        int
	failureThreshold int
	dryRun           bool
	laterFlags
	hookFlags
	waitFlags
}

func (a *app) retryCommand() *cobra.Command {
	f := &retryFlags{}
	cmd := &cobra.Command{
		Use:   "retry JOB",
		Short: a.help("help.retry"),
		Long:  a.help("help.retry_long"),
		Example: `  enqueue retry 20260701-093000-k3jq7w2p
  enqueue retry 20260701-093000-k3jq7w2p --priority high --wait --report second.csv
  enqueue retry 20260701-093000-k3jq7w2p --at "$(TZ=Asia/Shanghai date -d tomorrow '+%F 02:00')" --timezone Asia/Shanghai`,
		Args: one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.retry(cmd.Context(), args[0], f, cmd.Flags().Changed)
		},
	}
	flags := a.flags(cmd)
	flags.SortFlags = false
	flags.addString(&f.priority, "priority", "", "help.flag_retry_priority")
	flags.addString(&f.label, "label", "", "help.flag_retry_label")
	flags.addInt(&f.chunkSize, "chunk-size", 0, "help.flag_retry_chunk_size")
	flags.addInt(&f.failureThreshold, "failure-threshold", 0,
		"help.flag_retry_threshold")
	f.laterFlags.register(flags)
	f.hookFlags.register(flags)
	flags.Lookup("notify").Usage = a.help("help.flag_retry_notify")
	f.waitFlags.register(flags)
	flags.addBool(&f.dryRun, "dry-run", false, "help.flag_dry_run")
	return cmd
}

// override puts the flags that were given over what the old job had.
func (f *retryFlags) override(j *job.Job, given func(string) bool) error {
	var err error
	if given("priority") {
		if j.Priority, err = job.ParsePriority(f.priority); err != nil {
			return err
		}
	}
	if given("chunk-size") {
		if j.ChunkSize, err = chunker.Size(f.chunkSize); err != nil {
			return err
		}
	}
	if given("failure-threshold") {
		if err := checkThreshold(f.failureThreshold); err != nil {
			return err
		}
		j.FailureThreshold = f.failureThreshold
	}
	if given("label") {
		j.Label = f.label
		return checkLabel(f.label)
	}
	return nil
}

func (a *app) retry(ctx context.Context, id string, f *retryFlags, given func(string) bool) error {
	if err := f.override(&job.Job{}, given); err != nil {
		return err
	}
	at, err := f.laterFlags.read(time.Now())
	if err != nil {
		return err
	}
	if err := f.waitFlags.check(f.wait || f.dryRun); err != nil {
		return err
	}
	p, err := a.redisPlace()
	if err != nil {
		return err
	}
	again := control.Again{By: submitter(a.environ), At: at, Rehook: given("notify"),
		Override: func(j *job.Job) error { return f.override(j, given) }}
	if again.Hook, err = f.hook(p); err != nil {
		return err
	}
	if given("label") {
		again.Label = &f.label
	}
	s, err := a.open(ctx, p, nil, false)
	if err != nil {
		return err
	}
	return s.closed(a.retryAt(ctx, s, id, f, again))
}

func (a *app) retryAt(ctx context.Context, s *site, id string, f *retryFlags, again control.Again) error {
	old, err := s.status(ctx, id)
	if err == nil {
		err = control.Retryable(old)
	}
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.retryPlan(ctx, s, old, again)
	}
	var account accountKnown
	if old.Targets == 0 {
		if account, err = s.account(ctx, old.Account); err != nil {
			return err
		}
	}
	made, warning, err := s.desk().Retry(ctx, id, again)
	if warning != "" {
		a.warning(i18n.Plain(warning))
	}
	switch {
	case err != nil:
		return err
	case made.Batch != "":
		return a.onboarded(ctx, s, made.Batch, f.waitFlags, dropped{})
	}
	return a.submitted(ctx, s, account, made.Receipt, f.waitFlags)
}

// retryPlan says what would be sent again, for which nothing is claimed or staged.
func (a *app) retryPlan(ctx context.Context, s *site, old job.Status, again control.Again) error {
	jobs := []job.Status{old}
	if old.Targets > 0 {
		var err error
		if jobs, err = s.ledger.BatchJobs(ctx, old.Job); err != nil {
			return err
		}
	}
	var plans []planned
	for _, one := range jobs {
		if one.Failed+one.Unprocessed == 0 {
			continue
		}
		j, err := s.ledger.Job(ctx, one.Job)
		if err == nil {
			err = again.Override(&j)
		}
		if err != nil {
			return err
		}
		plans = append(plans, planned{job: j, stores: one.Failed + one.Unprocessed})
	}
	if err := s.free(ctx, plans); err != nil {
		return err
	}
	if old.Targets > 0 {
		return a.tellBatchPlan(ctx, s.rate, plans, dropped{})
	}
	rate, err := s.rate(ctx, old.Account)
	if err != nil {
		return err
	}
	a.tellDryRun(dryRunDocument{DryRun: true, Total: plans[0].stores, Rate: rate}, plans[0].job, true)
	return nil
}
