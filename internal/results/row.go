package results

import (
	"time"

	"github.com/storelink/storelink/internal/job"
)

// row is what a record says of one store; left is how a pending one reads.
func (r *Record) Row(at int, store string, left job.Outcome) job.Row {
	e := &r.Stores[at]
	row := job.Row{StoreID: store, Outcome: left, Attempts: int(e.Attempts)}
	if e.Call != 0 {
		c := r.Calls[e.Call-1]
		row.RequestID = c.RequestID
		if e.State.Decided() {
			t := time.UnixMilli(c.At).UTC()
			row.DecidedAt = &t
		}
	}
	if e.failure != 0 {
		f := r.Failures[e.failure-1]
		row.Code, row.Message = f.Code, f.Message
	}
	switch e.State {
	case Succeeded:
		row.Outcome = job.Succeeded // there is a message where the list settled it
		return row
	case Failed:
		row.Outcome = job.Failed
	}
	if e.Unanswered {
		if row.Message != "" {
			row.Message += " "
		}
		row.Message += unansweredNote
	}
	return row
}

// settledNote is the message of a store that WeChat Pay's list says was done, after a call for it that went unanswered.
const SettledNote = "a call for it went unanswered; WeChat Pay's list after the writes shows that it was done"

// unansweredNote stands in the message of a store that is not succeeded though a call for it may have been carried out.
const unansweredNote = "(a call for it went unanswered: it may have been carried out)"
