package main

import (
	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
)

func (a *app) cancelCommand() *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use:   "cancel JOB",
		Short: a.help("help.cancel"),
		Long:  a.help("help.cancel_long"),
		Example: `  enqueue cancel 20260701-093000-k3jq7w2p
  enqueue cancel 20260701-093000-k3jq7w2p --yes`,
		Args: one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !a.asks(yes) {
				return a.steer(cmd.Context(), args[0], control.Cancel, nil)
			}
			return a.steer(cmd.Context(), args[0], control.Cancel, a.sureOf)
		},
	}
	a.flags(cmd).addBool(&yes, "yes", false, "help.flag_yes_cancel")
	return cmd
}
