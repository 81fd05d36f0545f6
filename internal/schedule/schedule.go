// Package schedule makes jobs at set times: what a schedule is, when its ticks come, what became of each of them, and
// the service in every worker that turns a tick into a job.
//
// Its promise is that a tick makes exactly one job, however many workers there are and whatever becomes of them:
//
//   - A tick that has come due is registered as a run, by comparing and setting the schedule's last tick. However many
//     workers look, one registers it.
//   - A due run is worked on under a lease. Its holder reads the list, stages a job, and just before it commits it, binds
//     the run to that job (control.Submission.Bind): a run that is bound to another job already is not bound again before
//     that job is known to be gone, and a staged job that is gone can never be committed.
//   - Whoever takes over a run that is bound to a job makes sure first what became of it: the job is committed, and so it
//     is the run's; or it was still staged, and is discarded.
//
// So each attempt at a run stages a job of its own, and the run has one of them. A run changes only from the very record
// that was read, so that two workers can never both believe that they have it.
//
// This package must never commit a job that no run is bound to, and never send anything of a list that was not read to a
// clean end. It sends nothing to WeChat Pay.
package schedule

import (
	"slices"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Definition is what an operator has asked for: which job to make of which list, and when.
type Definition struct {
	Name     string `json:"name"` // 1 to MaxName of a-z, 0-9 and -
	Cron     string `json:"cron"` // five fields, a descriptor such as @daily, or @every DURATION
	Timezone string `json:"timezone"`
	// CatchUp makes up for the latest of the ticks that were missed while no worker was up; otherwise they are told alone.
	CatchUp bool `json:"catch_up,omitempty"`

	Source string `json:"source"` // what package source opens; its query may be a secret
	Column string `json:"column,omitempty"`
	Sheet  string `json:"sheet,omitempty"` // of a spreadsheet
	// Header, NoHeader and IDs are HeaderLine, NoHeader and IDs of storelist.Options.
	Header   int    `json:"header,omitempty"`
	NoHeader bool   `json:"no_header,omitempty"`
	IDs      string `json:"ids,omitempty"`

	// Job is what each tick makes: all but the ID, the source and what is learned of the list.
	Job job.Job `json:"job"`

	AddedAt time.Time `json:"added_at"`
	AddedBy string    `json:"added_by,omitempty"` // user@host
}

// MaxName is how long a schedule's name may be.
const MaxName = 63

// ValidName says whether s can be a schedule's name. It becomes a part of keys, so it has neither a colon, a brace nor a
// slash; nor may it begin or end with -, which would read as a flag.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxName || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// Check tells what is wrong with a definition, of what can be told without the ledger, the account and the source.
func (d Definition) Check() error {
	if !ValidName(d.Name) {
		return job.Errorf(job.CodeUsage, "%q is no name for a schedule: it is 1 to %d of a-z, 0-9 and -, and neither begins nor"+
			" ends with -", shorten(d.Name, MaxName), MaxName)
	}
	if _, err := ParseRhythm(d.Cron, d.Timezone); err != nil {
		return err
	}
	if why := longStep(d.Cron); why != "" { // a schedule that is there already keeps what it means
		return job.Errorf(job.CodeUsage, "--cron %q: %s", shorten(d.Cron, maxExpression), why)
	}
	switch op := d.Job.Operation; {
	case slices.Contains(job.Writes(), op):
	case op == job.Resync:
		if d.Job.Target.StockBundleID != "" {
			return job.Errorf(job.CodeUsage, "WeChat Pay has no call that lists the stores of a stock bundle, so that nothing can be"+
				" compared: schedule `associate` for a bundle, it does no harm to stores that are associated")
		}
	default:
		return job.Errorf(job.CodeUsage, "%q cannot be scheduled: what can is resync, associate and disassociate",
			shorten(string(op), MaxName))
	}
	if d.Job.At != nil {
		return job.Errorf(job.CodeUsage, "--at is for one job: a schedule's are sent when its ticks come")
	}
	return nil
}

// Schedule is a schedule as it stands.
type Schedule struct {
	Definition
	Paused  bool
	Next    *time.Time // its next tick; nil while it is paused
	LastRun *Run       // nil where there was none yet
	Runs    []Run      // the newest first; from Get alone
}

// shorten keeps what a person typed from flooding an error.
func shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}
