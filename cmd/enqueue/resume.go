package main

import (
	"github.com/spf13/cobra"
	"github.com/storelink/storelink/internal/control"
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
			return a.steer(cmd.Context(), args[0], control.Resume, nil)
		},
	}
}
