package web

import (
	"slices"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// How a rate is found: over the last looks at a job, which its page takes every two seconds.
const (
	rateWindow = 30 * time.Second
	rateLeast  = time.Second // between two looks that count
	rateSpan   = 3 * time.Second
	maxRates   = 1000 // jobs that are looked at
)

// rates remembers how far jobs were when somebody looked.
type rates struct {
	mu   sync.Mutex
	jobs map[string][]look
}

type look struct {
	at    time.Time
	done  int64
	phase job.Phase // of a resync: what is counted in one is something else in the next
}

func newRates() *rates { return &rates{jobs: map[string][]look{}} }

// of gives how many stores a second of a job are decided, or listed: of late, where it was looked at often enough, or else
// since it started.
func (r *rates) of(s job.Status, now time.Time) float64 {
	if s.State != job.Running || s.StartedAt == nil {
		return 0
	}
	done, _ := progress(s)
	var phase job.Phase
	if s.Resync != nil {
		phase = s.Resync.Phase
	} else if s.Settling != nil {
		phase = job.PhaseVerify
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	looks := r.jobs[s.Job]
	if looks == nil && len(r.jobs) >= maxRates {
		r.forget(now)
	}
	looks = slices.DeleteFunc(looks, func(l look) bool { return now.Sub(l.at) > rateWindow || l.done > done || l.phase != phase })
	if n := len(looks); n == 0 || now.Sub(looks[n-1].at) >= rateLeast {
		looks = append(looks, look{now, done, phase})
	}
	r.jobs[s.Job] = looks
	if first := looks[0]; now.Sub(first.at) >= rateSpan {
		return float64(done-first.done) / now.Sub(first.at).Seconds()
	}
	if since := now.Sub(*s.StartedAt); since > 0 && (phase == "" || phase == job.PhaseList) {
		return float64(done) / since.Seconds()
	}
	return 0
}

// forget makes room: jobs that nobody has looked at lately, or else all.
func (r *rates) forget(now time.Time) {
	for id, looks := range r.jobs {
		if len(looks) == 0 || now.Sub(looks[len(looks)-1].at) > rateWindow {
			delete(r.jobs, id)
		}
	}
	if len(r.jobs) >= maxRates {
		clear(r.jobs)
	}
}
