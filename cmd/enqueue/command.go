package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
	"github.com/storelink/storelink/internal/version"
)

// app is one run of the command: the streams and the environment of its process, and the flags that every subcommand
// takes.
type app struct {
	in      io.Reader
	out     *printer
	err     io.Writer
	environ []string
	screen  terminal.Screen // what standard output is
	errors  terminal.Screen // what standard error is

	json   bool
	config string                                // --config
	redis  string                                // --redis
	files  struct{ certificate, key, ca string } // --redis-certificate, --redis-key, --redis-ca
	lang   string                                // --lang

	began bool // a subcommand was reached: errors are no longer about how it was called
}

// run is the command without the process: it gives the exit status. ctx ends when the process is told to stop.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	a := &app{in: stdin, out: &printer{w: stdout}, err: stderr, environ: environ, screen: terminal.Of(stdout, environ),
		errors: terminal.Of(stderr, environ)}
	a.out.shown = a.screen.Terminal
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if !a.began && wantsJSON(args) {
		a.json = true // the flags may not have been read
	}
	return a.finish(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "enqueue",
		Short: "Associate large store lists with WeChat Pay product coupons, and tell of every store what became of it",
		Long: `Associate large store lists with WeChat Pay product coupons, and tell of every store what became of it.

A list is checked whole before anything is sent. Then it is a job: workers send it at the pace that WeChat Pay allows,
send again what failed in passing, and record each store's outcome. Without Redis the job runs in this process.

Exit status: 0 all well (with --wait: every store succeeded); 1 it could not be done now; 2 the call or its input is
wrong, or the target has a job at work, and nothing was sent; 3 the job ended with stores that failed or were left
unprocessed; 130 interrupted.`,
		Example: `  enqueue associate stores.csv --sandbox                 try it: a built-in stand-in for WeChat Pay, no keys needed
  enqueue associate stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue jobs --state running
  enqueue results 20260701-093000-k3jq7w2p --only failed`,
		Version:       version.Get().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.began = true
			a.environ = config.WithRedisFiles(a.environ, a.files.certificate, a.files.key, a.files.ca)
			if _, err := catalogue.LangOf(a.lang, a.environ); err != nil {
				return err
			}
			return noneEmpty(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.json {
				cmd.SetOut(a.err)
				_ = cmd.Help() // what cannot be printed is not needed either: the error follows
			}
			return job.Errorf(job.CodeUsage, "say what to do: associate, status, … (see enqueue --help)")
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return job.Errorf(job.CodeUsage, "%w (see %s --help)", err, cmd.CommandPath())
	})
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "one JSON document on standard output, and nothing else there")
	f.StringVar(&a.config, "config", "", "the configuration's `FILE` (default: STORELINK_CONFIG)")
	f.StringVar(&a.redis, "redis", "", "Redis' `URL` (default: STORELINK_REDIS, REDIS_URL, the configuration's)")
	f.StringVar(&a.files.certificate, "redis-certificate", "", "the PEM `FILE` that Redis is shown (default: STORELINK_REDIS_CERTIFICATE, the configuration's)")
	f.StringVar(&a.files.key, "redis-key", "", "the PEM `FILE` of that certificate's key (default: STORELINK_REDIS_KEY, the configuration's)")
	f.StringVar(&a.files.ca, "redis-ca", "", "the PEM `FILE` of the authorities that Redis is believed by (default: STORELINK_REDIS_CA, the configuration's)")
	f.StringVar(&a.lang, "lang", "", "tell people in this `LANGUAGE`: zh or en (default: STORELINK_LANG, LC_ALL, LC_MESSAGES, LANG)")
	for _, op := range job.Writes() {
		root.AddCommand(a.submitCommand(op))
	}
	root.AddCommand(
		a.resyncCommand(), a.onboardCommand(),
		a.scheduleCommand(),
		a.retryCommand(),
		a.jobsCommand(), a.statusCommand(), a.watchCommand(), a.resultsCommand(),
		a.pauseCommand(), a.resumeCommand(), a.cancelCommand(), a.accountsCommand(),
		a.completionCommand(),
	)
	a.complete(root)
	return root
}

// wantsJSON looks for --json in a command line that may make no sense.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, func(s string) bool {
		return slices.Contains([]string{"--json", "--json=true", "--json=1", "--json=t"}, s)
	})
}

// finish tells what went wrong, if anything did, and gives the exit status.
func (a *app) finish(ctx context.Context, err error) int {
	if err == nil && a.out.err != nil {
		err = job.Errorf(job.CodeIO, "standard output cannot be written: %w", cause(a.out.err))
	}
	if err == nil {
		return 0
	}
	err = a.forPerson(ctx, err)
	e := job.AsError(err)
	switch {
	case a.json && e.Code == job.CodeUnfinished: // the job's status document has told it
	case a.json:
		a.out.json(errorDocument(err))
		if a.out.err != nil { // nobody would be told
			fmt.Fprintln(a.err, "enqueue:", printable(err.Error()))
		}
	default:
		fmt.Fprintln(a.err, "enqueue:", printable(a.tongue(a.errors).failed(err)))
	}
	return job.ExitStatus(err)
}

// forPerson makes of errors that are not our own what a person understands.
func (a *app) forPerson(ctx context.Context, err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) && e.Code != job.CodeInterrupted {
			return job.Errorf(job.CodeInterrupted, "interrupted (%w)", err)
		}
		return err
	}
	switch {
	case !a.began: // cobra's own
		text := strings.Join(strings.Fields(strings.Replace(err.Error(), "Did you mean this?", "; did you mean", 1)), " ")
		return job.Errorf(job.CodeUsage, "%s (see enqueue --help)", strings.ReplaceAll(text, " ;", ";"))
	case errors.Is(err, context.Canceled):
		return job.Errorf(job.CodeInterrupted, "interrupted")
	case errors.Is(err, context.DeadlineExceeded):
		return job.Errorf(job.CodeRedis, "Redis does not answer in time (%w)", err)
	}
	return err
}

// meant are the flags that mean something by being there: to take one that was given nothing as left out, as --at "$WHEN" is
// where the variable is not set, would send at once what was to wait, or tell nobody.
var meant = []string{"at", "timezone", "notify", "set-aside", "max-prune", "report", "join", "only"}

func noneEmpty(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && f.Value.String() == "" && slices.Contains(meant, f.Name) {
			err = job.Errorf(job.CodeUsage, "--%s was given nothing: give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// one is the check of a subcommand that takes one argument.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] == "" {
			return job.Errorf(job.CodeUsage, "%s takes %s, and was given an empty one (see %s --help)", cmd.Name(), what, cmd.CommandPath())
		}
		if len(args) != 1 {
			return job.Errorf(job.CodeUsage, "%s takes one argument, %s, and was given %d (see %s --help)", cmd.Name(), what,
				len(args), cmd.CommandPath())
		}
		return nil
	}
}

// none is the check of a subcommand that takes no argument.
func none(cmd *cobra.Command, args []string) error {
	if len(args) != 0 {
		return job.Errorf(job.CodeUsage, "%s takes no argument, and was given %q (see %s --help)", cmd.Name(), args[0],
			cmd.CommandPath())
	}
	return nil
}
