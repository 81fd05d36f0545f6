package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: a.help("help.schedule"),
		Long:  a.help("help.schedule_long"),
		Example: `  enqueue schedule add nightly --cron '0 3 * * *' --timezone Asia/Shanghai resync /srv/lists/stores.csv \
      --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune
  enqueue schedule list
  enqueue schedule run nightly --wait`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return job.Fail(job.CodeUsage, "flag.schedule_verb", "value", cell(args[0], 40), "command", cmd.CommandPath())
			}
			return job.Fail(job.CodeUsage, "flag.schedule_nothing", "command", cmd.CommandPath())
		},
	}
	cmd.AddCommand(a.scheduleAddCommand(), a.scheduleListCommand(), a.scheduleShowCommand(),
		a.scheduleSteerCommand("pause", i18n.M("help.schedule_pause"), i18n.M("help.schedule_pause_long"),
			(*schedule.Book).Pause),
		a.scheduleSteerCommand("resume", i18n.M("help.schedule_resume"), i18n.M("help.schedule_resume_long"),
			(*schedule.Book).Resume),
		a.scheduleRunCommand(), a.scheduleRemoveCommand())
	return cmd
}

// named is the check of a subcommand that takes a schedule's name.
var named = one(i18n.M("flag.a_schedule"))

// scheduleSteerCommand is pause or resume.
func (a *app) scheduleSteerCommand(verb string, short, long i18n.Message, do func(*schedule.Book, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " NAME",
		Short:   short.In(a.helps),
		Long:    long.In(a.helps),
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
		Use:     "remove NAME",
		Short:   a.help("help.schedule_remove"),
		Long:    a.help("help.schedule_remove_long"),
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
				a.line("cmd.schedule_removed", "schedule", s.Name)
				if r := s.LastRun; r != nil && r.State == schedule.Submitted {
					a.line("cmd.schedule_last_job", "job", r.Job)
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
