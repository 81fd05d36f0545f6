package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// statusFields are those of a job's hash that its status document is made of.
var statusFields = []any{"meta", "state", "total", "succeeded", "failed", "late", "chunks", "calls", "retries",
	"throttled", "created_at", "started_at", "ended_at", "reason", "staged", "at", "phase", "wanted", "listed", "in_line",
	"missing", "surplus", "half", "contradicted", "strange", "list_total", "settled", "unsteady", "second_succeeded", "second_failed",
	"sent_to"}

// Status gives a job's status document; job.CodeUnknownJob where there is no such job. Lane is left for the caller to
// fill in from Lane.
func (l *Ledger) Status(ctx context.Context, id string) (job.Status, error) {
	all, err := l.statuses(ctx, []string{id})
	if err != nil {
		return job.Status{}, err
	}
	if all[0] == nil {
		batch, ok, err := l.batch(ctx, id)
		if err != nil || !ok {
			return job.Status{}, cmp.Or(err, unknownJob(id))
		}
		return l.batchStatus(ctx, batch)
	}
	if err := l.FillLanes(ctx, all); err != nil {
		return job.Status{}, err
	}
	return *all[0], nil
}

func parseStatus(values []any, codes []string) (*job.Status, error) {
	if len(values) != len(statusFields) {
		return nil, fmt.Errorf("the script returned %d values", len(values))
	}
	get := func(i int) string { s, _ := values[i].(string); return s }
	if get(0) == "" {
		return nil, nil
	}
	var j job.Job
	if err := json.Unmarshal([]byte(get(0)), &j); err != nil {
		return nil, err
	}
	var errs []error
	number := func(i int) int64 {
		if get(i) == "" {
			return 0
		}
		n, err := strconv.ParseInt(get(i), 10, 64)
		errs = append(errs, err)
		return n
	}
	moment := func(i int) *time.Time {
		if get(i) == "" {
			return nil
		}
		t := time.UnixMilli(number(i)).UTC()
		return &t
	}
	s := &job.Status{
		Job: j.ID, State: job.State(get(1)), Operation: j.Operation, Account: j.Account, BrandID: j.Target.BrandID,
		ProductCouponID: j.Target.ProductCouponID, StockID: j.Target.StockID, StockBundleID: j.Target.StockBundleID,
		Label: j.Label, Source: j.Source, SubmittedBy: j.SubmittedBy, Priority: j.Priority,
		Total: number(2), Succeeded: number(3), Failed: number(4), Late: number(5), Chunks: number(6),
		Calls: number(7), Retries: number(8), Throttled: number(9), Failures: make(map[string]int64, len(codes)/2),
		CreatedAt: j.CreatedAt.UTC(), StartedAt: moment(11), EndedAt: moment(12), Reason: get(13),
	}
	s.Settled = number(26)
	if j.Resync == nil && get(16) == phaseVerify && !s.State.Ended() {
		s.Settling = &job.Settling{Listed: number(18), ToList: number(25)}
	}
	s.At, s.Schedule, s.Batch, s.List = moment(15), j.Schedule, j.Batch, j.Reading
	if j.Resync != nil {
		r := &job.ResyncStatus{Phase: job.Phase(get(16)), DryRun: j.Resync.DryRun, Prune: j.Resync.Prune, Wanted: number(17),
			Listed: number(18), InLine: number(19), Missing: number(20), Surplus: number(21), Associate: number(22),
			Contradicted: number(23), Strange: number(24), ToList: number(25), Settled: number(26), Unsteady: get(27) == "1",
			DisassociateSucceeded: number(28), DisassociateFailed: number(29)}
		r.Disassociate = max(0, s.Total-r.Associate)
		r.AssociateSucceeded = max(0, s.Succeeded-r.DisassociateSucceeded)
		r.AssociateFailed = max(0, s.Failed-r.DisassociateFailed)
		s.Resync = r
	}
	if to := get(30); to != "" {
		s.SentTo = new(job.Installation)
		errs = append(errs, s.SentTo.UnmarshalText([]byte(to)))
	}
	if s.State == job.Staging {
		s.Total = number(14)
	}
	left := s.Total - s.Succeeded - s.Failed
	if left < 0 { // Redis tore what it was told: the figures are put right before the job ends (check.go)
		s.Succeeded, left = s.Succeeded+left, 0
	}
	if s.State.Ended() {
		s.Unprocessed = left
	} else {
		s.Pending = left
	}
	for i := 0; i+1 < len(codes); i += 2 {
		v, err := strconv.ParseInt(codes[i+1], 10, 64)
		errs = append(errs, err)
		if v != 0 {
			s.Failures[codes[i]] = v
		}
	}
	return s, errors.Join(errs...)
}

// Filter picks jobs. Its zero value picks all.
type Filter struct {
	State   job.State // "" for all, as with the texts below
	Account string    // by its name
	Brand   string    // its ID
	Stock   string    // a stock or a stock bundle
	Ended   bool      // those that have ended alone
	Before  string    // a job: those older than it alone; all where it is gone
	Limit   int       // 0: all
	Until   time.Time // JobList looks no further after that moment, a hundred jobs at least; zero: it does
}

// Matches says whether a filter picks a job.
func (f Filter) Matches(s job.Status) bool { return f.matches(&s) }

func (f Filter) matches(s *job.Status) bool {
	return (f.State == "" || s.State == f.State) && (!f.Ended || s.State.Ended()) && (f.Account == "" || s.Account == f.Account) &&
		(f.Brand == "" || s.BrandID == f.Brand) && (f.Stock == "" || s.StockID == f.Stock || s.StockBundleID == f.Stock)
}
