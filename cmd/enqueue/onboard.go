package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
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
		Short: "Associate the stores of many targets at once, as one batch",
		Long: `Associate the stores of many targets at once: a batch of one job a target. MANIFEST is YAML:

  defaults: {account: acme, list: lists/all.csv}
  targets:
    - {brand: "120344", coupon: "1002323", stock: "100232301"}
    - {brand: "120345", coupon: "1002324", bundle: "100232401", list: lists/north.csv, priority: high}

or one flat table (CSV or TSV) with a row a store: brand_id, product_coupon_id, stock_id or stock_bundle_id, store_id.

All targets and lists are checked before anything is sent, and a list that many targets use is stored once. status, watch,
results, retry, pause, resume and cancel take the batch's ID as they take a job's; enqueue jobs --batch lists its jobs.

Without Redis (--redis, REDIS_URL, the configuration), or with --here, the batch runs in this process with the
configuration's keys, waits for the end and writes the report. --sandbox runs it here against a built-in stand-in for
WeChat Pay, which stands in for the manifest's accounts too, and needs nothing but the manifest.

With --json: the batch's status document, which has batch, targets and jobs (how many by state) beside what a job's has; and
repeats and set_aside, or with --wait or here, report.`,
		Example: `  enqueue onboard examples/onboard.yaml --sandbox
  enqueue onboard brands.yaml --config storelink.yaml --wait
  enqueue onboard brands.yaml --at "$(TZ=Asia/Shanghai date -d tomorrow '+%F 02:00')" --timezone Asia/Shanghai --label "spring"
  enqueue onboard stores-of-all-brands.csv --account acme --label "spring" --dry-run`,
		Args: one("MANIFEST: a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onboard(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account", "", "the account's `NAME`, for targets that name none")
	flags.StringVar(&f.priority, "priority", "default", "high, default or low, for targets that say nothing")
	flags.StringVar(&f.label, "label", "", "a `TEXT` to know the batch by")
	f.readFlags.register(flags, "in the lists: ")
	flags.StringVar(&f.setAside, "set-aside", "", "write bad rows of a flat table to `FILE` and go on with the rest")
	flags.IntVar(&f.chunkSize, "chunk-size", 0, "stores a call: 1 to 200 (default 200)")
	flags.IntVar(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"abort a target's job once this share of its stores failed, in `PERCENT` of at least 1,000; 0 is off")
	f.laterFlags.register(flags)
	f.hookFlags.register(flags)
	f.waitFlags.register(flags)
	flags.BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would be sent and how long it would take, and send nothing")
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
			return nil, atLine(job.Errorf(job.CodeUsage, "the target has no account: name one in the manifest, or by --account for all"),
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
	span := s.tracer.Submit(job.Job{ID: b.ID, Operation: job.Associate})
	for i := range jobs {
		jobs[i].Trace = span.Parent()
	}
	staging := s.ledger.StageBatch(b)
	left := dropped{m.Stats.Repeats, m.Stats.SetAside, m.Stats.Warnings}
	warning, err := s.desk().SubmitBatch(ctx, staging, func() error { return stageBatch(ctx, staging, path, m, jobs, &left) })
	span.End(err)
	if warning != "" {
		a.warn("%s", warning)
	}
	if err != nil {
		return err
	}
	return a.onboarded(ctx, s, b.ID, f.waitFlags, left)
}
