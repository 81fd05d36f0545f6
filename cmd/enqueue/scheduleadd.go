package main

import (
	"context"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/worker"
)

// scheduleFlags are those of schedule add.
type scheduleFlags struct {
	cron, zone       string
	catchUp, replace bool
	submitFlags      // of the jobs that it makes; some are not offered
	resyncFlags
}

func (a *app) scheduleAddCommand() *cobra.Command {
	f := &scheduleFlags{}
	cmd := &cobra.Command{
		Use:   "add NAME --cron EXPRESSION resync|associate|disassociate SOURCE",
		Short: "Add a schedule",
		Long: `Add a schedule. What can be checked here is; the list itself is read by a worker when a tick comes.

SOURCE is the whole path of a file as the workers see it, or an https address; what the workers' configuration does not
allow (sources) fails the run. A list with a bad row fails the run, and changes nothing. An address is asked for a list
with the ETag of the last one: where that is the same, and every store of it succeeded, there is nothing to do (a resync
compares all the same).

--cron takes five fields (minute, hour, day of month, month, day of week), @hourly, @daily, @weekly, @monthly, @yearly or
'@every 90m', by the clocks of --timezone. Where clocks are put forward, a time that they skip comes at the change; where
they are put back, a time that they show twice comes once, unless the schedule is of every hour.

--notify is told of each run, at least once: when its job has ended (job.ended), or why it made none (schedule.failed, .skipped,
.missed or .unchanged; .gone where its job was gone from Redis before its end could be noted).

With --json: the schedule.`,
		Example: `  enqueue schedule add nightly --cron '0 3 * * *' --timezone Asia/Shanghai resync /srv/lists/stores.csv \
      --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune --max-prune 5% --verify
  enqueue schedule add hourly --cron @hourly associate https://files.example.com/stores.csv --account acme \
      --brand 120344 --coupon 1000000013 --bundle 98065002 --priority low --catch-up`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return job.Errorf(job.CodeUsage, "%s takes three arguments, NAME, resync|associate|disassociate and SOURCE, and was given"+
					" %d (see %s --help)", cmd.Name(), len(args), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.scheduleAdd(cmd.Context(), args[0], job.Operation(args[1]), args[2], f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.cron, "cron", "", "when its ticks come: an `EXPRESSION`, such as '0 3 * * *'")
	flags.StringVar(&f.zone, "timezone", "", "of --cron: its `NAME`, such as Asia/Shanghai (default: this machine's)")
	flags.BoolVar(&f.catchUp, "catch-up", false, "make up for the latest tick that was missed while no worker was up")
	flags.BoolVar(&f.replace, "replace", false, "replace the schedule of this name; it stays paused if it is")
	flags.StringVar(&f.account, "account", "", "the account's `NAME`, as a worker or the configuration has it")
	flags.StringVar(&f.brand, "brand", "", "the brand's `ID`; a brand's own account knows it")
	flags.StringVar(&f.coupon, "coupon", "", "the product coupon's `ID`")
	flags.StringVar(&f.stock, "stock", "", "the stock's `ID`, or …")
	flags.StringVar(&f.bundle, "bundle", "", "… the stock bundle's `ID`")
	f.readFlags.register(flags, "")
	flags.StringVar(&f.sheet, "sheet", "", "of a spreadsheet: the sheet's `NAME|NUMBER` (default: the only one with rows)")
	f.resyncFlags.register(flags)
	flags.StringVar(&f.priority, "priority", "default", "high, default or low: who goes first among an account's jobs")
	flags.StringVar(&f.label, "label", "", "a `TEXT` to know its jobs by")
	flags.IntVar(&f.chunkSize, "chunk-size", 0, "stores a call: 1 to 200 (default 200)")
	flags.IntVar(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"abort a job once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off")
	f.hookFlags.register(flags)
	flags.Lookup("notify").Usage = "tell a hook what became of each run: by its `NAME|URL`, as the worker's notify.hooks or notify.hosts allow"
	return cmd
}

// definition checks what can be told from the flags alone, and gives the schedule that they ask for.
func (f *scheduleFlags) definition(name string, op job.Operation, src string) (schedule.Definition, error) {
	d := schedule.Definition{Name: name, Cron: strings.TrimSpace(f.cron), Timezone: f.zone, CatchUp: f.catchUp, Source: src,
		Column: f.column, Sheet: f.sheet, Header: f.header, NoHeader: f.noHeader, IDs: f.ids,
		AddedAt: time.Now().UTC().Truncate(time.Millisecond)}
	if d.Cron == "" {
		return d, job.Errorf(job.CodeUsage, "--cron is missing: when the ticks come, such as '0 3 * * *'")
	}
	var err error
	if d.Timezone == "" {
		if d.Timezone, err = zoneOf(os.LookupEnv, os.Readlink); err != nil {
			return d, err
		}
	}
	d.Job.Operation = op // for what is wrong with that to be told first
	if err := d.Check(); err != nil {
		return d, err
	}
	if d.Job, err = f.check(op); err != nil {
		return d, err
	}
	switch {
	case op == job.Resync:
		if d.Job.Resync, err = f.options(); err != nil {
			return d, err
		}
	case f.prune || f.verify || f.maxPrune != "":
		return d, job.Errorf(job.CodeUsage, "--prune, --max-prune and --verify are for resync: %s does not list what is associated", op)
	}
	return d, d.Check()
}

func (a *app) scheduleAdd(ctx context.Context, name string, op job.Operation, src string, f *scheduleFlags) error {
	d, err := f.definition(name, op, src)
	if err != nil {
		return err
	}
	d.AddedBy = submitter(a.environ)
	p, err := a.redisPlace()
	if err != nil {
		return err
	}
	if err := checkSource(p.config.Sources, src); err != nil {
		return err
	}
	if d.Job.Notify, err = f.hook(p); err != nil {
		return err
	}
	s, err := a.open(ctx, p, []string{d.Job.Account}, false)
	if err != nil {
		return err
	}
	return s.closed(a.scheduleAddAt(ctx, s, d, f.replace))
}

func (a *app) scheduleAddAt(ctx context.Context, s *site, d schedule.Definition, replace bool) error {
	account, err := s.account(ctx, d.Job.Account)
	if err != nil {
		return err
	}
	if err := account.complete(&d.Job.Target); err != nil {
		return err
	}
	book := schedule.Open(s.rdb)
	replaced, err := book.Add(ctx, d, replace)
	if err != nil {
		return err
	}
	if word, why := account.unserved(); word != "" {
		a.warn("%s: ticks that come meanwhile are missed", why)
	}
	if a.json {
		return a.tellSchedule(ctx, s, book, d.Name)
	}
	is, err := book.Get(ctx, d.Name)
	if err != nil {
		return err
	}
	t, next := a.tongue(a.screen), ""
	if is.Next != nil {
		next = t.say(" Its next tick is %s.", is.Next.Format(zoned))
	}
	told := []any{d.Name, t.term(string(d.Job.Operation)), t.target(d.Job.Target), source.Shown(d.Source), d.Cron, d.Timezone, next}
	if replaced {
		a.line("Schedule %s is replaced: %s %s with %s at %s (%s).%s", told...)
	} else {
		a.line("Schedule %s is added: %s %s with %s at %s (%s).%s", told...)
	}
	if is.Paused {
		a.line("It is still paused: `enqueue schedule resume %s` lets it go on.", d.Name)
	}
	return nil
}

// checkSource refuses a source that can be seen to be wrong. Where the configuration allows sources, it must be among
// them; where it names none, which are allowed is known to the workers alone.
func checkSource(c config.Sources, src string) error {
	if !c.Any() {
		c = config.Sources{Directories: []string{"/"}, Private: []string{"0.0.0.0/0", "::/0"}}
		if u, err := url.Parse(src); err == nil && u.Host != "" {
			c.Hosts = []string{u.Host}
		}
	}
	opener, err := worker.Sources(c)
	if err != nil {
		if len(c.Hosts) == 1 { // that of an address which is none
			return job.Errorf(job.CodeUsage, "%s: %w", source.Shown(src), err)
		}
		return err
	}
	return opener.Check(src)
}

// zoneOf is the name of this machine's time zone: that of TZ, or of the file that /etc/localtime is a link to.
func zoneOf(environ func(string) (string, bool), readlink func(string) (string, error)) (string, error) {
	name, set := environ("TZ")
	name = strings.TrimPrefix(name, ":")
	if set && name == "" {
		return "UTC", nil
	}
	if !set {
		to, err := readlink("/etc/localtime")
		if err != nil { // without the file, and so in a bare image, clocks show UTC
			name = time.Local.String()
		} else {
			_, name, _ = strings.Cut(to, "zoneinfo/")
		}
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return "", job.Errorf(job.CodeUsage, "--timezone is missing, and this machine's has no name: give one, such as Asia/Shanghai")
	}
	return name, nil
}
