package results

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
)

// batchWave is how many jobs of a batch and account are at work at a time: so a batch of thousands costs the workers, and
// keeps the account's other jobs waiting, no more than that many jobs do.
const batchWave = 32

// batchStaging is how long a batch in staging outlives its enqueuer. Nothing renews it: it is longer than staging takes.
const batchStaging = time.Hour

// Batch is many jobs, one a target, that are committed at once and looked after as one.
type Batch struct {
	ID          string    `json:"batch"`
	Label       string    `json:"label,omitempty"`
	Source      string    `json:"source,omitempty"`
	SubmittedBy string    `json:"submitted_by,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	Notify      *job.Hook `json:"notify,omitempty"`

	Accounts []string `json:"accounts"` // in the order in which they came
	Lists    int      `json:"lists"`
	Jobs     int      `json:"jobs"`
}

func (b *Batch) key(what string) string { return prefix + "{" + b.ID + "}:" + what }

func (b *Batch) wait(account int) string { return b.key("wait:" + strconv.Itoa(account)) }
func (b *Batch) run(account int) string  { return b.key("run:" + strconv.Itoa(account)) }
func (b *Batch) list(n int) string       { return b.key("list:" + strconv.Itoa(n)) }

func (b *Batch) lists() (keys []any) {
	for n := range b.Lists {
		keys = append(keys, b.list(n))
	}
	return keys
}

// job is the ID of its nth job, counted from 1.
func (b *Batch) job(n int) string { return b.ID + "-" + strconv.Itoa(n) }

// BatchStaging is a batch whose lists and jobs are being written. It is used by one goroutine.
type BatchStaging struct {
	l       *Ledger
	batch   Batch
	lists   []stagedList
	waiting [][]any // job IDs by account
	targets []string
	total   int64
	chunks  int64
}

type stagedList struct {
	size, chunks int
	stores       int64
}

// StageBatch begins a batch. Nothing of it runs before Commit, and what is left of one that is given up expires.
func (l *Ledger) StageBatch(b Batch) *BatchStaging {
	b.Accounts, b.Lists, b.Jobs = nil, 0, 0
	return &BatchStaging{l: l, batch: b}
}

// Batch is what is being staged.
func (s *BatchStaging) Batch() Batch { return s.batch }

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
		return redisError(doing, err)
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

// AddJob adds a job for a target with one of the batch's lists, and claims the target. ID, batch, list and chunk size are
// filled in.
func (s *BatchStaging) AddJob(ctx context.Context, j job.Job, list int) (job.Job, error) {
	in := s.lists[list]
	s.batch.Jobs++
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
		return j, redisError("stage job "+j.ID, err)
	case made == 0:
		return j, fmt.Errorf("there is a job %s already", j.ID)
	}
	if err := s.l.claim(ctx, keyTarget(j.Target), j.ID); err != nil {
		return j, err
	}
	if err := s.l.hold(ctx, keyTarget(j.Target), j.ID, batchStaging); err != nil {
		return j, redisError("stage job "+j.ID, err)
	}
	s.targets = append(s.targets, keyTarget(j.Target))
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

// Commit makes the batch run: all of its jobs will, from here on. Until it returns without an error, it may or may not
// be committed: Status tells.
func (s *BatchStaging) Commit(ctx context.Context) error {
	b := &s.batch
	doing := "commit batch " + b.ID
	if b.Jobs == 0 {
		return errors.New("a batch without jobs")
	}
	meta, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("describe batch %s: %w", b.ID, err)
	}
	created := redis.Z{Score: float64(b.CreatedAt.UnixMilli()), Member: b.ID}
	_, err = s.l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, b.key("batch"), "state", string(job.Staging), "meta", meta, "total", s.total, "chunks", s.chunks)
		p.PExpire(ctx, b.key("batch"), batchStaging)
		for account, ids := range s.waiting {
			p.Del(ctx, b.wait(account))
			for some := range slices.Chunk(ids, 500) {
				p.RPush(ctx, b.wait(account), some...)
			}
			p.PExpire(ctx, b.wait(account), batchStaging)
		}
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
		return redisError(doing, err)
	}
	args := append([]any{prefix + "{" + b.ID + "}-", b.Jobs}, b.lists()...)
	for account := range b.Accounts {
		args = append(args, b.wait(account))
	}
	word, err := s.l.scripts.batchCommit.Run(ctx, s.l.rdb, []string{b.key("batch")}, args...).Text()
	switch {
	case err != nil:
		return redisError(doing, err)
	case word != "ok":
		return job.Errorf(job.CodeRedis, "Redis has lost part of batch %s (%s); nothing was sent", b.ID, clean(word))
	}
	return nil
}

// Discard deletes a batch that is not committed, as far as it can: what is left expires.
func (s *BatchStaging) Discard(ctx context.Context) error {
	var errs []error
	for n := 1; n <= s.batch.Jobs; n++ {
		id := s.batch.job(n)
		j, err := s.l.Job(ctx, id)
		if err != nil {
			continue // it was not made
		}
		errs = append(errs, s.l.run(ctx, s.l.scripts.discard, id).Err(), s.l.letGo(ctx, keyTarget(j.Target), id))
	}
	for n := range s.batch.Lists {
		errs = append(errs, s.l.rdb.Del(ctx, s.batch.list(n)).Err())
	}
	return redisError("discard batch "+s.batch.ID, errors.Join(errs...))
}

// batch reads what a batch is; ok says whether there is one of this ID.
func (l *Ledger) batch(ctx context.Context, id string) (b Batch, ok bool, err error) {
	b.ID = id
	meta, err := l.rdb.HGet(ctx, b.key("batch"), "meta").Bytes()
	if errors.Is(err, redis.Nil) {
		return b, false, nil
	} else if err != nil {
		return b, false, redisError("read batch "+clean(id), err)
	}
	if err := json.Unmarshal(meta, &b); err != nil {
		return b, false, fmt.Errorf("batch %s in the ledger cannot be read: %w", clean(id), err)
	}
	return b, true, nil
}

// Batches gives the batches that have not ended, the oldest first.
func (l *Ledger) Batches(ctx context.Context) ([]string, error) {
	ids, err := l.rdb.ZRange(ctx, keyBatches, 0, -1).Result()
	return ids, redisError("list the batches", err)
}

// BatchJobs gives the status documents of a batch's jobs, in its order.
func (l *Ledger) BatchJobs(ctx context.Context, id string) ([]job.Status, error) {
	var out []job.Status
	for first := 1; ; first += 100 {
		page, jobs, err := l.batchPage(ctx, id, first, 100)
		if err != nil {
			return nil, err
		}
		if out = append(out, page...); first+100 > jobs {
			return out, nil
		}
	}
}

// Turn is a job of a batch that was started or stopped: what is to be announced, and to be put on the queue for it.
type Turn struct {
	Job       job.Job
	State     job.State
	Reminders []job.Reminder
}

// TendBatch looks after a batch: jobs that have ended go into its sums, those whose turn has come are started, and where
// none is left the batch ends. It can be done by anybody at any time.
func (l *Ledger) TendBatch(ctx context.Context, id string) (turns []Turn, ended bool, err error) {
	b, ok, err := l.batch(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return nil, false, redisError("retire batch "+id, l.rdb.ZRem(ctx, keyBatches, id).Err())
	}
	var errs []error
	for account := range b.Accounts {
		some, err := l.tendAccount(ctx, &b, account)
		turns = append(turns, some...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return turns, false, err
	}
	keys := []string{b.key("batch")}
	for account := range b.Accounts {
		keys = append(keys, b.wait(account), b.run(account))
	}
	args := append([]any{len(keys) - 1, millis(l.opts.Retention)}, b.lists()...)
	state, err := l.scripts.batchEnd.Run(ctx, l.rdb, keys, args...).Text()
	if err != nil {
		return turns, false, redisError("look after batch "+id, err)
	}
	if !job.State(state).Ended() {
		return turns, false, nil
	}
	return turns, true, redisError("retire batch "+id, l.rdb.ZRem(ctx, keyBatches, id).Err())
}

func (l *Ledger) tendAccount(ctx context.Context, b *Batch, account int) (turns []Turn, err error) {
	doing, with := "look after batch "+b.ID, "with batch "+b.ID
	for {
		at, err := l.rdb.SMembers(ctx, b.run(account)).Result()
		if err != nil {
			return turns, redisError(doing, err)
		}
		all, err := l.statuses(ctx, at)
		if err != nil {
			return turns, err
		}
		state, err := l.rdb.HGet(ctx, b.key("batch"), "state").Result()
		if err != nil {
			return turns, redisError(doing, err)
		}
		moved := false
		for i, s := range all {
			switch {
			case s == nil: // Redis forgot it, or it has expired
				err = l.batchDone(ctx, b, account, job.Status{Job: at[i], State: "gone"})
			case s.State.Ended():
				err = l.batchDone(ctx, b, account, *s)
			case state == string(job.Cancelling) && s.State != job.Cancelling && s.State != job.Aborting:
				moved = true
				if err = l.Cancel(ctx, s.Job, with); err == nil && s.State != job.Scheduled {
					turns = append(turns, Turn{Job: job.Job{ID: s.Job, Account: s.Account}, State: job.Cancelling})
				}
			case state == string(job.Paused) && s.State == job.Running:
				if err = l.Pause(ctx, s.Job, with); err == nil {
					turns = append(turns, Turn{Job: job.Job{ID: s.Job, Account: s.Account}, State: job.Paused})
				}
			case state == string(job.Running) && s.State == job.Paused && s.Reason == with:
				var rems []job.Reminder
				if rems, err = l.Resume(ctx, s.Job); err == nil {
					var j job.Job
					j, err = l.Job(ctx, s.Job)
					turns = append(turns, Turn{Job: j, State: job.Running, Reminders: rems})
				}
			case state == string(job.Running) && s.State == job.Scheduled:
				var turn *Turn
				if turn, err = l.giveTurn(ctx, s); turn != nil {
					turns = append(turns, *turn)
				}
			}
			if err != nil {
				return turns, err
			}
		}
		next, err := l.scripts.batchNext.Run(ctx, l.rdb, []string{b.key("batch"), b.wait(account), b.run(account)}, batchWave,
			200).StringSlice()
		if err != nil || len(next) == 0 && !moved {
			return turns, redisError(doing, err)
		}
	}
}

// activate puts a job on the list of those that workers look after.
func (l *Ledger) activate(ctx context.Context, s *job.Status) error {
	_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, keyActive, redis.Z{Score: float64(s.CreatedAt.UnixMilli()), Member: s.Job})
		p.Expire(ctx, keyActive, indexLife(l.opts))
		return nil
	})
	return redisError("start job "+s.Job, err)
}

// giveTurn starts a job of a batch; nil where its target is another job's, which it waits for.
func (l *Ledger) giveTurn(ctx context.Context, s *job.Status) (*Turn, error) {
	if err := l.activate(ctx, s); err != nil {
		return nil, err
	}
	state, rems, err := l.Start(ctx, s.Job, true)
	if err != nil && job.AsError(err).Code == job.CodeJobAtWork {
		return nil, nil
	}
	if err != nil || state != job.Running {
		return nil, err
	}
	j, err := l.Job(ctx, s.Job)
	return &Turn{Job: j, State: job.Running, Reminders: rems}, err
}

// batchDone adds a job that has ended to its batch's sums.
func (l *Ledger) batchDone(ctx context.Context, b *Batch, account int, s job.Status) error {
	args := []any{s.Job, "jobs:" + string(s.State), 1, "succeeded", s.Succeeded, "failed", s.Failed, "unprocessed", s.Unprocessed,
		"late", s.Late, "calls", s.Calls, "retries", s.Retries, "throttled", s.Throttled}
	for code, n := range s.Failures {
		args = append(args, "fail:"+code, n)
	}
	err := l.scripts.batchDone.Run(ctx, l.rdb, []string{b.key("batch"), b.run(account)}, args...).Err()
	return redisError("look after batch "+b.ID, err)
}

// controlBatch pauses, resumes or cancels a batch. Its jobs follow: those at work at once, by TendBatch.
func (l *Ledger) controlBatch(ctx context.Context, b Batch, verb, reason string) error {
	state, err := l.rdb.HGet(ctx, b.key("batch"), "state").Result()
	if err != nil {
		return redisError(verb+" batch "+b.ID, err)
	}
	to := map[string]map[job.State]job.State{
		"pause":  {job.Running: job.Paused, job.Paused: job.Paused},
		"resume": {job.Paused: job.Running, job.Running: job.Running},
		"cancel": {job.Running: job.Cancelling, job.Paused: job.Cancelling, job.Cancelling: job.Cancelling, job.Cancelled: job.Cancelled},
	}[verb][job.State(state)]
	if to == "" {
		e := job.Errorf(job.CodeBadState, "batch %s is %s: it cannot %s", b.ID, state, verb)
		e.Job = b.ID
		return e
	}
	if to.Ended() {
		return nil
	}
	// A state that has changed meanwhile is an operator's too: the last word counts.
	if err := l.rdb.HSet(ctx, b.key("batch"), "state", string(to), "reason", reason).Err(); err != nil {
		return redisError(verb+" batch "+b.ID, err)
	}
	return nil
}

// batchRows streams the rows of all jobs of a batch.
func (l *Ledger) batchRows(ctx context.Context, b Batch, only job.Outcome, yield func(job.Row, error) bool) error {
	for n := 1; n <= b.Jobs; n++ {
		k, err := l.know(ctx, b.job(n))
		if err != nil {
			return err
		}
		target := k.job.Target
		err = l.rows(ctx, k, only, func(row job.Row) bool {
			row.Job, row.Account, row.Target = k.job.ID, k.job.Account, &target
			return yield(row, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// batchStatus is a batch's status document: that of a job, with what adds up over its jobs.
func (l *Ledger) batchStatus(ctx context.Context, b Batch) (job.Status, error) {
	fields, err := l.rdb.HGetAll(ctx, b.key("batch")).Result()
	if err != nil {
		return job.Status{}, redisError("read batch "+b.ID, err)
	}
	if len(fields) == 0 {
		return job.Status{}, unknownJob(b.ID)
	}
	number := func(name string) int64 { n, _ := strconv.ParseInt(fields[name], 10, 64); return n }
	moment := func(name string) *time.Time {
		if fields[name] == "" {
			return nil
		}
		t := time.UnixMilli(number(name)).UTC()
		return &t
	}
	s := job.Status{Job: b.ID, Batch: b.ID, State: job.State(fields["state"]), Account: strings.Join(b.Accounts, ", "), Label: b.Label,
		Source: b.Source, SubmittedBy: b.SubmittedBy, Priority: job.Default, Targets: int64(b.Jobs), Jobs: map[job.State]int64{},
		Total: number("total"), Succeeded: number("succeeded"), Failed: number("failed"), Late: number("late"), Chunks: number("chunks"),
		Calls: number("calls"), Retries: number("retries"), Throttled: number("throttled"), Failures: map[string]int64{},
		CreatedAt: b.CreatedAt.UTC(), StartedAt: moment("started_at"), EndedAt: moment("ended_at"), Reason: fields["reason"]}
	for name := range fields {
		if code, ok := strings.CutPrefix(name, "fail:"); ok {
			s.Failures[code] = number(name)
		}
		if state, ok := strings.CutPrefix(name, "jobs:"); ok {
			s.Jobs[job.State(state)] = number(name)
		}
	}
	for account := range b.Accounts {
		at, err := l.rdb.SMembers(ctx, b.run(account)).Result()
		if err != nil {
			return s, redisError("read batch "+b.ID, err)
		}
		all, err := l.statuses(ctx, at)
		if err != nil {
			return s, err
		}
		if err := l.fillLanes(ctx, all); err != nil {
			return s, err
		}
		for _, one := range all {
			if one == nil {
				continue
			}
			s.Jobs[one.State]++
			s.Succeeded, s.Failed, s.Late = s.Succeeded+one.Succeeded, s.Failed+one.Failed, s.Late+one.Late
			s.Calls, s.Retries, s.Throttled = s.Calls+one.Calls, s.Retries+one.Retries, s.Throttled+one.Throttled
			for code, n := range one.Failures {
				s.Failures[code] += n
			}
			if one.State == job.Running && (s.Lane.State == "" || laneRank[one.Lane.State] > laneRank[s.Lane.State]) {
				s.Lane = one.Lane
			}
		}
		waiting, err := l.rdb.LLen(ctx, b.wait(account)).Result()
		if err != nil {
			return s, redisError("read batch "+b.ID, err)
		}
		if waiting > 0 {
			s.Jobs[job.Scheduled] += waiting
		}
	}
	left := max(0, s.Total-s.Succeeded-s.Failed)
	if s.State.Ended() {
		s.Unprocessed = left
	} else {
		s.Pending = left
	}
	return s, nil
}

// Hook is whom to tell that a job, or a batch, has ended; nil for nobody.
func (l *Ledger) Hook(ctx context.Context, id string) (*job.Hook, error) {
	k, err := l.know(ctx, id)
	if err == nil {
		return k.job.Notify, nil
	}
	if job.AsError(err).Code != job.CodeUnknownJob {
		return nil, err
	}
	b, ok, err := l.batch(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	return b.Notify, nil
}
