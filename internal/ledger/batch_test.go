package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// batch commits a batch of n targets that share a list.
func (b *bundle) batch(id string, n, stores int, at *time.Time) {
	b.Helper()
	s := b.ledger.StageBatch(ledger.Batch{ID: id, CreatedAt: time.Now(), At: at})
	list, _, err := s.AddList(b.ctx, 200, func(yield func(string, error) bool) {
		for _, store := range storeIDs(stores) {
			if !yield(store, nil) {
				return
			}
		}
	})
	b.must(err)
	for i := range n {
		_, err := s.AddJob(b.ctx, newJob(fmt.Sprint("stock-", i)), list)
		b.must(err)
	}
	b.must(s.Commit(b.ctx))
	b.must(s.Commit(b.ctx)) // as where the first answer was lost
}

// tend looks after a batch, and keeps the reminders of the jobs that it starts.
func (b *bundle) tend(id string) (ended bool) {
	b.Helper()
	turns, ended, err := b.ledger.TendBatch(b.ctx, id, "")
	b.must(err)
	for _, t := range turns {
		b.await(t.Reminders)
	}
	return ended
}

func (b *bundle) countRows(id string) (n int) {
	b.Helper()
	for _, err := range b.ledger.Rows(b.ctx, id, "") {
		b.must(err)
		n++
	}
	return n
}

// clocked is a ledger on an embedded Redis whose clock can be put forward.
func clocked(t *testing.T, o ledger.Options) (*bundle, *miniredis.Miniredis) {
	t.Helper()
	mini := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return &bundle{T: t, ctx: t.Context(), rdb: rdb, ledger: ledger.Open(rdb, o)}, mini
}

func TestBatchForLaterBeginsAtItsTime(t *testing.T) {
	t.Parallel()
	b, mini := clocked(t, ledger.Options{})
	at := time.Now().Add(90 * 24 * time.Hour).Truncate(time.Millisecond).UTC()
	const id = "20261126-000000-aaaaaaaa"
	b.batch(id, 3, 300, &at)
	b.tend(id)
	if s := b.status(id); s.State != job.Scheduled || s.At == nil || !s.At.Equal(at) || s.StartedAt != nil || s.Pending != 900 ||
		s.Jobs[job.Scheduled] != 3 {
		t.Fatalf("%+v", s)
	}
	if err := b.ledger.Pause(b.ctx, id, ""); code(err) != job.CodeBadState {
		t.Errorf("what waits for its time is paused: %v", err)
	}
	// Until then its targets are free, and nothing of it expires.
	other := newJob("stock-1")
	b.submitJob(other, 10)
	b.drain(succeed)
	mini.FastForward(90 * 24 * time.Hour)
	mini.SetTime(at.Add(time.Second))
	if all, err := b.ledger.Batches(b.ctx); err != nil || len(all) != 1 {
		t.Fatalf("%q, %v", all, err)
	}
	held := newJob("stock-2")
	b.submitJob(held, 10)
	b.tend(id)
	if s := b.status(id + "-3"); s.State != job.Scheduled || !strings.Contains(s.Reason, held.ID) {
		t.Fatalf("nobody learns what it waits for: %+v", s)
	}
	if s := b.status(id); s.State != job.Running || s.StartedAt == nil || s.StartedAt.Before(at) {
		t.Fatalf("%+v", s)
	}
	b.drain(succeed)
	b.tend(id) // the target is free
	b.drain(succeed)
	if !b.tend(id) {
		t.Fatal("it has not ended")
	}
	if s := b.status(id + "-3"); s.Reason != "" {
		t.Errorf("%+v", s)
	}
	if s := b.status(id); s.State != job.Completed || s.Succeeded != 900 || s.Jobs[job.Completed] != 3 {
		t.Fatalf("%+v", s)
	}
}

func TestBatchForLaterIsCancelledBeforeItsTime(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		at := time.Now().Add(time.Hour)
		const id = "20261126-000000-bbbbbbbb"
		b.batch(id, 40, 300, &at)
		b.must(b.ledger.Cancel(b.ctx, id, "by wang"))
		if !b.tend(id) {
			b.Fatal("it has not ended")
		}
		if s := b.status(id); s.State != job.Cancelled || s.Unprocessed != 40*300 || s.Calls != 0 || s.Jobs[job.Cancelled] != 40 ||
			s.Reason != "by wang" {
			b.Fatalf("%+v", s)
		}
		// What comes too late finds the word that was last.
		if err := b.ledger.Pause(b.ctx, id, ""); code(err) != job.CodeBadState {
			b.Errorf("%v", err)
		}
		b.must(b.ledger.Cancel(b.ctx, id, ""))
	})
}

// An enqueuer that is killed holds nobody up: another can have its targets within seconds.
func TestBatchWhoseEnqueuerDiedLetsItsTargetsGo(t *testing.T) {
	t.Parallel()
	b, mini := clocked(t, ledger.Options{})
	s := b.ledger.StageBatch(ledger.Batch{ID: "20261126-000000-eeeeeeee", CreatedAt: time.Now()})
	list, _, err := s.AddList(b.ctx, 200, func(yield func(string, error) bool) { yield("1", nil) })
	b.must(err)
	j, err := s.AddJob(b.ctx, newJob("s1"), list)
	b.must(err)
	mini.FastForward(20 * time.Second)
	holders, err := b.ledger.Holders(b.ctx, []job.Target{newJob("s0").Target, j.Target})
	if err != nil || holders[0] != "" || holders[1] != j.ID {
		t.Fatalf("%q, %v", holders, err)
	}
	if _, err := b.ledger.Stage(b.ctx, newJob("s1")); code(err) != job.CodeJobAtWork {
		t.Fatalf("%v", err)
	}
	mini.FastForward(20 * time.Second)
	other := b.submit(10)
	// Was it only slow, then its job waits.
	b.must(s.Commit(b.ctx))
	b.tend(j.Batch)
	if s := b.status(j.ID); s.State != job.Scheduled || !strings.Contains(s.Reason, other.ID) {
		t.Fatalf("%+v", s)
	}
	b.drain(succeed)
	b.tend(j.Batch)
	b.drain(succeed)
	if s := b.status(j.ID); s.State != job.Completed {
		t.Fatalf("%+v", s)
	}
}

// late keeps a commit of a batch on its way, as a network may whose client has given up: it arrives right after the first
// command of what is done next.
type late struct {
	armed  bool
	commit []any
	arrive func(commit []any)
}

func (l *late) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *late) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if l.armed && strings.HasPrefix(cmd.Name(), "eval") {
			l.armed, l.commit = false, cmd.Args()
			err := errors.New("i/o timeout")
			cmd.SetErr(err)
			return err
		}
		err := next(ctx, cmd)
		if commit := l.commit; err == nil && commit != nil && cmd.Name() != "watch" {
			l.commit = nil
			l.arrive(commit)
		}
		return err
	}
}

func (l *late) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// lateCommit stages a batch of two jobs whose commit is still on its way.
func lateCommit(b *bundle, id string) *ledger.BatchStaging {
	b.Helper()
	b.batch(id+"x", 1, 10, nil) // the scripts are known to Redis
	own := redis.NewClient(b.rdb.(*redis.Client).Options())
	b.Cleanup(func() { _ = own.Close() })
	l := &late{arrive: func(commit []any) { _ = own.Do(b.ctx, commit...).Err() }}
	own, b.rdb = b.rdb.(*redis.Client), own
	b.rdb.AddHook(l)
	s := ledger.Open(b.rdb, ledger.Options{}).StageBatch(ledger.Batch{ID: id, CreatedAt: time.Now()})
	list, _, err := s.AddList(b.ctx, 200, func(yield func(string, error) bool) { yield("1", nil) })
	b.must(err)
	for _, stock := range []string{"late-1", "late-2"} {
		_, err = s.AddJob(b.ctx, newJob(stock), list)
		b.must(err)
	}
	l.armed = true
	if err := s.Commit(b.ctx); code(err) != job.CodeRedis {
		b.Fatalf("the commit was answered: %v", err)
	}
	return s
}

// expiring tells which keys of a batch expire, and which do not.
func (b *bundle) expiring(id string) (yes, no []string) {
	b.Helper()
	keys, err := b.rdb.Keys(b.ctx, "*{"+id+"}*").Result()
	b.must(err)
	for _, key := range keys {
		if b.rdb.PTTL(b.ctx, key).Val() > 0 {
			yes = append(yes, key)
		} else {
			no = append(no, key)
		}
	}
	return yes, no
}

func TestBatchIsCommittedAgainWhileItsCommitIsOnItsWay(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		const id = "20261126-000000-ffffffff"
		s := lateCommit(b, id)
		for range 3 { // as long as Redis' answer is that it failed
			if err := s.Commit(b.ctx); err == nil {
				break
			} else if code(err) != job.CodeRedis {
				b.Fatal(err)
			}
		}
		if s := b.status(id); s.State != job.Running || s.Jobs[job.Scheduled] != 2 {
			b.Fatalf("%+v", s)
		}
		if yes, _ := b.expiring(id); len(yes) > 0 {
			b.Fatalf("a batch that runs expires: %q", yes)
		}
		b.tend(id)
		b.drain(succeed)
		if !b.tend(id) {
			b.Fatalf("%+v", b.status(id))
		}
	})
}

func TestBatchThatIsGivenUpCannotBeCommittedAnyMore(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		const id = "20261126-000000-gggggggg"
		s := lateCommit(b, id)
		b.must(s.Discard(b.ctx))
		if yes, no := b.expiring(id); len(yes)+len(no) > 0 {
			b.Fatalf("left of it: %q, %q", yes, no)
		}
		if holders, err := b.ledger.Holders(b.ctx, []job.Target{newJob("late-1").Target}); err != nil || holders[0] != "" {
			b.Fatalf("%q, %v", holders, err)
		}
	})
}

func TestBatchOfWhichPartIsLostExpires(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		const id = "20261126-000000-hhhhhhhh"
		s := b.ledger.StageBatch(ledger.Batch{ID: id, CreatedAt: time.Now()})
		list, _, err := s.AddList(b.ctx, 200, func(yield func(string, error) bool) { yield("1", nil) })
		b.must(err)
		for _, stock := range []string{"s1", "s2"} {
			_, err = s.AddJob(b.ctx, newJob(stock), list)
			b.must(err)
		}
		b.must(b.rdb.Del(b.ctx, "storelink:1:{"+id+"}-2:job").Err())
		if err := s.Commit(b.ctx); code(err) != job.CodeRedis {
			b.Fatalf("%v", err)
		}
		if yes, no := b.expiring(id); len(no) > 0 || len(yes) == 0 {
			b.Fatalf("lives on: %q", no)
		}
	})
}

// A job of a batch that ended long before the batch does is in its report all the same, and nothing of it lives on after.
func TestJobsOfABatchAreKeptUntilItEnds(t *testing.T) {
	t.Parallel()
	b, mini := clocked(t, ledger.Options{Retention: time.Hour})
	const id = "20261126-000000-cccccccc"
	b.batch(id, 40, 300, nil) // more than are at work at a time
	b.tend(id)
	b.drain(succeed)
	b.tend(id) // the first have ended, and the others begin
	mini.FastForward(2 * time.Hour)
	if rows := b.countRows(id); rows != 40*300 {
		t.Fatalf("%d rows", rows)
	}
	b.drain(succeed)
	if !b.tend(id) {
		t.Fatal("it has not ended")
	}
	if s := b.status(id); s.State != job.Completed || s.Succeeded != 40*300 {
		t.Fatalf("%+v", s)
	}
	mini.FastForward(30 * time.Minute)
	if rows := b.countRows(id); rows != 40*300 {
		t.Fatalf("%d rows", rows)
	}
	b.must(b.ledger.RetireBatch(b.ctx, id))
	mini.FastForward(time.Hour)
	for _, key := range mini.Keys() {
		if strings.Contains(key, id) {
			t.Errorf("%s lives on", key)
		}
	}
}

// At every instant a batch's figures are those of all of its jobs, however many of them are just passing from being at
// work to being summed up.
func TestBatchAddsUpAtEveryInstant(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		const id, targets = "20261126-000000-dddddddd", 60
		b.batch(id, targets, 200, nil)
		watching, stop := context.WithCancel(b.ctx)
		watched := make(chan error, 1)
		go func() {
			var last int64
			for watching.Err() == nil {
				s, err := b.ledger.Status(b.ctx, id)
				var jobs int64
				for _, n := range s.Jobs {
					jobs += n
				}
				if err == nil && (jobs != targets || s.Succeeded < last || s.Succeeded+s.Pending != targets*200) {
					err = fmt.Errorf("%d succeeded after %d: %+v", s.Succeeded, last, s)
				}
				if err != nil {
					watched <- err
					return
				}
				last = s.Succeeded
			}
			watched <- nil
		}()
		for ended := false; !ended; {
			ended = b.tend(id)
			b.drain(succeed)
		}
		stop()
		b.must(<-watched)
	})
}
