package job

import (
	"slices"
	"time"
)

// Progress reports how far the job is: how many stores are decided and how many there are or, while it lists what is
// associated, how many are listed and how many there are to list, as WeChat Pay says (0 before it has). what tells one
// counting from the next: a resync's phase, PhaseVerify where the job settles, else "".
func (s *Status) Progress() (done, total int64, what Phase) {
	switch {
	case s.Settling != nil:
		what = PhaseVerify
	case s.Resync != nil:
		what = s.Resync.Phase
	}
	listed, toList, lists := s.Lists()
	if !lists {
		return s.Succeeded + s.Failed, s.Total, what
	}
	if toList > 0 {
		total = max(toList, listed)
	}
	return listed, total, what
}

// Meter measures how fast a job moves, over the last MeterWindow of those that look at it. The zero value has not looked
// yet. It is used by one goroutine at a time.
type Meter struct {
	looks []metered
	what  Phase
}

type metered struct {
	at   time.Time
	done int64
}

const (
	// MeterWindow is how far back a meter looks: long enough for calls of 200 stores to even out, short enough that what was
	// before a pause or an outage says nothing of what comes.
	MeterWindow = 15 * time.Second

	meterLeast = time.Second            // of time that a rate is found over
	meterApart = 200 * time.Millisecond // between two looks that are kept
)

// Look takes a look at the job at a moment, and returns how many stores a second are decided, or listed, of late; 0 where
// that is not known: the job does not run, or nobody looked at it within the window. Where it began within the window, one
// look is enough.
func (m *Meter) Look(s *Status, now time.Time) float64 {
	done, _, what := s.Progress()
	if s.State != Running {
		m.looks = nil
		return 0
	}
	if n := len(m.looks); what != m.what || n > 0 && done < m.looks[n-1].done {
		m.looks, m.what = nil, what // what is counted is something else
	}
	m.looks = slices.DeleteFunc(m.looks, func(l metered) bool { return now.Sub(l.at) > MeterWindow })
	if n := len(m.looks); n == 0 || now.Sub(m.looks[n-1].at) >= meterApart {
		m.looks = append(m.looks, metered{now, done})
	}
	first := m.looks[0]
	if took := now.Sub(first.at); took >= meterLeast {
		return float64(done-first.done) / took.Seconds()
	}
	if s.StartedAt != nil && (what == "" || what == PhaseList) {
		if took := now.Sub(*s.StartedAt); took >= meterLeast && took <= MeterWindow {
			return float64(done) / took.Seconds()
		}
	}
	return 0
}

// Looked is when the job was looked at last; zero where it was not.
func (m *Meter) Looked() time.Time {
	if len(m.looks) == 0 {
		return time.Time{}
	}
	return m.looks[len(m.looks)-1].at
}

// Left is how long it takes from done to total at so many a second; below 0 where it cannot be told.
func Left(done, total int64, rate float64) time.Duration {
	if rate <= 0 {
		return -1
	}
	return time.Duration(float64(max(0, total-done)) / rate * float64(time.Second))
}
