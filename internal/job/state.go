package job

// Verb is what a person, or a failure, asks of a job or a batch.
type Verb string

// The verbs.
const (
	Pause  Verb = "pause"
	Resume Verb = "resume"
	Cancel Verb = "cancel"
	Abort  Verb = "abort" // by a failure of the job as a whole; not of a batch
)

// changes is which state each verb leads to from which. Asking for what is so already is allowed, and changes nothing. It
// is the one place that says so: the ledger's scripts take it from here, the dashboard and completion offer by it.
var changes = map[Verb]map[State]State{
	Pause:  {Running: Paused, Paused: Paused},
	Resume: {Paused: Running, Running: Running},
	Cancel: {Scheduled: Cancelling, Running: Cancelling, Paused: Cancelling, Cancelling: Cancelling, Cancelled: Cancelled},
	Abort:  {Running: Aborting, Paused: Aborting},
}

// From returns the state that the verb leads to from another; allowed is false where it may not be asked for there.
func (v Verb) From(s State) (to State, allowed bool) {
	to, allowed = changes[v][s]
	return to, allowed
}

// Changes reports whether the verb may be asked for in a state, and leads to another.
func (v Verb) Changes(s State) bool {
	to, allowed := v.From(s)
	return allowed && to != s
}

// States are all the states of a job, in the order of its life.
var States = []State{Staging, Scheduled, Running, Paused, Completed, Cancelling, Cancelled, Aborting, Aborted}
