package schedule

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/source"
)

// Opener opens the lists that schedules name. *source.Opener is one.
type Opener interface {
	Open(ctx context.Context, src, previousETag string) (*source.Source, error)
}

// Config is what a scheduler works with. All but what has a default is needed; Book, Ledger and Submitter lead to the
// same Redis.
type Config struct {
	Book      *Book
	Ledger    *ledger.Ledger
	Submitter *control.Submitter
	Sources   Opener

	// Serves says whether this worker makes the jobs of an account: one elsewhere may not see the lists that its schedules
	// name. Nil for all.
	Serves func(account string) bool
	// Worker names this worker in runs.
	Worker string
	Logger *slog.Logger

	// Look is how often schedules are looked at, and so how late a tick may be; 1 s unless set.
	Look time.Duration
	// Lease is how long after a worker was killed at a run it is taken over; 5 s unless set. Renewed five times as often.
	Lease time.Duration
	// AtOnce is how many lists are read at a time; 8 unless set.
	AtOnce int
	// Notify puts an event on its way to its hook (Event tells it); putting one there that is there already is no error. Nil
	// leaves that to other workers.
	Notify func(ctx context.Context, event string) error
	// Over is told of each run that this worker has seen to its end; nil for nobody. It must not wait for anything.
	Over func(Run)
}

func (c Config) withDefaults() Config {
	if c.Serves == nil {
		c.Serves = func(string) bool { return true }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Look <= 0 {
		c.Look = time.Second
	}
	if c.Lease <= 0 {
		c.Lease = 5 * time.Second
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 8
	}
	if c.Over == nil {
		c.Over = func(Run) {}
	}
	return c
}

// Scheduler is one worker's part in making jobs of ticks. There may be any number of them.
type Scheduler struct {
	cfg Config
	log *slog.Logger

	slots    chan struct{} // one for each list that is read
	attempts sync.WaitGroup
	ask      map[string]time.Time // submitted runs, by openName: when to ask for their jobs again
	failing  string               // what the last look failed with
}

// New gives a scheduler. It does nothing before Run.
func New(cfg Config) *Scheduler {
	cfg = cfg.withDefaults()
	return &Scheduler{cfg: cfg, log: cfg.Logger, slots: make(chan struct{}, cfg.AtOnce), ask: map[string]time.Time{}}
}

// commandTimeout is how long Redis may take for one look, or one change.
const commandTimeout = 5 * time.Second

// Run looks at the schedules again and again until ctx ends, then gives back the runs that it is at, and returns.
func (s *Scheduler) Run(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Look)
	defer tick.Stop()
	defer s.attempts.Wait()
	for {
		s.tell(ctx, s.look(ctx))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell logs why a look failed, once.
func (s *Scheduler) tell(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err == nil && s.failing != "":
		s.log.Info("the schedules can be looked at again")
		s.failing = ""
	case err != nil && err.Error() != s.failing:
		s.failing = err.Error()
		s.log.Warn("the schedules could not all be looked at", "error", err)
	}
}

// clock tells the time by Redis' clock, as it was at a look.
type clock struct{ redis, local time.Time }

func (c clock) now() time.Time { return c.redis.Add(time.Since(c.local)) }

// openRun is a run that is not over, as it was read.
type openRun struct {
	entry
	raw string
	rec record
}

// look registers the ticks that have come due, and sees to the runs that are not over.
func (s *Scheduler) look(ctx context.Context) error {
	looking, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	seen, err := s.cfg.Book.lookAround(looking)
	if err != nil {
		return err
	}
	errs := []error{s.notify(looking, seen.untold)}
	if len(seen.names) == 0 {
		return errors.Join(errs...)
	}
	at := clock{redis: seen.now, local: time.Now()}
	entries, unreadable := s.cfg.Book.entries(looking, seen.names)
	errs = append(errs, unreadable)
	byName := make(map[string]entry, len(entries))
	for _, e := range entries {
		if !e.paused {
			errs = append(errs, s.register(looking, &e, seen))
		}
		byName[e.Name] = e
	}
	runs, err := s.cfg.Book.openRuns(looking, byName, slices.Collect(maps.Keys(seen.open)))
	errs = append(errs, err)
	maps.DeleteFunc(s.ask, func(name string, _ time.Time) bool { return !seen.open[name] })
	waiting := ""
	for _, r := range runs { // by schedule, in the order in which they came due
		switch {
		case r.rec.State == Submitted:
			errs = append(errs, s.settle(looking, r, at))
		case r.rec.State == Due && r.Name != waiting:
			waiting = r.Name // those behind it have to wait for it
			errs = append(errs, s.consider(ctx, looking, r, at))
		}
	}
	return errors.Join(errs...)
}

// register registers the ticks of a schedule that have come due, and adds them to the open runs.
func (s *Scheduler) register(ctx context.Context, e *entry, seen around) error {
	runs, last := e.due(seen.now)
	if len(runs) == 0 {
		return nil
	}
	done, err := s.cfg.Book.registerRuns(ctx, *e, runs, last, seen)
	if err != nil || !done {
		return err
	}
	e.last, e.seq = last, e.seq+int64(len(runs))
	for _, r := range runs {
		if r.State.Over() {
			s.cfg.Over(r.Run)
			s.log.Warn("ticks were missed", "schedule", e.Name, "run", r.Number, "missed", r.Missed, "latest", r.Tick, "reason", r.Reason)
			continue
		}
		seen.open[openName(e.Name, r.Number)] = true
		s.log.Info("a schedule's time has come", "schedule", e.Name, "run", r.Number, "tick", r.Tick, "kind", r.Kind)
	}
	return nil
}

// openRuns reads runs that are not over, by schedule and number.
func (b *Book) openRuns(ctx context.Context, entries map[string]entry, open []string) ([]openRun, error) {
	var runs []openRun
	var read []*redis.StringCmd
	pipe := b.rdb.Pipeline()
	for _, s := range open {
		name, number, ok := parseOpenName(s)
		if e, known := entries[name]; ok && known {
			runs, read = append(runs, openRun{entry: e}), append(read, pipe.HGet(ctx, keyRuns(name), itoa(number)))
		}
	}
	if len(runs) == 0 {
		return nil, nil
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisconn.CommandError("read the runs of schedules", err)
	}
	var errs []error
	var out []openRun
	for i, r := range runs {
		if r.raw = read[i].Val(); r.raw == "" {
			continue // it was removed meanwhile
		}
		var err error
		if r.rec, err = readRecord(r.raw); err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b openRun) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.rec.Number, b.rec.Number))
	})
	return out, errors.Join(errs...)
}

// Between two questions for a job that is at work.
const (
	askFirst  = time.Second
	askSeldom = 10 * time.Second
)

// settle notes how a run's job has ended, where it has.
func (s *Scheduler) settle(ctx context.Context, r openRun, at clock) error {
	name := openName(r.Name, r.rec.Number)
	now := at.now()
	if now.Before(s.ask[name]) {
		return nil
	}
	since := time.Duration(0)
	if r.rec.SubmittedAt != nil {
		since = now.Sub(*r.rec.SubmittedAt)
	}
	s.ask[name] = now.Add(min(max(since/10, askFirst), askSeldom))
	status, err := s.cfg.Ledger.Status(ctx, r.rec.Job)
	gone := err != nil && job.AsError(err).Code == job.CodeUnknownJob
	if err != nil && !gone || err == nil && !status.State.Ended() {
		return err
	}
	rec := r.rec
	rec.State = Ended
	if gone {
		rec.Reason = "job " + rec.Job + " is gone from Redis: it had expired before its end could be noted, or Redis has forgotten it"
	} else {
		rec.Outcome, rec.Reason = outcomeOf(status), status.Reason
	}
	raw, err := rec.raw()
	if err != nil {
		return err
	}
	word, err := s.cfg.Book.changeRun(ctx, r.Name, rec, r.raw, raw, "", r.event(rec, now))
	if err == nil && word == "ok" {
		s.cfg.Over(rec.Run)
		s.log.Info("a schedule's job has ended", "schedule", r.Name, "run", rec.Number, "job", rec.Job, "state", status.State,
			"succeeded", status.Succeeded, "failed", status.Failed, "unprocessed", status.Unprocessed, "reason", rec.Reason)
	}
	return err
}

// changeRun puts a run's new record in the place of the one that was read. revision, unless empty, is the one that the
// schedule must have; event is what its hook is told with it, or nil; more are fields of the schedule and their values.
func (b *Book) changeRun(ctx context.Context, name string, r record, from, to, revision string, event *Event, more ...any) (string,
	error) {
	keys := []string{keyOpen, keySchedule(name), keyRuns(name), keyUntold}
	id, text, err := event.written()
	if err != nil {
		return "", err
	}
	if id != "" {
		keys = append(keys, keyEvent(id))
	}
	args := append([]any{name, r.Number, from, to, flag(!r.State.Over()), revision, id, text, eventLife.Milliseconds()}, more...)
	word, err := b.change.Run(ctx, b.rdb, keys, args...).Text()
	return word, redisconn.CommandError("note a run of schedule "+name, err)
}
