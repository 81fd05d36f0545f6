package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/schedule"
)

func mini(t *testing.T) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// hook is called around each command, or pipeline of them.
type hook struct {
	around func(args []any, do func() error) error
}

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := h.around(cmd.Args(), func() error { return next(ctx, cmd) })
		if err != nil {
			cmd.SetErr(err)
		}
		return err
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if name := cmds[0].Name(); name == "hello" || name == "client" { // of a connection, within another command
			return next(ctx, cmds)
		}
		err := h.around(nil, func() error { return next(ctx, cmds) })
		if err != nil {
			for _, c := range cmds {
				c.SetErr(err)
			}
		}
		return err
	}
}

var errDead = errors.New("this worker is dead")

// mortal is a client that dies with the nth command since a tick has come due: it is carried out, and its answer gets
// lost. dead is closed then. From there on it reaches nothing, which is all that others can see of a process that was killed.
func mortal(t *testing.T, addr string, n int) (rdb *redis.Client, dead chan struct{}) {
	rdb = redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	dead = make(chan struct{})
	var due atomic.Bool
	var count atomic.Int64
	rdb.AddHook(hook{func(args []any, do func() error) error {
		if !due.Load() && !strings.Contains(fmt.Sprint(args...), schedule.KeyRuns("nightly")) {
			return do()
		}
		due.Store(true)
		switch i := count.Add(1); {
		case i > int64(n):
			return errDead
		case i < int64(n):
			return do()
		}
		defer close(dead)
		_ = do()
		return errDead
	}})
	return rdb, dead
}

// TestAWorkerThatDiesAnywhereLeavesOneJob lets a worker die with each command that it sends to Redis for a tick, and
// others go on. To die before a command is to die after the one before it.
func TestAWorkerThatDiesAnywhereLeavesOneJob(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 42; n++ { // a few more than there are
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			rdb := mini(t)
			w := newWorld(t, rdb)
			w.add(w.hourly("nightly"))
			w.tick("nightly")
			doomed, dead := mortal(t, rdb.Options().Addr, n)
			stop := w.runs(schedule.New(w.config(doomed, w.opener())))
			select {
			case <-dead:
			case <-w.ctx.Done():
				t.Fatal("it never came to its death")
			}
			for range 2 {
				w.start(w.opener())
			}
			r := w.settled("nightly", 1, schedule.Submitted)
			stop()
			s, err := w.book.Get(w.ctx, "nightly")
			w.must(err)
			if len(s.Runs) != 1 || s.Runs[0].Job != r.Job {
				t.Errorf("the runs are %s", told(s.Runs))
			}
			w.oneJobEach("nightly", s.Runs)
		})
	}
}

// The steps at which a process is killed.
const (
	beforeBind  = "before bind"
	afterBind   = "after bind"
	afterCommit = "after commit"
)

// environment variables of a process that is to be killed.
const (
	envStep  = "STORELINK_TEST_STEP"
	envRedis = "STORELINK_TEST_REDIS"
	envLists = "STORELINK_TEST_LISTS"
)

func TestMain(m *testing.M) {
	if os.Getenv(envStep) == "" {
		os.Exit(m.Run())
	}
	doomed(os.Getenv(envStep), os.Getenv(envRedis), os.Getenv(envLists))
}

// doomed is a worker that kills itself at a step.
func doomed(step, addr, dir string) {
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	kill := func() error {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is over
	}
	rdb.AddHook(hook{func(args []any, do func() error) error {
		text := fmt.Sprint(args...)
		// change.lua: the new record is its fourth argument, behind its keys.
		keys, record := 0, ""
		if len(args) > 2 {
			keys, _ = args[2].(int)
		}
		change := keys > 0 && len(args) > keys+8 && strings.Contains(text, schedule.KeyRuns("nightly"))
		if change {
			record = fmt.Sprint(args[3+keys+3])
		}
		switch {
		case change && step == afterCommit && strings.Contains(record, `"state":"submitted"`):
			return kill()
		case change && step != afterCommit && strings.Contains(record, `"job":`):
			if step == afterBind {
				_ = do()
			}
			return kill()
		}
		return do()
	}})
	w := &world{ctx: context.Background(), dir: dir, T: &testing.T{}}
	c := w.config(rdb, w.opener())
	c.Logger = nil
	schedule.New(c).Run(context.Background())
}

func TestAProcessThatIsKilledLeavesOneJob(t *testing.T) {
	t.Parallel()
	for _, step := range []string{beforeBind, afterBind, afterCommit} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := redistest.Real(t)
			w := newWorld(t, s.Client)
			w.add(w.hourly("nightly"))
			w.tick("nightly")
			cmd := exec.CommandContext(w.ctx, os.Args[0])
			cmd.Env = append(os.Environ(), envStep+"="+step, envRedis+"="+s.Addr, envLists+"="+w.dir)
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || !exit.Sys().(syscall.WaitStatus).Signaled() {
				t.Fatalf("it was not killed: %v\n%s", err, out)
			}
			r, err := w.book.Run(w.ctx, "nightly", 1)
			w.must(err)
			if r.State != schedule.Due || (r.Job != "") != (step != beforeBind) || (len(w.jobs("nightly")) == 1) != (step == afterCommit) {
				t.Fatalf("it was killed elsewhere: %+v, jobs %v", r, w.jobs("nightly"))
			}
			for range 3 {
				w.start(w.opener())
			}
			got := w.settled("nightly", 1, schedule.Submitted)
			if step == afterCommit && got.Job != r.Job {
				t.Errorf("bound to %s before, to %s now", r.Job, got.Job)
			}
			s2, err := w.book.Get(w.ctx, "nightly")
			w.must(err)
			w.oneJobEach("nightly", s2.Runs)
		})
	}
}

// TestASlowWorkersLeftoverIsNoJobAtWork lets another worker, which has lost its run, discard the job that it had staged
// while the one that took the run over finds the target held by it.
func TestASlowWorkersLeftoverIsNoJobAtWork(t *testing.T) {
	t.Parallel()
	rdb := mini(t)
	w := newWorld(t, rdb)
	d := w.add(w.hourly("nightly"))
	slow := d.Job
	slow.ID, slow.CreatedAt, slow.Schedule = job.NewID(time.Now()), time.Now(), d.Name
	_, err := w.ledger.Stage(w.ctx, slow)
	w.must(err)
	watched := redis.NewClient(rdb.Options())
	t.Cleanup(func() { _ = watched.Close() })
	var asked atomic.Int32
	watched.AddHook(hook{func(args []any, do func() error) error {
		// First it is asked how the job stands that holds the target, then whose it is.
		if strings.Contains(fmt.Sprint(args...), slow.ID) && asked.Add(1) == 2 {
			if err := w.ledger.Discard(w.ctx, slow.ID); err != nil {
				t.Error(err)
			}
		}
		return do()
	}})
	w.tick("nightly")
	w.runs(schedule.New(w.config(watched, w.opener())))
	w.settled("nightly", 1, schedule.Submitted)
	if asked.Load() != 2 {
		t.Errorf("it was asked for the job %d times", asked.Load())
	}
}
