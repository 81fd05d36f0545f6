package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// onboardFlags are those of onboard.
type onboardFlags struct {
	account, priority, label    string
	setAside                    string
	chunkSize, failureThreshold int
	dryRun                      bool
	readFlags
	laterFlags
	hookFlags
	waitFlags
	placeFlags
}

func (a *app) onboardCommand() *cobra.Command {
	f := &onboardFlags{}
	cmd := &cobra.Command{
		Use:   "onboard MANIFEST",
		Short: a.help("help.onboard"),
		Long:  a.help("help.onboard_long"),
		Example: `  enqueue onboard examples/onboard.yaml --sandbox
  enqueue onboard brands.yaml --config storelink.yaml --wait
  enqueue onboard brands.yaml --at "$(TZ=Asia/Shanghai date -d tomorrow '+%F 02:00')" --timezone Asia/Shanghai --label "spring"
  enqueue onboard stores-of-all-brands.csv --account acme --label "spring" --dry-run`,
		Args: one(i18n.M("flag.a_manifest")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onboard(cmd.Context(), args[0], f)
		},
	}
	flags := a.flags(cmd)
	flags.SortFlags = false
	flags.addString(&f.account, "account", "", "help.flag_onboard_account")
	flags.addString(&f.priority, "priority", "default", "help.flag_onboard_priority")
	flags.addString(&f.label, "label", "", "help.flag_onboard_label")
	f.readFlags.register(flags, i18n.M("help.of_lists"))
	flags.addString(&f.setAside, "set-aside", "", "help.flag_onboard_set_aside")
	flags.addInt(&f.chunkSize, "chunk-size", 0, "help.flag_chunk_size")
	flags.addInt(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"help.flag_onboard_threshold")
	f.laterFlags.register(flags)
	f.hookFlags.register(flags)
	f.waitFlags.register(flags)
	flags.addBool(&f.dryRun, "dry-run", false,
		"help.flag_onboard_dry_run")
	f.placeFlags.register(flags)
	return cmd
}

// batchOrder is what is asked of a batch as a whole.
type batchOrder struct {
	at   *time.Time
	hook *job.Hook
}

// check checks what can be told from the flags alone.
func (f *onboardFlags) check(path string) (priority job.Priority, at *time.Time, err error) {
	if priority, err = job.ParsePriority(f.priority); err != nil {
		return "", nil, err
	}
	if _, err := chunker.Size(f.chunkSize); err != nil {
		return "", nil, err
	}
	if err := checkThreshold(f.failureThreshold); err != nil {
		return "", nil, err
	}
	if err := checkLabel(f.label); err != nil {
		return "", nil, err
	}
	if err := f.readFlags.check(); err != nil {
		return "", nil, err
	}
	if at, err = f.laterFlags.read(time.Now()); err != nil {
		return "", nil, err
	}
	return priority, at, apart(path, f.setAside, f.report)
}

func (a *app) onboard(ctx context.Context, path string, f *onboardFlags) error {
	priority, at, err := f.check(path)
	if err != nil {
		return err
	}
	p, err := a.place(f.placeFlags, f.dryRun)
	if err != nil {
		return err
	}
	if f.dryRun { // what only Redis knows is asked where there is one
		p.here = p.sandbox || f.here || p.url.Empty()
	}
	if err := f.waitFlags.check(f.wait || p.here || f.dryRun); err != nil {
		return err
	}
	if err := notLaterHere(p, at); err != nil {
		return err
	}
	hook, err := f.hook(p)
	if err != nil {
		return err
	}
	m, err := a.readManifest(ctx, path, priority, f)
	if err != nil {
		return err
	}
	defer m.Close()
	if p.sandbox {
		standIn(m)
	}
	accounts, err := accountsOf(m, path)
	if err == nil && p.here { // nothing is started for what can be seen to be wrong
		var jobs []job.Job
		if jobs, err = a.jobsOf(m, path, f, p.knownHere); err == nil && f.dryRun {
			return a.planHere(ctx, p, path, m, jobs)
		}
	}
	if err != nil {
		return err
	}
	if err := p.checkDefaultReport(f.report); err != nil {
		return err
	}
	s, err := a.open(ctx, p, accounts, f.verbose)
	if err != nil {
		return err
	}
	return s.closed(a.onboardAt(ctx, s, path, m, f, batchOrder{at, hook}))
}

// standIn lets the sandbox stand in for the accounts of a manifest: it has two, and they may act for every target.
func standIn(m *manifest.Manifest) {
	for i := range m.Targets {
		t := &m.Targets[i]
		if t.Account == sandbox.BrandAccount && (t.Target.BrandID == "" || t.Target.BrandID == sandboxBrand) {
			continue
		}
		t.Account, t.Target.BrandID = sandbox.PartnerAccount, cmp.Or(t.Target.BrandID, sandboxBrand)
	}
}

// accountsOf gives the accounts of a manifest's targets, each once.
func accountsOf(m *manifest.Manifest, path string) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for _, t := range m.Targets {
		if t.Account == "" {
			return nil, atLine(job.Fail(job.CodeUsage, "cmd.target_no_account"),
				path, t.Line)
		}
		if !seen[t.Account] {
			seen[t.Account] = true
			names = append(names, t.Account)
		}
	}
	return names, nil
}

// atLine says of an error which line of the manifest it is about.
func atLine(err error, path string, line int) error {
	e := *job.AsError(err)
	e.File, e.Line = path, line
	return &e
}

// jobsOf makes the jobs of a manifest's targets, which are checked by what hangs on their accounts.
func (a *app) jobsOf(m *manifest.Manifest, path string, f *onboardFlags, account func(string) (accountKnown, error)) ([]job.Job, error) {
	known := map[string]accountKnown{}
	jobs := make([]job.Job, len(m.Targets))
	for i, t := range m.Targets {
		k, ok := known[t.Account]
		if !ok {
			var err error
			if k, err = account(t.Account); err != nil {
				return nil, atLine(err, path, t.Line)
			}
			known[t.Account] = k
		}
		jobs[i] = job.Job{Operation: job.Associate, Account: t.Account, Target: t.Target, Priority: t.Priority, Label: t.Label,
			Source: path, SubmittedBy: submitter(a.environ), FailureThreshold: f.failureThreshold}
		if err := k.complete(&jobs[i].Target); err != nil {
			return nil, atLine(err, path, t.Line)
		}
	}
	return jobs, nil
}

// onboardAt submits a batch where it is to run, and follows it there if that is asked for.
func (a *app) onboardAt(ctx context.Context, s *site, path string, m *manifest.Manifest, f *onboardFlags, order batchOrder) error {
	jobs, err := a.jobsOf(m, path, f, func(name string) (accountKnown, error) { return s.account(ctx, name) })
	if err != nil {
		return err
	}
	if f.dryRun {
		plans, left, err := planTargets(ctx, path, m, jobs)
		if err == nil {
			err = s.free(ctx, plans)
		}
		if err != nil {
			return err
		}
		return a.tellBatchPlan(ctx, s.rate, plans, left)
	}
	b := ledger.Batch{ID: job.NewID(time.Now()), Label: f.label, Source: path, SubmittedBy: submitter(a.environ),
		CreatedAt: time.Now().UTC(), At: order.at, Notify: order.hook}
	if b.At != nil {
		if err := s.ledger.Sync(ctx); err != nil {
			return err
		}
	}
	span := s.tracer.Submit(job.Job{ID: b.ID, Operation: job.Associate})
	for i := range jobs {
		jobs[i].Trace = span.Parent()
	}
	staging := s.ledger.StageBatch(b)
	left := readSoFar(m)
	warning, err := s.desk().SubmitBatch(ctx, staging, func() error { return stageBatch(ctx, staging, path, m, jobs, &left) })
	span.End(err)
	if warning != "" {
		a.warning(i18n.Plain(warning))
	}
	if err != nil {
		return err
	}
	return a.onboarded(ctx, s, b.ID, f.waitFlags, left)
}
