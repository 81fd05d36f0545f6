package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume JOB",
		Short: "Let a paused job go on",
		Long: `Let a paused job go on.

With --json: the status document after it.`,
		Example: `  enqueue resume 20260701-093000-k3jq7w2p`,
		Args:    one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.steer(cmd.Context(), args[0], func(ctx context.Context, s *site, before job.Status) error {
				reminders, err := s.ledger.Resume(ctx, args[0])
				if err != nil {
					return err
				}
				if err := s.queue.Remind(ctx, before.Account, before.Priority, reminders); err != nil {
					a.warn("the job runs, but could not be put on the queue at once; a worker finds it by itself (%v)", err)
				}
				return nil
			})
		},
	}
}
