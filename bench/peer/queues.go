package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"golang.org/x/time/rate"
)

// queued is a queue's part: KIND enqueue ADDRESS CALLS, or KIND work ADDRESS CONFIG [RATE BURST].
func queued(ctx context.Context, args []string) error {
	if len(args) < 4 {
		return errors.New("see its comment for how it is called")
	}
	kind, verb, address := args[0], args[1], args[2]
	if verb == "enqueue" {
		n, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		if kind == "river" {
			return riverEnqueue(ctx, address, n)
		}
		return asynqEnqueue(ctx, address, n)
	}
	c, err := newCaller(ctx, args[3])
	if err != nil {
		return err
	}
	var limit *rate.Limiter
	if len(args) == 6 {
		perSecond, err1 := strconv.ParseFloat(args[4], 64)
		burst, err2 := strconv.Atoi(args[5])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		limit = rate.NewLimiter(rate.Limit(perSecond), burst)
	}
	switch kind {
	case "asynq":
		return asynqWork(ctx, address, c, nil)
	case "recipe":
		return asynqWork(ctx, address, c, limit)
	case "river":
		return riverWork(ctx, address, c, limit)
	}
	return fmt.Errorf("there is no peer %q", kind)
}

func asynqEnqueue(ctx context.Context, address string, n int) error {
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: address})
	defer client.Close()
	for i := range n {
		payload, err := json.Marshal(storeIDs(i))
		if err != nil {
			return err
		}
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("associate", payload)); err != nil {
			return err
		}
	}
	return nil
}

// rateLimited is the error of asynq's wiki, "Rate Limiting": the task is not made now, and comes back.
type rateLimited struct{ retryIn time.Duration }

func (e *rateLimited) Error() string { return fmt.Sprintf("rate limited (retry in %v)", e.retryIn) }

func isRateLimited(err error) bool {
	var e *rateLimited
	return errors.As(err, &e)
}

func asynqWork(ctx context.Context, address string, c *caller, limit *rate.Limiter) error {
	srv := asynq.NewServer(asynq.RedisClientOpt{Addr: address}, asynq.Config{
		Concurrency: concurrency,
		LogLevel:    asynq.ErrorLevel,
		IsFailure:   func(err error) bool { return !isRateLimited(err) },
		RetryDelayFunc: func(n int, err error, t *asynq.Task) time.Duration {
			var e *rateLimited
			if errors.As(err, &e) {
				return e.retryIn
			}
			return asynq.DefaultRetryDelayFunc(n, err, t)
		},
	})
	if err := srv.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		if limit != nil && !limit.Allow() {
			return &rateLimited{time.Duration(rand.IntN(10)) * time.Second} // as the wiki has it
		}
		var ids []string
		if err := json.Unmarshal(t.Payload(), &ids); err != nil {
			return err
		}
		status, err := c.call(ctx, ids)
		if status == http.StatusTooManyRequests {
			return &rateLimited{time.Second}
		}
		return err
	})); err != nil {
		return err
	}
	<-ctx.Done()
	srv.Shutdown()
	return nil
}

// chunkArgs are a River job's.
type chunkArgs struct {
	IDs []string `json:"ids"`
}

func (chunkArgs) Kind() string { return "associate" }

type chunkWorker struct {
	river.WorkerDefaults[chunkArgs]
	c     *caller
	limit *rate.Limiter
}

// Work makes the call. River has no rate limit in its open-source part: the worker waits.
func (w *chunkWorker) Work(ctx context.Context, j *river.Job[chunkArgs]) error {
	if w.limit != nil {
		if err := w.limit.Wait(ctx); err != nil {
			return err
		}
	}
	status, err := w.c.call(ctx, j.Args.IDs)
	if status == http.StatusTooManyRequests {
		return river.JobSnooze(time.Second)
	}
	return err
}

func riverEnqueue(ctx context.Context, address string, n int) error {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New[pgx.Tx](driver, nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	client, err := river.NewClient[pgx.Tx](driver, &river.Config{})
	if err != nil {
		return err
	}
	for first := 0; first < n; first += 500 {
		var many []river.InsertManyParams
		for i := first; i < min(first+500, n); i++ {
			many = append(many, river.InsertManyParams{Args: chunkArgs{storeIDs(i)}})
		}
		if _, err := client.InsertManyFast(ctx, many); err != nil {
			return err
		}
	}
	return nil
}

func riverWork(ctx context.Context, address string, c *caller, limit *rate.Limiter) error {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	workers := river.NewWorkers()
	river.AddWorker(workers, &chunkWorker{c: c, limit: limit})
	client, err := river.NewClient[pgx.Tx](riverpgxv5.New(pool), &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: concurrency}},
		Workers: workers,
		// Its default of 100 ms would bound eight workers to eighty jobs a second.
		FetchCooldown: river.FetchCooldownMin,
	})
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	return client.Stop(stopping)
}
