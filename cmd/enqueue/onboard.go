package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/manifest"
	"github.com/storelink/storelink/internal/results"
	"github.com/storelink/storelink/internal/storelist"
	"github.com/storelink/storelink/internal/terminal"
)

// onboardFlags are those of onboard.
type onboardFlags struct {
	account, priority, label, column string
	setAside                         string
	chunkSize, failureThreshold      int
	dryRun                           bool
	hookFlags
	waitFlags
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
results, retry, pause, resume and cancel take the batch's ID as they take a job's; enqueue jobs --batch lists its jobs.`,
		Example: `  enqueue onboard brands.yaml --config storelink.yaml --wait
  enqueue onboard stores-of-all-brands.csv --account acme --label "spring" --dry-run`,
		Args: one("MANIFEST: a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onboard(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account", "", "the account's `NAME`, for targets that name none")
	flags.StringVar(&f.priority, "priority", "default", "high, default or low, for targets that say nothing")
	flags.StringVar(&f.label, "label", "", "a `TEXT` to know the batch by")
	flags.StringVar(&f.column, "column", "", "the column of the store IDs in the lists: its `NAME|NUMBER`")
	flags.StringVar(&f.setAside, "set-aside", "", "write bad rows of a flat table to `FILE` and go on with the rest")
	flags.IntVar(&f.chunkSize, "chunk-size", 0, "stores a call: 1 to 200 (default 200)")
	flags.IntVar(&f.failureThreshold, "failure-threshold", job.DefaultFailureThreshold,
		"abort a target's job once this share of its stores failed, in `PERCENT` of at least 1,000; 0 is off")
	flags.BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would be sent and how long it would take, and send nothing")
	f.hookFlags.register(flags)
	f.waitFlags.register(flags)
	return cmd
}

func (a *app) onboard(ctx context.Context, path string, f *onboardFlags) error {
	priority, err := job.ParsePriority(f.priority)
	if err != nil {
		return err
	}
	if _, err := chunker.Size(f.chunkSize); err != nil {
		return err
	}
	if f.failureThreshold < 0 || f.failureThreshold > 100 {
		return job.Errorf(job.CodeUsage, "--failure-threshold %d: it is a share in percent, 0 to 100; 0 is off", f.failureThreshold)
	}
	if err := checkLabel(f.label); err != nil {
		return err
	}
	if err := f.waitFlags.check(f.wait); err != nil {
		return err
	}
	if err := apart(path, f.setAside, f.report); err != nil {
		return err
	}
	p, err := a.redisPlace()
	if err != nil {
		return err
	}
	hook, err := f.hook(p.config)
	if err != nil {
		return err
	}
	in, name, err := storelist.Open(path, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	options := manifest.Options{Name: name, Dir: filepath.Dir(path), Defaults: manifest.Defaults{Account: f.account,
		Priority: priority, Column: f.column, ChunkSize: f.chunkSize}}
	var aside *output
	if f.setAside != "" {
		if aside, err = create(f.setAside); err != nil {
			return err
		}
		defer aside.drop()
		options.SetAside = aside
	}
	m, err := manifest.Read(ctx, in, options)
	if err != nil {
		return err
	}
	defer m.Close()
	if aside != nil {
		if err := aside.commit(); err != nil {
			return unwritable(f.setAside, err)
		}
	}
	s, err := a.open(ctx, p, "", false)
	if err != nil {
		return err
	}
	return s.closed(a.onboardAt(ctx, s, path, m, f, hook))
}

// onboardAt checks what hangs on accounts, and submits.
func (a *app) onboardAt(ctx context.Context, s *site, path string, m *manifest.Manifest, f *onboardFlags,
	hook *job.Hook) error {
	accounts := map[string]accountKnown{}
	jobs := make([]job.Job, len(m.Targets))
	for i, t := range m.Targets {
		at := func(err error) error {
			e := *job.AsError(err)
			e.Message, e.File, e.Line = fmt.Sprintf("%s: line %d: %s", path, t.Line, e.Message), path, t.Line
			return &e
		}
		if t.Account == "" {
			return at(job.Errorf(job.CodeUsage, "the target has no account: name one in the manifest, or by --account for all"))
		}
		account, ok := accounts[t.Account]
		if !ok {
			var err error
			if account, err = s.account(ctx, t.Account); err != nil {
				return at(err)
			}
			accounts[t.Account] = account
		}
		j := job.Job{Operation: job.Associate, Account: t.Account, Target: t.Target, Priority: t.Priority, Label: t.Label,
			Source: path, SubmittedBy: submitter(a.environ), FailureThreshold: f.failureThreshold}
		if err := account.complete(&j.Target); err != nil {
			return at(err)
		}
		jobs[i] = j
	}
	b := results.Batch{ID: job.NewID(time.Now()), Label: f.label, Source: path, SubmittedBy: submitter(a.environ),
		CreatedAt: time.Now().UTC(), Notify: hook}
	span := s.tracer.Submit(job.Job{ID: b.ID, Operation: job.Associate})
	for i := range jobs {
		jobs[i].Trace = span.Parent()
	}
	staging := s.ledger.StageBatch(b)
	totals, err := a.stageBatch(ctx, staging, m, jobs, f)
	if err == nil && f.dryRun {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if err := staging.Discard(bye); err != nil {
			a.warn("what was staged for the dry run expires by itself (%v)", err)
		}
		return a.tellBatchPlan(ctx, s, jobs, totals)
	}
	if err == nil {
		err = s.commitBatch(ctx, staging)
	}
	span.End(err)
	if err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if status, e := s.ledger.Status(bye, b.ID); e == nil && status.State != job.Staging {
			return job.Errorf(job.CodeRedis, "%w; batch %s is committed and will run", err, b.ID)
		}
		if e := staging.Discard(bye); e != nil {
			a.warn("what is staged of batch %s expires by itself (%v)", b.ID, e)
		}
		return err
	}
	return a.onboarded(ctx, s, b.ID, f.waitFlags)
}

// stageBatch writes the lists, each once, and the jobs.
func (a *app) stageBatch(ctx context.Context, staging *results.BatchStaging, m *manifest.Manifest, jobs []job.Job,
	f *onboardFlags) (totals []int64, err error) {
	type sized struct{ list, size int }
	type written struct {
		list   int
		stores int64
	}
	lists := map[sized]written{}
	totals = make([]int64, len(jobs))
	for i, t := range m.Targets {
		size := t.ChunkSize
		if size == 0 {
			size = job.MaxStoresPerCall
		}
		var w written
		if t.List < 0 {
			if w.list, w.stores, err = staging.AddList(ctx, size, m.Rows(i)); err != nil {
				return nil, err
			}
		} else if known, ok := lists[sized{t.List, size}]; ok {
			w = known
		} else {
			if w.list, w.stores, err = stageFile(ctx, staging, m.Lists[t.List], size); err != nil {
				return nil, err
			}
			lists[sized{t.List, size}] = w
		}
		totals[i] = w.stores
		if jobs[i], err = staging.AddJob(ctx, jobs[i], w.list); err != nil {
			if e := job.AsError(err); e.Code == job.CodeJobAtWork {
				return nil, &job.Error{Code: e.Code, Job: e.Job, File: jobs[i].Source, Line: t.Line,
					Message: fmt.Sprintf("%s: line %d: %s: %s; nothing was sent", jobs[i].Source, t.Line, t.Target, e.Message), Err: err}
			}
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, job.Errorf(job.CodeInterrupted, "interrupted while the batch was being staged: nothing was sent")
		}
	}
	return totals, nil
}

func stageFile(ctx context.Context, staging *results.BatchStaging, l manifest.List, size int) (list int, stores int64, err error) {
	in, name, err := storelist.Open(l.Path, nil)
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	reader, err := storelist.NewReader(in, storelist.Options{Name: name, Column: l.Column})
	if err != nil {
		return 0, 0, err
	}
	if list, stores, err = staging.AddList(ctx, size, reader.IDs()); err == nil && stores == 0 {
		err = job.Errorf(job.CodeBadList, "the list has no stores")
	}
	if e := (*job.Error)(nil); errors.As(err, &e) && e.Code == job.CodeBadList {
		err = &job.Error{Code: e.Code, Message: l.Path + ": " + e.Message, File: l.Path, Line: e.Line, Err: err}
	}
	return list, stores, err
}

// commitBatch commits, and gives the first jobs their turn; what of that does not succeed the workers do.
func (s *site) commitBatch(ctx context.Context, staging *results.BatchStaging) error {
	ctx = context.WithoutCancel(ctx)
	err := staging.Commit(ctx)
	for wait := 100 * time.Millisecond; err != nil && passing(err) && wait < 10*time.Second; wait *= 2 {
		time.Sleep(wait) // Redis may be back; committing twice is the same as once
		err = staging.Commit(ctx)
	}
	if err != nil {
		return err
	}
	_ = s.tend(ctx, staging.Batch().ID) // the reconciler does the same within seconds
	return nil
}

// tend gives a batch's jobs their turn, or stops them, as its state is.
func (s *site) tend(ctx context.Context, id string) error {
	turns, _, err := s.ledger.TendBatch(ctx, id)
	for _, t := range turns {
		err = errors.Join(err, s.queue.Remind(ctx, t.Job.Account, t.Job.Priority, t.Reminders),
			s.ledger.Announce(ctx, results.Wake{Account: t.Job.Account, Job: t.Job.ID, State: t.State}))
	}
	return err
}

// onboarded tells of a batch that was committed, and follows it where that is asked for.
func (a *app) onboarded(ctx context.Context, s *site, id string, f waitFlags) error {
	status, err := s.ledger.Status(ctx, id)
	if err != nil {
		return err
	}
	if !a.json {
		t := a.tongue(a.screen)
		a.line("Batch %s: %s for %s.", id, t.stores(status.Total), t.plural(status.Targets, "target"))
	}
	if f.wait {
		return a.wait(ctx, s, id, f, "")
	}
	if a.json {
		a.out.json(status)
		return nil
	}
	a.line("`enqueue watch %s` follows it, `enqueue results %[1]s` writes its report.", id)
	return nil
}

// batchPlanDocument is what a dry run of onboard prints with --json.
type batchPlanDocument struct {
	Batch    *string         `json:"batch"` // null: there is none
	DryRun   bool            `json:"dry_run"`
	Targets  int             `json:"targets"`
	Total    int64           `json:"total"`
	Calls    int64           `json:"calls"`
	Accounts []accountEffort `json:"accounts"`
	Seconds  *float64        `json:"seconds"` // the accounts work side by side
}

type accountEffort struct {
	Account string   `json:"account"`
	Targets int      `json:"targets"`
	Calls   int64    `json:"calls"`
	Seconds *float64 `json:"seconds"`
}

func (a *app) tellBatchPlan(ctx context.Context, s *site, jobs []job.Job, totals []int64) error {
	d := batchPlanDocument{DryRun: true, Targets: len(jobs)}
	at := map[string]int{}
	for i, j := range jobs {
		n, ok := at[j.Account]
		if !ok {
			n = len(d.Accounts)
			at[j.Account] = n
			d.Accounts = append(d.Accounts, accountEffort{Account: j.Account})
		}
		calls := (totals[i] + int64(j.ChunkSize) - 1) / int64(j.ChunkSize)
		d.Accounts[n].Targets++
		d.Accounts[n].Calls += calls
		d.Total, d.Calls = d.Total+totals[i], d.Calls+calls
	}
	for i := range d.Accounts {
		rates, err := s.paces(ctx, d.Accounts[i].Account)
		if err != nil {
			return err
		}
		if rate := rates[job.Interface(job.Associate, job.Target{})]; rate > 0 {
			seconds := float64(d.Accounts[i].Calls) / rate
			d.Accounts[i].Seconds = &seconds
			if d.Seconds == nil || *d.Seconds < seconds {
				d.Seconds = &seconds
			}
		}
	}
	if a.json {
		a.out.json(d)
		return nil
	}
	t := a.tongue(a.screen)
	a.line("Nothing was sent. The manifest is good: %s for %s, in %s.", t.stores(d.Total), t.plural(int64(d.Targets), "target"),
		t.plural(d.Calls, "call"))
	for _, e := range d.Accounts {
		took := t.say("as fast as it is answered")
		if e.Seconds != nil {
			took = t.atLeast(*e.Seconds)
		}
		a.line("  %s %s, %s: %s", terminal.Pad(e.Account, 20, false), t.plural(int64(e.Targets), "target"), t.plural(e.Calls, "call"), took)
	}
	return nil
}
