package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// batchStaging is how long what is staged of a batch outlives its enqueuer. Nothing renews it: it is longer than staging
// takes. It holds its targets for Options.Staging alone, which is renewed (beat).
const batchStaging = time.Hour

// BatchStaging is a batch whose lists and jobs are being written. It is used by one goroutine.
type BatchStaging struct {
	l       *Ledger
	batch   Batch
	lists   []stagedList
	waiting [][]any // job IDs by account
	targets []string
	later   bool // it claims no target yet: each job does when its turn comes
	beaten  time.Time
	total   int64
	chunks  int64
}

type stagedList struct {
	size, chunks int
	stores       int64
}

// StageBatch begins a batch; where it is for later, Sync comes before it. Nothing of it runs before Commit, and what is left of one that is given up expires.
func (l *Ledger) StageBatch(b Batch) *BatchStaging {
	b.Operation, b.Accounts, b.Lists, b.Jobs = "", nil, 0, 0
	return &BatchStaging{l: l, batch: b, later: b.At != nil && b.At.After(l.Now())}
}

// Batch is what is being staged.
func (s *BatchStaging) Batch() Batch { return s.batch }

// beat says now and then that the batch is still being staged. One of which nothing is heard any more holds no target; if it
// is committed all the same, its jobs wait for those that have taken them.
func (s *BatchStaging) beat(ctx context.Context) error {
	life := s.l.opts.Staging
	if time.Since(s.beaten) < life/5 {
		return nil
	}
	_, err := s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, s.batch.key("batch"), "state", string(job.Staging))
		p.PExpire(ctx, s.batch.key("batch"), life)
		return nil
	})
	s.beaten = time.Now()
	return redisconn.CommandError("stage batch "+s.batch.ID, err)
}

// AddList writes a list that any number of the batch's jobs may share, and gives its number and how many stores it has.
func (s *BatchStaging) AddList(ctx context.Context, size int, ids iter.Seq2[string, error]) (list int, stores int64, err error) {
	n := s.batch.Lists
	key, doing := s.batch.list(n), fmt.Sprintf("stage list %d of batch %s", n, s.batch.ID)
	in := stagedList{size: size}
	c := chunker.New(size)
	var fields []any
	bytes := 0
	flush := func() error {
		if len(fields) == 0 {
			return nil
		}
		_, err := s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, key, fields...)
			p.PExpire(ctx, key, batchStaging)
			return nil
		})
		fields, bytes = fields[:0], 0
		return errors.Join(redisconn.CommandError(doing, err), s.beat(ctx))
	}
	add := func(chunk []string) error {
		blob := chunker.Encode(nil, chunk)
		fields = append(fields, in.chunks, blob)
		in.chunks++
		in.stores += int64(len(chunk))
		if bytes += len(blob); bytes < batchBytes {
			return nil
		}
		return flush()
	}
	for id, err := range ids {
		if err != nil {
			return 0, 0, err
		}
		if chunk := c.Add(id); chunk != nil {
			if err := add(chunk); err != nil {
				return 0, 0, err
			}
		}
	}
	if rest := c.Rest(); rest != nil {
		if err := add(rest); err != nil {
			return 0, 0, err
		}
	}
	if err := flush(); err != nil {
		return 0, 0, err
	}
	s.lists = append(s.lists, in)
	s.batch.Lists++
	return n, in.stores, nil
}

// AddJob adds a job for a target with one of the batch's lists, and claims the target unless the batch is for later. Its
// operation is that of the batch's other jobs; ID, batch, list and chunk size are filled in.
func (s *BatchStaging) AddJob(ctx context.Context, j job.Job, list int) (job.Job, error) {
	if err := s.beat(ctx); err != nil {
		return j, err
	}
	in := s.lists[list]
	s.batch.Jobs++
	s.batch.Operation = j.Operation
	j.ID, j.Batch, j.List, j.ChunkSize, j.CreatedAt = s.batch.job(s.batch.Jobs), s.batch.ID, s.batch.list(list), in.size,
		s.batch.CreatedAt
	meta, err := json.Marshal(j)
	if err != nil {
		return j, fmt.Errorf("describe job %s: %w", j.ID, err)
	}
	// The job is there before its target points at it: a pointer at no job counts for nothing.
	made, err := s.l.run(ctx, s.l.scripts.create, j.ID, millis(batchStaging), "meta", meta, "size", j.ChunkSize,
		"window", s.l.opts.Window, "threshold", j.FailureThreshold, "threshold_minimum", job.FailureThresholdMinimum,
		"retention", millis(s.l.opts.Retention), "list", j.List, "total", in.stores, "chunks", in.chunks, "base", in.chunks).Int()
	switch {
	case err != nil:
		return j, redisconn.CommandError("stage job "+j.ID, err)
	case made == 0:
		return j, fmt.Errorf("there is a job %s already", j.ID)
	}
	if !s.later {
		if err := s.l.claim(ctx, keyTarget(j.Target), j.ID); err != nil {
			return j, err
		}
		if err := s.l.hold(ctx, keyTarget(j.Target), j.ID, batchStaging); err != nil {
			return j, redisconn.CommandError("stage job "+j.ID, err)
		}
		s.targets = append(s.targets, keyTarget(j.Target))
	}
	account := slices.Index(s.batch.Accounts, j.Account)
	if account < 0 {
		account = len(s.batch.Accounts)
		s.batch.Accounts = append(s.batch.Accounts, j.Account)
		s.waiting = append(s.waiting, nil)
	}
	s.waiting[account] = append(s.waiting[account], j.ID)
	s.total += in.stores
	s.chunks += int64(in.chunks)
	return j, nil
}

// Commit makes the batch run, at its time: all of its jobs will, from here on. Until it returns without an error, it may or
// may not be committed: Status tells.
func (s *BatchStaging) Commit(ctx context.Context) error {
	b := &s.batch
	doing := "commit batch " + b.ID
	if b.Jobs == 0 {
		return errors.New("a batch without jobs")
	}
	committed, err := s.describe(ctx)
	if err != nil || committed {
		return redisconn.CommandError(doing, err)
	}
	created := redis.Z{Score: float64(b.CreatedAt.UnixMilli()), Member: b.ID}
	_, err = s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, target := range s.targets { // a pointer at a job that is gone counts for nothing
			p.Expire(ctx, target, targetLife)
		}
		p.ZAdd(ctx, keyBatches, created)
		p.ZAdd(ctx, keyJobs, created) // it is listed among the jobs, and its jobs are not
		p.Expire(ctx, keyJobs, indexLife(s.l.opts))
		p.Expire(ctx, keyBatches, indexLife(s.l.opts))
		return nil
	})
	if err != nil {
		return redisconn.CommandError(doing, err)
	}
	at := int64(0)
	if b.At != nil {
		at = b.At.UnixMilli()
	}
	args := append([]any{b.jobs(), b.Jobs, at}, b.lists()...)
	for account := range b.Accounts {
		args = append(args, b.wait(account))
	}
	word, err := s.l.scripts.batchCommit.Run(ctx, s.l.rdb, []string{b.key("batch")}, args...).Text()
	switch {
	case err != nil:
		return redisconn.CommandError(doing, err)
	case word != "ok":
		return job.Errorf(job.CodeRedis, "Redis has lost part of batch %s (%s); nothing was sent", b.ID, clean(word))
	}
	return nil
}

// describe writes what the batch is, and which of its jobs wait for their turn, unless it is committed. An earlier commit
// that nobody heard of again may be carried out at any moment, in between too: then nothing is written, for a batch that
// runs would be put back into staging, and expire.
func (s *BatchStaging) describe(ctx context.Context) (committed bool, err error) {
	b := &s.batch
	meta, err := json.Marshal(b)
	if err != nil {
		return false, fmt.Errorf("describe batch %s: %w", b.ID, err)
	}
	err = s.l.rdb.Watch(ctx, func(tx *redis.Tx) error {
		state, err := tx.HGet(ctx, b.key("batch"), "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if committed = err == nil && state != string(job.Staging); committed {
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, b.key("batch"), "state", string(job.Staging), "meta", meta, "total", s.total, "chunks", s.chunks)
			p.PExpire(ctx, b.key("batch"), s.l.opts.Staging)
			for account, ids := range s.waiting {
				p.Del(ctx, b.wait(account))
				for some := range slices.Chunk(ids, 500) {
					p.RPush(ctx, b.wait(account), some...)
				}
				p.PExpire(ctx, b.wait(account), batchStaging)
			}
			return nil
		})
		return err
	}, b.key("batch"))
	return committed, err
}

// Discard deletes a batch that is not committed, as far as it can: what is left expires. From its first step on the batch
// cannot be committed any more, not by a commit that is still on its way either.
func (s *BatchStaging) Discard(ctx context.Context) error {
	b, doing := &s.batch, "discard batch "+s.batch.ID
	given, err := s.l.scripts.batchDiscard.Run(ctx, s.l.rdb, []string{b.key("batch")}).Int()
	if err != nil || given == 0 {
		return redisconn.CommandError(doing, err)
	}
	var errs []error
	for n := 1; n <= b.Jobs; n++ {
		id := b.job(n)
		j, err := s.l.Job(ctx, id)
		if err != nil {
			continue // it was not made
		}
		errs = append(errs, s.l.run(ctx, s.l.scripts.discard, id).Err(), s.l.letGo(ctx, keyTarget(j.Target), id))
	}
	_, err = s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n := range b.Lists + 1 { // the last may be unfinished
			p.Del(ctx, b.list(n))
		}
		for account := range b.Accounts {
			p.Del(ctx, b.wait(account))
		}
		p.ZRem(ctx, keyBatches, b.ID)
		p.ZRem(ctx, keyJobs, b.ID)
		return nil
	})
	return redisconn.CommandError(doing, errors.Join(append(errs, err)...))
}
