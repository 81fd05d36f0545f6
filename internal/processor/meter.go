package processor

import (
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// Meter counts what the runs of an account do. It is told by every call, from many goroutines, and must not wait for
// anything.
type Meter interface {
	// Called tells of a call that was made, or could not be: one that was never to be made is not told of.
	Called(Called)
	// Waited tells how long a call waited for the pace until it got a slot.
	Waited(op job.Operation, d time.Duration)
	// Recorded tells what the ledger took over of what a call told.
	Recorded(op job.Operation, moved ledger.Moved)
}

// Called is how a call went.
type Called struct {
	Operation job.Operation
	Interface string        // that it counts for, as job.Interface names it
	Class     job.Class     // job.ClassNone for a verified 200
	Code      string        // of an answer that is none, as it came; "" where it has none
	Sent      int           // requests put on the wire; 0 where nobody could be reached
	Elapsed   time.Duration // from putting the last of them on the wire to the end of the answer
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Called(Called)                        {}
func (noMeter) Waited(job.Operation, time.Duration)  {}
func (noMeter) Recorded(job.Operation, ledger.Moved) {}
