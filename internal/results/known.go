package results

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/storelink/storelink/internal/job"
)

// known is what does not change of a committed job, and the common failures that were seen of it.
type known struct {
	job   job.Job
	base  int // chunks of the list; those from here on are gathered
	total int64

	mu      sync.Mutex
	texts   map[int][2]string // code and message by number
	numbers map[[2]string]int
	full    bool // the job has as many texts as it may
}

// Bounds on the common failures of a job. What is over them is kept in each chunk's record.
const (
	maxTexts      = 1024
	maxTextLength = 512
	maxKnown      = 512 // jobs
)

// know reads what does not change of a job, once.
func (l *Ledger) know(ctx context.Context, id string) (*known, error) {
	l.mu.Lock()
	k := l.jobs[id]
	l.mu.Unlock()
	if k != nil {
		return k, nil
	}
	fields, err := l.rdb.HMGet(ctx, keysOf(id)[kJob], "meta", "base", "total", "state").Result()
	if err != nil {
		return nil, redisError("read job "+id, err)
	}
	meta, ok := fields[0].(string)
	if !ok {
		return nil, unknownJob(id)
	}
	k = &known{texts: map[int][2]string{}, numbers: map[[2]string]int{}}
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
	if fields[3] == string(job.Staging) {
		return k, nil // it may still change
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.jobs) >= maxKnown {
		clear(l.jobs)
	}
	l.jobs[id] = k
	return k, nil
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
		n, err := strconv.Atoi(field)
		if err != nil {
			continue // 't' and a text: the way back
		}
		var t [2]string
		if json.Unmarshal([]byte(value), &t) == nil {
			k.texts[n], k.numbers[t] = t, n
		}
	}
	t, ok := k.texts[number]
	return t[0], t[1], ok
}

// intern numbers those of a record's failures that are common enough to be kept once a job. A failure to do so only
// costs memory.
func (l *Ledger) intern(ctx context.Context, k *known, r *record) {
	for i := range r.failures {
		f := &r.failures[i]
		if f.text >= 0 || len(f.code)+len(f.message) > maxTextLength {
			continue
		}
		t := [2]string{f.code, f.message}
		k.mu.Lock()
		number, ok := k.numbers[t]
		full := k.full
		k.mu.Unlock()
		if !ok {
			if full {
				continue
			}
			text, err := json.Marshal(t)
			if err != nil || !roundTrips(text, t) {
				continue // no valid UTF-8: kept as it came
			}
			number, err = l.run(ctx, l.scripts.intern, k.job.ID, text, maxTexts).Int()
			if err != nil {
				continue
			}
			k.mu.Lock()
			if number < 0 {
				k.full = true
			} else {
				k.texts[number], k.numbers[t] = t, number
			}
			k.mu.Unlock()
			if number < 0 {
				continue
			}
		}
		f.text = number
	}
}

func roundTrips(text []byte, t [2]string) bool {
	var back [2]string
	return json.Unmarshal(text, &back) == nil && back == t
}
