package schedule

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Kind is why there is a run.
type Kind string

// The kinds of runs.
const (
	Tick     Kind = "tick"      // its time came
	CaughtUp Kind = "caught_up" // it makes up for a tick that was missed
	Manual   Kind = "manual"    // somebody asked for it
)

// RunState is what became of a run:
//
//	due → submitted → ended
//	due → failed | skipped | unchanged | missed
type RunState string

// The states of a run.
const (
	Due       RunState = "due"       // to be submitted; a worker is at it, or will be
	Submitted RunState = "submitted" // its job is committed
	Ended     RunState = "ended"     // its job has ended
	Failed    RunState = "failed"    // no job was made: the list cannot be read, or is no good
	Skipped   RunState = "skipped"   // no job was made: the last one, or another on the target, is at work
	Unchanged RunState = "unchanged" // no job was needed: the list is the same, and every store of it succeeded
	Missed    RunState = "missed"    // no worker was up
)

// Over says whether the run does not change any more.
func (s RunState) Over() bool { return s != Due && s != Submitted }

// Run is a tick of a schedule and what became of it.
type Run struct {
	Number       int64     `json:"run"` // from 1, in the order in which they came due
	Kind         Kind      `json:"kind"`
	Tick         time.Time `json:"tick"` // when it was due
	State        RunState  `json:"state"`
	Reason       string    `json:"reason,omitempty"` // a sentence: why it failed, was skipped or missed, or what it waits for
	Code         string    `json:"code,omitempty"`   // of the error that it failed with; job.CodeJobAtWork where that is why it was skipped
	Missed       int64     `json:"missed,omitempty"` // ticks that it stands for, where they were missed; the last is Tick
	Attempts     int       `json:"attempts,omitempty"`
	Worker       string    `json:"worker,omitempty"` // that was last at it
	RegisteredAt time.Time `json:"registered_at"`

	Job         string     `json:"job,omitempty"`
	SubmittedAt *time.Time `json:"submitted_at,omitempty"`
	Outcome     *Outcome   `json:"outcome,omitempty"` // of its job, once that has ended
}

// Outcome is how a run's job ended.
type Outcome struct {
	State       job.State `json:"state"`
	Total       int64     `json:"total"`
	Succeeded   int64     `json:"succeeded"`
	Failed      int64     `json:"failed"`
	Unprocessed int64     `json:"unprocessed"`
	Drift       *Drift    `json:"drift,omitempty"` // of a resync
	// Contradicted is how many stores of a resync that verified are not as WeChat Pay's list after the writes says.
	Contradicted int64     `json:"contradicted,omitempty"`
	EndedAt      time.Time `json:"ended_at"`
}

// Drift is how far a target was from its list, in stores.
type Drift struct {
	InLine  int64 `json:"in_line"`
	Missing int64 `json:"missing"` // on the list and not associated
	Surplus int64 `json:"surplus"` // associated and not on the list
}

// outcomeOf tells how a job ended.
func outcomeOf(s job.Status) *Outcome {
	o := &Outcome{State: s.State, Total: s.Total, Succeeded: s.Succeeded, Failed: s.Failed, Unprocessed: s.Unprocessed}
	if s.EndedAt != nil {
		o.EndedAt = *s.EndedAt
	}
	if r := s.Resync; r != nil && r.Phase != job.PhaseList {
		o.Drift = &Drift{InLine: r.InLine, Missing: r.Missing, Surplus: r.Surplus}
		o.Contradicted = r.Contradicted
	}
	return o
}

// record is a run as Redis has it. Moments in it are by Redis' clock, in Unix ms.
type record struct {
	Run
	Revision string `json:"rev"`   // of the definition that it came due for
	Until    int64  `json:"until"` // after which it is not tried again

	NextTry  int64  `json:"next_try,omitempty"` // before which it is left alone
	Token    string `json:"token,omitempty"`    // of whoever is at it
	Expires  int64  `json:"expires,omitempty"`  // when that is believed no longer
	Reading  bool   `json:"reading,omitempty"`  // that reads the list
	Orphaned int    `json:"orphaned,omitempty"` // how many of them were never heard of again while they did
	ETag     string `json:"etag,omitempty"`     // of the list that its job was made of
}

func (r record) raw() (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("describe run %d: %w", r.Number, err)
	}
	return string(text), nil
}

func readRecord(raw string) (r record, err error) {
	if err = json.Unmarshal([]byte(raw), &r); err != nil {
		return r, fmt.Errorf("a run in Redis cannot be read: %w", err)
	}
	return r, nil
}

// letGo clears what a run has while somebody is at it.
func (r *record) letGo() { r.Token, r.Expires, r.NextTry, r.Reading = "", 0, 0, false }
