package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "watch [JOB]",
		Short: a.help("help.watch"),
		Long:  a.help("help.watch_long"),
		Example: `  enqueue watch 20260701-093000-k3jq7w2p
  enqueue watch 20260701-093000-k3jq7w2p --json | jq --unbuffered .succeeded`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && a.draws() {
				return nil
			}
			return one(i18n.M("flag.a_job"))(cmd, args)
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
				show: func(status job.Status) { a.out.json(status) }, note: func(text string) { a.warning(i18n.Plain(text)) },
				halt: func(job.Status) error { return a.out.err }}
			status, err := f.to(cmd.Context())
			if err != nil {
				return s.closed(err)
			}
			a.out.json(status)
			return s.closed(unfinished(status, ""))
		},
	}
	a.flags(cmd).addDuration(&timeout, "timeout", 0, "help.flag_watch_timeout")
	return cmd
}
