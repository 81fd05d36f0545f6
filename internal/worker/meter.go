package worker

import (
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/schedule"
)

// Meter counts what a worker does. It is told from many goroutines, and must not wait for anything.
type Meter interface {
	// Account is what the calls of one of the worker's accounts are counted by.
	Account(name string) processor.Meter
	// Tripped tells that an account is not served any more: the state is job.LaneOutage or job.LaneRefused.
	Tripped(account, state string)
	// Running tells how many jobs of each account run, as the watcher saw it just now.
	Running(jobs map[string]int)
	// Looked tells that the reconciler looked, at how many jobs that have not ended, by state; nil where another worker's
	// is at work. An error says that it could not look at everything.
	Looked(jobs map[job.State]int, err error)
	// Found tells what the reconciler found, as one of the Found constants; n may be zero.
	Found(what string, n int)
	// Told tells what became of a hook's delivery, as one of the Hook constants.
	Told(outcome string)
	// ScheduleRun tells of a schedule's run that is over.
	ScheduleRun(run schedule.Run)
}

// What the reconciler finds.
const (
	FoundLost  = "lost_reminder" // a reminder that was due and is not on the queue: chunks
	FoundHoles = "hole"          // room in a job's window, or a lease that ran out: chunks
	FoundStuck = "stuck_job"     // nothing left to do, and no end: jobs
)

// What becomes of a hook's delivery.
const (
	HookDelivered = "delivered"
	HookRetried   = "retried"  // it failed, and is tried again
	HookGivenUp   = "given_up" // it failed for good
)

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Account(string) processor.Meter  { return noCalls{} }
func (noMeter) Tripped(string, string)          {}
func (noMeter) Running(map[string]int)          {}
func (noMeter) Looked(map[job.State]int, error) {}
func (noMeter) Found(string, int)               {}
func (noMeter) Told(string)                     {}
func (noMeter) ScheduleRun(schedule.Run)        {}

// noCalls counts no calls.
type noCalls struct{}

func (noCalls) Called(processor.Called)              {}
func (noCalls) Waited(job.Operation, time.Duration)  {}
func (noCalls) Recorded(job.Operation, ledger.Moved) {}
