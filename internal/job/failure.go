package job

// Class is what a failure means for those it concerns: the table "What a failure means" in docs/architecture.md.
type Class int

// The classes.
const (
	ClassNone           Class = iota // no failure: a verified 200
	ClassStore                       // this store is failed
	ClassAlready                     // the store was so before: it is succeeded
	ClassPassingStore                // this store stays pending and is sent again
	ClassPassingCall                 // the call proves nothing; the chunk is tried again
	ClassPace                        // 429: the pace stops for all, nothing is counted
	ClassPoisoned                    // 400 PARAM_ERROR: one store, or the request, is refused
	ClassJob                         // the job is hopeless and is aborted
	ClassAccount                     // 401: this worker's key, serial number, scheme or clock
	ClassNotSent                     // nothing was put on the wire: stopped while waiting, or the caller is shutting down
	ClassUnknownRefusal              // a readable 4xx whose code nobody knows: it speaks against its job alone
)

var classNames = [...]string{"none", "store", "already", "passing store", "passing call", "pace", "poisoned", "job",
	"account", "not sent", "unknown refusal"}

func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return "unknown"
	}
	return classNames[c]
}
