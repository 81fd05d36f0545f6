// Package job says what a job, a target, a chunk, an outcome and a failure are. It holds the words that every other
// package uses and the rules that need no I/O; it must never import Redis, HTTP or another package of ours.
package job

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
)

// MaxStoresPerCall is how many stores WeChat Pay accepts in one associate-stores or disassociate-stores call, and so
// how many a chunk may hold (partner/4015781302).
const MaxStoresPerCall = 200

// Mode is who calls WeChat Pay: a service provider for a brand, or the brand itself.
type Mode string

// The modes of an account.
const (
	Partner Mode = "partner"
	Brand   Mode = "brand"
)

// Priority decides which of an account's jobs goes first. Jobs of one priority share the lane by turns.
type Priority string

// The priorities, each a queue of its own in every account.
const (
	High    Priority = "high"
	Default Priority = "default"
	Low     Priority = "low"
)

// Priorities lists them, the most urgent first.
var Priorities = []Priority{High, Default, Low}

// ParsePriority reads a priority as a person types it; the empty string is Default.
func ParsePriority(s string) (Priority, error) {
	switch p := Priority(s); p {
	case "":
		return Default, nil
	case High, Default, Low:
		return p, nil
	}
	return "", Errorf(CodeUsage, "--priority %q: it is high, default or low", s)
}

// Target is what a job's stores are associated with: one stock or one stock bundle of one product coupon.
type Target struct {
	BrandID         string `json:"brand_id"` // empty for a brand's own account that has not said it
	ProductCouponID string `json:"product_coupon_id"`
	StockID         string `json:"stock_id,omitempty"`        // either this
	StockBundleID   string `json:"stock_bundle_id,omitempty"` // or this
}

// Validate tells what is wrong with a target, for an account of the given mode.
func (t Target) Validate(mode Mode) error {
	switch {
	case t.ProductCouponID == "":
		return Errorf(CodeUsage, "--coupon is missing: the product coupon's ID")
	case t.StockID == "" && t.StockBundleID == "":
		return Errorf(CodeUsage, "--stock or --bundle is missing: say what the stores are for")
	case t.StockID != "" && t.StockBundleID != "":
		return Errorf(CodeUsage, "--stock and --bundle exclude each other: a job has one target")
	case t.BrandID == "" && mode == Partner:
		return Errorf(CodeUsage, "--brand is missing: a partner's account acts for many brands")
	}
	for _, f := range []struct{ flag, id string }{
		{"--brand", t.BrandID}, {"--coupon", t.ProductCouponID}, {"--stock", t.StockID}, {"--bundle", t.StockBundleID},
	} {
		if f.id != "" && !ValidID(f.id) {
			return Errorf(CodeUsage, "%s %q: an ID is 1 to %d of 0-9, A-Z, a-z, _ and -", f.flag, f.id, MaxIDLength)
		}
	}
	return nil
}

// String names the target for a person: "stock 123 of coupon 456".
func (t Target) String() string { return t.Message().String() }

// Message names the target.
func (t Target) Message() i18n.Message {
	if t.StockBundleID != "" {
		return i18n.M("job.bundle_of", "bundle", t.StockBundleID, "coupon", t.ProductCouponID)
	}
	return i18n.M("job.stock_of", "stock", t.StockID, "coupon", t.ProductCouponID)
}

// Job is what an operator asked for. It does not change once the job is committed.
type Job struct {
	ID          string    `json:"job"`
	Operation   Operation `json:"operation"`
	Account     string    `json:"account"`
	Target      Target    `json:"target"`
	Priority    Priority  `json:"priority"`
	Label       string    `json:"label,omitempty"`        // to know it by, at most 200 characters
	Source      string    `json:"source,omitempty"`       // where the list came from: a file's name, or "-"
	SubmittedBy string    `json:"submitted_by,omitempty"` // user@host
	ChunkSize   int       `json:"chunk_size"`             // 1 to MaxStoresPerCall
	Repeats     int64     `json:"repeats"`                // rows of the list dropped as repeats
	SetAside    int64     `json:"set_aside"`              // rows of the list set aside as bad
	Reading     *Reading  `json:"reading,omitempty"`      // how the list was read; nil where it was none of its own

	// FailureThreshold is the share of decided stores, in percent, that may fail before the job is aborted, once
	// FailureThresholdMinimum stores are decided; 0 is off.
	FailureThreshold int `json:"failure_threshold"`

	Resync   *ResyncOptions `json:"resync,omitempty"`   // of a resync
	At       *time.Time     `json:"at,omitempty"`       // before which nothing is sent
	Schedule string         `json:"schedule,omitempty"` // the schedule that made it
	Batch    string         `json:"batch,omitempty"`    // the batch that it is part of
	List     string         `json:"list,omitempty"`     // of a batch's job: where in the ledger the list is that it shares
	Notify   *Hook          `json:"notify,omitempty"`   // whom to tell when it has ended

	Trace string `json:"trace,omitempty"` // of the command that made it: a W3C traceparent

	CreatedAt time.Time `json:"created_at"`
}

// The stop rule's defaults: the same as those of S3 Batch Operations.
const (
	DefaultFailureThreshold = 50   // percent
	FailureThresholdMinimum = 1000 // decided stores
)

// NewID makes a job's ID: the second it was made in, UTC, and 40 random bits, so that IDs sort by age, can be read
// out over a telephone, and never collide in practice.
func NewID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:8])
}

// State is where a job is in its life:
//
//	staging → (scheduled →) running ⇄ paused → completed | cancelling → cancelled | aborting → aborted
type State string

// The states of a job.
const (
	Staging    State = "staging"    // the list is being read; nothing has been sent
	Scheduled  State = "scheduled"  // committed, to run later
	Running    State = "running"    // being sent
	Paused     State = "paused"     // by the operator
	Completed  State = "completed"  // ended: every store is decided
	Cancelling State = "cancelling" // stopped by the operator, calls still in flight
	Cancelled  State = "cancelled"  // ended by the operator
	Aborting   State = "aborting"   // stopped by a failure of the job as a whole, calls still in flight
	Aborted    State = "aborted"    // ended by a failure of the job as a whole
)

// Ended says whether the job's figures can no longer move.
func (s State) Ended() bool { return s == Completed || s == Cancelled || s == Aborted }

// ResyncOptions say how far a resync goes.
type ResyncOptions struct {
	Prune  bool `json:"prune,omitempty"`   // disassociate what is not on the list
	Verify bool `json:"verify,omitempty"`  // list again after the writes
	DryRun bool `json:"dry_run,omitempty"` // end with the plan

	// Planned says that the list is no list of what is wanted, but of what is to be written: the first half of it to be
	// associated, the second to be disassociated.
	Planned bool `json:"planned,omitempty"`

	// A prune that would remove more than this is refused: stores, or percent of those that are associated. With neither
	// it is DefaultMaxPrune percent. All of them are never removed unless MaxPrunePercent is 100 or MaxPruneStores given.
	MaxPruneStores  *int64   `json:"max_prune_stores,omitempty"`
	MaxPrunePercent *float64 `json:"max_prune_percent,omitempty"`
}

// DefaultMaxPrune is the share, in percent of what is associated, that a prune may remove unless more is allowed.
const DefaultMaxPrune = 10

// Hook is whom to tell when something has ended: a hook that the workers' configuration names, or an address.
type Hook struct {
	Name   string `json:"name,omitempty"` // of the configuration's, which says the rest: nothing secret is kept with the job
	URL    string `json:"url,omitempty"`
	Format string `json:"format,omitempty"` // json unless set, or wecom
}

// String and GoString keep the address, which is as good as a password, from being printed.
func (h Hook) String() string { return "[secret]" }

// GoString is what %#v prints.
func (h Hook) GoString() string { return h.String() }
