package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// Lane is an account as one worker serves it.
type Lane struct {
	Account  string                   `json:"account"`
	Mode     job.Mode                 `json:"mode"`
	Identity string                   `json:"identity"`         // mchid or brand_id
	Hosts    []string                 `json:"hosts,omitempty"`  // where its calls go, as job.Installation has them
	Serial   string                   `json:"serial,omitempty"` // of the key that signs
	Rate     float64                  `json:"rate"`             // calls a second allowed, each interface; 0 for no rate limit
	State    string                   `json:"state"`            // one of job's Lane constants
	Reason   string                   `json:"reason"`
	Limits   map[string]job.RateLimit `json:"limits,omitempty"` // by interface
}

// Installation is what the account's name stands for in this worker.
func (l Lane) Installation() job.Installation {
	return job.Installation{Mode: l.Mode, Identity: l.Identity, Hosts: l.Hosts}
}

// reason is why a lane is in its state or, where it serves, what there is to tell of its rate limits.
func (l Lane) reason() string {
	if l.Reason != "" || l.State != job.LaneServing {
		return l.Reason
	}
	var parts []string
	for _, of := range slices.Sorted(maps.Keys(l.Limits)) {
		if limit := l.Limits[of]; limit.Notable(time.Now()) {
			parts = append(parts, of+": "+limit.Text(time.Now()))
		}
	}
	return strings.Join(parts, ", ")
}

// merge takes over the rate limits that are younger.
func merge(into, limits map[string]job.RateLimit) {
	for name, p := range limits {
		if known, ok := into[name]; !ok || p.At.After(known.At) {
			into[name] = p
		}
	}
}

// How long what workers publish is believed.
const (
	// WorkerLife is how long a worker counts as there after it was last seen; they publish several times as often.
	WorkerLife  = 15 * time.Second
	accountLife = 30 * 24 * time.Hour // how long an account is known after its last worker
)

// published is a worker's lanes as they stand in Redis.
type published struct {
	Worker string    `json:"worker"`
	Seen   time.Time `json:"seen"`
	Lanes  []Lane    `json:"lanes"`
}

// publishedAccount is an account as its workers have told of it.
type publishedAccount struct {
	Mode     job.Mode  `json:"mode"`
	Identity string    `json:"identity"`
	Rate     float64   `json:"rate"`
	Seen     time.Time `json:"seen"`
}

// Publish tells what a worker's lanes are, for WorkerLife. accounts says that the accounts themselves are to be told
// too, which is needed at a worker's start and every few hours.
func (r *Registry) Publish(ctx context.Context, worker string, lanes []Lane, accounts bool) error {
	now := r.now().UTC()
	doc, err := json.Marshal(published{Worker: worker, Seen: now, Lanes: lanes})
	if err != nil {
		return fmt.Errorf("describe the lanes: %w", err)
	}
	_, err = r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, keyWorker(worker), doc, WorkerLife)
		p.ZAdd(ctx, keyWorkers, redis.Z{Score: float64(now.UnixMilli()), Member: worker})
		p.ZRemRangeByScore(ctx, keyWorkers, "-inf", strconv.FormatInt(now.Add(-10*WorkerLife).UnixMilli(), 10))
		p.Expire(ctx, keyWorkers, 10*WorkerLife)
		if !accounts {
			return nil
		}
		for _, lane := range lanes {
			if lane.State == job.LaneConflict {
				continue // the account is another's
			}
			doc, err := json.Marshal(publishedAccount{Mode: lane.Mode, Identity: lane.Identity, Rate: lane.Rate, Seen: now})
			if err != nil {
				return err
			}
			p.HSet(ctx, keyAccounts, lane.Account, doc)
		}
		p.Expire(ctx, keyAccounts, accountLife)
		return nil
	})
	return redisconn.CommandError("publish the lanes", err)
}

// Unpublish takes a worker that stops out of the list.
func (r *Registry) Unpublish(ctx context.Context, worker string) error {
	_, err := r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, keyWorker(worker))
		p.ZRem(ctx, keyWorkers, worker)
		return nil
	})
	return redisconn.CommandError("unpublish the lanes", err)
}

// Accounts gives the accounts that workers have published, by name, with the workers that serve them now. Pace is what
// the workers tell; the rate where they tell nothing.
func (r *Registry) Accounts(ctx context.Context) ([]job.AccountInfo, error) {
	known, err := r.rdb.HGetAll(ctx, keyAccounts).Result()
	if err != nil {
		return nil, redisconn.CommandError("list the accounts", err)
	}
	infos, limits := map[string]*job.AccountInfo{}, map[string]map[string]job.RateLimit{}
	for name, doc := range known {
		var a publishedAccount
		if err := json.Unmarshal([]byte(doc), &a); err != nil {
			continue // one that cannot be read hides no other; its workers publish it again
		}
		if time.Since(a.Seen) > accountLife {
			continue
		}
		infos[name] = &job.AccountInfo{Name: name, Mode: a.Mode, Identity: a.Identity, Pace: map[string]float64{}, Limits: map[string]job.RateLimit{},
			Workers: []job.WorkerLane{}}
	}
	workers, err := r.workers(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		for _, lane := range w.Lanes {
			info := infos[lane.Account]
			if info == nil {
				info = &job.AccountInfo{Name: lane.Account, Mode: lane.Mode, Identity: lane.Identity,
					Pace: map[string]float64{}, Limits: map[string]job.RateLimit{}}
				infos[lane.Account] = info
			}
			if limits[lane.Account] == nil {
				limits[lane.Account] = map[string]job.RateLimit{}
			}
			merge(limits[lane.Account], lane.Limits)
			info.Workers = append(info.Workers, job.WorkerLane{ID: w.Worker, State: lane.State, Reason: lane.reason(),
				LastSeen: w.Seen, ServedAs: lane.Installation(), Serial: lane.Serial})
		}
	}
	out := make([]job.AccountInfo, 0, len(infos))
	for _, name := range slices.Sorted(maps.Keys(infos)) {
		for of, p := range limits[name] {
			infos[name].Pace[of] = p.Rate
			infos[name].Limits[of] = p
		}
		out = append(out, *infos[name])
	}
	return out, nil
}

// workers gives what those workers publish that are there.
func (r *Registry) workers(ctx context.Context) ([]published, error) {
	ids, err := r.rdb.ZRange(ctx, keyWorkers, 0, -1).Result()
	if err != nil || len(ids) == 0 {
		return nil, redisconn.CommandError("list the workers", err)
	}
	docs := make([]*redis.StringCmd, len(ids))
	_, err = r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			docs[i] = p.Get(ctx, keyWorker(id))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisconn.CommandError("list the workers", err)
	}
	var out []published
	for _, doc := range docs {
		if errors.Is(doc.Err(), redis.Nil) {
			continue // it went away
		}
		var p published
		if err := json.Unmarshal([]byte(doc.Val()), &p); err != nil {
			continue // as above
		}
		out = append(out, p)
	}
	return out, nil
}

// FillLanes tells in status documents how the jobs' accounts are served.
func (r *Registry) FillLanes(ctx context.Context, all []*job.Status) error {
	wanted := false
	for _, s := range all {
		wanted = wanted || s != nil && !s.State.Ended()
	}
	if !wanted {
		return nil
	}
	workers, err := r.workers(ctx)
	if err != nil {
		return err
	}
	lanes, limits := map[string]job.LaneState{}, map[string]map[string]job.RateLimit{}
	served := map[string][]job.Installation{}
	for _, w := range workers {
		for _, lane := range w.Lanes {
			if lane.State != job.LaneConflict {
				served[lane.Account] = append(served[lane.Account], lane.Installation())
			}
			if limits[lane.Account] == nil {
				limits[lane.Account] = map[string]job.RateLimit{}
			}
			merge(limits[lane.Account], lane.Limits)
			if best, ok := lanes[lane.Account]; !ok || job.LaneBefore(lane.State, best.State) {
				lanes[lane.Account] = job.LaneState{State: lane.State, Reason: lane.Reason}
			}
		}
	}
	for _, s := range all {
		if s == nil || s.State.Ended() {
			continue
		}
		var ok bool
		if s.Lane, ok = lanes[s.Account]; !ok {
			s.Lane = job.LaneState{State: job.LaneUnserved, Reason: "no worker serves account " + s.Account + " at the moment"}
		}
		elsewhere(s, served[s.Account])
		op := s.Operation
		if s.Resync != nil {
			op = job.Associate
		}
		if _, _, lists := s.Lists(); lists {
			op = job.List
		}
		of := job.Interface(op, job.Target{StockID: s.StockID, StockBundleID: s.StockBundleID})
		if p := limits[s.Account][of]; s.Lane.State == job.LaneServing && s.Lane.Reason == "" && !p.At.IsZero() {
			s.Lane.Reason = p.Text(time.Now())
		}
	}
	return nil
}

// elsewhere tells of a job that none of the workers may go on with which serve its account.
func elsewhere(s *job.Status, served []job.Installation) {
	if s.SentTo == nil || len(served) == 0 || slices.ContainsFunc(served, s.SentTo.Same) {
		return
	}
	s.Lane = job.LaneState{State: job.LaneConflict, Reason: SentElsewhere(*s.SentTo, served[0])}
}

// SentElsewhere says why a worker does not go on with a job that was served as another installation first, and what to do.
func SentElsewhere(first, now job.Installation) string {
	return "the job is being sent as " + first.String() + ", and its account is served as " + now.String() +
		" at the moment: let a worker with the former configuration finish it, or cancel it and submit it again"
}
