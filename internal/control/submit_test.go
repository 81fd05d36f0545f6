package control_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
)

func storeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("1%08d", i)
	}
	return ids
}

// listOf gives IDs and then, if err is not nil, that.
func listOf(ids []string, err error) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func newJob() job.Job {
	return job.Job{Operation: job.Associate, Account: "acme", Priority: job.High, ChunkSize: 200,
		Target: job.Target{BrandID: "1", ProductCouponID: "2", StockID: "3"}}
}

func newSubmitter(c redis.UniversalClient) *control.Submitter {
	return &control.Submitter{Ledger: ledger.Open(c, ledger.Options{}), Queue: queue.Open(c),
		Patience: 50 * time.Millisecond, Backoff: time.Millisecond}
}

func counts(repeats, setAside int64) func() (int64, int64) {
	return func() (int64, int64) { return repeats, setAside }
}

func TestSubmitCommitsAndReminds(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		s, ids := newSubmitter(c), storeIDs(1_001)
		got, err := s.Submit(t.Context(), control.Submission{Job: newJob(), IDs: listOf(ids, nil), Counts: counts(3, 4)})
		if err != nil {
			t.Fatal(err)
		}
		if got.Total != 1_001 || got.Chunks != 6 || got.Job.Repeats != 3 || got.Job.SetAside != 4 || got.Warning != "" {
			t.Errorf("receipt %+v", got)
		}
		status, err := s.Ledger.Status(t.Context(), got.Job.ID)
		if err != nil || status.State != job.Running || status.Total != 1_001 || status.Pending != 1_001 {
			t.Errorf("status %+v, %v", status, err)
		}
		var kept []string
		for row, err := range s.Ledger.Rows(t.Context(), got.Job.ID, "") {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, row.StoreID)
		}
		if !slices.Equal(kept, ids) {
			t.Error("the ledger has not the list's stores in the list's order")
		}
		info, err := asynq.NewInspectorFromRedisClient(c).GetQueueInfo(queue.Name("acme", job.High))
		if err != nil || info.Pending == 0 {
			t.Errorf("nothing waits in the queue: %+v, %v", info, err)
		}
	})
}

// nothingLeft fails where a job of the ledger's, or a hold on its target, is left.
func nothingLeft(t *testing.T, s *control.Submitter) {
	t.Helper()
	jobs, err := s.Ledger.Jobs(context.Background(), ledger.Filter{})
	if err != nil || len(jobs) != 0 {
		t.Errorf("left in the ledger: %+v, %v", jobs, err)
	}
	if _, err := s.Submit(context.Background(), control.Submission{Job: newJob(), IDs: listOf(storeIDs(1), nil)}); err != nil {
		t.Errorf("the target is not free: %v", err)
	}
}

func TestListErrorLeavesNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		bad := job.Errorf(job.CodeBadList, "line 7 is bad")
		for name, list := range map[string]iter.Seq2[string, error]{
			"at once":      listOf(nil, bad),
			"half way":     listOf(storeIDs(50_000), bad),
			"no stores":    listOf(nil, nil),
			"wrapped":      listOf(storeIDs(10), fmt.Errorf("reading: %w", bad)),
			"at the chunk": listOf(storeIDs(200), bad),
		} {
			s := newSubmitter(c)
			_, err := s.Submit(t.Context(), control.Submission{Job: newJob(), IDs: list})
			if job.ExitStatus(err) != 2 || job.AsError(err).Code != job.CodeBadList {
				t.Errorf("%s: %v", name, err)
			}
			nothingLeft(t, s)
			if err := c.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTargetAtWorkIsRefusedBeforeTheListIsRead(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		s := newSubmitter(c)
		first, err := s.Submit(t.Context(), control.Submission{Job: newJob(), IDs: listOf(storeIDs(5), nil)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Submit(t.Context(), control.Submission{Job: newJob(), IDs: func(func(string, error) bool) {
			t.Error("the list was read")
		}})
		if e := job.AsError(err); e.Code != job.CodeJobAtWork || e.Job != first.Job.ID || !strings.Contains(e.Message.String(), first.Job.ID) {
			t.Errorf("got %+v", e)
		}
	})
}

func TestInterruptedWhileStagingLeavesNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		s := newSubmitter(c)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.Submit(ctx, control.Submission{Job: newJob(), IDs: func(yield func(string, error) bool) {
			for i, id := range storeIDs(100_000) {
				if i == 60_000 {
					cancel()
				}
				if !yield(id, nil) {
					return
				}
			}
		}})
		if job.ExitStatus(err) != 130 || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("got %v", err)
		}
		nothingLeft(t, s)
	})
}

// flaky fails commands: those that hit picks, as long as it is armed. Where after is set they are carried out before.
type flaky struct {
	armed atomic.Bool
	left  atomic.Int64 // failures left; below 0 for ever
	after bool
	hit   func(redis.Cmder) bool
}

var errCut = errors.New("connection reset by peer")

func (f *flaky) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f *flaky) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !f.armed.Load() || f.hit != nil && !f.hit(cmd) || f.left.Load() == 0 {
			return next(ctx, cmd)
		}
		f.left.Add(-1)
		if f.after {
			_ = next(ctx, cmd)
		}
		cmd.SetErr(errCut)
		return errCut
	}
}

func (f *flaky) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !f.armed.Load() || f.hit != nil || f.left.Load() == 0 {
			return next(ctx, cmds)
		}
		f.left.Add(-1)
		for _, cmd := range cmds {
			cmd.SetErr(errCut)
		}
		return errCut
	}
}

// submitArmed submits with a Redis that begins to fail right before the commit.
func submitArmed(t *testing.T, c *redis.Client, f *flaky) (control.Receipt, *control.Submitter, error) {
	t.Helper()
	through := redis.NewClient(c.Options())
	t.Cleanup(func() { _ = through.Close() })
	through.AddHook(f)
	s := newSubmitter(through)
	if f.left.Load() >= 0 { // it comes to an end, however slow the machine
		s.Patience = time.Minute
	}
	got, err := s.Submit(t.Context(), control.Submission{Job: newJob(), IDs: listOf(storeIDs(450), nil),
		Counts: func() (int64, int64) {
			f.armed.Store(true)
			return 0, 0
		}})
	return got, newSubmitter(c), err
}

func TestCommitIsTriedAgainWhereItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		for failures := range int64(6) {
			f := &flaky{after: true}
			f.left.Store(failures)
			got, s, err := submitArmed(t, c, f)
			if err != nil {
				t.Fatalf("%d failures: %v", failures, err)
			}
			status, err := s.Ledger.Status(t.Context(), got.Job.ID)
			if err != nil || status.State != job.Running || status.Total != 450 {
				t.Errorf("%d failures: %+v, %v", failures, status, err)
			}
			if err := c.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCommitThatRedisRefusesSendsNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		f := &flaky{hit: func(cmd redis.Cmder) bool { return strings.HasPrefix(cmd.Name(), "eval") }} // it still tells
		f.left.Store(-1)
		_, s, err := submitArmed(t, c, f)
		e := job.AsError(err)
		if job.ExitStatus(err) != 1 || e.Job == "" || !strings.Contains(e.Message.String(), "nothing was sent") ||
			!strings.Contains(e.Message.String(), "expires") {
			t.Errorf("got %+v", e)
		}
		if status, err := s.Ledger.Status(t.Context(), e.Job); err == nil && status.State != job.Staging {
			t.Errorf("the job is %s", status.State)
		}
	})
}

func TestCommitWithRedisGoneIsToldAsUnknown(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		f := &flaky{}
		f.left.Store(-1)
		_, _, err := submitArmed(t, c, f)
		e := job.AsError(err)
		if job.ExitStatus(err) != 1 || e.Job == "" || !strings.Contains(e.Message.String(), "unknown whether") ||
			!strings.Contains(e.Message.String(), "enqueue status "+e.Job) {
			t.Errorf("got %+v", e)
		}
	})
}

func TestCommittedJobThatCouldNotBeQueuedIsNoFailure(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		f := &flaky{hit: func(cmd redis.Cmder) bool { return strings.Contains(fmt.Sprint(cmd.Args()...), "asynq:") }}
		f.left.Store(-1)
		got, s, err := submitArmed(t, c, f)
		if err != nil || !strings.Contains(got.Warning, "will run") {
			t.Fatalf("got %+v, %v", got, err)
		}
		if status, err := s.Ledger.Status(t.Context(), got.Job.ID); err != nil || status.State != job.Running {
			t.Errorf("got %+v, %v", status, err)
		}
	})
}

func TestRedisAwayFromTheStart(t *testing.T) {
	t.Parallel()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer c.Close()
	_, err := newSubmitter(c).Submit(t.Context(), control.Submission{Job: newJob(), IDs: listOf(storeIDs(5), nil)})
	if job.ExitStatus(err) != 1 || !strings.Contains(err.Error(), "nothing was sent") {
		t.Errorf("got %v", err)
	}
}
