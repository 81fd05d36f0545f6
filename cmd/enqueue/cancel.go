package main

import (
	"github.com/spf13/cobra"
	"github.com/storelink/storelink/internal/control"
)

func (a *app) cancelCommand() *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use:   "cancel JOB",
		Short: "End a job before all of it was sent",
		Long: `End a job before all of it was sent. Calls in flight are finished and recorded (the job is cancelling until then);
stores that are not decided by then are left unprocessed. Stores that are done stay done. On a terminal it asks once.

With --json: the status document after it.`,
		Example: `  enqueue cancel 20260701-093000-k3jq7w2p
  enqueue cancel 20260701-093000-k3jq7w2p --yes`,
		Args: one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !a.asks(yes) {
				return a.steer(cmd.Context(), args[0], control.Cancel, nil)
			}
			return a.steer(cmd.Context(), args[0], control.Cancel, a.sureOf)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "on a terminal: do not ask before the job is cancelled")
	return cmd
}
