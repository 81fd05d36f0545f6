// Package ledger is the ledger in Redis: what every job is, the outcome of every store (package results has the records),
// who works on which chunk. It is the truth that the queue only reminds of, in a fixed handful of keys a job. Every change
// is one script, so that a crash between two of them leaves a ledger that adds up. The reports are written from it.
//
// It must never send anything to WeChat Pay, enqueue a task, or record an outcome that no call has told.
package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/registry"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// script is one of the scripts of scripts/, behind the prelude that they share.
func script(name string) *redis.Script {
	prelude, err := fs.ReadFile(scriptFiles, "scripts/prelude.lua")
	if err != nil {
		panic(err) // embedded: a build without it does not exist
	}
	body, err := fs.ReadFile(scriptFiles, "scripts/"+name+".lua")
	if err != nil {
		panic(err)
	}
	return redis.NewScript(string(prelude) + "\n" + string(body))
}

// alone is one of the scripts that have no job's keys.
func alone(name string) *redis.Script {
	body, err := fs.ReadFile(scriptFiles, "scripts/"+name+".lua")
	if err != nil {
		panic(err) // embedded, as above
	}
	return redis.NewScript(string(body))
}

// scripts are the ledger's, each documented in its own file.
type scripts struct {
	create, stage, commit, discard, begin, renew, record, control, holes, remind, check,
	page, leave, draft, plan, verified, start, sentTo, lift, evicted,
	batchCommit, batchDiscard, batchStart, batchControl, batchNext, batchDone, batchEnd, batchStatus *redis.Script
	status string // is sent in pipelines
}

func loadScripts() scripts {
	status, err := fs.ReadFile(scriptFiles, "scripts/status.lua")
	if err != nil {
		panic(err)
	}
	return scripts{
		create: script("create"), stage: script("stage"), commit: script("commit"), discard: script("discard"),
		begin: script("begin"), renew: script("renew"), record: script("record"), control: script("control"),
		holes: script("holes"), remind: script("remind"), check: script("check"),
		page: script("page"), leave: script("leave"), draft: script("draft"), plan: script("plan"),
		verified: script("verified"), start: script("start"),
		batchCommit: alone("batch_commit"), batchDiscard: alone("batch_discard"), batchStart: alone("batch_start"),
		batchControl: alone("batch_control"),
		batchNext:    alone("batch_next"), batchDone: alone("batch_done"), batchEnd: alone("batch_end"),
		batchStatus: alone("batch_status"),
		sentTo:      script("sent_to"), lift: script("lift"), evicted: script("evicted"), status: string(status),
	}
}

// Options are what a ledger's promises last for. Every zero value is replaced by its default.
type Options struct {
	Retention time.Duration // how long an ended job is kept; 30 days
	Staging   time.Duration // how long a job in staging outlives its enqueuer; 30 s
	Lease     time.Duration // how long a run may go without renewing its lease; 10 s
	Window    int           // how many chunks of a job have a reminder out at a time; 48
}

func (o Options) withDefaults() Options {
	if o.Retention <= 0 {
		o.Retention = 30 * 24 * time.Hour
	}
	if o.Staging <= 0 {
		o.Staging = 30 * time.Second
	}
	if o.Lease <= 0 {
		o.Lease = 10 * time.Second
	}
	if o.Window <= 0 {
		o.Window = 48
	}
	return o
}

// Ledger is the ledger in one Redis. It is safe for concurrent use.
//
// What a person can mend is a *job.Error: job.CodeUnknownJob for a job or a batch that is not there (ended ones expire),
// job.CodeBadState where its state does not allow what was asked, job.CodeJobAtWork where the target has another, and
// job.CodeRedis where Redis failed. ctx's errors come as they are. After either of the last two nobody knows whether the
// change was made; making it once more does no harm.
type Ledger struct {
	*registry.Registry // of the same Redis

	rdb     redis.UniversalClient
	opts    Options
	scripts scripts

	ahead atomic.Int64 // how far Redis' clock is ahead of this machine's, in ns (Sync)

	mu     sync.Mutex
	jobs   map[string]*known     // what does not change of jobs at work, so that a chunk's run need not read it
	clocks map[string]*evenClock // of jobs at work that are looked at for holes
}

// Open gives the ledger in a Redis. It sends nothing yet, and the client stays the caller's to close.
func Open(rdb redis.UniversalClient, opts Options) *Ledger {
	l := &Ledger{rdb: rdb, opts: opts.withDefaults(), scripts: loadScripts(), jobs: map[string]*known{},
		clocks: map[string]*evenClock{}}
	l.Registry = registry.Open(rdb, l.Now)
	return l
}

// Options tells what the ledger was opened with, defaults filled in.
func (l *Ledger) Options() Options { return l.opts }

// run runs a script of a job's.
func (l *Ledger) run(ctx context.Context, s *redis.Script, id string, args ...any) *redis.Cmd {
	return s.Run(ctx, l.rdb, keysOf(id), args...)
}

// reply reads what the scripts return: a list of strings that begins with a word.
func reply(cmd *redis.Cmd) (word string, rest []string, err error) {
	all, err := cmd.StringSlice()
	if err != nil {
		return "", nil, err
	}
	if len(all) == 0 {
		return "", nil, errors.New("a script returned nothing")
	}
	return all[0], all[1:], nil
}

// reminders reads triples of chunk, generation, delay in ms.
func reminders(id string, rest []string) ([]job.Reminder, error) {
	if len(rest)%3 != 0 {
		return nil, fmt.Errorf("a script returned %d fields of reminders", len(rest))
	}
	out := make([]job.Reminder, 0, len(rest)/3)
	for i := 0; i < len(rest); i += 3 {
		chunk, err1 := strconv.Atoi(rest[i])
		generation, err2 := strconv.ParseInt(rest[i+1], 10, 64)
		delay, err3 := strconv.ParseInt(rest[i+2], 10, 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("a script returned a reminder that cannot be read: %w", err)
		}
		out = append(out, job.Reminder{Job: id, Chunk: chunk, Generation: generation,
			Delay: time.Duration(delay) * time.Millisecond})
	}
	return out, nil
}

func millis(d time.Duration) string { return itoa(max(1, d.Milliseconds())) }

// unknownJob is the error for a job that is not, or no longer, in the ledger.
func unknownJob(id string) error {
	e := job.Errorf(job.CodeUnknownJob, "there is no job %s (ended jobs are kept for a time, then expire)", clean(id))
	e.Job = id
	return e
}

// clean keeps what a person typed from breaking the terminal that it is shown on.
func clean(s string) string {
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return strings.Trim(strconv.Quote(s), `"`)
}
