package schedule

import (
	"strconv"
	"strings"
)

// The keys of schedules. All share one hash tag, so that one script can register a tick and list its run, on a cluster
// too; there are few schedules, and they are small. The number in the prefix is the version of their layout.
//
//	storelink:1:{schedules}:names          set: the schedules
//	storelink:1:{schedules}:open           set: NAME/NUMBER of each run that is not over
//	storelink:1:{schedules}:schedule:NAME  hash: the definition (JSON) and where the schedule stands, see the fields
//	storelink:1:{schedules}:runs:NAME      hash: number → run (JSON); the last maxRuns of them
//	storelink:1:{schedules}:untold         set: the IDs of the events that are not on their way to a hook yet
//	storelink:1:{schedules}:event:ID       an event (JSON); it expires after eventLife
//
// They last until the schedule is removed, and do not grow; but events outlive it until they are told.
const (
	prefix   = "storelink:1:{schedules}:"
	keyNames = prefix + "names"
	keyOpen  = prefix + "open"

	keyUntold = prefix + "untold"
)

func keySchedule(name string) string { return prefix + "schedule:" + name }
func keyRuns(name string) string     { return prefix + "runs:" + name }
func keyEvent(id string) string      { return prefix + "event:" + id }

// The fields of a schedule's hash.
const (
	fieldSpec   = "spec"   // the definition
	fieldRev    = "rev"    // its revision: another for each time that the schedule is added
	fieldRhythm = "rhythm" // cron and time zone
	fieldPaused = "paused" // 1 or 0
	fieldLast   = "last"   // up to when ticks are registered, Unix ms
	fieldSeq    = "seq"    // the number of the last run
	fieldJob    = "job"    // the last job
	fieldETag   = "etag"   // of the list that it was made of
)

var fields = []string{fieldSpec, fieldRev, fieldPaused, fieldLast, fieldSeq, fieldJob, fieldETag}

// openName is how a run is named in the set of those that are not over.
func openName(name string, number int64) string { return name + "/" + strconv.FormatInt(number, 10) }

func parseOpenName(s string) (name string, number int64, ok bool) {
	name, text, _ := strings.Cut(s, "/")
	number, err := strconv.ParseInt(text, 10, 64)
	return name, number, err == nil && ValidName(name)
}
