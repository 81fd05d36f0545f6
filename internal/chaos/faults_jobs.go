package chaos

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// killEnqueue kills the enqueuer while it stages, commits or enqueues. What it left must expire, or run to its end.
func (r *run) killEnqueue() error {
	stock := r.newStock("killed")
	path, ids, err := r.list(stock, r.Stores)
	if err != nil {
		return err
	}
	p, err := r.spawn("enqueue", r.arguments(path, stock)...)
	if err != nil {
		return err
	}
	if err := r.pause(r.between(5*time.Millisecond, 150*time.Millisecond)); err != nil {
		return err
	}
	p.kill()
	var left []job.Status
	if err := r.enqueue(&left, "jobs", "--stock", stock, "--redis", r.redis.direct, "--json"); err != nil {
		return err
	}
	for _, s := range left {
		r.logf("enqueue left job %s %s", s.Job, s.State)
		if s.State != job.Staging {
			r.jobs = append(r.jobs, &submitted{id: s.Job, stock: stock, ids: ids})
		}
	}
	return os.Remove(path)
}

func (r *run) pauseResume() error {
	j := r.jobs[r.rng.IntN(len(r.jobs))]
	if err := r.control("pause", j); err != nil {
		return err
	}
	if err := r.pause(r.between(0, 2*time.Second)); err != nil {
		return err
	}
	return r.control("resume", j)
}

func (r *run) cancelJob() error {
	if err := r.submit(r.newStock("cancelled"), r.Stores); err != nil {
		return err
	}
	if err := r.pause(r.between(0, 2*time.Second)); err != nil {
		return err
	}
	j := r.jobs[len(r.jobs)-1]
	j.cancelled = true
	return r.control("cancel", j)
}

// control tells a job something; one that has ended meanwhile is no matter.
func (r *run) control(verb string, j *submitted) error {
	err := r.enqueue(nil, verb, j.id, "--redis", r.redis.direct, "--json")
	if err != nil && (strings.Contains(err.Error(), job.CodeBadState) || r.forgot && strings.Contains(err.Error(), job.CodeUnknownJob)) {
		return nil
	}
	return err
}

// newStock names a stock that no job of this run had.
func (r *run) newStock(what string) string {
	r.stocks++
	return fmt.Sprintf("%s-%d", what, r.stocks)
}
