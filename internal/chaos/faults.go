package chaos

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// fault is one kind of trouble. put puts it in, and takes it out again unless that is for finish.
type fault struct {
	name string
	put  func(*run) error
}

// faults are all kinds, by the names that --only takes.
var faults = []fault{
	{"kill-worker", (*run).killWorker},
	{"stop-worker", (*run).stopWorker},
	{"kill-redis", (*run).killRedis},
	{"kill-everything", (*run).killEverything},
	{"truncate-redis", (*run).truncateRedis},
	{"forget-asynq", (*run).forgetAsynq},
	{"cut-redis", (*run).cutRedis},
	{"slow-redis", (*run).slowRedis},
	{"kill-enqueue", (*run).killEnqueue},
	{"pause-resume", (*run).pauseResume},
	{"cancel", (*run).cancelJob},
	{"outage", (*run).outage},
}

// stopFor is longer than a lease: a run that is stopped for so long is not alone with its chunk when it goes on.
const stopFor = 11 * time.Second

func (r *run) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.rng.Int64N(int64(most-least)))
}

func (r *run) killWorker() error {
	r.crashed = true
	i := r.rng.IntN(len(r.workers))
	r.workers[i].kill()
	if err := r.pause(r.between(0, 3*time.Second)); err != nil {
		return err
	}
	var err error
	r.workers[i], err = r.startWorker(i)
	return err
}

func (r *run) stopWorker() error {
	r.crashed = true
	w := r.workers[r.rng.IntN(len(r.workers))]
	w.signal(syscall.SIGSTOP)
	err := r.pause(stopFor)
	w.signal(syscall.SIGCONT)
	return err
}

func (r *run) killRedis() error {
	r.crashed = true
	r.redis.kill()
	if err := r.pause(r.between(0, 4*time.Second)); err != nil {
		return err
	}
	return r.redis.start()
}

func (r *run) killEverything() error {
	r.crashed = true
	for _, w := range r.workers {
		w.kill()
	}
	r.redis.kill()
	if err := r.redis.start(); err != nil {
		return err
	}
	for i := range r.workers {
		var err error
		if r.workers[i], err = r.startWorker(i); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) truncateRedis() error {
	r.forgot, r.crashed = true, true
	r.redis.kill()
	if err := r.redis.truncate(1 + r.rng.Int64N(20_000)); err != nil {
		return err
	}
	return r.redis.start()
}

// forgetAsynq deletes asynq's keys, and leaves the ledger's.
func (r *run) forgetAsynq() error {
	const script = "for _, k in ipairs(redis.call('KEYS', 'asynq:*')) do redis.call('DEL', k) end return 1"
	answer, err := r.redis.do(fmt.Sprintf("*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n", len(script), script))
	if err == nil && !strings.HasPrefix(answer, ":1") {
		err = fmt.Errorf("the script answers %q", answer)
	}
	return err
}

func (r *run) cutRedis() error {
	r.crashed = true
	r.proxy.sever()
	err := r.pause(r.between(500*time.Millisecond, 5*time.Second))
	r.proxy.mend()
	return err
}

func (r *run) slowRedis() error {
	r.proxy.slow(r.between(20*time.Millisecond, 300*time.Millisecond))
	err := r.pause(3 * time.Second)
	r.proxy.mend()
	return err
}

// killEnqueue kills the enqueuer while it stages, commits or enqueues. What it left must expire, or run to its end.
func (r *run) killEnqueue() error {
	stock := fmt.Sprintf("killed-%d", len(r.jobs))
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
	if err := r.enqueue(&left, "jobs", "--stock", stock, "--redis", "redis://"+r.redis.addr, "--json"); err != nil {
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
	j := r.jobs[r.rng.IntN(2)]
	if err := r.control("pause", j); err != nil {
		return err
	}
	if err := r.pause(r.between(0, 2*time.Second)); err != nil {
		return err
	}
	return r.control("resume", j)
}

func (r *run) cancelJob() error {
	stock := fmt.Sprintf("cancelled-%d", len(r.jobs))
	if err := r.submit(stock, r.Stores); err != nil {
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
	err := r.enqueue(nil, verb, j.id, "--redis", "redis://"+r.redis.addr, "--json")
	if err != nil && (strings.Contains(err.Error(), job.CodeBadState) || r.forgot && strings.Contains(err.Error(), job.CodeUnknownJob)) {
		return nil
	}
	return err
}

// outage makes every call fail for a while.
func (r *run) outage() error {
	kind := []string{"500", "cut", "signature", "429"}[r.rng.IntN(4)]
	if err := r.ask("POST", "/sandbox/faults", strings.NewReader(`{"outage":"`+kind+`"}`), nil); err != nil {
		return err
	}
	if err := r.pause(r.between(time.Second, 5*time.Second)); err != nil {
		return err
	}
	return r.ask("POST", "/sandbox/faults", strings.NewReader(`{"outage":""}`), nil)
}
