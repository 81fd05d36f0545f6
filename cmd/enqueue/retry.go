package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/steer"
	"github.com/storelink/storelink/internal/submit"
)

// retryFlags are those of retry. What is not given is as it was in the job.
type retryFlags struct {
	priority, label  string
	chunkSize        int
	failureThreshold int
	waitFlags
}

func (a *app) retryCommand() *cobra.Command {
	f := &retryFlags{}
	cmd := &cobra.Command{
		Use:   "retry JOB",
		Short: "Make a new job of what failed or was left unprocessed in one that has ended",
		Long: `Make a new job of the stores that failed or were left unprocessed in a job that has ended. It is for the same target,
and as the old one was in all that is not said otherwise.`,
		Example: `  enqueue retry 20260701-093000-k3jq7w2p
  enqueue retry 20260701-093000-k3jq7w2p --priority high --wait --report second.csv`,
		Args: one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.retry(cmd.Context(), args[0], f, cmd.Flags().Changed)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.priority, "priority", "", "high, default or low (default: the job's)")
	flags.StringVar(&f.label, "label", "", "a `TEXT` to know the new job by (default: the job's)")
	flags.IntVar(&f.chunkSize, "chunk-size", 0, "stores a call: 1 to 200 (default: the job's)")
	flags.IntVar(&f.failureThreshold, "failure-threshold", 0,
		"abort once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off (default: the job's)")
	f.waitFlags.register(flags)
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
		if j.FailureThreshold = f.failureThreshold; f.failureThreshold < 0 || f.failureThreshold > 100 {
			return job.Errorf(job.CodeUsage, "--failure-threshold %d: it is a share in percent, 0 to 100; 0 is off",
				f.failureThreshold)
		}
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
	if err := f.waitFlags.check(f.wait); err != nil {
		return err
	}
	p, err := a.redisPlace()
	if err != nil {
		return err
	}
	s, err := a.open(ctx, p, "", false)
	if err != nil {
		return err
	}
	return s.closed(a.retryAt(ctx, s, id, f, given))
}

func (a *app) retryAt(ctx context.Context, s *site, id string, f *retryFlags, given func(string) bool) error {
	old, err := s.status(ctx, id)
	if err != nil {
		return err
	}
	if err := steer.Retryable(old); err != nil {
		return err
	}
	if old.Targets > 0 {
		return a.retryBatch(ctx, s, old, f, given)
	}
	j, err := s.ledger.Job(ctx, id)
	if err != nil {
		return err
	}
	account, err := s.account(ctx, j.Account)
	if err != nil {
		return err
	}
	j.Source, j.SubmittedBy, j.Repeats, j.SetAside = "retry of "+id, submitter(a.environ), 0, 0
	if err := f.override(&j, given); err != nil {
		return err
	}
	j.At, j.Schedule, j.Batch, j.List = nil, "", "", ""
	sub := submit.Submission{Job: j, IDs: notSucceeded(ctx, s.ledger, id, "")}
	if j.Operation == job.Resync { // its plan is what was not done of the old one's
		sub.Job.Resync = &job.ResyncOptions{Planned: true, Prune: j.Resync.Prune, Verify: j.Resync.Verify}
		sub.IDs = notSucceeded(ctx, s.ledger, id, job.Associate)
		sub.Surplus = notSucceeded(ctx, s.ledger, id, job.Disassociate)
	}
	r, err := s.submitter().Submit(ctx, sub)
	if err != nil {
		return err
	}
	return a.submitted(ctx, s, account, r, f.waitFlags)
}

// retryBatch makes a new batch of what failed or was left unprocessed in one that has ended.
func (a *app) retryBatch(ctx context.Context, s *site, old job.Status, f *retryFlags, given func(string) bool) error {
	jobs, err := s.ledger.BatchJobs(ctx, old.Job)
	if err != nil {
		return err
	}
	b := results.Batch{ID: job.NewID(time.Now()), Label: old.Label, Source: "retry of " + old.Job, SubmittedBy: submitter(a.environ),
		CreatedAt: time.Now().UTC()}
	if given("label") {
		b.Label = f.label
	}
	staging := s.ledger.StageBatch(b)
	stage := func() error {
		for _, one := range jobs {
			if one.Failed+one.Unprocessed == 0 {
				continue
			}
			j, err := s.ledger.Job(ctx, one.Job)
			if err != nil {
				return err
			}
			j.Source, j.SubmittedBy, j.Trace = b.Source, b.SubmittedBy, ""
			if err := f.override(&j, given); err != nil {
				return err
			}
			list, _, err := staging.AddList(ctx, j.ChunkSize, notSucceeded(ctx, s.ledger, one.Job, ""))
			if err == nil {
				_, err = staging.AddJob(ctx, j, list)
			}
			if err != nil {
				return err
			}
		}
		return s.commitBatch(ctx, staging)
	}
	if err := stage(); err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return errors.Join(err, staging.Discard(bye))
	}
	return a.onboarded(ctx, s, b.ID, f.waitFlags)
}

// notSucceeded gives the stores of a job that has ended that failed or were left unprocessed; of a resync, those that
// were to be associated or disassociated.
func notSucceeded(ctx context.Context, ledger *results.Ledger, id string, op job.Operation) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for row, err := range ledger.Rows(ctx, id, "") {
			if err == nil && (row.Outcome == job.Succeeded || op != "" && row.Operation != op) {
				continue
			}
			if !yield(row.StoreID, err) || err != nil {
				return
			}
		}
	}
}
