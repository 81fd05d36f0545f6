package ledger

import (
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/registry"
)

// The keys of the ledger. Those of a job share the hash tag {job}, so that one script may touch them all on a cluster,
// and expire together. The number in the prefix is the version of their layout.
//
//	storelink:1:{JOB}:job    hash: state, counts, cursor of the window, what was asked for (meta)
//	storelink:1:{JOB}:ids    hash: chunk → its store IDs (chunker.Encode), never changed
//	storelink:1:{JOB}:rec    hash: chunk → its record; none where the chunk was never sent
//	storelink:1:{JOB}:gath   hash: gathered chunk → where its stores come from
//	storelink:1:{JOB}:win    hash: chunk with a reminder out → GENERATION:DUE (Unix ms)
//	storelink:1:{JOB}:lease  hash: chunk being worked on → TOKEN:EXPIRY (Unix ms)
//	storelink:1:{JOB}:plan   hash: chunk being halved → the groups that are still to be sent
//	storelink:1:{JOB}:fail   hash: code → failed stores
//	storelink:1:{JOB}:want   hash: chunk → store IDs of the list that a resync works towards; until its plan is made
//	storelink:1:{JOB}:list   hash: page → store IDs that WeChat Pay lists; while a resync lists
//	storelink:1:{JOB}:mark   hash: chunk → places of stores whose outcome WeChat Pay's list contradicts
//	storelink:1:{JOB}:text   hash: number of a common failure's text (a hash of it) → that text
//
// A batch and its jobs, whose IDs are BATCH-1, BATCH-2 and so on, share the hash tag {BATCH}: their keys begin with
// storelink:1:{BATCH}-N:. A batch's job has no ids of its own: its hash says which list of the batch it shares.
//
//	storelink:1:{BATCH}:batch   hash: state, what was asked for, sums over the jobs that have ended
//	storelink:1:{BATCH}:list:N  hash: chunk → its store IDs
//	storelink:1:{BATCH}:wait:N  list: jobs of the batch's Nth account that wait for their turn
//	storelink:1:{BATCH}:run:N   set: those that have had it and are not among the sums yet
//
//	storelink:1:batches      zset: batch → when it was created; those that may not have ended
//	storelink:1:jobs         zset: job → when it was created; all that have not expired
//	storelink:1:active       zset: the same, of the jobs that may not have ended
//	storelink:1:target:…     string: the job at work on a target
const (
	keyJobs    = registry.Prefix + "jobs"
	keyActive  = registry.Prefix + "active"
	keyBatches = registry.Prefix + "batches"
)

// The places of a job's keys in every script's KEYS.
const (
	kJob = iota
	kIDs
	kRec
	kGath
	kWin
	kLease
	kPlan
	kFail
	kText
	kWant
	kList
	kMark
)

var jobKeys = [...]string{"job", "ids", "rec", "gath", "win", "lease", "plan", "fail", "text", "want", "list", "mark"}

// keysOf gives a job's keys in the order in which every script takes them.
func keysOf(id string) []string {
	keys := make([]string, len(jobKeys))
	tag, rest := batchOf(id)
	for i, k := range jobKeys {
		keys[i] = registry.Prefix + "{" + tag + "}" + rest + ":" + k
	}
	return keys
}

// batchOf cuts the ID of a batch's job, BATCH-N, before its last dash; rest is "" for any other job.
func batchOf(id string) (batch, rest string) {
	if strings.Count(id, "-") != 3 {
		return id, ""
	}
	at := strings.LastIndexByte(id, '-')
	return id[:at], id[at:]
}

func keyTarget(t job.Target) string {
	if t.StockBundleID != "" {
		return registry.Prefix + "target:" + t.ProductCouponID + ":bundle:" + t.StockBundleID
	}
	return registry.Prefix + "target:" + t.ProductCouponID + ":stock:" + t.StockID
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
