package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

func (a *app) pauseCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "pause JOB",
		Short:   a.help("help.pause"),
		Long:    a.help("help.pause_long"),
		Example: `  enqueue pause 20260701-093000-k3jq7w2p`,
		Args:    one(i18n.M("flag.a_job")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.steer(cmd.Context(), args[0], control.Pause, nil)
		},
	}
}

// steer does something to a job or batch, tells the workers of it at once, and prints the status after it. sure, unless nil, asks
// before it is done to one that has not ended.
func (a *app) steer(ctx context.Context, id string, verb control.Verb, sure func(context.Context, job.Status) error) error {
	s, err := a.look(ctx)
	if err != nil {
		return err
	}
	before, err := s.status(ctx, id)
	if err == nil && sure != nil && !before.State.Ended() {
		err = sure(ctx, before)
	}
	if err != nil {
		return s.closed(err)
	}
	after, warning, err := s.desk().Do(ctx, verb, id, submitter(a.environ))
	if warning != "" {
		a.warning(i18n.Plain(warning))
	}
	switch {
	case err != nil:
	case a.json:
		a.out.json(after)
	default:
		a.describe(after)
	}
	return s.closed(err)
}
