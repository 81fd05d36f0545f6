package queue_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
)

func TestWaitsBelievesTheListsAlone(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx, q := t.Context(), queue.Open(rdb)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const prefix = "asynq:{acme:default}:"
		now, later := job.Reminder{Job: "j", Chunk: 1, Generation: 1}, job.Reminder{Job: "j", Chunk: 2, Generation: 2,
			Delay: time.Minute}
		waits := func(r job.Reminder) bool {
			t.Helper()
			yes, err := q.Waits(ctx, "acme", job.Default, r)
			must(err)
			return yes
		}
		if waits(now) {
			t.Error("a reminder waits that was never put on the queue")
		}
		must(q.Remind(ctx, "acme", job.Default, []job.Reminder{now, later}))
		if !waits(now) || !waits(later) {
			t.Error("a reminder on the queue does not wait")
		}
		ahead := job.Reminder{Job: "j", Chunk: 3, Generation: 3, Delay: time.Hour} // as by a clock that is an hour ahead
		must(q.Remind(ctx, "acme", job.Default, []job.Reminder{ahead}))
		if waits(ahead) {
			t.Error("a task is waited for that another clock has delayed for an hour")
		}
		if waits(job.Reminder{Job: "j", Chunk: 1, Generation: 7}) {
			t.Error("a reminder of another generation waits")
		}

		// What Redis 7.0 brings back of a dequeue that it was killed in: moved to the active list, and no more.
		must(rdb.LMove(ctx, prefix+"pending", prefix+"active", "RIGHT", "LEFT").Err())
		if state := rdb.HGet(ctx, prefix+"t:j:1:1", "state").Val(); state != "pending" {
			t.Fatalf("the task says that it is %q", state)
		}
		if waits(now) {
			t.Error("a task that nobody will ever take waits")
		}
		if n := rdb.Exists(ctx, prefix+"active", prefix+"t:j:1:1").Val(); n != 0 {
			t.Error("a task that nobody will ever take stays for ever")
		}
		must(q.Remind(ctx, "acme", job.Default, []job.Reminder{now})) // its ID is free again

		// Taken by a worker: it does not wait, and stays.
		must(rdb.LMove(ctx, prefix+"pending", prefix+"active", "RIGHT", "LEFT").Err())
		must(rdb.ZAdd(ctx, prefix+"lease", redis.Z{Score: 1e12, Member: "j:1:1"}).Err())
		if waits(now) || rdb.Exists(ctx, prefix+"active", prefix+"t:j:1:1").Val() != 2 {
			t.Error("a task at work waits, or was removed")
		}

		must(rdb.Del(ctx, prefix+"t:j:2:2").Err())
		if waits(later) {
			t.Error("a task waits whose payload is gone")
		}
	})
}
