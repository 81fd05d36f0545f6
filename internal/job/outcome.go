package job

import "time"

// Outcome is what became of one store. Outcomes only move up: pending < failed < succeeded. Unprocessed is how a
// pending store reads once its job has ended.
type Outcome string

// The outcomes.
const (
	Pending     Outcome = "pending"
	Failed      Outcome = "failed"
	Succeeded   Outcome = "succeeded"
	Unprocessed Outcome = "unprocessed"
)

// Codes of our own making, beside those that WeChat Pay sends.
const (
	RetriesExhausted = "RETRIES_EXHAUSTED" // the budget is used up; the last failure is in the message
	Unreported       = "UNREPORTED"        // no answer named the store in either list, to the last
)

// RetryBudget is how many calls are truly made for a store before it ends as failed.
const RetryBudget = 8

// Row is one store of a report.
type Row struct {
	StoreID   string     `json:"store_id"`
	Outcome   Outcome    `json:"outcome"`
	Code      string     `json:"code,omitempty"`
	Message   string     `json:"message,omitempty"`
	RequestID string     `json:"request_id,omitempty"` // of the call that decided it, for WeChat Pay's support
	Attempts  int        `json:"attempts"`             // calls truly made for it
	DecidedAt *time.Time `json:"decided_at,omitempty"`

	Operation Operation `json:"operation,omitempty"` // of a resync's store: associate or disassociate
	Verified  Verdict   `json:"verified,omitempty"`  // of a resync that listed again after its writes

	Job     string  `json:"job,omitempty"` // of a batch's store: the job, its account and its target
	Account string  `json:"account,omitempty"`
	Target  *Target `json:"target,omitempty"`
}

// LaneState is how an account is served, as a job's status shows it.
type LaneState struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

// The states of a lane in one worker, and of an account over all of its workers.
const (
	LaneIdle      = "idle"      // able to serve, nothing to do
	LaneServing   = "serving"   // taking tasks
	LaneThrottled = "throttled" // stopped for a while by a 429
	LaneOutage    = "outage"    // the breaker is open: calls fail as calls; single calls are tried now and then
	LaneRefused   = "refused"   // 401: key, serial number, scheme or clock of this worker
	LaneConflict  = "conflict"  // another worker serves the account's name as another installation
	LaneUnserved  = "unserved"  // no worker serves the account at the moment
)

// Status is the status document of a job. Total = Succeeded + Failed + Pending + Unprocessed at every instant.
type Status struct {
	Job             string           `json:"job"`
	State           State            `json:"state"`
	Operation       Operation        `json:"operation"`
	Account         string           `json:"account"`
	BrandID         string           `json:"brand_id"`
	ProductCouponID string           `json:"product_coupon_id"`
	StockID         string           `json:"stock_id,omitempty"`
	StockBundleID   string           `json:"stock_bundle_id,omitempty"`
	Label           string           `json:"label"`
	Source          string           `json:"source"`
	SubmittedBy     string           `json:"submitted_by"`
	Priority        Priority         `json:"priority"`
	Total           int64            `json:"total"`
	Succeeded       int64            `json:"succeeded"`
	Failed          int64            `json:"failed"`
	Pending         int64            `json:"pending"`     // 0 once the job has ended
	Unprocessed     int64            `json:"unprocessed"` // 0 until then
	Late            int64            `json:"late"`        // stores of answers that came after the end, and changed nothing
	Chunks          int64            `json:"chunks"`
	Calls           int64            `json:"calls"`     // requests sent
	Retries         int64            `json:"retries"`   // those of them for stores sent before
	Throttled       int64            `json:"throttled"` // 429s
	Failures        map[string]int64 `json:"failures"`  // failed stores by code
	Lane            LaneState        `json:"lane"`
	CreatedAt       time.Time        `json:"created_at"`
	StartedAt       *time.Time       `json:"started_at"`
	EndedAt         *time.Time       `json:"ended_at"`
	Reason          string           `json:"reason"` // why the job was aborted, or by whom it was stopped

	// Settled are stores of which a call went unanswered, and which WeChat Pay's list shows to be done. They are among the
	// succeeded. Settling is how far a job is that asks for that list; nil for all others.
	Settled  int64     `json:"settled,omitempty"`
	Settling *Settling `json:"settling,omitempty"`

	SentTo *Installation `json:"sent_to,omitempty"` // mode, identity and hosts, once it is served: whoever is another leaves it alone

	At       *time.Time      `json:"at,omitempty"`       // of a job that was committed for later
	Schedule string          `json:"schedule,omitempty"` // that made it
	Batch    string          `json:"batch,omitempty"`    // that it is part of
	List     *Reading        `json:"list,omitempty"`     // how its list was read, where it has one of its own
	Resync   *ResyncStatus   `json:"resync,omitempty"`   // of a resync
	Targets  int64           `json:"targets,omitempty"`  // of a batch: how many jobs it has, one a target
	Jobs     map[State]int64 `json:"jobs,omitempty"`     // of a batch: its jobs by state
}

// Settling is how far a job is, all of whose stores are decided, that lists what is associated to find out about those that
// failed after a call for them went unanswered.
type Settling struct {
	Listed int64 `json:"listed"`            // stores listed so far
	ToList int64 `json:"to_list,omitempty"` // stores that there are to list, as WeChat Pay says
}

// Lists says whether the job lists what is associated at the moment, how many stores of that are listed, and how many there
// are to list; 0 before WeChat Pay has said so.
func (s *Status) Lists() (listed, toList int64, lists bool) {
	switch {
	case s.State.Ended():
		return 0, 0, false
	case s.Settling != nil:
		return s.Settling.Listed, s.Settling.ToList, true
	case s.Resync != nil && (s.Resync.Phase == PhaseList || s.Resync.Phase == PhaseVerify):
		return s.Resync.Listed, s.Resync.ToList, true
	}
	return 0, 0, false
}

// AccountInfo is one account as its workers publish it.
type AccountInfo struct {
	Name     string               `json:"name"`
	Mode     Mode                 `json:"mode"`
	Identity string               `json:"identity"`    // mchid or brand_id
	Pace     map[string]float64   `json:"pace"`        // calls a second in force, by interface
	Limits   map[string]RateLimit `json:"rate_limits"` // how they stand, likewise
	Workers  []WorkerLane         `json:"workers"`
}

// WorkerLane is an account's lane in one worker.
type WorkerLane struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Reason   string    `json:"reason"`
	LastSeen time.Time `json:"last_seen"`

	ServedAs Installation `json:"served_as"`        // mode, identity and hosts, with blanks between
	Serial   string       `json:"serial,omitempty"` // of the key that signs
}

// Verdict is what WeChat Pay's list, asked for again, says of an outcome.
type Verdict string

// The verdicts.
const (
	Confirmed    Verdict = "confirmed"
	Contradicted Verdict = "contradicted" // the list says otherwise
)

// Phase is how far a resync is.
type Phase string

// The phases of a resync.
const (
	PhaseList     Phase = "list"     // listing what is associated
	PhaseWrite    Phase = "write"    // associating, then disassociating
	PhaseVerify   Phase = "verify"   // listing again
	PhasePlanned  Phase = "planned"  // ended with the plan
	PhaseVerified Phase = "verified" // ended, and listed again
)

// ResyncStatus is what a status document says of a resync beside its counts, which are those of the stores to be written:
// the missing ones and, with --prune, those that are too much. Until the plan is made there are none.
type ResyncStatus struct {
	Phase        Phase `json:"phase"`
	DryRun       bool  `json:"dry_run,omitempty"` // it ends with the plan
	Prune        bool  `json:"prune"`
	Wanted       int64 `json:"wanted"`            // stores of the list
	Listed       int64 `json:"listed"`            // stores listed so far, in this phase
	ToList       int64 `json:"to_list,omitempty"` // stores that there are to list, as WeChat Pay says
	InLine       int64 `json:"in_line"`           // wanted and associated: nothing is sent for them
	Missing      int64 `json:"missing"`           // wanted and not associated
	Surplus      int64 `json:"surplus"`           // associated and not wanted
	Associate    int64 `json:"associate"`         // stores to be associated
	Disassociate int64 `json:"disassociate"`      // stores to be disassociated
	Contradicted int64 `json:"contradicted"`      // stores whose outcome the second list contradicts
	Settled      int64 `json:"settled,omitempty"` // stores whose call went unanswered, and which that list shows to be done
	Strange      int64 `json:"strange,omitempty"` // listed IDs that are no store IDs; they are left alone

	// What became of each half so far: together they are the job's succeeded and failed.
	AssociateSucceeded    int64 `json:"associate_succeeded"`
	AssociateFailed       int64 `json:"associate_failed"`
	DisassociateSucceeded int64 `json:"disassociate_succeeded"`
	DisassociateFailed    int64 `json:"disassociate_failed"`

	// Unsteady: the second list did not hold still, so that a store that it lacks is neither flagged nor settled.
	Unsteady bool `json:"unsteady,omitempty"`
}
