package notify

import (
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Ended is the event that a job or a batch has ended; attempt counts from 1.
func Ended(status job.Status, attempt int) Event {
	e := Event{ID: "ended:" + status.Job, Type: "job.ended", At: time.Now().UTC(), Attempt: attempt}
	if status.EndedAt != nil {
		e.At = *status.EndedAt
	}
	if status.Targets > 0 {
		e.Type, e.Batch = "batch.ended", status
	} else {
		e.Job = &status
	}
	return e
}
