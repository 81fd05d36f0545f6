// Package queue is asynq as storelink uses it: a task that reminds of a chunk, on its account's queues, and one that
// somebody is to be told that a job has ended, or what became of a schedule's run. A task carries no store IDs and decides
// nothing; the ledger does. It must never be asked whether a chunk is being worked on.
package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// TaskType is the type of the tasks that remind of a chunk.
const TaskType = "storelink:chunk"

const payloadVersion = 1

// payload is a reminder on the wire, or a notification.
type payload struct {
	Version    int    `json:"version"`
	Job        string `json:"job"`
	Chunk      int    `json:"chunk"`
	Generation int64  `json:"generation"`
	Event      string `json:"event,omitempty"` // of a schedule; then there is no job
}

// taskLife bounds one run of a task: asynq would end it after 30 minutes by itself.
const taskLife = 24 * time.Hour

// neverReached is a number of tries that asynq never gets to: it is the ledger that counts.
const neverReached = 1 << 30

// ErrPayload says that a task cannot be read: it was not made by this program, or by another version of it.
var ErrPayload = errors.New("the task cannot be read")

// Name is an account's queue of one priority. Account names have no characters that asynq minds.
func Name(account string, p job.Priority) string { return account + ":" + string(p) }

// Weights are an account's queues with how often each is looked at first: the higher priority overtakes, and the
// lower still moves.
func Weights(account string) map[string]int {
	return map[string]int{Name(account, job.High): 30, Name(account, job.Default): 6, Name(account, job.Low): 1}
}

// PriorityOf gives the priority that a queue's name ends in.
func PriorityOf(queue string) job.Priority {
	return job.Priority(queue[strings.LastIndexByte(queue, ':')+1:])
}

// ParseTask reads a task that reminds of a chunk. Its error is ErrPayload: trying again makes it no better.
func ParseTask(t *asynq.Task) (job.Reminder, error) {
	var p payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return job.Reminder{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if t.Type() != TaskType || p.Version != payloadVersion {
		return job.Reminder{}, fmt.Errorf("%w: type %q, version %d", ErrPayload, t.Type(), p.Version)
	}
	return job.Reminder{Job: p.Job, Chunk: p.Chunk, Generation: p.Generation}, nil
}

// taskID is unique to a reminder: asynq refuses an ID that it still knows in any state.
func taskID(r job.Reminder) string {
	return r.Job + ":" + strconv.Itoa(r.Chunk) + ":" + strconv.FormatInt(r.Generation, 10)
}

// Queue puts reminders on asynq. It is safe for concurrent use.
type Queue struct {
	client *asynq.Client
	rdb    redis.UniversalClient
}

// Open gives the queue in a Redis. The client stays the caller's to close.
func Open(rdb redis.UniversalClient) *Queue {
	return &Queue{client: asynq.NewClientFromRedisClient(rdb), rdb: rdb}
}

// lanesOfEnqueuing is how many tasks are put on the queue at a time: asynq has no call for many.
const lanesOfEnqueuing = 8

// Remind puts reminders on an account's queue. One that is there already is no error. On an error some may be there;
// the others are found missing by the reconciler.
func (q *Queue) Remind(ctx context.Context, account string, p job.Priority, reminders []job.Reminder) error {
	if len(reminders) == 1 {
		return q.remind(ctx, account, p, reminders[0])
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		next  = make(chan job.Reminder)
	)
	for range min(lanesOfEnqueuing, len(reminders)) {
		wg.Go(func() {
			for r := range next {
				if err := q.remind(ctx, account, p, r); err != nil {
					mu.Lock()
					first = cmp.Or(first, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, r := range reminders {
		next <- r
	}
	close(next)
	wg.Wait()
	return first
}

func (q *Queue) remind(ctx context.Context, account string, p job.Priority, r job.Reminder) error {
	body, err := json.Marshal(payload{Version: payloadVersion, Job: r.Job, Chunk: r.Chunk, Generation: r.Generation})
	if err != nil {
		return fmt.Errorf("describe a task: %w", err)
	}
	opts := []asynq.Option{asynq.Queue(Name(account, p)), asynq.TaskID(taskID(r)), asynq.MaxRetry(neverReached),
		asynq.Timeout(taskLife)}
	if r.Delay > 0 {
		opts = append(opts, asynq.ProcessIn(r.Delay))
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(TaskType, body), opts...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return job.Errorf(job.CodeRedis, "Redis: enqueue a chunk of job %s: %w", r.Job, err)
	}
	return nil
}

// Of notifications: their task, their queue, and how often one is tried. With asynq's own backoff that is some two days.
const (
	NotifyType  = "storelink:notify"
	NotifyQueue = "storelink-notify"
	notifyTries = 20
	notifyKept  = 7 * 24 * time.Hour // so that what was told once is not put on the queue again
)

// Notify puts the notification that a job or a batch has ended on the queue. One that is there already, or was told
// lately, is no error.
func (q *Queue) Notify(ctx context.Context, id string) error {
	return q.notify(ctx, "ended:"+id, payload{Version: payloadVersion, Job: id})
}

// NotifyEvent is Notify for an event of a schedule, by the event's ID.
func (q *Queue) NotifyEvent(ctx context.Context, id string) error {
	return q.notify(ctx, id, payload{Version: payloadVersion, Event: id})
}

func (q *Queue) notify(ctx context.Context, task string, p payload) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("describe a notification: %w", err)
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(NotifyType, body), asynq.Queue(NotifyQueue), asynq.TaskID(task),
		asynq.MaxRetry(notifyTries), asynq.Timeout(time.Minute), asynq.Retention(notifyKept))
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return job.Errorf(job.CodeRedis, "Redis: enqueue the notification %s: %w", task, err)
	}
	return nil
}

// Notification is what somebody is to be told of: one of these.
type Notification struct {
	Job   string // the ID of a job or a batch that has ended
	Event string // the ID of a schedule's event
}

// ParseNotify reads a notification.
func ParseNotify(t *asynq.Task) (Notification, error) {
	var p payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return Notification{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if t.Type() != NotifyType || p.Version != payloadVersion {
		return Notification{}, fmt.Errorf("%w: type %q, version %d", ErrPayload, t.Type(), p.Version)
	}
	return Notification{Job: p.Job, Event: p.Event}, nil
}

// farDelay is longer than any task of ours is delayed by.
const farDelay = 2 * time.Minute

// Waits says whether a reminder is still on its way to a run: pending, or delayed. One that asynq holds as active is not:
// a run that began holds a lease, and this is asked of chunks without one.
//
// Asynq's own word for a task's state is not enough: it stands in the task's hash, and a Redis that came back with half
// of a transaction may have the task in no list that anybody takes it from. So it is the lists that are asked, by the
// keys of asynq v0.26 (internal/base and internal/rdb; docs/asynq.md). What nobody will ever take or take back is removed.
func (q *Queue) Waits(ctx context.Context, account string, p job.Priority, r job.Reminder) (bool, error) {
	id, prefix := taskID(r), "asynq:{"+Name(account, p)+"}:"
	var (
		exists          *redis.IntCmd
		pending, active *redis.IntCmd
		zsets           [3]*redis.FloatCmd
		clock           *redis.TimeCmd
	)
	_, err := q.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		clock = pipe.Time(ctx)
		exists = pipe.Exists(ctx, prefix+"t:"+id)
		pending = pipe.LPos(ctx, prefix+"pending", id, redis.LPosArgs{Rank: -1}) // those that wait longest are at the end
		active = pipe.LPos(ctx, prefix+"active", id, redis.LPosArgs{})
		for i, key := range []string{"scheduled", "retry", "lease"} {
			zsets[i] = pipe.ZScore(ctx, prefix+key, id)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, job.Errorf(job.CodeRedis, "Redis: look for a task of job %s: %w", r.Job, err)
	}
	// asynq delays a task by the clock of the worker that put it there. One that is delayed by far more than any of ours is
	// was put there by a clock that is wrong, or has been set since, and would wait for as long.
	delayed := func(z *redis.FloatCmd) bool {
		return z.Err() == nil && z.Val() <= float64(clock.Val().Add(farDelay).Unix())
	}
	there := exists.Val() == 1
	if there && (pending.Err() == nil || delayed(zsets[0]) || delayed(zsets[1])) {
		return true, nil
	}
	if active.Err() == nil && zsets[2].Err() != nil { // taken by nobody
		_, err := q.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.LRem(ctx, prefix+"active", 1, id)
			pipe.Del(ctx, prefix+"t:"+id)
			return nil
		})
		if err != nil {
			return false, job.Errorf(job.CodeRedis, "Redis: remove a task of job %s: %w", r.Job, err)
		}
	}
	return false, nil
}
