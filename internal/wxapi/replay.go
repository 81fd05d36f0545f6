package wxapi

import (
	"hash/maphash"
	"sync"
	"time"
)

// Bounds of what is remembered of answers: an answer is of this moment for maxSkew on either side of it, so one is
// remembered for twice that, and for up to twice as long. Beyond maxAnswers in that time, 870 a second, the oldest are
// forgotten sooner.
const (
	answerLife = 2 * maxSkew
	maxAnswers = 1 << 19 // some 10 MiB, twice
)

// Replays remembers which signed answers were seen. WeChat Pay's signature covers an answer's time, nonce and body, and not
// the request: whoever is in the middle (a proxy that opens TLS) could answer with one that was good for an earlier call.
// So each proves something once. It is safe for concurrent use, by as many clients as a process has.
type Replays struct {
	seed maphash.Seed

	mu          sync.Mutex
	began       time.Time           // when now was begun
	now, before map[uint64]struct{} // hashes: two that are equal by chance make one call more
}

// NewReplays gives one that has seen nothing.
func NewReplays() *Replays {
	return &Replays{seed: maphash.MakeSeed(), began: time.Now(), now: map[uint64]struct{}{}}
}

// again notes an answer, and says whether it was noted before.
func (r *Replays) again(serial, timestamp, nonce string) bool {
	key := maphash.String(r.seed, serial+"\n"+timestamp+"\n"+nonce)
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := time.Since(r.began); age > answerLife || len(r.now) >= maxAnswers {
		r.before, r.now, r.began = r.now, map[uint64]struct{}{}, time.Now()
		if age > 2*answerLife {
			r.before = nil
		}
	}
	_, now := r.now[key]
	_, before := r.before[key]
	r.now[key] = struct{}{}
	return now || before
}
