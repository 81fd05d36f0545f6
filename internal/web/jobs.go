package web

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// jobView is a job or a batch.
type jobView struct {
	job.Status
	Rate float64       // stores decided, or listed, a second, of late; 0 where nothing is known of it
	Left time.Duration // until the end, at that rate; 0 where nothing is known of it
	Took time.Duration // from its start to its end; 0 before
}

func (p *Dashboard) jobView(s job.Status) jobView {
	v := jobView{Status: s}
	v.Rate = p.rates.of(s, p.cfg.Now())
	if done, total := progress(s); v.Rate > 0 {
		v.Left = job.Left(done, total, v.Rate).Round(time.Second)
	}
	if s.State.Ended() && s.StartedAt != nil && s.EndedAt != nil {
		v.Took = max(time.Second, s.EndedAt.Sub(*s.StartedAt).Round(time.Second))
	}
	return v
}

// IsBatch says whether it is a batch.
func (v jobView) IsBatch() bool { return v.Targets > 0 }

// Accounts are the names of its accounts: of a batch of many, the first of them and how many there are.
func (v jobView) Accounts() string {
	const most = 3
	names := strings.Split(v.Account, ", ")
	if len(names) <= most {
		return v.Account
	}
	return strings.Join(names[:most], ", ") + " … (" + count(len(names)) + ")"
}

// Target is what it is about; of a batch there is none.
func (v jobView) Target() job.Target {
	return job.Target{BrandID: v.BrandID, ProductCouponID: v.ProductCouponID, StockID: v.StockID, StockBundleID: v.StockBundleID}
}

// listing says whether a job lists what is associated, before its writes or after them.
func listing(s job.Status) bool { _, _, lists := s.Lists(); return lists }

// progress is how far a job is, as job.Status.Progress has it.
func progress(s job.Status) (done, total int64) {
	done, total, _ = s.Progress()
	return done, total
}

// Listing says whether what is counted are stores that are listed.
func (v jobView) Listing() bool { return listing(v.Status) }

// ListPhase is what it lists for.
func (v jobView) ListPhase() job.Phase {
	if v.Resync != nil {
		return v.Resync.Phase
	}
	return job.PhaseVerify
}

// Done is how many stores are decided, or listed.
func (v jobView) Done() int64 { done, _ := progress(v.Status); return done }

// All is how many there are to decide, or to list; 0 where that is not known yet.
func (v jobView) All() int64 { _, all := progress(v.Status); return all }

// Nothing says that it came to its end with nothing to send, or before it knew what to send.
func (v jobView) Nothing() bool { return v.State.Ended() && v.Total == 0 }

// Planned says that it ended with the plan.
func (v jobView) Planned() bool { return v.Resync != nil && v.Resync.Phase == job.PhasePlanned }

// Compared says whether it is a resync that knows what is missing and what is too much.
func (v jobView) Compared() bool { return v.Resync != nil && v.Resync.Phase != job.PhaseList }

// Waits is why it does not run although its time has come, or why it was stopped.
func (v jobView) Waits() string {
	if v.State == job.Scheduled || v.State == job.Aborted || v.State == job.Aborting {
		return v.Reason
	}
	return ""
}

// Queued says that it waits for its turn among its batch's jobs.
func (v jobView) Queued() bool { return v.State == job.Scheduled && v.Batch != "" && !v.IsBatch() }

// Percent is how much of it is done. It is not 100 before all of it is.
func (v jobView) Percent() string {
	done, all := progress(v.Status)
	switch {
	case all <= 0 && v.State == job.Completed, all > 0 && done == all:
		return "100%"
	case all <= 0:
		return "0%"
	}
	return strconv.FormatFloat(math.Floor(1000*float64(done)/float64(all))/10, 'f', 1, 64) + "%"
}

// Halves are what a resync does: the stores that it associates, and those that it disassociates.
func (v jobView) Halves() []halfView {
	r := v.Resync
	return []halfView{
		{jobView{Status: job.Status{Operation: job.Associate, Total: r.Associate, Succeeded: r.AssociateSucceeded, Failed: r.AssociateFailed}}, r.Missing},
		{jobView{Status: job.Status{Operation: job.Disassociate, Total: r.Disassociate, Succeeded: r.DisassociateSucceeded,
			Failed: r.DisassociateFailed}}, r.Surplus},
	}
}

// halfView is one half of a resync, as if it were a job of its own.
type halfView struct {
	jobView
	Found int64 // stores that are missing, or too much
}

// leastBad is how wide in percent of a bar failures are at least: one in a million must be seen, too.
const leastBad = 0.6

// Bad and Good are the widths of a bar's parts, in percent.
func (v jobView) Bad() float64 {
	if v.Failed == 0 || v.Total <= 0 {
		return 0
	}
	return max(leastBad, 100*float64(v.Failed)/float64(v.Total))
}

// Read is the width of what is listed.
func (v jobView) Read() float64 {
	done, all := progress(v.Status)
	if all <= 0 {
		return 0
	}
	return 100 * float64(done) / float64(all)
}

// Good is what succeeded.
func (v jobView) Good() float64 {
	if v.Total <= 0 {
		return 0
	}
	return max(0, min(100-v.Bad(), 100*float64(v.Succeeded)/float64(v.Total)))
}

// Can says whether something can be done to it in its state.
func (v jobView) Can(verb string) bool {
	if verb == "retry" {
		return control.Retryable(v.Status) == nil
	}
	return job.Verb(verb).Changes(v.State)
}

// failureView is a code of a job's failures.
type failureView struct {
	Code   string
	Stores int64
	Entry  catalogue.Entry
	Known  bool
}

type singleView struct {
	jobView
	Failures []failureView
	Why      *catalogue.Entry // what is known of the reason that it was aborted for
	Events   []event
	Jobs     []jobView // of a batch, a page of them
	First    int       // the number of the first of them, from 1
	Last     int
	Prev, On int // where the pages before and after begin; 0 for none
	Steps    []stepView
}

// stepView is a phase of a resync.
type stepView struct {
	Phase job.Phase
	Is    string // done, now, or "" for one that is to come
}

// steps are the phases that a resync goes through, and where it is.
func steps(s job.Status, options *job.ResyncOptions) []stepView {
	all := []job.Phase{job.PhaseList, job.PhaseWrite}
	at := 0
	switch {
	case s.Resync.Phase == job.PhasePlanned:
		all[1], at = job.PhasePlanned, 2
	case options.DryRun:
		all[1] = job.PhasePlanned
	case options.Verify:
		all = append(all, job.PhaseVerified)
	}
	switch s.Resync.Phase {
	case job.PhaseWrite:
		at = 1
	case job.PhaseVerify:
		at = 2
	case job.PhaseVerified:
		at = 3
	}
	if options.Planned { // by the resync that it goes on with
		all, at = all[1:], max(0, at-1)
	}
	if s.State == job.Completed {
		at = len(all)
	}
	views := make([]stepView, len(all))
	for i, phase := range all {
		views[i].Phase = phase
		switch {
		case i < at:
			views[i].Is = "done"
		case i == at && !s.State.Ended():
			views[i].Is = "now"
		}
	}
	return views
}

// event is an entry of a job's timeline.
type event struct {
	Word string // a key of the words
	At   *time.Time
	Text string
}

const batchPage = 50

// jobID is what the ID of a job or a batch looks like.
var jobID = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z2-7]{8}(-[0-9]{1,9})?$`)

// status gives the job that the path names.
func (p *Dashboard) status(r *request) (job.Status, error) {
	id := r.PathValue("id")
	if !jobID.MatchString(id) {
		return job.Status{}, r.notFound()
	}
	return p.cfg.Ledger.Status(r.Context(), id)
}

func (p *Dashboard) job(r *request) error {
	s, err := p.status(r)
	if err != nil {
		return err
	}
	v := singleView{jobView: p.jobView(s)}
	history, err := p.cfg.Ledger.History(r.Context(), s.Job)
	if err != nil {
		return err
	}
	v.Events = events(s, history)
	if s.Resync != nil {
		j, err := p.cfg.Ledger.Job(r.Context(), s.Job)
		if err != nil {
			return err
		}
		v.Steps = steps(s, j.Resync)
	}
	for _, code := range catalogue.ByCount(s.Failures) {
		f := failureView{Code: code, Stores: s.Failures[code]}
		f.Entry, f.Known = catalogue.OfStore(code)
		v.Failures = append(v.Failures, f)
	}
	if e, ok := catalogue.OfReason(s.Reason); ok {
		v.Why = &e
	}
	if v.IsBatch() {
		v.First = number(r.URL.Query().Get("first"), 1, 1, int(s.Targets))
		jobs, err := p.cfg.Ledger.BatchPage(r.Context(), s.Job, v.First, batchPage)
		if err != nil {
			return err
		}
		for _, s := range jobs {
			v.Jobs = append(v.Jobs, p.jobView(s))
		}
		v.Last = min(v.First+batchPage-1, int(s.Targets))
		if v.First > 1 {
			v.Prev = max(1, v.First-batchPage)
		}
		if v.First+batchPage <= int(s.Targets) {
			v.On = v.First + batchPage
		}
	}
	return r.show(200, "job", frame{Title: s.Job, Nav: "jobs", Settled: s.State.Ended(), Contents: v})
}

// events is a job's timeline, the earliest first.
func events(s job.Status, history []ledger.Event) []event {
	all := []event{{Word: "created", At: &s.CreatedAt, Text: s.SubmittedBy}}
	if s.At != nil {
		all = append(all, event{Word: "due-at", At: s.At})
	}
	if s.StartedAt != nil {
		all = append(all, event{Word: "started", At: s.StartedAt})
	}
	for _, e := range history {
		word := e.Word
		if word == string(job.Running) {
			word = "resumed"
		}
		all = append(all, event{Word: word, At: &e.At, Text: e.Reason})
	}
	if s.EndedAt != nil {
		all = append(all, event{Word: string(s.State), At: s.EndedAt})
	}
	slices.SortStableFunc(all[1:], func(a, b event) int { return a.At.Compare(*b.At) })
	return all
}

type jobsView struct {
	Jobs     []jobView
	Damaged  []string // jobs whose record cannot be read
	Partial  bool     // the search has only come to its bound
	Filter   ledger.Filter
	States   []job.State
	Accounts []string
	On       string // the job before which the next page is; "" for none
}

const jobsPage = 50

// The bounds of a list: how many jobs are looked at for a page of those that a filter picks, and how many accounts the
// filter offers.
const (
	jobsScan      = 5000
	offerAccounts = 200
)

var states = []job.State{job.Running, job.Paused, job.Scheduled, job.Completed, job.Cancelled, job.Aborted, job.Staging}

func (p *Dashboard) jobs(r *request) error {
	q := r.URL.Query()
	f := ledger.Filter{Account: clip(q.Get("account")), Brand: clip(q.Get("brand")), Stock: clip(q.Get("stock"))}
	if s := job.State(q.Get("state")); slices.Contains(states, s) {
		f.State = s
	}
	if id := strings.TrimSpace(q.Get("id")); jobID.MatchString(id) {
		return r.redirect("/jobs/" + id)
	}
	if id := q.Get("before"); jobID.MatchString(id) {
		f.Before = id
	}
	f.Limit = jobsPage + 1
	show := func(r *request) error { return p.listJobs(r, f) }
	if f.Account+f.Brand+f.Stock+string(f.State) != "" {
		return r.inTurn(p.searches, "searches-busy", show)
	}
	return r.inTurn(p.looks, "looks-busy", show)
}

func (p *Dashboard) listJobs(r *request, f ledger.Filter) error {
	f.Until = time.Now().Add(scanTime)
	list, err := p.cfg.Ledger.JobList(r.Context(), f, jobsScan)
	if err != nil {
		return err
	}
	v := jobsView{Filter: f, States: states, On: list.On, Partial: list.On != "", Damaged: list.Damaged}
	for i, s := range list.Jobs {
		if i == jobsPage {
			v.On, v.Partial = list.Jobs[i-1].Job, false
			break
		}
		v.Jobs = append(v.Jobs, p.jobView(s))
	}
	if len(list.Damaged) > 0 {
		p.cfg.Logger.Error("the records of some jobs cannot be read", "jobs", list.Damaged)
	}
	accounts, err := p.cfg.Ledger.Accounts(r.Context())
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if len(v.Accounts) < offerAccounts || a.Name == f.Account {
			v.Accounts = append(v.Accounts, a.Name)
		}
	}
	return r.show(200, "jobs", frame{Title: "jobs", Nav: "jobs", Contents: v})
}
