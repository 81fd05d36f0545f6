package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/source"
)

// Event is what a schedule's hook is told of a run that is over without a job whose own end the hook is told of. So it
// gets one event for each run, whatever became of that.
//
// An event is written by the script that ends its run, and listed as untold with it: whatever becomes of the worker, the
// next look of any puts it on its way (Config.Notify). It is kept until it was told (Book.Told), for eventLife at the most.
type Event struct {
	ID       string    `json:"id"` // the same, whoever makes it
	Type     string    `json:"type"`
	At       time.Time `json:"at"` // by Redis' clock
	Schedule Told      `json:"schedule"`
	Hook     job.Hook  `json:"hook"`
}

// The types of events.
const (
	EventFailed    = "schedule.failed"
	EventSkipped   = "schedule.skipped"
	EventMissed    = "schedule.missed"
	EventUnchanged = "schedule.unchanged"
	EventGone      = "schedule.gone" // its job was gone before its end could be noted
)

// Told is what an event says: a run, of which schedule it is, and when the next comes.
type Told struct {
	Name            string        `json:"name"`
	Cron            string        `json:"cron"`
	Timezone        string        `json:"timezone"`
	Operation       job.Operation `json:"operation"`
	Account         string        `json:"account"`
	BrandID         string        `json:"brand_id"`
	ProductCouponID string        `json:"product_coupon_id"`
	StockID         string        `json:"stock_id,omitempty"`
	StockBundleID   string        `json:"stock_bundle_id,omitempty"`
	Label           string        `json:"label"`
	Source          string        `json:"source"` // of an address, without its query
	Run
	Next *time.Time `json:"next"` // its next tick; null while it is paused
}

// eventLife is how long an event is kept that nobody is told of: several times what the queue tries for.
const eventLife = 7 * 24 * time.Hour

// event gives the event about a run that is over; nil where nobody is to be told, or the job's own end is what is told.
func (e entry) event(r record, now time.Time) *Event {
	if e.Job.Notify == nil || !r.State.Over() {
		return nil
	}
	kind := ""
	switch {
	case r.State == Failed:
		kind = EventFailed
	case r.State == Skipped:
		kind = EventSkipped
	case r.State == Missed:
		kind = EventMissed
	case r.State == Unchanged:
		kind = EventUnchanged
	case r.State == Ended && r.Outcome == nil:
		kind = EventGone
	default:
		return nil
	}
	t := e.Job.Target
	// A schedule that is removed and added again counts its runs anew, under another revision.
	revision := r.Revision[:min(8, len(r.Revision))]
	return &Event{ID: fmt.Sprintf("run:%s:%d:%s", e.Name, r.Number, strings.ToLower(revision)), Type: kind, At: now.UTC(), Hook: *e.Job.Notify,
		Schedule: Told{Name: e.Name, Cron: e.Cron, Timezone: e.Timezone, Operation: e.Job.Operation, Account: e.Job.Account,
			BrandID: t.BrandID, ProductCouponID: t.ProductCouponID, StockID: t.StockID, StockBundleID: t.StockBundleID, Label: e.Job.Label,
			Source: source.Shown(e.Source), Run: r.Run, Next: e.schedule().Next}}
}

// written gives an event's ID and text as scripts take them; both are empty for none.
func (e *Event) written() (id, text string, err error) {
	if e == nil {
		return "", "", nil
	}
	b, err := json.Marshal(e)
	if err != nil {
		return "", "", fmt.Errorf("describe the event %s: %w", e.ID, err)
	}
	return e.ID, string(b), nil
}

// Event gives an event; nil where it was told, or nobody was told of it for so long that it has expired.
func (b *Book) Event(ctx context.Context, id string) (*Event, error) {
	text, err := b.rdb.Get(ctx, keyEvent(id)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, redisconn.CommandError("read what a schedule's hook is told", err)
	}
	e := &Event{}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("the event %s in Redis cannot be read: %w", id, err)
	}
	return e, nil
}

// Told forgets an event: its hook was told, or never will be.
func (b *Book) Told(ctx context.Context, id string) error {
	return redisconn.CommandError("note what a schedule's hook was told", b.rdb.Del(ctx, keyEvent(id)).Err())
}

// notify puts events on their way to their hooks. One that is put there twice is told once.
func (s *Scheduler) notify(ctx context.Context, untold []string) error {
	if s.cfg.Notify == nil {
		return nil
	}
	for _, id := range untold {
		if err := s.cfg.Notify(ctx, id); err != nil {
			return err
		}
		if err := s.cfg.Book.rdb.SRem(ctx, keyUntold, id).Err(); err != nil {
			return redisconn.CommandError("note that a schedule's hook is told", err)
		}
	}
	return nil
}
