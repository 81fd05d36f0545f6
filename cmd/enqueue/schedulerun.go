package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func (a *app) scheduleRunCommand() *cobra.Command {
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Let a schedule run now, whether or not it is paused",
		Long: `Let a schedule run now, whether or not it is paused: a worker reads its list and makes a job of it, once the schedule's last
job has ended. --wait waits until that is done and tells the job; enqueue watch JOB follows it further.

With --json: the run.`,
		Example: `  enqueue schedule run nightly
  enqueue watch "$(enqueue schedule run nightly --wait --json | jq -r .job)"`,
		Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case timeout < 0:
				return job.Errorf(job.CodeUsage, "--timeout %s: it cannot be negative", timeout)
			case timeout > 0 && !wait:
				return job.Errorf(job.CodeUsage, "--timeout needs --wait: without it nothing is waited for")
			}
			return a.withSchedules(cmd.Context(), func(ctx context.Context, s *site, book *schedule.Book) error {
				return a.scheduleRun(ctx, s, book, args[0], wait, timeout)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until its job is submitted, or it is known why there is none")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up waiting after `TIME` (90s, 10m); the run goes on")
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
			a.warn("%s: the run waits for one, ten minutes at the most", why)
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
		a.line("Run %d of schedule %s has made job %s: `enqueue watch %[3]s` follows it.", r.Number, name, r.Job)
	case r.State == schedule.Due:
		a.line("Run %d of schedule %s is due: a worker does it, `enqueue schedule show %[2]s` tells.", r.Number, name)
	default:
		a.line("Run %d of schedule %s is %s: %s.", r.Number, name, a.tongue(a.screen).term(string(r.State)), a.tongue(a.screen).sentence(r.Reason))
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
			return r, job.Errorf(job.CodeInterrupted, "interrupted: run %d of schedule %s goes on, `enqueue schedule show %[2]s` tells",
				r.Number, name)
		case <-deadline:
			return r, job.Errorf(job.CodeTimeout, "run %d of schedule %s has made no job within %s and goes on: `enqueue schedule show"+
				" %[2]s` tells", r.Number, name, timeout)
		case <-tick.C:
		}
	}
}

// runFailed is the error of a run that made no job and should have.
func runFailed(name string, r schedule.Run) error {
	code, became := r.Code, "failed"
	switch r.State {
	case schedule.Skipped:
		code, became = job.CodeJobAtWork, "was skipped"
	case schedule.Missed:
		code, became = job.CodeTimeout, "was missed"
	case schedule.Failed:
	default:
		return nil
	}
	return job.Errorf(code, "run %d of schedule %s %s: %s", r.Number, name, became, r.Reason)
}
