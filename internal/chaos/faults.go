package chaos

import (
	"slices"
	"time"
)

// fault is one kind of trouble. put puts it in and takes it out again: when it returns, calls must go on.
type fault struct {
	name   string
	put    func(*run) error
	on     []string // kinds of Redis; nil for all
	elects bool     // its elections are foreseen
	gcc    bool     // it needs what BuildSkewed makes
}

// faults are all kinds, by the names that --only takes.
var faults = []fault{
	{name: "kill-worker", put: (*run).killWorker},
	{name: "freeze-worker", put: (*run).freezeWorker},
	{name: "stop-worker-18s", put: (*run).stopInFlight},
	{name: "reload-worker-18s", put: (*run).reloadInFlight},
	{name: "second-installation", put: (*run).secondInstallation},
	{name: "clock-worker", put: (*run).workerClock, gcc: true},

	{name: "kill-redis", put: (*run).killRedis, on: []string{Single}},
	{name: "kill-everything", put: (*run).killEverything, elects: true},
	{name: "truncate-redis", put: (*run).truncateRedis, on: []string{Single}},
	{name: "forget-asynq", put: (*run).forgetAsynq},
	{name: "full-disk", put: (*run).fullDisk, elects: true, gcc: true},
	{name: "maxmemory", put: (*run).maxMemory},
	{name: "clock-redis", put: (*run).redisClock, gcc: true},

	{name: "cut-redis", put: (*run).cutRedis},
	{name: "slow-redis", put: (*run).slowRedis},
	{name: "far-redis", put: (*run).farRedis},
	{name: "swallow-redis", put: (*run).swallowRedis},
	{name: "away-20s", put: func(r *run) error { return r.away(20 * time.Second) }},
	{name: "away-60s", put: func(r *run) error { return r.away(time.Minute) }},

	{name: "kill-master", put: (*run).killMaster, on: []string{Sentinel, Cluster}, elects: true},
	{name: "freeze-master", put: (*run).freezeMaster, on: []string{Sentinel, Cluster}, elects: true},
	{name: "fail-over-by-command", put: (*run).failOver, on: []string{Sentinel, Cluster}, elects: true},
	{name: "move-slots", put: (*run).moveSlots, on: []string{Cluster}, elects: true},

	{name: "kill-enqueue", put: (*run).killEnqueue},
	{name: "pause-resume", put: (*run).pauseResume},
	{name: "cancel", put: (*run).cancelJob},
	{name: "outage", put: (*run).outage},
}

// lenient are the kinds after which stores may be sent again though their answer had come: a process dies or stands still, or
// Redis forgets.
var lenient = []string{"kill-worker", "freeze-worker", "kill-everything", "truncate-redis", "kill-master", "freeze-master"}

func (r *run) strict(f fault) bool {
	return !slices.Contains(lenient, f.name) && (r.Redis == Single || f.name != "full-disk") &&
		(r.Redis == Cluster || f.name != "fail-over-by-command")
}

// Faults are the names of the kinds that can be put in on a kind of Redis.
func Faults(kind string) (names []string) {
	for _, f := range faults {
		if len(f.on) == 0 || slices.Contains(f.on, kind) {
			names = append(names, f.name)
		}
	}
	return names
}

// kinds are those that this run chooses from.
func (r *run) kinds() (all []fault) {
	for _, f := range faults {
		if (len(f.on) == 0 || slices.Contains(f.on, r.Redis)) && (len(r.Only) == 0 || slices.Contains(r.Only, f.name)) &&
			(!r.Strict || r.strict(f)) && (!f.gcc || r.made(diskLibrary) != "") {
			all = append(all, f)
		}
	}
	return all
}

func (r *run) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.rng.Int64N(int64(most-least)))
}
