package job

import "time"

// Reminder says that a chunk of a job wants work: all that a task on the queue carries. Generation tells it from
// earlier reminders for the same chunk, of which only the latest counts.
type Reminder struct {
	Job        string
	Chunk      int
	Generation int64
	Delay      time.Duration // before which it is not due; not part of a task's payload
}
