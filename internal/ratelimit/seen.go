package ratelimit

import (
	"fmt"
	"time"
)

// seen is what calls have shown since Redis was told of it.
type seen struct {
	ok        int64 // the latest slot whose call was not refused
	epoch     int64 // of ok
	answers   int
	low, high time.Duration // how long the quickest and the slowest answer took
	late      time.Duration // by how much this process sends unevenly, slowly forgotten
	kernel    time.Duration // by how much the way varies for the kernel, slowly forgotten
}

// delayedAck is what a peer may put off an acknowledgement by, as Linux does for up to 40 ms where it has nothing to send.
// The kernel takes that for the network: of its mean deviation, what such delays alone can make is not counted.
const delayedAck = 40 * time.Millisecond

// plausible bounds how unevenly calls arrive on the way there: what is beyond it is a lost packet, or a connection that had to
// be made first, and says nothing of the calls that follow.
const plausible = 200 * time.Millisecond

// answered takes in one answer.
func (s *seen) answered(p *Permit, sent Sent) {
	if p.epoch != s.epoch || p.at > s.ok {
		s.ok, s.epoch = p.at, p.epoch
	}
	if sent.Elapsed > 0 {
		if s.answers == 0 || sent.Elapsed < s.low {
			s.low = sent.Elapsed
		}
		s.high = max(s.high, sent.Elapsed)
		s.answers++
	}
	if !sent.At.IsZero() {
		s.late = max(s.late-s.late/100, min(plausible, sent.At.Sub(p.due)))
	}
	// A way whose times are spread evenly over J has a mean deviation of J/4, and a bimodal one of J/2.
	s.kernel = max(s.kernel-s.kernel/100, min(plausible, 4*(sent.RTTVar-delayedAck/2)))
}

// times is what the exchange script takes of the answers.
func (s *seen) times() string {
	return fmt.Sprintf("%d,%d,%d", s.answers, s.low.Microseconds(), s.high.Microseconds())
}

// uneven is by how much calls arrive unevenly at the least.
func (s *seen) uneven() time.Duration { return max(0, s.late) + max(0, s.kernel) }

// forget drops what Redis was told of.
func (s *seen) forget() { s.answers, s.low, s.high = 0, 0, 0 }
