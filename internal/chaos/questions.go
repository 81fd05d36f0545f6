package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

const (
	// goOnWithin is how soon after the end of a fault calls are made again.
	goOnWithin = 30 * time.Second
	// inFlight is how many calls a worker has under way at the most, those whose answers wait to be recorded among them.
	inFlight = 28
	// chunkSize is how many stores a call takes here, and callsASecond how many WeChat Pay's stand-in permits.
	chunkSize    = 20
	callsASecond = 20
)

// dies notes that so many workers die, or stand still for longer than their leases last: whoever takes over sends again
// what they had in flight.
func (r *run) dies(workers int) {
	r.crashed = true
	r.excused += int64(workers * inFlight * chunkSize)
}

// forgets notes that Redis forgets up to so many of its last calls: then their stores are sent again.
func (r *run) forgets(calls int) {
	r.forgot, r.crashed = true, true
	r.excused += int64(calls * chunkSize)
}

// counted is what the sandbox counts.
type counted struct {
	Calls      int64
	Violations struct {
		TooManyStores int64    `json:"too_many_stores"`
		Repeats       int64    `json:"repeats"`
		Again         int64    `json:"sent_again_after_success"`
		AgainFailed   int64    `json:"sent_again_after_failure"`
		Examples      []string `json:"examples"`
	}
	Interfaces []struct{ Refused int64 }
}

func (r *run) counted() (c counted, err error) {
	err = r.get("/sandbox/stats", func(b io.Reader) error { return json.NewDecoder(b).Decode(&c) })
	return c, err
}

// feed sees to it that at least so many stores wait for their calls, so that whatever comes now meets work.
func (r *run) feed(least int64) error {
	waiting := int64(0)
	for _, j := range r.jobs {
		if j.ended || j.id == "" {
			continue
		}
		s, err := r.status(j.id)
		switch {
		case err != nil && r.forgot && strings.Contains(err.Error(), job.CodeUnknownJob):
			j.id = "" // it was committed in what Redis forgot
			continue
		case err != nil:
			return err
		case s.State.Ended():
			j.ended = true
		case s.State == job.Running:
			waiting += s.Pending
		}
	}
	for ; waiting < least; waiting += int64(r.Stores) {
		if err := r.submit(r.newStock("more"), r.Stores); err != nil {
			return err
		}
	}
	return nil
}

// goOn asks whether calls are made again soon enough.
func (r *run) goOn(after string) error {
	began := time.Now()
	first, err := r.counted()
	if err != nil {
		return err
	}
	fed := false
	for end := began.Add(goOnWithin); ; {
		if err := r.pause(200 * time.Millisecond); err != nil {
			return err
		}
		now, err := r.counted()
		if err != nil {
			return err
		}
		switch {
		case now.Calls >= first.Calls+3:
			took := time.Since(began)
			r.logf("calls go on %v after %s; %d stores were sent again so far", took.Round(10*time.Millisecond), after,
				now.Violations.Again+now.Violations.AgainFailed)
			r.slowest = max(r.slowest, took)
			return nil
		case !fed && time.Since(began) > 5*time.Second:
			// There may be nothing left to do, which is no violation. Feeding takes time of its own.
			asked := time.Now()
			if err := r.feed(1000); err != nil {
				return err
			}
			fed, end = true, end.Add(time.Since(asked))
		case time.Now().After(end):
			return broken("no call was made within %v of the end of %s", goOnWithin, after)
		}
	}
}

// checkAgain asks whether stores were sent again though their answers had come and been delivered.
func (r *run) checkAgain() error {
	c, err := r.counted()
	if err != nil {
		return err
	}
	again := c.Violations.Again + c.Violations.AgainFailed
	r.logf("%d stores were sent again after their answer; %d may be, for what died or was forgotten", again, r.excused)
	if again > r.excused {
		return broken("%d stores were sent again after their answer, %d might have been: %v", again, r.excused, c.Violations.Examples)
	}
	return nil
}

// usage is what a worker takes.
type usage struct{ goroutines, files, connections, memory int64 }

func (u usage) most(o usage) usage {
	return usage{max(u.goroutines, o.goroutines), max(u.files, o.files), max(u.connections, o.connections), max(u.memory, o.memory)}
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d connections to Redis, %d MiB", u.goroutines, u.files, u.connections, u.memory>>20)
}

// usage asks all workers what they take, and gives the most of each.
func (r *run) usage() (most usage, err error) {
	for _, w := range r.workers {
		_, text, err := ask(r.ctx, "http://"+w.http+"/metrics")
		if err != nil {
			return most, err
		}
		one := usage{goroutines: metric(text, "go_goroutines"), connections: metric(text, "storelink_redis_connections")}
		proc := fmt.Sprintf("/proc/%d/", w.cmd.Process.Pid)
		files, err := os.ReadDir(proc + "fd")
		if err != nil {
			return most, err
		}
		one.files = int64(len(files))
		status, err := os.ReadFile(proc + "status")
		if err != nil {
			return most, err
		}
		if rss, ok := strings.CutSuffix(fields(string(status))["VmRSS"], " kB"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSpace(rss), 10, 64)
			one.memory = kib << 10
		}
		most = most.most(one)
	}
	return most, nil
}

// metric is the value of a figure without labels.
func metric(text, name string) int64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			v, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int64(v)
		}
	}
	return 0
}

// warmUp runs a small job to its end, and notes what workers take that have nothing more to do.
func (r *run) warmUp() error {
	if err := r.submit(r.newStock("first"), r.Stores/2); err != nil {
		return err
	}
	if err := r.awaitEnd(r.jobs[0]); err != nil {
		return err
	}
	if err := r.pause(3 * time.Second); err != nil {
		return err
	}
	var err error
	r.before, err = r.usage()
	r.logf("a worker takes %v", r.before)
	return err
}

// bound is what a worker may take at the end: what it took at the beginning, and what comes with having been busy, pools
// that are filled to their bounds and a heap that has grown.
func (r *run) bound() usage {
	pools := int64(64 + 10)
	servers := int64(len(r.redis.masters()))
	return usage{goroutines: r.before.goroutines + 40, files: r.before.files + servers*pools, connections: servers*pools + 8,
		memory: r.before.memory + 64<<20}
}

// checkUsage asks whether all that workers took has come back.
func (r *run) checkUsage() error {
	var now usage
	bound := r.bound()
	err := r.until(90*time.Second, "workers take what they took before", func() (bool, error) {
		var err error
		now, err = r.usage()
		return now.most(bound) == bound, err
	})
	r.logf("a worker takes %v; it took %v", now, r.before)
	if err != nil && r.ctx.Err() == nil {
		return broken("a worker takes %v, and took %v at the beginning: %v", now, r.before, err)
	}
	if err != nil {
		return err
	}
	return r.checkWays()
}

// checkWays asks whether Redis has more connections than its clients know of.
func (r *run) checkWays() error {
	open, known := 0, int64(0)
	err := r.until(30*time.Second, "Redis has no more connections than workers have", func() (bool, error) {
		open, known = 0, 0
		r.redis.each(func(p *proxy) { open += p.clients() })
		for _, w := range r.workers {
			_, text, err := ask(r.ctx, "http://"+w.http+"/metrics")
			if err != nil {
				return false, err
			}
			known += metric(text, "storelink_redis_connections")
		}
		// Beside those, each worker has up to two to each server of a cluster, to ask where the masters are.
		return int64(open) <= known+int64(2*len(r.workers)*len(r.redis.nodes))+4, nil
	})
	if err != nil && r.ctx.Err() == nil {
		return broken("Redis has %d connections, workers know of %d", open, known)
	}
	return err
}

// clients counts the workers' connections that are open.
func (p *proxy) clients() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, w := range p.conns {
		if w.clients && c.LocalAddr().String() == p.addr {
			n++
		}
	}
	return n
}
