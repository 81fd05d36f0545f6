package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/secret"
)

// Hooks is what completion hooks are told with.
type Hooks struct {
	Sender *notify.Sender
	Secret secret.Text
}

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
			ShutdownTimeout:          s.w.cfg.Grace,
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

// tell tells a hook that a job or a batch has ended.
func (s *notifier) tell(ctx context.Context, t *asynq.Task) error {
	id, err := queue.ParseNotify(t)
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	log := s.w.log.With("job", id)
	status, err := s.w.cfg.Ledger.Status(ctx, id)
	if err == nil {
		var hook *job.Hook
		if hook, err = s.w.cfg.Ledger.Hook(ctx, id); err == nil && hook != nil {
			return s.send(ctx, *hook, status)
		}
	}
	if err != nil && job.AsError(err).Code != job.CodeUnknownJob {
		return err
	}
	log.Warn("nobody can be told that it has ended: it has expired")
	return nil
}

func (s *notifier) send(ctx context.Context, hook job.Hook, status job.Status) error {
	log := s.w.log.With("job", status.Job)
	retried, _ := asynq.GetRetryCount(ctx)
	event := notify.Ended(status, retried+1)
	to := notify.Hook{URL: hook.URL, Format: notify.Format(hook.Format)}
	err := s.w.cfg.Hooks.Sender.Send(ctx, to, s.w.cfg.Hooks.Secret, event)
	if err == nil {
		s.w.cfg.Meter.Told(HookDelivered)
		log.Info("told that it has ended", "hook", to.String())
		return nil
	}
	if f := notify.AsFailure(err); f != nil && !f.Passing {
		s.w.cfg.Meter.Told(HookGivenUp)
		log.Error("the hook cannot be told", "hook", to.String(), "error", err)
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if most, ok := asynq.GetMaxRetry(ctx); ok && retried >= most {
		s.w.cfg.Meter.Told(HookGivenUp)
		log.Error("the hook could not be told, and is given up", "hook", to.String(), "error", err)
		return err
	}
	s.w.cfg.Meter.Told(HookRetried)
	log.Warn("the hook could not be told and is told again", "hook", to.String(), "error", err)
	return err
}
