package ledger

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// batchRows streams the rows of all jobs of a batch.
func (l *Ledger) batchRows(ctx context.Context, b Batch, only job.Outcome, yield func(job.Row, error) bool) error {
	for n := 1; n <= b.Jobs; n++ {
		k, err := l.know(ctx, b.job(n))
		if err != nil {
			return err
		}
		target := k.job.Target
		err = l.rows(ctx, k, only, func(row job.Row) bool {
			row.Job, row.Account, row.Target = k.job.ID, k.job.Account, &target
			return yield(row, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// batchStatus is a batch's status document: that of a job, with what adds up over its jobs, all of one moment.
func (l *Ledger) batchStatus(ctx context.Context, b Batch) (job.Status, error) {
	keys := []string{b.key("batch")}
	for account := range b.Accounts {
		keys = append(keys, b.wait(account), b.run(account))
	}
	all, err := l.scripts.batchStatus.Run(ctx, l.rdb, keys, b.jobs(), len(b.job(0))-1).Slice()
	if err != nil {
		return job.Status{}, redisconn.CommandError("read batch "+b.ID, err)
	}
	if len(all) == 0 {
		return job.Status{}, unknownJob(b.ID)
	}
	fields, sums := pairs(all[0]), pairs(all[1])
	number := func(name string) int64 { return atoi64(fields[name]) + atoi64(sums[name]) }
	moment := func(name string) *time.Time {
		if fields[name] == "" {
			return nil
		}
		t := time.UnixMilli(atoi64(fields[name])).UTC()
		return &t
	}
	s := job.Status{Job: b.ID, Batch: b.ID, State: job.State(fields["state"]),
		Operation: cmp.Or(b.Operation, job.Associate), Account: strings.Join(b.Accounts, ", "), Label: b.Label,
		Source: b.Source, SubmittedBy: b.SubmittedBy, Priority: job.Default, Targets: int64(b.Jobs), Jobs: map[job.State]int64{},
		Total: number("total"), Succeeded: number("succeeded"), Failed: number("failed"), Late: number("late"), Chunks: number("chunks"),
		Calls: number("calls"), Retries: number("retries"), Throttled: number("throttled"), Failures: map[string]int64{},
		CreatedAt: b.CreatedAt.UTC(), At: moment("at"), StartedAt: moment("started_at"), EndedAt: moment("ended_at"),
		Reason: fields["reason"]}
	for _, some := range []map[string]string{fields, sums} {
		for name, n := range some {
			if code, ok := strings.CutPrefix(name, "fail:"); ok && atoi64(n) != 0 {
				s.Failures[code] += atoi64(n)
			}
			if state, ok := strings.CutPrefix(name, "jobs:"); ok {
				s.Jobs[job.State(state)] += atoi64(n)
			}
		}
	}
	if err := l.fillBatchLane(ctx, &s, b, stringsOf(all[2])); err != nil {
		return s, err
	}
	left := max(0, s.Total-s.Succeeded-s.Failed)
	if s.State.Ended() {
		s.Unprocessed = left
	} else {
		s.Pending = left
	}
	return s, nil
}

// fillBatchLane tells of the lane that says most, of the accounts whose jobs are running.
func (l *Ledger) fillBatchLane(ctx context.Context, s *job.Status, b Batch, running []string) error {
	var lanes []*job.Status
	for _, account := range running {
		if n := atoi(account); n < len(b.Accounts) {
			lanes = append(lanes, &job.Status{State: job.Running, Operation: job.Associate, Account: b.Accounts[n]})
		}
	}
	if err := l.FillLanes(ctx, lanes); err != nil {
		return err
	}
	for _, one := range lanes {
		if s.Lane.State == "" || job.LaneBefore(one.Lane.State, s.Lane.State) {
			s.Lane = one.Lane
		}
	}
	return nil
}

// pairs reads what Redis gives of a hash to a script.
func pairs(v any) map[string]string {
	all := stringsOf(v)
	out := make(map[string]string, len(all)/2)
	for i := 0; i+1 < len(all); i += 2 {
		out[all[i]] = all[i+1]
	}
	return out
}

// atoi64 reads a number that a script wrote; 0 for none.
func atoi64(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
