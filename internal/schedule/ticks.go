package schedule

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// How ticks and their runs are counted as late.
const (
	// lateness is how long after a tick a worker may come to it for the first time: a restart of all workers takes less. A
	// tick that is later was missed.
	lateness = 10 * time.Second
	// patience is how long a run is tried again while what it needs fails in passing. The next tick ends it too.
	patience = 10 * time.Minute
	// grace is how long after that a worker may still begin with a run: one that was killed at it is replaced by then.
	grace = time.Minute
)

// due gives the runs for the ticks that have come since ticks were last registered, and up to when they are registered
// with these. Ticks that were missed make one run together, which tells so; with CatchUp the latest of them is made up
// for, unless another has come on time since.
func (e entry) due(now time.Time) (runs []record, last time.Time) {
	last = e.last
	missed, latest := e.rhythm.between(last, now.Add(-lateness))
	if missed > 0 {
		last = latest
	}
	var onTime []time.Time
	for t := e.rhythm.Next(last); !t.IsZero() && !t.After(now); t = e.rhythm.Next(t) {
		onTime, last = append(onTime, t), t
	}
	catchUp := missed > 0 && e.CatchUp && len(onTime) == 0
	if told := missed; told > 0 {
		reason := "no worker was up"
		if catchUp {
			told, reason = told-1, "no worker was up; a later tick is made up for"
		}
		if told > 0 {
			at := latest
			if catchUp {
				_, at = e.rhythm.between(e.last, latest.Add(-time.Nanosecond))
			}
			r := e.newRecord(Tick, at, now)
			r.State, r.Missed, r.Reason = Missed, told, reason
			runs = append(runs, r)
		}
	}
	if catchUp {
		runs = append(runs, e.newRecord(CaughtUp, latest, now))
	}
	for _, t := range onTime {
		runs = append(runs, e.newRecord(Tick, t, now))
	}
	for i := range runs {
		runs[i].Number = e.seq + 1 + int64(i)
	}
	return runs, last
}

func (e entry) newRecord(kind Kind, tick, now time.Time) record {
	until := now.Add(patience)
	if next := e.rhythm.Next(tick); kind == Tick && !next.IsZero() && next.Before(until) {
		until = next
	}
	return record{Run: Run{Kind: kind, Tick: tick, State: Due, RegisteredAt: now.UTC()}, Revision: e.rev, Until: until.UnixMilli()}
}

// registerRuns registers runs of a schedule, and says whether it did: somebody else may have been first. last is up to
// when ticks are registered with them; zero where they are no ticks. seen is the look that found them due.
func (b *Book) registerRuns(ctx context.Context, e entry, runs []record, last time.Time, seen around) (bool, error) {
	numbers, err := b.rdb.HKeys(ctx, keyRuns(e.Name)).Result()
	if err != nil {
		return false, redisconn.CommandError("read the runs of schedule "+e.Name, err)
	}
	oldest := runs[len(runs)-1].Number - maxRuns // is dropped
	numbers = slices.DeleteFunc(numbers, func(s string) bool {
		n, err := strconv.ParseInt(s, 10, 64)
		return err != nil || n > oldest || seen.open[openName(e.Name, n)]
	})
	upTo := ""
	if !last.IsZero() {
		upTo = itoa(last.UnixMilli())
	}
	was := e.last
	if !last.IsZero() {
		e.last = last // for what their events say
	}
	keys := []string{keyOpen, keySchedule(e.Name), keyRuns(e.Name), keyUntold}
	args := []any{e.Name, e.rev, itoa(was.UnixMilli()), itoa(e.seq), upTo, len(numbers)}
	for _, n := range numbers {
		args = append(args, n)
	}
	args = append(args, eventLife.Milliseconds())
	for _, r := range runs {
		raw, err := r.raw()
		if err != nil {
			return false, err
		}
		id, event, err := e.event(r, seen.now).written()
		if err != nil {
			return false, err
		}
		if id != "" {
			keys = append(keys, keyEvent(id))
		}
		args = append(args, r.Number, flag(!r.State.Over()), raw, id, event)
	}
	done, err := b.register.Run(ctx, b.rdb, keys, args...).Int()
	if err != nil {
		return false, redisconn.CommandError("register the ticks of schedule "+e.Name, err)
	}
	return done == 1, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// RunNow registers a run of a schedule that is due now, paused or not, and gives it: a worker does it, after the
// schedule's runs that are due already. job.CodeUnknownSchedule where there is no such schedule.
func (b *Book) RunNow(ctx context.Context, name string) (Run, error) {
	const tries = 20 // against others who register at the same time
	for range tries {
		e, err := b.entry(ctx, name)
		if err != nil {
			return Run{}, err
		}
		seen, err := b.lookAround(ctx)
		if err != nil {
			return Run{}, err
		}
		r := e.newRecord(Manual, seen.now.In(e.rhythm.zone), seen.now)
		r.Number = e.seq + 1
		done, err := b.registerRuns(ctx, e, []record{r}, time.Time{}, seen)
		if err != nil {
			return Run{}, err
		}
		if done {
			return r.Run, nil
		}
	}
	return Run{}, job.Errorf(job.CodeRedis, "schedule %s changed again and again meanwhile: try once more", name)
}

// around is what a look begins with.
type around struct {
	now   time.Time // by Redis' clock
	names []string
	open  map[string]bool // openName of the runs that are not over

	untold []string // events that are not on their way yet: untoldAtOnce of them at the most
}

// untoldAtOnce is how many events one look puts on their way.
const untoldAtOnce = 100

func (b *Book) lookAround(ctx context.Context) (a around, err error) {
	all, err := b.look.Run(ctx, b.rdb, []string{keyNames, keyOpen, keyUntold}, untoldAtOnce).Slice()
	if err != nil {
		return a, redisconn.CommandError("look at the schedules", err)
	}
	if len(all) != 4 {
		return a, fmt.Errorf("a script returned %d values", len(all))
	}
	ms, _ := all[0].(string)
	now, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return a, fmt.Errorf("a script returned %q for the time", ms)
	}
	a.now, a.open = time.UnixMilli(now), map[string]bool{}
	names, _ := all[1].([]any)
	for _, v := range names {
		if name, _ := v.(string); ValidName(name) {
			a.names = append(a.names, name)
		}
	}
	open, _ := all[2].([]any)
	for _, v := range open {
		if s, ok := v.(string); ok {
			a.open[s] = true
		}
	}
	untold, _ := all[3].([]any)
	for _, v := range untold {
		if s, ok := v.(string); ok {
			a.untold = append(a.untold, s)
		}
	}
	return a, nil
}
