package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status JOB",
		Short: a.help("help.status"),
		Long:  a.help("help.status_long"),
		Example: `  enqueue status 20260701-093000-k3jq7w2p
  enqueue status 20260701-093000-k3jq7w2p --json | jq .pending`,
		Args: one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			return s.closed(a.tell(cmd.Context(), s, args[0]))
		},
	}
}

// tell prints a job's status.
func (a *app) tell(ctx context.Context, s *site, id string) error {
	status, err := s.status(ctx, id)
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(status)
	} else {
		a.describe(status)
	}
	return nil
}

// status gives a job's status. What cannot be a job's ID is not asked for: it would be a key in Redis.
func (s *site) status(ctx context.Context, id string) (job.Status, error) {
	if !job.ValidID(id) {
		return job.Status{}, job.Fail(job.CodeUnknownJob, "flag.job_id", "value", cell(id, job.MaxIDLength))
	}
	return s.ledger.Status(ctx, id)
}
