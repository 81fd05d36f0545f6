package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/results"
)

func (a *app) pauseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pause JOB",
		Short: "Keep a job from sending any more, until it is resumed",
		Long: `Keep a job from sending any more, until it is resumed. Calls in flight are finished and recorded.

With --json: the status document after it.`,
		Example: `  enqueue pause 20260701-093000-k3jq7w2p`,
		Args:    one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.steer(cmd.Context(), args[0], func(ctx context.Context, s *site, _ job.Status) error {
				return s.ledger.Pause(ctx, args[0], "by "+submitter(a.environ))
			})
		},
	}
}

// steer does something to a job, tells the workers of it at once, and prints the status after it.
func (a *app) steer(ctx context.Context, id string, do func(context.Context, *site, job.Status) error) error {
	s, err := a.look(ctx)
	if err != nil {
		return err
	}
	before, err := s.status(ctx, id)
	if err != nil {
		return s.closed(err)
	}
	if err := do(ctx, s, before); err != nil {
		return s.closed(err)
	}
	if before.Targets > 0 { // a batch: its jobs follow
		if err := s.tend(ctx, id); err != nil {
			a.warn("the batch's jobs could not be told at once, the workers see it within seconds (%v)", err)
		}
	}
	after, err := s.ledger.Status(ctx, id)
	if err != nil {
		return s.closed(err)
	}
	if err := s.ledger.Announce(ctx, results.Wake{Account: after.Account, Job: id, State: after.State}); err != nil {
		a.warn("the workers could not be told at once, they see it within seconds (%v)", err)
	}
	if a.json {
		a.out.json(after)
	} else {
		a.describe(after)
	}
	return s.closed(nil)
}
