package job

import "time"

// Reminder says that a chunk of a job wants work: all that a task on the queue carries. Generation tells it from
// earlier reminders for the same chunk, of which only the latest counts.
type Reminder struct {
	Job        string
	Chunk      int           // from 0; a job's gathered chunks come after those of its list, and -1 is a resync's listing
	Generation int64         // from 1
	Delay      time.Duration // before which it is not due; not part of a task's payload
}
