package schedule

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

func script(name string) *redis.Script {
	text, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err) // embedded: a build without it does not exist
	}
	return redis.NewScript(string(text))
}

// maxRuns is how many runs of a schedule are remembered; those that are not over are kept beyond it.
const maxRuns = 50

// Book has the schedules of one Redis. It is safe for concurrent use.
type Book struct {
	rdb redis.UniversalClient

	add, remove, pause, look, register, change *redis.Script // each documented in its own file
}

// Open gives the schedules in a Redis. It sends nothing yet, and the client stays the caller's to close.
func Open(rdb redis.UniversalClient) *Book {
	return &Book{rdb: rdb, add: script("add"), remove: script("remove"), pause: script("pause"), look: script("look"),
		register: script("register"), change: script("change")}
}

// Add adds a schedule, whose first tick is the first after now, and says whether it replaces one of its name. One that is
// there is refused with job.CodeUsage unless replace is set: then it keeps its runs, stays paused where it is, and keeps
// to its ticks where these come at the same times. Its job goes on.
func (b *Book) Add(ctx context.Context, d Definition, replace bool) (replaced bool, err error) {
	if err := d.Check(); err != nil {
		return false, err
	}
	spec, err := json.Marshal(d)
	if err != nil {
		return false, fmt.Errorf("describe schedule %s: %w", d.Name, err)
	}
	flag := "0"
	if replace {
		flag = "1"
	}
	word, err := b.add.Run(ctx, b.rdb, []string{keyNames, keySchedule(d.Name)}, d.Name, flag, rand.Text(),
		d.Cron+" "+d.Timezone, spec).Text()
	if err != nil {
		return false, redisconn.CommandError("add schedule "+d.Name, err)
	}
	if word == "exists" {
		return false, job.Errorf(job.CodeUsage, "there is a schedule %s already: --replace puts this one in its place", d.Name)
	}
	return word == "replaced", nil
}

// Remove removes a schedule and what it remembers; job.CodeUnknownSchedule where there is none. Its job goes on.
func (b *Book) Remove(ctx context.Context, name string) error {
	return b.steer(name, "remove", b.remove.Run(ctx, b.rdb, []string{keyNames, keyOpen, keySchedule(name), keyRuns(name)}, name))
}

// Pause keeps a schedule from having ticks; job.CodeUnknownSchedule where there is none. Its job goes on.
func (b *Book) Pause(ctx context.Context, name string) error {
	return b.steer(name, "pause", b.pause.Run(ctx, b.rdb, []string{keySchedule(name)}, 1))
}

// Resume lets a schedule have ticks again, from now on; job.CodeUnknownSchedule where there is none.
func (b *Book) Resume(ctx context.Context, name string) error {
	return b.steer(name, "resume", b.pause.Run(ctx, b.rdb, []string{keySchedule(name)}, 0))
}

func (b *Book) steer(name, verb string, cmd *redis.Cmd) error {
	done, err := cmd.Int()
	if err != nil {
		return redisconn.CommandError(verb+" schedule "+name, err)
	}
	if done == 0 {
		return unknownSchedule(name)
	}
	return nil
}

// Get gives a schedule with its runs; job.CodeUnknownSchedule where there is none.
func (b *Book) Get(ctx context.Context, name string) (Schedule, error) {
	e, err := b.entry(ctx, name)
	if err != nil {
		return Schedule{}, err
	}
	records, err := b.records(ctx, name)
	if err != nil {
		return Schedule{}, err
	}
	s := e.schedule()
	s.Runs = make([]Run, 0, len(records))
	for _, r := range slices.Backward(records) {
		s.Runs = append(s.Runs, r.Run)
	}
	if len(s.Runs) > 0 {
		s.LastRun = &s.Runs[0]
	}
	return s, nil
}

// List gives the schedules by name.
func (b *Book) List(ctx context.Context) ([]Schedule, error) {
	names, err := b.rdb.SMembers(ctx, keyNames).Result()
	if err != nil {
		return nil, redisconn.CommandError("list the schedules", err)
	}
	slices.Sort(names)
	entries, err := b.entries(ctx, names)
	if err != nil {
		return nil, err
	}
	latest := make([]*redis.StringCmd, len(entries))
	_, err = b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, e := range entries {
			latest[i] = p.HGet(ctx, keyRuns(e.Name), itoa(e.seq))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisconn.CommandError("list the schedules", err)
	}
	out := make([]Schedule, len(entries))
	for i, e := range entries {
		out[i] = e.schedule()
		if raw, err := latest[i].Result(); err == nil {
			r, err := readRecord(raw)
			if err != nil {
				return nil, err
			}
			out[i].LastRun = &r.Run
		}
	}
	return out, nil
}

// Run gives one run of a schedule; job.CodeUnknownSchedule where there is none.
func (b *Book) Run(ctx context.Context, name string, number int64) (Run, error) {
	raw, err := b.rdb.HGet(ctx, keyRuns(name), itoa(number)).Result()
	if errors.Is(err, redis.Nil) {
		return Run{}, unknownSchedule(name)
	}
	if err != nil {
		return Run{}, redisconn.CommandError("read a run of schedule "+name, err)
	}
	r, err := readRecord(raw)
	return r.Run, err
}

func unknownSchedule(name string) error {
	return job.Errorf(job.CodeUnknownSchedule, "there is no schedule %q (`enqueue schedule list` tells which there are)",
		shorten(name, MaxName))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
