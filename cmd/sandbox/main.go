// Command sandbox is the stand-in for WeChat Pay as a process of its own: it writes keys and a ready configuration into
// a folder, and serves the product-coupon store endpoints until it is told to stop. It must never be reachable from
// another machine unless that was asked for, and knows no one but the two accounts that it makes up.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/version"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// drainFor is how long calls in flight may take to be answered once the sandbox was told to stop.
const drainFor = 5 * time.Second

// maxRate is the most that a configuration takes for a rate.
const maxRate = 10_000

// options are what the command line says, faults apart.
type options struct {
	listen, dir, mchid, faultsFile string
	fresh, allowRemote             bool
	rate, keepArrivals             int
	countRefused, logRefusals      bool
}

// run is the command without the process: it serves until ctx ends, and gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	var given faultFlags
	cmd := &cobra.Command{
		Use:   "sandbox --dir DIR",
		Short: "Stand in for WeChat Pay: the product-coupon store endpoints, as strict as the real ones",
		Long: `Stand in for WeChat Pay: the product-coupon store endpoints, as strict as the real ones.

Keys and a ready storelink.yaml, with the accounts sandbox-partner and sandbox-brand, are written into DIR; keys that
are there already are used again, so that a sandbox started anew is the same WeChat Pay. What is associated is kept in
memory alone.

It behaves well unless it is told not to. A SHARE is a number from 0 to 1 or a percentage (0.05, 5%); what is drawn is
drawn by --seed. Faults can be changed while it runs, under the same names with _ for -:

  curl URL/sandbox/stats                                        what it has seen
  curl URL/sandbox/seconds                                      its calls by the second, admitted and refused
  curl 'URL/sandbox/truth?brand_id=…&product_coupon_id=…&stock_id=…'   the associated stores, an ID a line
  curl -d '{"outage":"500"}' URL/sandbox/faults                 changes the faults named
  curl -X PUT -d '{}' URL/sandbox/faults                        sets all faults: here, to none`,
		Example: `  sandbox --dir /tmp/sandbox
  sandbox --dir /tmp/sandbox --listen 127.0.0.1:9443 --rate 0
  sandbox --dir /tmp/sandbox --seed 1 --server-errors 5% --dropped 2% --wrong-signatures 1% --passing-stores 1%
  sandbox --dir /tmp/sandbox --latency 60ms --jitter-in 20ms
  sandbox --dir /tmp/sandbox --jitter-in 20ms --jitter-tail 0.5% --work 80ms --work-spread 300ms --also-used 5
  sandbox --dir /tmp/sandbox --failing-store-ids 100000001,100000002:STORE_CLOSED:门店已关闭
  sandbox --dir /tmp/sandbox --already-code STORE_ALREADY_ASSOCIATED
  sandbox --dir /tmp/sandbox --poisoned-store-ids 100000007 --poison-detail none
  sandbox --dir /tmp/sandbox --open-stocks 1123456`,
		Args:          cobra.NoArgs,
		Version:       version.Get().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			faults, err := given.faults(o.faultsFile)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), o, faults, stdout, stderr)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.dir, "dir", "", "the `DIR` for keys and storelink.yaml; it is made if it is not there")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "the `ADDR` to listen on; port 0 takes a free one")
	f.StringVar(&o.mchid, "mchid", sandbox.DefaultAccounts()[0].Identity, "the partner's `ID`")
	f.BoolVar(&o.fresh, "fresh", false, "make new keys, though there are some in DIR")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "listen on an address that other machines reach")
	f.IntVar(&o.rate, "rate", sandbox.DefaultRate, "`CALLS` in any second, for each account and interface; 0 for no limit")
	f.BoolVar(&o.countRefused, "count-refused", false, "calls that were refused with 429 count towards the second as well")
	f.IntVar(&o.keepArrivals, "keep-arrivals", 0, "how many of the latest `CALLS` /sandbox/arrivals tells")
	f.BoolVar(&o.logRefusals, "log-refusals", false, "log every answer that is no 200 to standard error")
	f.StringVar(&o.faultsFile, "faults", "", "a JSON `FILE` of faults; the flags below win over it")
	given.register(f)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if e := (*job.Error)(nil); !errors.As(err, &e) { // cobra's own: a flag that is not there
		err = job.Errorf(job.CodeUsage, "%w (see sandbox --help)", err)
	}
	fmt.Fprintln(stderr, "sandbox:", err)
	return job.ExitStatus(err)
}

// mchids are what --mchid takes.
var mchids = regexp.MustCompile(`^[0-9]{1,32}$`)

// serve sets the folder up and serves until ctx ends.
func serve(ctx context.Context, o options, faults sandbox.Faults, stdout, stderr io.Writer) (err error) {
	switch {
	case o.dir == "":
		return job.Errorf(job.CodeUsage, "--dir is missing: say where keys and configuration are to be written")
	case o.rate < 0 || o.rate > maxRate:
		return job.Errorf(job.CodeUsage, "--rate %d: it is 0, for no limit, or up to %d", o.rate, maxRate)
	case !o.allowRemote && !sandbox.IsLoopback(o.listen):
		return job.Errorf(job.CodeUsage, "--listen %s: other machines would reach it, and what is under /sandbox/ is "+
			"open to all; --allow-remote says that this is meant", o.listen)
	}
	accounts := sandbox.DefaultAccounts()
	for i := range accounts {
		if accounts[i].Mode == job.Partner {
			accounts[i].Identity = o.mchid
		}
	}
	if !mchids.MatchString(o.mchid) {
		return job.Errorf(job.CodeUsage, "--mchid %q: it is some digits", o.mchid)
	}
	rate := o.rate
	if rate == 0 {
		rate = sandbox.NoRate
	}
	folder, err := openFolder(o.dir, o.fresh)
	if err != nil {
		return err
	}
	options := sandbox.Options{Accounts: accounts, Keys: folder.keys, Rate: rate, CountRefused: o.countRefused, Faults: faults,
		AllowRemote: o.allowRemote, KeepArrivals: o.keepArrivals}
	if o.logRefusals {
		options.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s, err := sandbox.New(options)
	if err != nil {
		return err
	}
	url, err := s.Start(o.listen)
	if err != nil {
		return err
	}
	defer func() {
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
		defer cancel()
		if closed := s.Close(draining); err == nil && closed != nil {
			err = job.Errorf(job.CodeInternal, "%w", closed)
		}
	}()
	if err := folder.write(s, url, o.rate); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "sandbox: listening on %s, configuration in %s\n", url,
		filepath.Join(o.dir, configName)); err != nil {
		return job.Errorf(job.CodeIO, "cannot write to standard output: %w", err)
	}
	<-ctx.Done()
	return nil
}
