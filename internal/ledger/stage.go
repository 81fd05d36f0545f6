package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// batchBytes is how much of a list is sent to Redis at a time.
const batchBytes = 64 << 10

// targetLife is how long a target stays pointed at a job that nobody renews it for.
const targetLife = 90 * 24 * time.Hour

// Staging is a job whose list is being written. Nothing is sent before Commit; a process that dies before leaves a job
// that expires by itself. It is used by one goroutine.
type Staging struct {
	l      *Ledger
	job    job.Job
	target string

	chunks, stores int
	split, half    int   // of a resync whose plan is made: chunks and stores to associate
	batch          []any // chunks that wait to be written
	batchStores    int
	batchSize      int

	stop    context.CancelFunc
	renewer sync.WaitGroup
}

// Stage begins a job: it claims the job's target, lists the job, and keeps both alive until Commit or Discard. A target
// that has a job at work is refused with that job's ID (job.CodeJobAtWork).
func (l *Ledger) Stage(ctx context.Context, j job.Job) (*Staging, error) {
	if j.ChunkSize < 1 || j.ChunkSize > job.MaxStoresPerCall {
		return nil, fmt.Errorf("a chunk size of %d", j.ChunkSize)
	}
	meta, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("describe job %s: %w", j.ID, err)
	}
	if j.At != nil { // whether its time has come is not for this machine's clock to say
		if err := l.Sync(ctx); err != nil {
			return nil, err
		}
	}
	// The job is there before its target points at it: a pointer at no job counts for nothing.
	fields := []any{millis(l.opts.Staging), "meta", meta, "size", j.ChunkSize, "window", l.opts.Window,
		"threshold", j.FailureThreshold, "threshold_minimum", job.FailureThresholdMinimum,
		"retention", millis(l.opts.Retention)}
	if r := j.Resync; r != nil {
		phase, verify := phaseList, "0"
		if r.Planned {
			phase = phaseWrite
		}
		if r.Verify {
			verify = "1"
		}
		fields = append(fields, "phase", phase, "verify", verify)
	}
	made, err := l.run(ctx, l.scripts.create, j.ID, fields...).Int()
	if err != nil {
		return nil, redisconn.CommandError("begin job "+j.ID, err)
	}
	if made == 0 {
		return nil, fmt.Errorf("there is a job %s already", j.ID)
	}
	s := &Staging{l: l, job: j, target: keyTarget(j.Target)}
	if s.claims() {
		if err := l.claim(ctx, s.target, j.ID); err != nil {
			return nil, errors.Join(err, s.discard(ctx))
		}
	}
	created := redis.Z{Score: float64(j.CreatedAt.UnixMilli()), Member: j.ID}
	_, err = l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, keyJobs, created)
		p.ZAdd(ctx, keyActive, created)
		p.Expire(ctx, keyJobs, indexLife(l.opts))
		p.Expire(ctx, keyActive, indexLife(l.opts))
		return nil
	})
	if err != nil {
		return nil, errors.Join(redisconn.CommandError("list job "+j.ID, err), s.discard(ctx))
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.renewer.Go(func() { s.renew(renewing) })
	return s, nil
}

// indexLife is how long the lists of jobs outlive the last job that was added to them, or seen at work: longer than a job
// may be submitted ahead of its time, with nobody about until then.
func indexLife(o Options) time.Duration { return o.Retention + MaxAhead + targetLife }

// MaxAhead is how far ahead of its time a job or a batch may be submitted.
const MaxAhead = 366 * 24 * time.Hour

// claims says whether the job needs its target for itself from now on: one that is to run later claims it then, and one
// that only looks never.
func (s *Staging) claims() bool {
	return !s.later() && !(s.job.Resync != nil && s.job.Resync.DryRun)
}

func (s *Staging) later() bool { return s.job.At != nil && s.job.At.After(s.l.Now()) }

// Split ends the first half of a resync whose plan is made: what was added is to be associated, what follows is to be
// disassociated.
func (s *Staging) Split() { s.split, s.half = s.chunks, s.stores }

// Job is the job being staged.
func (s *Staging) Job() job.Job { return s.job }

// Chunks and Stores tell how much has been added.
func (s *Staging) Chunks() int { return s.chunks }

// Stores is how many stores have been added.
func (s *Staging) Stores() int { return s.stores }

// renew keeps a list that arrives slowly (a pipe) from expiring.
func (s *Staging) renew(ctx context.Context) {
	tick := time.NewTicker(s.l.opts.Staging / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// A failure shows at the next write: a job that is gone refuses it.
			_ = s.l.run(ctx, s.l.scripts.stage, s.job.ID, millis(s.l.opts.Staging), 0, 0).Err()
			if s.claims() {
				_ = s.l.hold(ctx, s.target, s.job.ID, s.l.opts.Staging)
			}
		}
	}
}

// Add appends a chunk of 1 to ChunkSize store IDs, in the list's order. IDs are copied.
func (s *Staging) Add(ctx context.Context, ids []string) error {
	if len(ids) == 0 || len(ids) > s.job.ChunkSize {
		return fmt.Errorf("a chunk of %d stores", len(ids))
	}
	blob := chunker.Encode(nil, ids)
	s.batch = append(s.batch, blob)
	s.batchStores += len(ids)
	s.batchSize += len(blob)
	s.chunks++
	s.stores += len(ids)
	if s.batchSize < batchBytes {
		return nil
	}
	return s.flush(ctx)
}

func (s *Staging) flush(ctx context.Context) error {
	if len(s.batch) == 0 {
		return nil
	}
	args := append([]any{millis(s.l.opts.Staging), s.batchStores, s.chunks - len(s.batch)}, s.batch...)
	staged, err := s.l.run(ctx, s.l.scripts.stage, s.job.ID, args...).Int()
	if err != nil {
		return redisconn.CommandError("stage job "+s.job.ID, err)
	}
	if staged == 0 {
		return s.expired()
	}
	clear(s.batch)
	s.batch, s.batchStores, s.batchSize = s.batch[:0], 0, 0
	return nil
}

func (s *Staging) expired() error {
	e := job.Errorf(job.CodeRedis, "job %s expired while it was being staged (this process stood still, or Redis lost"+
		" it); nothing was sent", s.job.ID)
	e.Job = s.job.ID
	return e
}

// Read keeps with the job how its list was read. It counts once the job is committed.
func (s *Staging) Read(reading job.Reading) { s.job.Reading = &reading }

// Commit makes the job run, with what was learned while the list was read, and gives its first reminders. After an
// error the job either is staged, and expires, or runs: ask Status which.
func (s *Staging) Commit(ctx context.Context, repeats, setAside int64) ([]job.Reminder, error) {
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	if s.chunks == 0 {
		return nil, errors.New("a job without stores")
	}
	s.stop()
	s.renewer.Wait()
	claims, at := s.claims(), int64(0)
	if claims {
		if err := s.l.claim(ctx, s.target, s.job.ID); err != nil {
			return nil, err
		}
	}
	if s.later() {
		at = s.job.At.UnixMilli()
	}
	s.job.Repeats, s.job.SetAside = repeats, setAside
	meta, err := json.Marshal(s.job)
	if err != nil {
		return nil, fmt.Errorf("describe job %s: %w", s.job.ID, err)
	}
	if claims {
		if err := s.l.hold(ctx, s.target, s.job.ID, targetLife); err != nil {
			return nil, redisconn.CommandError("commit job "+s.job.ID, err)
		}
	}
	word, rest, err := reply(s.l.run(ctx, s.l.scripts.commit, s.job.ID, s.chunks, s.stores, at, s.split, s.half, "meta", meta))
	if err != nil {
		return nil, redisconn.CommandError("commit job "+s.job.ID, err)
	}
	switch word {
	case "ok":
		return reminders(s.job.ID, rest)
	case "gone":
		return nil, s.expired()
	default:
		return nil, job.Errorf(job.CodeRedis, "Redis has lost part of job %s (chunks and stores there: %v, written: %d"+
			" and %d); nothing was sent", s.job.ID, rest, s.chunks, s.stores)
	}
}

// Discard deletes the job, as long as it is not committed.
func (s *Staging) Discard(ctx context.Context) error {
	if s.stop != nil {
		s.stop()
		s.renewer.Wait()
	}
	return s.discard(ctx)
}

func (s *Staging) discard(ctx context.Context) error {
	gone, err := s.l.run(ctx, s.l.scripts.discard, s.job.ID).Int()
	if err != nil {
		return redisconn.CommandError("discard job "+s.job.ID, err)
	}
	if gone == 0 {
		return nil // committed, or expired
	}
	_, err = s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZRem(ctx, keyJobs, s.job.ID)
		p.ZRem(ctx, keyActive, s.job.ID)
		return nil
	})
	if err != nil {
		return redisconn.CommandError("discard job "+s.job.ID, err)
	}
	return s.l.letGo(ctx, s.target, s.job.ID)
}
