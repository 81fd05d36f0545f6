package queue_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
)

// What asynq holds as active without a worker that has it goes; what a worker has, and what is another program's, stays.
func TestOrphanedTasksAreRemoved(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		ctx, q := t.Context(), queue.Open(rdb)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const id = "20261130-120000-abcdefgh"
		const chunks, notes, others = "asynq:{gone:default}:", "asynq:{" + queue.NotifyQueue + "}:", "asynq:{mail:low}:"
		now := time.Now()
		take := func(prefix, task string, lease time.Time) {
			t.Helper()
			if n := rdb.LRem(ctx, prefix+"pending", 1, task).Val(); n != 1 {
				t.Fatalf("%s is not pending", task)
			}
			must(rdb.LPush(ctx, prefix+"active", task).Err())
			if !lease.IsZero() {
				must(rdb.ZAdd(ctx, prefix+"lease", redis.Z{Score: float64(lease.Unix()), Member: task}).Err())
			}
		}
		var rems []job.Reminder
		for chunk := range 4 {
			rems = append(rems, job.Reminder{Job: id, Chunk: chunk, Generation: 7})
		}
		must(q.Remind(ctx, "gone", job.Default, rems))
		take(chunks, id+":0:7", time.Time{})           // no lease
		take(chunks, id+":1:7", now.Add(-2*time.Hour)) // one that ran out long ago
		take(chunks, id+":2:7", now.Add(-time.Minute)) // one that asynq may still take back
		take(chunks, id+":3:7", now.Add(20*time.Second))
		must(q.Notify(ctx, id))
		take(notes, "ended:"+id, time.Time{})
		must(rdb.SAdd(ctx, "asynq:queues", "mail:low").Err())
		must(rdb.LPush(ctx, others+"active", "8f14e45f-ceea-467f").Err())

		if n, err := q.Orphans(ctx); err != nil || n != 3 {
			t.Fatalf("%d orphans, %v", n, err)
		}
		if left := rdb.LRange(ctx, chunks+"active", 0, -1).Val(); len(left) != 2 || left[0] != id+":3:7" || left[1] != id+":2:7" {
			t.Errorf("active are %q", left)
		}
		if n := rdb.Exists(ctx, chunks+"t:"+id+":0:7", chunks+"t:"+id+":1:7").Val(); n != 0 {
			t.Errorf("%d orphans are still known by their ID, which asynq then refuses", n)
		}
		if again := rdb.LRange(ctx, notes+"pending", 0, -1).Val(); len(again) != 1 || rdb.HGet(ctx, notes+"t:ended:"+id, "state").Val() != "pending" {
			t.Errorf("pending notifications are %q", again)
		}
		if n := rdb.LLen(ctx, others+"active").Val(); n != 1 {
			t.Error("another program's task is gone")
		}
		if n, err := q.Orphans(ctx); err != nil || n != 0 {
			t.Fatalf("the second time: %d orphans, %v", n, err)
		}
	})
}
