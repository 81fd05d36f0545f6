package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status JOB",
		Short: "Tell how a job stands",
		Long: `Tell how a job stands: its figures, which add up at every instant, and whether and why it does not move.

With --json: one status document.`,
		Example: `  enqueue status 20260701-093000-k3jq7w2p
  enqueue status 20260701-093000-k3jq7w2p --json | jq .pending`,
		Args: one("the JOB's ID"),
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
		return job.Status{}, job.Errorf(job.CodeUnknownJob, "%q is no job's ID, which looks like 20260701-093000-k3jq7w2p"+
			" (`enqueue jobs` lists them)", cell(id, job.MaxIDLength))
	}
	return s.ledger.Status(ctx, id)
}
