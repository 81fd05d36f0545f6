package ratelimit

import "time"

// clock is what a process knows of Redis' clock and of the way there, from the exchanges that it has had. It is not safe
// for concurrent use.
//
// An exchange that left at one moment and came back at another shows Redis' clock at some moment between: an interval
// for how far the two clocks are apart. What all intervals have in common is kept, widened by what clocks drift, and its
// middle taken. So a single slow round trip moves no call, and what is wrong by a way there that takes longer than the way
// back is the same for all calls of a process.
type clock struct {
	epoch int64     // of Redis' clock
	base  time.Time // what offsets are counted from

	known  bool
	least  int64 // Redis' clock less the time since base, at the least, in microseconds
	most   int64 // at the most
	since  time.Time
	trip   time.Duration // a round trip, smoothed; 0 before the first
	vary   time.Duration // by how much it varies
	latest time.Duration // the one before now
}

// Bounds of what is believed of a clock.
const (
	clockDrift = 500                     // microseconds a second: NTP sets no clock right by more
	tripMost   = 1500 * time.Millisecond // a round trip beyond this is an outage
)

// observe takes in that Redis' clock showed at, in microseconds, somewhere between sent and came. It reports whether that
// cannot be but by a jump of the clock.
func (c *clock) observe(epoch, at int64, sent, came time.Time) (jumped bool) {
	c.measure(came.Sub(sent))
	if c.base.IsZero() {
		c.base = sent
	}
	drift := 1 + int64(max(0, came.Sub(c.since).Seconds())*clockDrift)
	least, most := at-came.Sub(c.base).Microseconds(), at-sent.Sub(c.base).Microseconds()
	jumped = c.known && (least > c.most+drift || most < c.least-drift)
	if c.known && !jumped {
		least, most = max(least, c.least-drift), min(most, c.most+drift)
	}
	c.known, c.epoch, c.least, c.most, c.since = true, epoch, least, most, came
	return jumped
}

// measure takes in a round trip: what is slower counts at once, what is quicker bit by bit.
func (c *clock) measure(trip time.Duration) {
	c.latest = trip
	if c.trip == 0 {
		c.trip, c.vary = trip, trip/4
		return
	}
	if trip > c.trip {
		c.vary = max(c.vary, (trip-c.trip)/4)
	}
	c.vary += ((trip - c.trip).Abs() - c.vary) / 8
	c.trip += (trip - c.trip) / 8
}

// patience is how long a round trip may well take now. An outage does not count as one, but where all trips take so long.
func (c *clock) patience() time.Duration {
	return min(max(c.trip+4*c.vary, c.latest), max(tripMost, c.trip+2*c.vary))
}

// local is the moment of a slot by this process' clock.
func (c *clock) local(at int64) time.Time {
	return c.base.Add(time.Duration(at-c.least-(c.most-c.least)/2) * time.Microsecond)
}

// redis is what Redis' clock shows at a moment, and by how much that may be wrong, in microseconds. It is nothing where the
// clock is not known, or has not been compared for so long that the two may have drifted apart.
func (c *clock) redis(now time.Time) (at, wrong int64) {
	if !c.known {
		return 0, 0
	}
	drift := int64(now.Sub(c.since).Seconds() * clockDrift)
	return now.Sub(c.base).Microseconds() + c.least + (c.most-c.least)/2, (c.most-c.least)/2 + drift
}
