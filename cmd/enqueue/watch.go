package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "watch JOB",
		Short: "Follow a job to its end",
		Long: `Follow a job to its end, with progress on standard error. It exits as --wait does: 0 where every store succeeded, 3
where stores failed or were left unprocessed.

With --json: a status document a line, one a second, the last at the end.`,
		Example: `  enqueue watch 20260701-093000-k3jq7w2p
  enqueue watch 20260701-093000-k3jq7w2p --json | jq --unbuffered .succeeded`,
		Args: one("the JOB's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := waitFlags{wait: true, timeout: timeout}
			if err := w.check(true); err != nil {
				return err
			}
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			if _, err := s.status(cmd.Context(), args[0]); err != nil {
				return s.closed(err)
			}
			if !a.json {
				return s.closed(a.wait(cmd.Context(), s, args[0], w, ""))
			}
			f := &follow{ledger: s.ledger, id: args[0], every: time.Second, timeout: timeout,
				show: func(status job.Status) { a.out.json(status) }, note: func(text string) { a.warn("%s", text) },
				halt: func(job.Status) error { return a.out.err }}
			status, err := f.to(cmd.Context())
			if err != nil {
				return s.closed(err)
			}
			a.out.json(status)
			return s.closed(unfinished(status, ""))
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up after `TIME` (90s, 2h); the job goes on")
	return cmd
}
