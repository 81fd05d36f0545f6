package main

import (
	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "resume JOB",
		Short:   a.help("help.resume"),
		Long:    a.help("help.resume_long"),
		Example: `  enqueue resume 20260701-093000-k3jq7w2p`,
		Args:    one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.steer(cmd.Context(), args[0], control.Resume, nil)
		},
	}
}
