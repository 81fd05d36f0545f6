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

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/i18n"
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

	helps i18n.Lang // the language of --help

	began bool // a subcommand was reached: errors are no longer about how it was called
}

// run is the command without the process: it gives the exit status. ctx ends when the process is told to stop.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	a := &app{in: stdin, out: &printer{w: stdout}, err: stderr, environ: environ, screen: terminal.Of(stdout, environ),
		errors: terminal.Of(stderr, environ)}
	a.out.shown = a.screen.Terminal
	a.helps = a.helpIn(args)
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
		Use:           "enqueue",
		Short:         a.help("help.root"),
		Long:          a.help("help.root_long"),
		Example:       a.help("help.root_example"),
		Version:       version.Get().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.began = true
			a.environ = config.WithRedisFiles(a.environ, a.files.certificate, a.files.key, a.files.ca)
			if _, err := i18n.LangOf(a.lang, a.environ); err != nil {
				return job.Wrap(job.CodeUsage, err)
			}
			return noneEmpty(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.json {
				cmd.SetOut(a.err)
				_ = cmd.Help() // what cannot be printed is not needed either: the error follows
			}
			return job.Fail(job.CodeUsage, "flag.nothing_said")
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return job.Fail(job.CodeUsage, "flag.see_help", "error", err, "command", cmd.CommandPath())
	})
	f := flagSet{root.PersistentFlags(), a.helps}
	f.addBool(&a.json, "json", false, "help.flag_json")
	f.addString(&a.config, "config", "", "help.flag_config")
	f.addString(&a.redis, "redis", "", "help.flag_redis")
	f.addString(&a.files.certificate, "redis-certificate", "", "help.flag_redis_certificate")
	f.addString(&a.files.key, "redis-key", "", "help.flag_redis_key")
	f.addString(&a.files.ca, "redis-ca", "", "help.flag_redis_ca")
	f.addString(&a.lang, "lang", "", "help.flag_lang")
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
	a.helpWords(root)
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
		err = job.Fail(job.CodeIO, "cmd.stdout", "error", cause(a.out.err))
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
			return job.Fail(job.CodeInterrupted, "cmd.interrupted_by", "error", err)
		}
		return err
	}
	switch {
	case !a.began: // cobra's own
		text := strings.Join(strings.Fields(strings.Replace(err.Error(), "Did you mean this?", "; did you mean", 1)), " ")
		return job.Errorf(job.CodeUsage, "%s (see enqueue --help)", strings.ReplaceAll(text, " ;", ";"))
	case errors.Is(err, context.Canceled):
		return job.Fail(job.CodeInterrupted, "cmd.interrupted")
	case errors.Is(err, context.DeadlineExceeded):
		return job.Fail(job.CodeRedis, "cmd.redis_late", "error", err)
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
			err = job.Fail(job.CodeUsage, "flag.empty", "flag", f.Name)
		}
	})
	return err
}

// one is the check of a subcommand that takes one argument.
func one(what i18n.Message) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] == "" {
			return job.Fail(job.CodeUsage, "flag.empty_argument", "command", cmd.Name(), "what", what, "path", cmd.CommandPath())
		}
		if len(args) != 1 {
			return job.Fail(job.CodeUsage, "flag.one_argument", "command", cmd.Name(), "what", what, "given", len(args),
				"path", cmd.CommandPath())
		}
		return nil
	}
}

// none is the check of a subcommand that takes no argument.
func none(cmd *cobra.Command, args []string) error {
	if len(args) != 0 {
		return job.Fail(job.CodeUsage, "flag.no_argument", "command", cmd.Name(), "given", args[0], "path", cmd.CommandPath())
	}
	return nil
}
