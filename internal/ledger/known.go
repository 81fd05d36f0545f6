package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/results"
)

// known is what does not change of a committed job, and the common failures that were seen of it.
type known struct {
	job   job.Job
	base  int // chunks of the list; those from here on are gathered
	total int64
	split int   // of a resync: chunks of the list that are to be associated; the others are to be disassociated
	half  int64 // stores of those

	mu      sync.Mutex
	texts   map[int][2]string  // code and message by number
	refused map[[2]string]bool // that may have none
}

// Bounds on the common failures of a job. What is over them is kept in each chunk's record.
const (
	maxTextLength = 512
	maxKnown      = 16_384 // jobs: more than are active at a time, or each look at them would read them all
)

// know reads what does not change of a job, once.
func (l *Ledger) know(ctx context.Context, id string) (*known, error) {
	l.mu.Lock()
	k := l.jobs[id]
	l.mu.Unlock()
	if k != nil {
		return k, nil
	}
	fields, err := l.rdb.HMGet(ctx, keysOf(id)[kJob], "meta", "base", "total", "state", "split", "half",
		"phase").Result()
	if err != nil {
		return nil, redisconn.CommandError("read job "+id, err)
	}
	meta, ok := fields[0].(string)
	if !ok {
		return nil, unknownJob(id)
	}
	k = &known{texts: map[int][2]string{}, refused: map[[2]string]bool{}}
	if err := json.Unmarshal([]byte(meta), &k.job); err != nil {
		return nil, fmt.Errorf("job %s in the ledger cannot be read: %w", id, err)
	}
	base, _ := fields[1].(string)
	total, _ := fields[2].(string)
	if k.base, err = strconv.Atoi(base); err != nil {
		return nil, fmt.Errorf("job %s in the ledger cannot be read: %w", id, err)
	}
	if k.total, err = strconv.ParseInt(total, 10, 64); err != nil {
		return nil, fmt.Errorf("job %s in the ledger cannot be read: %w", id, err)
	}
	split, _ := fields[4].(string)
	half, _ := fields[5].(string)
	k.split, k.half = atoi(split), int64(atoi(half))
	if state, _ := fields[3].(string); state == string(job.Staging) || fields[6] == phaseList || job.State(state).Ended() {
		return k, nil // it may still change, or nobody asks for it again and again
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for other := range l.jobs {
		if len(l.jobs) < maxKnown {
			break
		}
		delete(l.jobs, other) // any
	}
	l.jobs[id] = k
	return k, nil
}

// operation is what is done to the stores of a chunk of the list.
func (k *known) operation(chunk int) job.Operation {
	switch {
	case k.job.Operation != job.Resync:
		return k.job.Operation
	case chunk < k.split:
		return job.Associate
	}
	return job.Disassociate
}

// doubtful is how many of a tally's stores WeChat Pay's list is to settle: none where there is no such list.
func (k *known) doubtful(t results.Tally) int64 {
	if k.job.Target.StockID == "" {
		return 0 // a stock bundle has none
	}
	return t.Doubtful
}

// stores is how many stores a chunk of the list has.
func (k *known) stores(chunk int) int {
	first, until := 0, k.total
	if k.split > 0 && chunk < k.split {
		until = k.half
	} else if k.split > 0 || k.job.Operation == job.Resync {
		first, until = k.split, k.total-k.half
	}
	size := int64(k.job.ChunkSize)
	return int(min(size, until-int64(chunk-first)*size))
}

// forget drops what is known of a job that has ended or gone.
func (l *Ledger) forget(id string) {
	l.mu.Lock()
	delete(l.jobs, id)
	l.mu.Unlock()
}

// text gives a common failure by its number, reading the job's anew where it is one that was not seen yet.
func (l *Ledger) text(ctx context.Context, k *known, number int) (code, message string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t, ok := k.texts[number]; ok {
		return t[0], t[1], true
	}
	all, err := l.rdb.HGetAll(ctx, keysOf(k.job.ID)[kText]).Result()
	if err != nil {
		return "", "", false
	}
	for field, value := range all {
		var t [2]string
		if n, err := strconv.Atoi(field); err == nil && json.Unmarshal([]byte(value), &t) == nil {
			k.texts[n] = t
		}
	}
	t, ok := k.texts[number]
	return t[0], t[1], ok
}

// intern gives those of a record's failures that are short enough a number, and adds their texts to those that
// record.lua keeps once a job. The number is a hash of the text, so that it means the same whatever Redis forgets.
func (k *known) intern(r *results.Record, texts map[int]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range r.Failures {
		f := &r.Failures[i]
		if len(f.Code)+len(f.Message) > maxTextLength {
			continue
		}
		t := [2]string{f.Code, f.Message}
		text, err := json.Marshal(t)
		if err != nil || !roundTrips(text, t) {
			continue // no valid UTF-8: kept as it came
		}
		number := textNumber(text)
		known, seen := k.texts[number]
		other, taken := texts[number]
		if k.refused[t] || seen && known != t || taken && other != string(text) {
			f.Text = -1
			continue
		}
		f.Text, texts[number] = number, string(text)
	}
}

// refuse keeps a text that was refused its number out of those that are kept once a job.
func (k *known) refuse(text string) {
	var t [2]string
	if json.Unmarshal([]byte(text), &t) == nil {
		k.mu.Lock()
		k.refused[t] = true
		k.mu.Unlock()
	}
}

// textNumber is a hash of a text, in 28 bits: four bytes of a record.
func textNumber(text []byte) int {
	h := fnv.New32a()
	h.Write(text)
	return int(h.Sum32() & (1<<28 - 1))
}

func roundTrips(text []byte, t [2]string) bool {
	var back [2]string
	return json.Unmarshal(text, &back) == nil && back == t
}
