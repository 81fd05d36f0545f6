package main

import (
	"context"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/i18n"
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
		Short: a.help("help.schedule_add"),
		Long:  a.help("help.schedule_add_long"),
		Example: `  enqueue schedule add nightly --cron '0 3 * * *' --timezone Asia/Shanghai resync /srv/lists/stores.csv \
      --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --prune --max-prune 5% --verify
  enqueue schedule add hourly --cron @hourly associate https://files.example.com/stores.csv --account acme \
      --brand 120344 --coupon 1000000013 --bundle 98065002 --priority low --catch-up`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return job.Fail(job.CodeUsage, "flag.schedule_add", "command", cmd.Name(), "given", len(args), "path",
					cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.scheduleAdd(cmd.Context(), args[0], job.Operation(args[1]), args[2], f)
		},
	}
	flags := a.flags(cmd)
	flags.SortFlags = false
	flags.addString(&f.cron, "cron", "", "help.flag_cron")
	flags.addString(&f.zone, "timezone", "", "help.flag_cron_timezone")
	flags.addBool(&f.catchUp, "catch-up", false, "help.flag_catch_up")
	flags.addBool(&f.replace, "replace", false, "help.flag_replace")
	flags.addString(&f.account, "account", "", "help.flag_account")
	flags.addString(&f.brand, "brand", "", "help.flag_brand")
	flags.addString(&f.coupon, "coupon", "", "help.flag_coupon")
	flags.addString(&f.stock, "stock", "", "help.flag_stock")
	flags.addString(&f.bundle, "bundle", "", "help.flag_bundle")
	f.readFlags.register(flags, i18n.Message{})
	flags.addString(&f.sheet, "sheet", "", "help.flag_sheet")
	f.resyncFlags.register(flags)
	flags.addString(&f.priority, "priority", "default", "help.flag_priority")
	flags.addString(&f.label, "label", "", "help.flag_schedule_label")
	flags.addInt(&f.chunkSize, "chunk-size", 0, "help.flag_chunk_size")
	flags.addInt(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"help.flag_schedule_threshold")
	f.hookFlags.register(flags)
	flags.Lookup("notify").Usage = a.help("help.flag_schedule_notify")
	return cmd
}

// definition checks what can be told from the flags alone, and gives the schedule that they ask for.
func (f *scheduleFlags) definition(name string, op job.Operation, src string) (schedule.Definition, error) {
	d := schedule.Definition{Name: name, Cron: strings.TrimSpace(f.cron), Timezone: f.zone, CatchUp: f.catchUp, Source: src,
		Column: f.column, Sheet: f.sheet, Header: f.header, NoHeader: f.noHeader, IDs: f.ids,
		AddedAt: time.Now().UTC().Truncate(time.Millisecond)}
	if d.Cron == "" {
		return d, job.Fail(job.CodeUsage, "flag.cron_missing")
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
		return d, job.Fail(job.CodeUsage, "flag.prune_operation", "operation", op)
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
		a.warn("cmd.ticks_missed", "why", why)
	}
	if a.json {
		return a.tellSchedule(ctx, s, book, d.Name)
	}
	is, err := book.Get(ctx, d.Name)
	if err != nil {
		return err
	}
	next := i18n.Message{}
	if is.Next != nil {
		next = i18n.M("cmd.schedule_next", "at", is.Next.Format(zoned))
	}
	told := []any{"schedule", d.Name, "operation", i18n.Term(d.Job.Operation), "target", about(d.Job.Target), "source",
		source.Shown(d.Source),
		"cron", d.Cron, "zone", d.Timezone, "next", next}
	if replaced {
		a.line("cmd.schedule_replaced", told...)
	} else {
		a.line("cmd.schedule_added", told...)
	}
	if is.Paused {
		a.line("cmd.schedule_still_paused", "schedule", d.Name)
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
			return job.Fail(job.CodeUsage, "cmd.source_error", "source", source.Shown(src), "error", err)
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
		return "", job.Fail(job.CodeUsage, "flag.timezone_missing")
	}
	return name, nil
}
