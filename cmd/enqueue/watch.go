package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "watch [JOB]",
		Short: "Follow a job or batch to its end, or look at everything that is at work",
		Long: `Follow a job or batch to its end. It exits as --wait does: 0 where every store succeeded, 3 where stores failed or were
left unprocessed.

On a terminal it draws in place: the accounts with their pace and state, the job, or the batch's jobs at work, with
progress, rate and time left, and the failures by code. Without a JOB it draws everything at work, until it is left. q
or Ctrl-C leaves; jobs go on. While Redis is away it says so and goes on trying. Elsewhere, progress is on standard error.

With --json: a status document a line, one a second, the last at the end.`,
		Example: `  enqueue watch 20260701-093000-k3jq7w2p
  enqueue watch 20260701-093000-k3jq7w2p --json | jq --unbuffered .succeeded`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && a.draws() {
				return nil
			}
			return one("the JOB's ID")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			w := waitFlags{wait: true, timeout: timeout}
			if err := w.check(true); err != nil {
				return err
			}
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return s.closed(a.watch(cmd.Context(), s, "", timeout))
			}
			if _, err := s.status(cmd.Context(), args[0]); err != nil {
				return s.closed(err)
			}
			if a.draws() {
				return s.closed(a.watch(cmd.Context(), s, args[0], timeout))
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
