package results

import (
	"time"

	"github.com/storelink/storelink/internal/job"
)

// row is what a record says of one store; left is how a pending one reads.
func (r *record) row(at int, store string, left job.Outcome) job.Row {
	e := &r.stores[at]
	row := job.Row{StoreID: store, Outcome: left, Attempts: int(e.attempts)}
	if e.call != 0 {
		c := r.calls[e.call-1]
		row.RequestID = c.requestID
		if e.state.decided() {
			t := time.UnixMilli(c.at).UTC()
			row.DecidedAt = &t
		}
	}
	if e.failure != 0 {
		f := r.failures[e.failure-1]
		row.Code, row.Message = f.code, f.message
	}
	switch e.state {
	case succeeded:
		row.Outcome = job.Succeeded // there is a message where the list settled it
		return row
	case failed:
		row.Outcome = job.Failed
	}
	if e.unanswered {
		if row.Message != "" {
			row.Message += " "
		}
		row.Message += unansweredNote
	}
	return row
}

// settledNote is the message of a store that WeChat Pay's list says was done, after a call for it that went unanswered.
const settledNote = "a call for it went unanswered; WeChat Pay's list after the writes shows that it was done"

// unansweredNote stands in the message of a store that is not succeeded though a call for it may have been carried out.
const unansweredNote = "(a call for it went unanswered: it may have been carried out)"
