package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/registry"
)

// bundle is a ledger of a test's own, and what is waiting to be worked on.
type bundle struct {
	*testing.T
	ctx    context.Context
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	due    []job.Reminder // Delay is since the test's beginning here
	now    time.Duration  // by the test's own clock, which stands still while there is work
}

// await takes reminders up.
func (b *bundle) await(rems []job.Reminder) {
	for _, r := range rems {
		r.Delay += b.now
		b.due = append(b.due, r)
	}
	slices.SortStableFunc(b.due, func(x, y job.Reminder) int { return cmp.Compare(x.Delay, y.Delay) })
}

// onBoth runs a test on a real Redis and on the embedded one.
func onBoth(t *testing.T, opts ledger.Options, test func(*bundle)) {
	t.Helper()
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		test(&bundle{T: t, ctx: t.Context(), rdb: rdb, ledger: ledger.Open(rdb, opts)})
	})
}

func (b *bundle) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// storeIDs gives n IDs.
func storeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%09d", 100000001+i*7)
	}
	return ids
}

func newJob(stock string) job.Job {
	now := time.Now()
	return job.Job{ID: job.NewID(now), Operation: job.Associate, Account: "acme", Priority: job.Default, ChunkSize: 10,
		Target:           job.Target{BrandID: "120344", ProductCouponID: "c1", StockID: stock},
		FailureThreshold: job.DefaultFailureThreshold, CreatedAt: now}
}

func (b *bundle) stage(j job.Job, ids []string) *ledger.Staging {
	b.Helper()
	s, err := b.ledger.Stage(b.ctx, j)
	b.must(err)
	for chunk := range slices.Chunk(ids, j.ChunkSize) {
		b.must(s.Add(b.ctx, chunk))
	}
	return s
}

// submit makes a job of n stores run and takes its first reminders.
func (b *bundle) submit(n int) job.Job {
	b.Helper()
	j := newJob("s1")
	b.submitJob(j, n)
	return j
}

func (b *bundle) submitJob(j job.Job, n int) {
	b.Helper()
	rems, err := b.stage(j, storeIDs(n)).Commit(b.ctx, 0, 0)
	b.must(err)
	b.await(rems)
}

func TestARedisThatIsFullSaysSo(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: redistest.Real(t, "--maxmemory", "1").Addr})
	defer rdb.Close()
	_, err := ledger.Open(rdb, ledger.Options{}).Stage(t.Context(), newJob("s1"))
	if err == nil || job.ExitStatus(err) != 1 || !strings.Contains(err.Error(), "it is full (maxmemory)") || strings.Contains(err.Error(), "script") ||
		!redis.HasErrorPrefix(err, "OOM") {
		t.Errorf("got %v", err)
	}
}

// begin takes the next reminder that starts a run.
func (b *bundle) begin() *ledger.Run {
	b.Helper()
	for len(b.due) > 0 {
		rem := b.due[0]
		b.due, b.now = b.due[1:], max(b.now, rem.Delay)
		run, _, err := b.ledger.Begin(b.ctx, rem)
		b.must(err)
		if run != nil {
			return run
		}
	}
	return nil
}

func (b *bundle) record(run *ledger.Run, told ledger.Told) ledger.Progress {
	b.Helper()
	p, err := run.Record(b.ctx, told)
	b.must(err)
	b.await(p.Reminders)
	return p
}

func (b *bundle) status(id string) job.Status {
	b.Helper()
	s, err := b.ledger.Status(b.ctx, id)
	b.must(err)
	if s.Succeeded+s.Failed+s.Pending+s.Unprocessed != s.Total {
		b.Fatalf("the counts do not add up: %+v", s)
	}
	return s
}

func (b *bundle) rows(id string, only job.Outcome) map[string]job.Row {
	b.Helper()
	rows := map[string]job.Row{}
	for row, err := range b.ledger.Rows(b.ctx, id, only) {
		b.must(err)
		if _, ok := rows[row.StoreID]; ok {
			b.Fatalf("store %s is in the report twice", row.StoreID)
		}
		rows[row.StoreID] = row
	}
	return rows
}

// all gives the places of n stores.
func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// drain works off what is due, answering every call by respond, and gives the number of calls.
func (b *bundle) drain(respond func(ids []string) ledger.Told) (calls int) {
	b.Helper()
	for run := b.begin(); run != nil; run = b.begin() {
		if run.Listing() != nil { // it asks about stores of which a call went unanswered: none of them is associated
			b.list(run, nil, 0)
			continue
		}
		for over := false; !over; {
			ids, _ := run.Next()
			told := ledger.Told{}
			if len(ids) > 0 {
				told = respond(ids)
				calls++
			}
			over = b.record(run, told).Over
		}
	}
	return calls
}

func succeed(ids []string) ledger.Told {
	return ledger.Told{Sent: 1, Answered: true, RequestID: "08AB-0", Succeeded: all(len(ids))}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return job.AsError(err).Code
}

func TestJobRunsToItsEnd(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(995)
		if s := b.status(j.ID); s.State != job.Running || s.Total != 995 || s.Pending != 995 || s.Chunks != 100 {
			b.Fatalf("after the commit: %+v", s)
		}
		if calls := b.drain(succeed); calls != 100 {
			b.Fatalf("%d calls for 100 chunks", calls)
		}
		s := b.status(j.ID)
		if s.State != job.Completed || s.Succeeded != 995 || s.Calls != 100 || s.Retries != 0 || s.EndedAt == nil {
			b.Fatalf("at the end: %+v", s)
		}
		rows := b.rows(j.ID, "")
		if len(rows) != 995 {
			b.Fatalf("%d rows", len(rows))
		}
		for _, r := range rows {
			if r.Outcome != job.Succeeded || r.RequestID != "08AB-0" || r.Attempts != 1 || r.DecidedAt == nil {
				b.Fatalf("row %+v", r)
			}
		}
	})
}

func TestReportKeepsTheListsOrder(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(333)
		b.drain(succeed)
		var got []string
		for row, err := range b.ledger.Rows(b.ctx, j.ID, "") {
			b.must(err)
			got = append(got, row.StoreID)
		}
		if !slices.Equal(got, storeIDs(333)) {
			b.Fatalf("got %v", got)
		}
	})
}

func TestFirstCallGoesAlone(t *testing.T) {
	onBoth(t, ledger.Options{Window: 5}, func(b *bundle) {
		b.submit(1000)
		if len(b.due) != 1 {
			b.Fatalf("%d reminders before the first answer", len(b.due))
		}
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, succeed(ids))
		if len(b.due) != 5 {
			b.Fatalf("%d reminders after it, the window is 5", len(b.due))
		}
	})
}

func TestHopelessJobCostsOneCall(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(100_000)
		calls := b.drain(func([]string) ledger.Told {
			return ledger.Told{Sent: 1, Abort: "HTTP 400 INVALID_REQUEST: open to all"}
		})
		s := b.status(j.ID)
		if calls != 1 || s.State != job.Aborted || s.Unprocessed != 100_000 || s.Pending != 0 || s.Calls != 1 ||
			s.Reason != "HTTP 400 INVALID_REQUEST: open to all" {
			b.Fatalf("%d calls, %+v", calls, s)
		}
	})
}

func TestSecondJobOfATargetIsRefused(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		first := b.submit(20)
		_, err := b.ledger.Stage(b.ctx, newJob("s1"))
		if e := (*job.Error)(nil); !errors.As(err, &e) || e.Code != job.CodeJobAtWork || e.Job != first.ID {
			b.Fatalf("got %v", err)
		}
		jobs, err := b.ledger.Jobs(b.ctx, ledger.Filter{})
		b.must(err)
		if len(jobs) != 1 {
			b.Fatalf("the refused job is listed: %+v", jobs)
		}
		b.submitJob(newJob("s2"), 20) // another target is no matter
		b.drain(succeed)
		b.submit(20) // nor is one that has ended
	})
}

func TestOnlyPendingStoresAreSentAgain(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(10)
		sent := map[string]int{}
		b.drain(func(ids []string) ledger.Told {
			told := ledger.Told{Sent: 1, Answered: true}
			for i, id := range ids {
				sent[id]++
				switch {
				case i == 0 && sent[id] == 1:
					told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: "SYSTEM_ERROR"})
				case i == 1 && sent[id] == 1:
					told.Failed = append(told.Failed, ledger.StoreTold{At: i, Code: "STORE_NOT_EXIST", Message: "门店不存在"})
				default:
					told.Succeeded = append(told.Succeeded, i)
				}
			}
			return told
		})
		s := b.status(j.ID)
		if s.Succeeded != 9 || s.Failed != 1 || s.Calls != 2 || s.Retries != 1 ||
			!maps.Equal(s.Failures, map[string]int64{"STORE_NOT_EXIST": 1}) {
			b.Fatalf("%+v", s)
		}
		ids := storeIDs(10)
		for i, id := range ids {
			want := 1
			if i == 0 {
				want = 2
			}
			if sent[id] != want {
				b.Errorf("store %d was sent %d times, not %d", i, sent[id], want)
			}
		}
		rows := b.rows(j.ID, "")
		if r := rows[ids[0]]; r.Outcome != job.Succeeded || r.Attempts != 2 || r.Code != "" {
			b.Errorf("the store that passed: %+v", r)
		}
		if r := rows[ids[1]]; r.Outcome != job.Failed || r.Code != "STORE_NOT_EXIST" || r.Message != "门店不存在" {
			b.Errorf("the store that failed: %+v", r)
		}
	})
}

func TestPassingStoresAreGatheredIntoFullChunks(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(1000) // 100 chunks of 10, each leaving one store
		tried := map[string]bool{}
		calls := b.drain(func(ids []string) ledger.Told {
			told := ledger.Told{Sent: 1, Answered: true}
			for i, id := range ids {
				if !tried[id] && i == 3 {
					told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: job.Unreported})
				} else {
					told.Succeeded = append(told.Succeeded, i)
				}
				tried[id] = true
			}
			return told
		})
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 1000 || calls != 110 {
			b.Fatalf("%d calls, %+v", calls, s)
		}
		if n := len(b.rows(j.ID, job.Succeeded)); n != 1000 {
			b.Fatalf("%d rows", n)
		}
	})
}

func TestStoreThatNeverPassesEndsAsFailed(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(10)
		bad := storeIDs(10)
		b.drain(func(ids []string) ledger.Told {
			told := ledger.Told{Sent: 1, Answered: true}
			for i, id := range ids {
				switch id {
				case bad[2]:
					told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: "SYSTEM_ERROR", Message: "busy"})
				case bad[5]:
					told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: job.Unreported})
				default:
					told.Succeeded = append(told.Succeeded, i)
				}
			}
			return told
		})
		s := b.status(j.ID)
		if s.State != job.Completed || s.Calls != job.RetryBudget ||
			!maps.Equal(s.Failures, map[string]int64{job.RetriesExhausted: 1, job.Unreported: 1}) {
			b.Fatalf("%+v", s)
		}
		if r := b.rows(j.ID, job.Failed)[bad[2]]; r.Attempts != 8 || r.Code != job.RetriesExhausted {
			b.Fatalf("%+v", r)
		}
	})
}

func TestFailedCallsAreRepeatedWithinTheBudget(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(10)
		uncounted := 20
		b.drain(func(ids []string) ledger.Told {
			told := ledger.Told{Sent: 1, Whole: &ledger.StoreTold{Message: "timeout"}, Unanswered: true, Counted: true,
				Release: true, Delay: time.Minute}
			if uncounted > 0 {
				uncounted--
				told.Counted = false
			}
			return told
		})
		s := b.status(j.ID)
		if s.State != job.Completed || s.Failed != 10 || s.Calls != 29 || s.Retries != 27 {
			b.Fatalf("%+v", s)
		}
		for _, r := range b.rows(j.ID, "") {
			want := "8 calls were made for it; the last: timeout (a call for it went unanswered: it may have been carried out)"
			if r.Code != job.RetriesExhausted || r.Message != want {
				b.Fatalf("%+v", r)
			}
		}
	})
}

func TestPoisonedChunkLosesNoOtherStore(t *testing.T) {
	t.Parallel()
	for _, poisoned := range [][]int{{0}, {99}, {199}, {17, 18, 150}, {}} {
		t.Run(fmt.Sprint(poisoned), func(t *testing.T) {
			onBoth(t, ledger.Options{}, func(b *bundle) {
				j := newJob("s1")
				j.ChunkSize = 200
				b.submitJob(j, 200)
				bad := map[string]bool{}
				for _, i := range poisoned {
					bad[storeIDs(200)[i]] = true
				}
				calls := b.drain(func(ids []string) ledger.Told {
					for _, id := range ids {
						if bad[id] {
							return ledger.Told{Sent: 1, Refused: &ledger.StoreTold{Code: "PARAM_ERROR", Message: "参数错误"}}
						}
					}
					return succeed(ids)
				})
				s := b.status(j.ID)
				if s.State != job.Completed || s.Succeeded != int64(200-len(bad)) || s.Failed != int64(len(bad)) {
					b.Fatalf("%+v", s)
				}
				if bound := max(1, 17*len(bad)); calls > bound { // 2·log2(200)+2 each
					b.Fatalf("%d calls, the bound is %d", calls, bound)
				}
				for id := range b.rows(j.ID, job.Failed) {
					if !bad[id] {
						b.Fatalf("store %s was lost", id)
					}
				}
			})
		})
	}
}

func TestHalvingGoesOnWhereItWas(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := newJob("s1")
		j.ChunkSize = 200
		b.submitJob(j, 200)
		bad := storeIDs(200)[77]
		calls := 0
		for run := b.begin(); run != nil; run = b.begin() { // every run makes one call and is given up
			ids, _ := run.Next()
			told := succeed(ids)
			if slices.Contains(ids, bad) {
				told = ledger.Told{Sent: 1, Refused: &ledger.StoreTold{Code: "PARAM_ERROR"}}
			}
			told.Release = true
			calls++
			b.record(run, told)
		}
		if s := b.status(j.ID); s.Succeeded != 199 || s.Failed != 1 || calls > 17 {
			b.Fatalf("%d calls, %+v", calls, s)
		}
	})
}

// snapshot gives what brings Redis back to what it holds of a job now: so it is where it forgets its last writes.
func (b *bundle) snapshot(id string) (restore func()) {
	b.Helper()
	keys, err := b.rdb.Keys(b.ctx, "*{"+id+"}*").Result()
	b.must(err)
	held := map[string]map[string]string{}
	for _, k := range keys {
		held[k], err = b.rdb.HGetAll(b.ctx, k).Result()
		b.must(err)
	}
	return func() {
		b.Helper()
		now, err := b.rdb.Keys(b.ctx, "*{"+id+"}*").Result()
		b.must(err)
		if len(now) > 0 {
			b.must(b.rdb.Del(b.ctx, now...).Err())
		}
		for k, fields := range held {
			b.must(b.rdb.HSet(b.ctx, k, fields).Err())
		}
	}
}

func TestRunNoticesThatRedisForgotItsRecords(t *testing.T) {
	onBoth(t, ledger.Options{Lease: 50 * time.Millisecond}, func(b *bundle) {
		j := newJob("s1")
		j.ChunkSize = 200
		b.submitJob(j, 200)
		bad := storeIDs(200)[150]
		answer := func(ids []string) ledger.Told {
			if slices.Contains(ids, bad) {
				return ledger.Told{Sent: 1, Refused: &ledger.StoreTold{Code: "PARAM_ERROR"}}
			}
			return succeed(ids)
		}
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, answer(ids)) // it is halved
		forget := b.snapshot(j.ID)
		ids, _ = run.Next()
		b.record(run, answer(ids)) // its first half is done …
		forget()                   // … and Redis does not know of it, with the lease as it was
		for ids, _ = run.Next(); len(ids) > 0; ids, _ = run.Next() {
			if b.record(run, answer(ids)).Over {
				break
			}
		}
		if s := b.status(j.ID); s.State != job.Running || s.Pending == 0 {
			b.Fatalf("%+v", s)
		}
		for len(b.due) == 0 { // the lease runs out, and the chunk goes on
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			b.await(look.Certain)
		}
		b.drain(answer)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 199 || s.Failed != 1 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestRecordWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := newJob("s1")
		b.submitJob(j, 10)
		cut := &cutAnswers{}
		b.rdb.AddHook(cut)
		run := b.begin()
		run.Next()
		b.record(run, ledger.Told{Sent: 1, Refused: &ledger.StoreTold{Code: "PARAM_ERROR"}})
		ids, _ := run.Next()
		told := succeed(ids)
		told.Succeeded, told.Passing = told.Succeeded[1:], []ledger.StoreTold{{At: 0, Code: "SYSTEM_ERROR"}}
		cut.next.Store(true)
		if _, err := run.Record(b.ctx, told); err == nil {
			b.Fatal("no answer was cut")
		}
		b.record(run, told) // once more
		ids, _ = run.Next()
		b.record(run, succeed(ids))
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 10 || s.Calls != 4 {
			b.Fatalf("%+v", s)
		}
	})
}

// cutAnswers loses the answer to a script, once it is told to.
type cutAnswers struct{ next atomic.Bool }

func (c *cutAnswers) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *cutAnswers) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		record := strings.HasPrefix(cmd.Name(), "eval") && len(cmd.Args()) > 25 // the only script that takes so many
		if err == nil && record && c.next.CompareAndSwap(true, false) {
			err = errors.New("the answer was cut")
			cmd.SetErr(err)
		}
		return err
	}
}

func (c *cutAnswers) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestRequestThatIsWrongAsSuchIsNotBisectedToTheEnd(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]ledger.Told{
		"unnamed": {Sent: 1, Refused: &ledger.StoreTold{Code: "PARAM_ERROR"}},
		"named":   {Sent: 1, Named: true, Failed: []ledger.StoreTold{{At: 0, Code: "PARAM_ERROR"}}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, ledger.Options{}, func(b *bundle) {
				j := newJob("s1")
				j.ChunkSize = 200
				b.submitJob(j, 20_000)
				calls := b.drain(func([]string) ledger.Told { return told })
				if s := b.status(j.ID); s.State != job.Aborted || calls > 40 || s.Reason == "" {
					b.Fatalf("%d calls, %+v", calls, s)
				}
			})
		})
	}
}

func TestTooManyFailuresAbort(t *testing.T) {
	t.Parallel()
	fail := func(ids []string) ledger.Told {
		told := ledger.Told{Sent: 1, Answered: true}
		for i := range ids {
			told.Failed = append(told.Failed, ledger.StoreTold{At: i, Code: "STORE_NOT_EXIST"})
		}
		return told
	}
	for threshold, want := range map[int]int64{50: 1000, 0: 5000} {
		t.Run(fmt.Sprint(threshold), func(t *testing.T) {
			onBoth(t, ledger.Options{Window: 1}, func(b *bundle) {
				j := newJob("s1")
				j.FailureThreshold = threshold
				b.submitJob(j, 5000)
				b.drain(fail)
				if s := b.status(j.ID); s.Failed != want || (s.State == job.Aborted) != (threshold > 0) {
					b.Fatalf("%+v", s)
				}
			})
		})
	}
}

func TestPausedJobStandsStillAndGoesOn(t *testing.T) {
	onBoth(t, ledger.Options{Window: 4}, func(b *bundle) {
		j := b.submit(200)
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, succeed(ids))
		run = b.begin() // in flight while the job is paused
		b.must(b.ledger.Pause(b.ctx, j.ID, "lunch"))
		if b.begin() != nil {
			b.Fatal("a reminder started a run of a paused job")
		}
		ids, _ = run.Next()
		b.record(run, succeed(ids))
		if s := b.status(j.ID); s.State != job.Paused || s.Succeeded != 20 {
			b.Fatalf("%+v", s)
		}
		rems, err := b.ledger.Resume(b.ctx, j.ID)
		b.must(err)
		b.await(rems)
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 200 || s.Calls != 20 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestCancelledJobEndsWithItsLastCall(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		j := b.submit(200)
		run := b.begin()
		b.must(b.ledger.Cancel(b.ctx, j.ID, "by ops"))
		if s := b.status(j.ID); s.State != job.Cancelling || s.Pending != 200 {
			b.Fatalf("%+v", s)
		}
		ids, _ := run.Next()
		b.record(run, succeed(ids))
		if s := b.status(j.ID); s.State != job.Cancelled || s.Succeeded != 10 || s.Unprocessed != 190 || s.Pending != 0 {
			b.Fatalf("%+v", s)
		}
		if n := len(b.rows(j.ID, job.Unprocessed)); n != 190 {
			b.Fatalf("%d rows", n)
		}
		if err := b.ledger.Pause(b.ctx, j.ID, ""); code(err) != job.CodeBadState {
			b.Fatalf("pausing an ended job: %v", err)
		}
	})
}

func TestChunkThatRunsTwiceCountsOnce(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(10)
		rem := b.due[0]
		first := b.begin()
		var second *ledger.Run
		for second == nil { // as soon as the first run's lease is over
			var err error
			second, _, err = b.ledger.Begin(b.ctx, rem)
			b.must(err)
		}
		if _, err := first.Renew(b.ctx); !errors.Is(err, ledger.ErrLost) {
			b.Fatalf("renewing a lost lease: %v", err)
		}
		ids, _ := first.Next()
		told := ledger.Told{Sent: 1, Answered: true, Succeeded: []int{0, 1, 2}}
		for i := 3; i < len(ids); i++ {
			told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: "SYSTEM_ERROR"})
		}
		if p := b.record(first, told); !p.Over {
			b.Fatal("a run without its lease goes on")
		}
		second.Next()
		told = ledger.Told{Sent: 1, Answered: true, Failed: []ledger.StoreTold{{At: 0, Code: "STORE_NOT_EXIST"}}}
		for i := 1; i < len(ids); i++ {
			told.Succeeded = append(told.Succeeded, i)
		}
		b.record(second, told)
		s := b.status(j.ID)
		if s.State != job.Completed || s.Succeeded != 10 || s.Failed != 0 || s.Calls != 2 || len(s.Failures) != 0 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestChunkThatALostRunDecidedMakesRoom(t *testing.T) {
	onBoth(t, ledger.Options{Lease: 100 * time.Millisecond}, func(b *bundle) {
		j := newJob("s1")
		b.submitJob(j, 20)
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, succeed(ids)) // opens the job
		run = b.begin()
		for len(b.due) == 0 { // until its lease has run out, and the chunk is another's
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			b.await(look.Certain)
		}
		ids, _ = run.Next()
		b.record(run, succeed(ids))
		for s := b.status(j.ID); s.State != job.Completed; s = b.status(j.ID) {
			if b.begin() != nil {
				b.Fatal("a decided chunk is begun again")
			}
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			b.await(look.Certain)
		}
	})
}

// Redis 7.0 tears a transaction apart when it is killed within one and started twice. What it may bring back: a job
// without its window and its pool, and with figures that contradict its records.
func TestJobThatRedisToreApartIsPutRight(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		torn := func() job.Job {
			j := newJob("s1")
			b.submitJob(j, 50)
			for i := range 3 { // one chunk succeeds, one fails in part, one waits for another try in part
				run := b.begin()
				ids, _ := run.Next()
				told := ledger.Told{Sent: 1, Answered: true}
				for at := range ids {
					switch {
					case i == 1 && at < 4:
						told.Failed = append(told.Failed, ledger.StoreTold{At: at, Code: "STORE_NOT_EXIST"})
					case i == 2 && at < 3:
						told.Passing = append(told.Passing, ledger.StoreTold{At: at, Code: "SYSTEM_ERROR"})
					default:
						told.Succeeded = append(told.Succeeded, at)
					}
				}
				b.record(run, told)
			}
			b.due = nil
			key := "storelink:1:{" + j.ID + "}:"
			b.must(b.rdb.HSet(b.ctx, key+"job", "succeeded", 44, "failed", 16, "next", 5, "redis", "another").Err())
			b.must(b.rdb.HDel(b.ctx, key+"job", "pool", "tries").Err())
			b.must(b.rdb.Del(b.ctx, key+"win", key+"lease", key+"gath", key+"plan").Err())
			b.must(b.rdb.HSet(b.ctx, key+"fail", "STORE_NOT_EXIST", 16, "GHOST", 3).Err())
			return j
		}
		check := func(id string) job.State {
			for {
				look, err := b.ledger.Holes(b.ctx, id, 0)
				b.must(err)
				if !look.Stuck {
					return look.State
				}
				state, found, err := b.ledger.Check(b.ctx, id)
				b.must(err)
				b.await(found)
				if state == "" || state != job.Running {
					return state
				}
				b.drain(succeed)
			}
		}

		j := torn()
		if state := check(j.ID); state != job.Completed {
			b.Fatalf("the job is %q", state)
		}
		s := b.status(j.ID)
		if s.Succeeded != 46 || s.Failed != 4 || s.Pending != 0 || len(s.Failures) != 1 || s.Failures["STORE_NOT_EXIST"] != 4 {
			b.Fatalf("%+v", s)
		}
		if rows := b.rows(j.ID, job.Failed); len(rows) != 4 {
			b.Fatalf("%d rows", len(rows))
		}

		j = torn()
		b.must(b.ledger.Cancel(b.ctx, j.ID, ""))
		if state := check(j.ID); state != job.Cancelled {
			b.Fatalf("the job is %q", state)
		}
		s = b.status(j.ID)
		if s.Succeeded != 23 || s.Failed != 4 || s.Unprocessed != 23 || s.Pending != 0 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestAnswerAfterTheEndIsLate(t *testing.T) {
	onBoth(t, ledger.Options{Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(10)
		run := b.begin()
		b.must(b.ledger.Cancel(b.ctx, j.ID, ""))
		for state := job.State(""); state != job.Cancelled; { // once the lease is over
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			state = look.State
		}
		ids, _ := run.Next()
		b.record(run, succeed(ids))
		if s := b.status(j.ID); s.Late != 10 || s.Succeeded != 0 || s.Unprocessed != 10 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestLostRemindersAreFound(t *testing.T) {
	onBoth(t, ledger.Options{Window: 3, Lease: time.Millisecond}, func(b *bundle) {
		j := b.submit(100)
		run := b.begin()
		ids, _ := run.Next()
		b.record(run, succeed(ids))
		killed := b.begin()
		if killed == nil || len(b.due) != 2 {
			b.Fatalf("%d reminders", len(b.due))
		}
		b.due = nil // the others are lost
		var certain []job.Reminder
		var overdue []ledger.Overdue
		for len(certain) == 0 || len(overdue) < 2 {
			look, err := b.ledger.Holes(b.ctx, j.ID, time.Millisecond)
			b.must(err)
			certain, overdue = append(certain, look.Certain...), look.Overdue
		}
		var lost []job.Reminder
		for _, o := range overdue {
			lost = append(lost, o.Reminder)
		}
		found, err := b.ledger.Remind(b.ctx, j.ID, lost)
		b.must(err)
		again, err := b.ledger.Remind(b.ctx, j.ID, lost)
		b.must(err)
		if len(again) != 0 {
			b.Fatalf("a lost reminder was put out twice: %+v", again)
		}
		b.await(append(certain, found...))
		b.drain(succeed)
		if s := b.status(j.ID); s.State != job.Completed || s.Succeeded != 100 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestStagingThatIsGivenUpLeavesNothing(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		s := b.stage(newJob("s1"), storeIDs(5000))
		b.must(s.Discard(b.ctx))
		keys, err := b.rdb.Keys(b.ctx, "*").Result()
		b.must(err)
		if len(keys) != 0 {
			b.Fatalf("left: %v", keys)
		}
	})
}

func TestStagedJobSendsNothing(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		s := b.stage(newJob("s1"), storeIDs(500))
		defer s.Discard(b.ctx)
		run, drop, err := b.ledger.Begin(b.ctx, job.Reminder{Job: s.Job().ID, Generation: 1})
		b.must(err)
		if run != nil || drop != string(job.Staging) {
			b.Fatalf("begun, or dropped for %q", drop)
		}
	})
}

func TestCommitTellsOfChunksThatRedisLost(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		s := b.stage(newJob("s1"), storeIDs(200_000))
		keys, err := b.rdb.Keys(b.ctx, "*:ids").Result()
		b.must(err)
		b.must(b.rdb.HDel(b.ctx, keys[0], "7").Err())
		if _, err := s.Commit(b.ctx, 0, 0); code(err) != job.CodeRedis {
			b.Fatalf("got %v", err)
		}
	})
}

func TestUnknownJobIsSaidToBeUnknown(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		_, err := b.ledger.Status(b.ctx, "nope")
		if code(err) != job.CodeUnknownJob {
			b.Errorf("status: %v", err)
		}
		if err := b.ledger.Cancel(b.ctx, "nope", ""); code(err) != job.CodeUnknownJob {
			b.Errorf("cancel: %v", err)
		}
		for _, err := range b.ledger.Rows(b.ctx, "nope", "") {
			if code(err) != job.CodeUnknownJob {
				b.Errorf("rows: %v", err)
			}
		}
	})
}

func TestNothingLivesForEver(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	defer rdb.Close()
	b := &bundle{T: t, ctx: t.Context(), rdb: rdb, ledger: ledger.Open(rdb, ledger.Options{})}

	b.must(b.ledger.Publish(b.ctx, "w1", []registry.Lane{{Account: "acme"}}, true))
	ended := b.submit(1000)
	b.drain(func(ids []string) ledger.Told {
		told := ledger.Told{Sent: 1, Answered: true, Succeeded: all(len(ids))[1:]}
		told.Failed = []ledger.StoreTold{{At: 0, Code: "STORE_NOT_EXIST"}}
		return told
	})
	b.must(b.ledger.Retire(b.ctx, ended.ID))
	cancelled := newJob("s2")
	b.submitJob(cancelled, 1000)
	late := b.begin()
	ids, _ := late.Next()
	b.must(b.ledger.Cancel(b.ctx, cancelled.ID, ""))
	mini.SetTime(time.Now().Add(time.Minute)) // the lease is over
	// Another worker looks: to one that has looked before, the clock has been set, which says nothing of a lease.
	_, err := ledger.Open(rdb, ledger.Options{}).Holes(b.ctx, cancelled.ID, 0)
	b.must(err)
	b.record(late, ledger.Told{Sent: 1, Failed: []ledger.StoreTold{{At: len(ids) - 1, Code: "NEW"}}})
	b.must(b.ledger.Retire(b.ctx, cancelled.ID))
	staged := newJob("s3")
	s := b.stage(staged, storeIDs(20_000)) // and its process dies: nobody renews it
	lock := b.ledger.Lock("reconciler", "w1", time.Second)
	if held, err := lock.Hold(b.ctx); !held || err != nil {
		t.Fatalf("%v, %v", held, err)
	}
	defer s.Discard(b.ctx)

	mini.FastForward(time.Minute)
	if _, err := b.ledger.Status(b.ctx, staged.ID); code(err) != job.CodeUnknownJob {
		t.Errorf("a staged job outlives its process: %v", err)
	}
	b.status(ended.ID) // which is kept
	mini.FastForward(31 * 24 * time.Hour)
	if _, err := b.ledger.Status(b.ctx, ended.ID); code(err) != job.CodeUnknownJob {
		t.Errorf("an ended job outlives its retention: %v", err)
	}
	b.must(b.ledger.Prune(b.ctx))
	mini.FastForward(121*24*time.Hour + ledger.MaxAhead)
	if keys := mini.Keys(); len(keys) != 0 {
		t.Errorf("these live for ever: %v", keys)
	}
}
