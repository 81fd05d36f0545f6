package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func (a *app) scheduleRunCommand() *cobra.Command {
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: a.help("help.schedule_run"),
		Long:  a.help("help.schedule_run_long"),
		Example: `  enqueue schedule run nightly
  enqueue watch "$(enqueue schedule run nightly --wait --json | jq -r .job)"`,
		Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case timeout < 0:
				return job.Fail(job.CodeUsage, "flag.timeout_negative", "timeout", timeout)
			case timeout > 0 && !wait:
				return job.Fail(job.CodeUsage, "flag.timeout_needs_wait")
			}
			return a.withSchedules(cmd.Context(), func(ctx context.Context, s *site, book *schedule.Book) error {
				return a.scheduleRun(ctx, s, book, args[0], wait, timeout)
			})
		},
	}
	cmd.Flags().SortFlags = false
	a.flags(cmd).addBool(&wait, "wait", false, "help.flag_run_wait")
	a.flags(cmd).addDuration(&timeout, "timeout", 0, "help.flag_run_timeout")
	return cmd
}

func (a *app) scheduleRun(ctx context.Context, s *site, book *schedule.Book, name string, wait bool, timeout time.Duration) error {
	is, err := book.Get(ctx, name)
	if err != nil {
		return err
	}
	r, err := book.RunNow(ctx, name)
	if err != nil {
		return err
	}
	if account, err := s.account(ctx, is.Job.Account); err == nil {
		if word, why := account.unserved(); word != "" {
			a.warn("cmd.run_waits", "why", why)
		}
	}
	if wait {
		if r, err = awaitRun(ctx, book, name, r, timeout); err != nil {
			return err
		}
		if err := runFailed(name, r); err != nil {
			return err
		}
	}
	if a.json {
		a.out.json(r)
		return nil
	}
	switch {
	case r.Job != "":
		a.line("cmd.run_made_job", "run", r.Number, "schedule", name, "job", r.Job)
	case r.State == schedule.Due:
		a.line("cmd.run_due", "run", r.Number, "schedule", name)
	default:
		a.line("cmd.run_ended", "run", r.Number, "schedule", name, "state", i18n.Term(r.State), "reason", i18n.Plain(r.Reason))
	}
	return nil
}

// awaitRun waits until a run is not due any more.
func awaitRun(ctx context.Context, book *schedule.Book, name string, r schedule.Run, timeout time.Duration) (schedule.Run, error) {
	var deadline <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		deadline = t.C
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	since := time.Now() // Redis has answered
	for {
		is, err := book.Run(ctx, name, r.Number)
		switch {
		case err == nil && is.State != schedule.Due:
			return is, nil
		case err == nil:
			since = time.Now()
		case ctx.Err() == nil && (!passing(err) || time.Since(since) > patience):
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, job.Fail(job.CodeInterrupted, "cmd.run_interrupted", "run", r.Number, "schedule", name)
		case <-deadline:
			return r, job.Fail(job.CodeTimeout, "cmd.run_no_job_within", "run", r.Number, "schedule", name, "timeout", timeout)
		case <-tick.C:
		}
	}
}

// runFailed is the error of a run that made no job and should have.
func runFailed(name string, r schedule.Run) error {
	code, became := r.Code, i18n.M("cmd.run_failed")
	switch r.State {
	case schedule.Skipped:
		code, became = job.CodeJobAtWork, i18n.M("cmd.run_was_skipped")
	case schedule.Missed:
		code, became = job.CodeTimeout, i18n.M("cmd.run_was_missed")
	case schedule.Failed:
	default:
		return nil
	}
	return job.Fail(code, "cmd.run_came_to", "run", r.Number, "schedule", name, "became", became, "reason", i18n.Plain(r.Reason))
}
