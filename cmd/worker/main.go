// Command worker is the daemon: it serves the accounts of its configuration until it is told to stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/version"
)

func main() {
	redisconn.LogTo(slog.New(slog.DiscardHandler)) // whoever sent a command that failed says so
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the process as usual
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(status)
}

// run is the command without the process: it ends with its exit status. A second signal, once ctx has ended, kills the
// process as usual.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, environ []string) int {
	o := options{environ: environ, stderr: stderr}
	serving := false // and neither checking nor asking another worker
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Serve the accounts of a configuration: send what enqueue put on the queue, at the pace that the API allows",
		Long: `Serve the accounts of a configuration: send what enqueue put on the queue, at the pace that the API allows.

Any number of workers may serve the same accounts: they share one allowance. A worker that is told to stop (SIGTERM,
Ctrl-C) finishes the calls in flight and records them: what that may take is logged. A second signal ends it at once: stores
whose answers were on their way are sent again. One that gets SIGHUP reads its accounts again and disturbs none that has not
changed; what is wrong with the new configuration is logged, and the old one stays in force.

Exit status: 0 it was told to stop; 78 its configuration is wrong, which a person must mend; 2 the command line is wrong,
or it crashed; 1 all else, such as a Redis that cannot be reached.`,
		Example: `  worker --config storelink.yaml
  worker --config storelink.yaml --redis redis://127.0.0.1:6379/0 --http 127.0.0.1:8080
  worker --config storelink.yaml --log-format json --log-level debug`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version.Get().String(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.healthcheck {
				return healthcheck(cmd.Context(), o)
			}
			serving = true
			return serve(cmd.Context(), o)
		},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			_, err := catalogue.LangOf(o.lang, o.environ)
			return err
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	var status int
	cmd.AddCommand(checkCommand(&o, &status))
	f := cmd.PersistentFlags()
	f.StringVar(&o.config, "config", "", "the configuration's `FILE` (default: STORELINK_CONFIG)")
	f.StringVar(&o.redis, "redis", "", "Redis' `URL` (default: the configuration's, STORELINK_REDIS, REDIS_URL)")
	f.StringVar(&o.redisTLS.certificate, "redis-certificate", "", "the PEM `FILE` that Redis is shown where it asks for a certificate (default: the configuration's, STORELINK_REDIS_CERTIFICATE)")
	f.StringVar(&o.redisTLS.key, "redis-key", "", "the PEM `FILE` of that certificate's key (default: the configuration's, STORELINK_REDIS_KEY)")
	f.StringVar(&o.redisTLS.ca, "redis-ca", "", "the PEM `FILE` of the authorities that Redis is believed by (default: the configuration's, STORELINK_REDIS_CA, the system's)")
	f.StringVar(&o.http, "http", "", "`ADDR` for the page, /healthz, /readyz and /metrics (default: the configuration's, 127.0.0.1:8080; \"off\" for none)")
	f.StringVar(&o.lang, "lang", "", "tell people in this `LANGUAGE`: zh or en (default: STORELINK_LANG, LC_ALL, LC_MESSAGES, LANG); logs are in English")
	f = cmd.Flags()
	f.StringVar(&o.logLevel, "log-level", "", "debug, info, warn or error (default: the configuration's, info)")
	f.StringVar(&o.logFormat, "log-format", "", "text or json (default: the configuration's, text)")
	f.BoolVar(&o.healthcheck, "healthcheck", false, "ask the worker that runs at --http whether it is healthy, and exit 0 or 1")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return status
	}
	var e *job.Error
	if !errors.As(err, &e) { // cobra's own: a flag that is not there
		err = job.Errorf(job.CodeUsage, "%w (see worker --help)", err)
	}
	fmt.Fprintln(stderr, "worker:", err)
	if serving && job.AsError(err).Code == job.CodeBadConfig {
		return exitConfig
	}
	return job.ExitStatus(err)
}

// exitConfig is how a worker ends whose configuration is wrong: what sysexits.h calls EX_CONFIG. It is none that a crash
// ends with (2), so that a supervisor can tell what only a person mends from what a new start may.
const exitConfig = 78
