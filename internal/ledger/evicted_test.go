package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redistest"
)

func idsKey(id string) string { return "storelink:1:{" + id + "}:ids" }

// A job whose IDs Redis has evicted ends, and says why.
func TestJobWhoseIDsAreGoneIsAborted(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		for name, before := range map[string]func(job.Job){
			"at its first call": func(job.Job) {},
			"at a later one":    func(job.Job) { run := b.begin(); ids, _ := run.Next(); b.record(run, succeed(ids)) },
			"at stores that are sent again": func(job.Job) {
				for len(b.due) > 0 {
					run := b.begin()
					ids, _ := run.Next()
					told := ledger.Told{Sent: 1, Answered: true}
					for i := range ids {
						told.Passing = append(told.Passing, ledger.StoreTold{At: i, Code: "SYSTEM_ERROR"})
					}
					b.record(run, told)
					if b.now > 0 {
						return
					}
				}
			},
		} {
			b.due, b.now = nil, 0
			j := newJob("s " + strings.ReplaceAll(name, " ", "-"))
			j.Target.StockID = fmt.Sprint(len(name))
			b.submitJob(j, 30)
			before(j)
			b.must(b.rdb.Del(b.ctx, idsKey(j.ID)).Err())
			for b.begin() != nil {
				b.Fatalf("%s: a run began", name)
			}
			look, err := b.ledger.Holes(b.ctx, j.ID, 0)
			b.must(err)
			s := b.status(j.ID)
			if look.State != job.Aborted || s.State != job.Aborted || !strings.Contains(s.Reason, "no longer in Redis") || s.Failed != 0 {
				b.Fatalf("%s: %+v", name, s)
			}
		}
	})
}

// Whatever a worker's clock says, it is Redis' that decides when a job's time has come, and what is shown.
func TestAWorkersClockDecidesNothing(t *testing.T) {
	t.Parallel()
	server, clock := redistest.RealWithClock(t)
	b := &bundle{T: t, ctx: t.Context(), rdb: server.Client, ledger: ledger.Open(server.Client, ledger.Options{})}
	at := time.Now().Add(5 * time.Minute)
	j := newJob("s1")
	j.At = &at
	b.submitJob(j, 10)
	if s := b.status(j.ID); s.State != job.Scheduled {
		t.Fatalf("%+v", s)
	}
	b.must(clock.Shift(10 * time.Minute)) // this process' clock is ten minutes slow
	state, rems, err := b.ledger.Start(b.ctx, j.ID, false)
	b.must(err)
	if state != job.Running {
		t.Fatalf("its time has come, and it is %s", state)
	}
	b.await(rems)
	b.must(b.ledger.Sync(b.ctx))
	run := b.begin()
	ids, _ := run.Next()
	b.record(run, succeed(ids))
	for row, err := range b.ledger.Rows(b.ctx, j.ID, "") {
		if b.must(err); time.Until(*row.DecidedAt) < 5*time.Minute {
			t.Errorf("decided at %v by this process' clock", row.DecidedAt)
		}
	}
}

// counting counts the commands that read what does not change of a job.
type counting struct {
	redis.Hook
	reads int
}

func (c *counting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "hmget" {
			c.reads++
		}
		return next(ctx, cmd)
	}
}

func (c *counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestALookAtManyJobsReadsEachOnce(t *testing.T) {
	t.Parallel()
	rdb := redistest.Mini(t)
	b := &bundle{T: t, ctx: t.Context(), rdb: rdb, ledger: ledger.Open(rdb, ledger.Options{})}
	const jobs = 600
	for i := range jobs {
		j := newJob(fmt.Sprint("stock-", i))
		b.submitJob(j, 1)
	}
	if _, err := b.ledger.Running(b.ctx); err != nil {
		t.Fatal(err)
	}
	c := &counting{}
	rdb.AddHook(c)
	all, err := b.ledger.Running(b.ctx)
	if err != nil || len(all) != jobs || c.reads != 0 {
		t.Errorf("%d jobs, read %d times once more: %v", len(all), c.reads, err)
	}
}
