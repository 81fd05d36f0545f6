package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/schedule"
)

// notifier tells completion hooks, at least once each, by asynq's own retries.
type notifier struct{ w *Worker }

const (
	notifyConcurrency = 4
	notifyCheck       = time.Second // how long an empty queue is left alone
	notifyDelayMax    = 6 * time.Hour
)

func (s *notifier) run(ctx context.Context) {
	log := s.w.log.With("from", "notifier")
	for ctx.Err() == nil {
		srv := asynq.NewServerFromRedisClient(s.w.cfg.Redis, asynq.Config{
			Concurrency:              notifyConcurrency,
			Queues:                   map[string]int{queue.NotifyQueue: 1},
			TaskCheckInterval:        notifyCheck,
			DelayedTaskCheckInterval: notifyCheck,
			ShutdownTimeout:          s.w.grace(),
			RetryDelayFunc: func(n int, err error, t *asynq.Task) time.Duration {
				delay := min(notifyDelayMax, time.Second<<min(n, 15))
				if f := (*notify.Failure)(nil); errors.As(err, &f) {
					delay = max(delay, f.RetryAfter)
				}
				return delay
			},
			Logger: asynqLogger{log.With("from", "asynq")},
		})
		if err := srv.Start(asynq.HandlerFunc(s.tell)); err != nil {
			log.Warn("notifications cannot be served", "error", err)
			sleep(ctx, 5*time.Second)
			continue
		}
		<-ctx.Done()
		srv.Shutdown()
	}
}

// tell tells a hook that a job or a batch has ended, or of a schedule's run that made no job.
func (s *notifier) tell(ctx context.Context, t *asynq.Task) error {
	n, err := queue.ParseNotify(t)
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if n.Event != "" {
		return s.tellEvent(ctx, n.Event)
	}
	log := s.w.log.With("job", n.Job)
	status, err := s.w.cfg.Ledger.Status(ctx, n.Job)
	if err == nil {
		var hook *job.Hook
		if hook, err = s.w.cfg.Ledger.Hook(ctx, n.Job); err == nil && hook != nil {
			_, err := s.send(ctx, *hook, notify.Ended(status, 0), log)
			return err
		}
	}
	if err != nil && job.AsError(err).Code != job.CodeUnknownJob {
		return err
	}
	log.Warn("nobody can be told that it has ended: it has expired")
	return nil
}

// tellEvent tells a hook of an event of a schedule, and forgets that when it was told or cannot be.
func (s *notifier) tellEvent(ctx context.Context, id string) error {
	book, log := schedule.Open(s.w.cfg.Redis), s.w.log.With("event", id)
	e, err := book.Event(ctx, id)
	if err != nil {
		return err
	}
	if e == nil {
		log.Debug("a schedule's hook is not told again: it was, or it is too late")
		return nil
	}
	log = log.With("schedule", e.Schedule.Name, "run", e.Schedule.Number)
	over, err := s.send(ctx, e.Hook, notify.Event{ID: e.ID, Type: e.Type, At: e.At, Schedule: e.Schedule}, log)
	if over {
		if e := book.Told(ctx, id); e != nil {
			log.Warn("what a schedule's hook was told is kept until it expires", "error", e)
		}
	}
	return err
}

// send tells a hook of an event, once, and says whether that is over: it took the event, or never will.
func (s *notifier) send(ctx context.Context, hook job.Hook, event notify.Event, log *slog.Logger) (over bool, err error) {
	retried, _ := asynq.GetRetryCount(ctx)
	event.Attempt = retried + 1
	to := notify.HookOf(hook)
	err = s.w.cfg.Hooks.Sender.Send(ctx, to, s.w.cfg.Hooks.Secret, event)
	log = log.With("type", event.Type, "hook", to.String())
	if err == nil {
		s.w.cfg.Meter.Told(HookDelivered)
		log.Info("a hook is told")
		return true, nil
	}
	if f := notify.AsFailure(err); f != nil && !f.Passing {
		s.w.cfg.Meter.Told(HookGivenUp)
		log.Error("the hook cannot be told", "error", err)
		return true, fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if most, ok := asynq.GetMaxRetry(ctx); ok && retried >= most {
		s.w.cfg.Meter.Told(HookGivenUp)
		log.Error("the hook could not be told, and is given up", "error", err)
		return true, err
	}
	s.w.cfg.Meter.Told(HookRetried)
	log.Warn("the hook could not be told and is told again", "error", err)
	return false, err
}
