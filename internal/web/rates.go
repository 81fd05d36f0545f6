package web

import (
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// maxRates is how many jobs' rates are remembered.
const maxRates = 1000

// rates remembers how far jobs were when somebody looked, so that a page can say how fast they move.
type rates struct {
	mu   sync.Mutex
	jobs map[string]*job.Meter
}

func newRates() *rates { return &rates{jobs: map[string]*job.Meter{}} }

// of is how many stores a second of a job are decided, or listed, of late; 0 where nobody knows.
func (r *rates) of(s job.Status, now time.Time) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.jobs[s.Job]
	if m == nil {
		if s.State != job.Running {
			return 0
		}
		if len(r.jobs) >= maxRates {
			r.forget(now)
		}
		m = &job.Meter{}
		r.jobs[s.Job] = m
	}
	return m.Look(&s, now)
}

// forget makes room: jobs that nobody has looked at lately, or else all.
func (r *rates) forget(now time.Time) {
	for id, m := range r.jobs {
		if now.Sub(m.Looked()) > job.MeterWindow {
			delete(r.jobs, id)
		}
	}
	if len(r.jobs) >= maxRates {
		clear(r.jobs)
	}
}
