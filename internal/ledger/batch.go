package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/registry"
)

// batchWave is how many jobs of a batch and account are at work at a time: so a batch of thousands costs the workers, and
// keeps the account's other jobs waiting, no more than that many jobs do.
const batchWave = 32

// Batch is many jobs, one a target, that are committed at once and looked after as one.
type Batch struct {
	ID          string    `json:"batch"`
	Label       string    `json:"label,omitempty"`
	Source      string    `json:"source,omitempty"`
	SubmittedBy string    `json:"submitted_by,omitempty"`
	CreatedAt   time.Time `json:"created_at"`

	At     *time.Time `json:"at,omitempty"`     // before which nothing of it is sent; nil for at once
	Notify *job.Hook  `json:"notify,omitempty"` // whom to tell when it has ended

	Operation job.Operation `json:"operation,omitempty"` // of its jobs: associate where it is not said, as it once was not
	Accounts  []string      `json:"accounts"`            // in the order in which they came
	Lists     int           `json:"lists"`
	Jobs      int           `json:"jobs"`
}

func (b *Batch) key(what string) string { return registry.Prefix + "{" + b.ID + "}:" + what }

func (b *Batch) wait(account int) string { return b.key("wait:" + strconv.Itoa(account)) }
func (b *Batch) run(account int) string  { return b.key("run:" + strconv.Itoa(account)) }
func (b *Batch) list(n int) string       { return b.key("list:" + strconv.Itoa(n)) }

func (b *Batch) lists() (keys []any) {
	for n := range b.Lists {
		keys = append(keys, b.list(n))
	}
	return keys
}

// jobs is what its jobs' keys begin with, up to the number.
func (b *Batch) jobs() string { return registry.Prefix + "{" + b.ID + "}-" }

// job is the ID of its nth job, counted from 1.
func (b *Batch) job(n int) string { return b.ID + "-" + strconv.Itoa(n) }

// batch reads what a batch is; ok says whether there is one of this ID.
func (l *Ledger) batch(ctx context.Context, id string) (b Batch, ok bool, err error) {
	b.ID = id
	meta, err := l.rdb.HGet(ctx, b.key("batch"), "meta").Bytes()
	if errors.Is(err, redis.Nil) {
		return b, false, nil
	} else if err != nil {
		return b, false, redisconn.CommandError("read batch "+clean(id), err)
	}
	if err := json.Unmarshal(meta, &b); err != nil {
		return b, false, fmt.Errorf("batch %s in the ledger cannot be read: %w", clean(id), err)
	}
	return b, true, nil
}

// Batches gives the batches that have not ended, the oldest first.
func (l *Ledger) Batches(ctx context.Context) ([]string, error) {
	ids, err := l.rdb.ZRange(ctx, keyBatches, 0, -1).Result()
	return ids, redisconn.CommandError("list the batches", err)
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
