package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Make jobs at set times: add, list, show, pause, resume, run and remove schedules",
		Long: `Make jobs at set times. A schedule lives in Redis, and each of its ticks makes exactly one job, whatever becomes of the
workers. The list is read by a worker when the tick comes: a file below a folder, or an https address on a host, that
the worker's configuration allows (sources).

A tick is skipped, and told, while the schedule's last job, or another on its target, is at work. Ticks that no worker
came to within 10 s are told as missed; with --catch-up the latest of them is made up for.`,
		Example: `  enqueue schedule add nightly --cron '0 3 * * *' --timezone Asia/Shanghai resync /srv/lists/stores.csv \
      --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune
  enqueue schedule list
  enqueue schedule run nightly --wait`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return job.Errorf(job.CodeUsage, "%q is nothing to do with a schedule: it is add, list, show, pause, resume, run or"+
					" remove (see %s --help)", cell(args[0], 40), cmd.CommandPath())
			}
			return job.Errorf(job.CodeUsage, "say what to do: add, list, show, pause, resume, run or remove (see %s --help)",
				cmd.CommandPath())
		},
	}
	cmd.AddCommand(a.scheduleAddCommand(), a.scheduleListCommand(), a.scheduleShowCommand(),
		a.scheduleSteerCommand("pause", "Keep a schedule from having ticks, until it is resumed",
			`Keep a schedule from having ticks, until it is resumed. Its job goes on; enqueue pause JOB pauses that.`,
			(*schedule.Book).Pause),
		a.scheduleSteerCommand("resume", "Let a paused schedule have ticks again",
			`Let a paused schedule have ticks again, from now on: those that came meanwhile are not made up for.`,
			(*schedule.Book).Resume),
		a.scheduleRunCommand(), a.scheduleRemoveCommand())
	return cmd
}

// named is the check of a subcommand that takes a schedule's name.
var named = one("the schedule's NAME")

// scheduleSteerCommand is pause or resume.
func (a *app) scheduleSteerCommand(verb, short, long string, do func(*schedule.Book, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Long:    long + "\n\nWith --json: the schedule after it.",
		Example: "  enqueue schedule " + verb + " nightly",
		Args:    named,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedules(cmd.Context(), func(ctx context.Context, at *site, book *schedule.Book) error {
				if err := do(book, ctx, args[0]); err != nil {
					return err
				}
				return a.tellSchedule(ctx, at, book, args[0])
			})
		},
	}
}

func (a *app) scheduleRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a schedule with what it remembers of its runs",
		Long: `Remove a schedule with what it remembers of its runs. Its job goes on; enqueue cancel JOB stops that.

With --json: the schedule as it was.`,
		Example: `  enqueue schedule remove nightly`,
		Args:    named,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedules(cmd.Context(), func(ctx context.Context, _ *site, book *schedule.Book) error {
				s, err := book.Get(ctx, args[0])
				if err != nil {
					return err
				}
				if err := book.Remove(ctx, args[0]); err != nil {
					return err
				}
				if a.json {
					a.out.json(documentOf(s, true))
					return nil
				}
				a.line("Schedule %s is removed.", s.Name)
				if r := s.LastRun; r != nil && r.State == schedule.Submitted {
					a.line("Its last job goes on: `enqueue watch %s` follows it, `enqueue cancel %[1]s` stops it.", r.Job)
				}
				return nil
			})
		},
	}
}

// withSchedules does something with the schedules of the Redis that is named.
func (a *app) withSchedules(ctx context.Context, do func(context.Context, *site, *schedule.Book) error) error {
	s, err := a.look(ctx)
	if err != nil {
		return err
	}
	return s.closed(do(ctx, s, schedule.Open(s.rdb)))
}
