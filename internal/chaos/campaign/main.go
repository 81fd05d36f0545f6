// Command campaign runs seeds of the chaos campaign, on one kind of Redis or on each:
//
//	go run ./internal/chaos/campaign --seeds 1-100 --redis all
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := campaign(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "campaign:", err)
		os.Exit(1)
	}
}

// flags are what the campaign is told.
type flags struct {
	seeds, redis, only, programs string
	stores, workers, faults      int
	parallel                     int
	resync, verbose              bool
	schedule, length             time.Duration
	from, to                     uint64
	kinds                        []string
}

func parse() (f flags, err error) {
	flag.StringVar(&f.seeds, "seeds", "1-10", "the seeds to run, as `FIRST-LAST` or one")
	flag.StringVar(&f.redis, "redis", chaos.Single, "the kind of Redis: single, sentinel, cluster, or all")
	flag.IntVar(&f.stores, "stores", 3000, "stores of each job")
	flag.IntVar(&f.workers, "workers", 3, "worker processes")
	flag.IntVar(&f.faults, "faults", 4, "faults a seed; every other seed has only those after which no store may be sent again")
	flag.StringVar(&f.only, "only", "", "kinds of faults to choose from, separated by commas (default: all)")
	flag.IntVar(&f.parallel, "parallel", 4, "seeds at a time")
	flag.BoolVar(&f.resync, "resync", false, "kill all workers in each phase of a resync instead")
	flag.DurationVar(&f.schedule, "schedule", 0, "kill workers around the ticks of a schedule, one each ten seconds, for this `TIME` instead")
	flag.DurationVar(&f.length, "for", 0, "begin no seed when this `TIME` has passed (default: all)")
	flag.StringVar(&f.programs, "programs", "", "the `FOLDER` where the programs are, or are built if they are not there (default: a new one)")
	flag.BoolVar(&f.verbose, "verbose", false, "tell everything that happens")
	flag.Parse()
	first, last, ok := strings.Cut(f.seeds, "-")
	if !ok {
		last = first
	}
	var err1, err2 error
	f.from, err1 = strconv.ParseUint(first, 10, 64)
	f.to, err2 = strconv.ParseUint(last, 10, 64)
	if err1 != nil || err2 != nil || f.to < f.from {
		return f, fmt.Errorf("--seeds %s: it is FIRST-LAST, or one number", f.seeds)
	}
	switch {
	case f.redis == "all":
		f.kinds = chaos.Kinds
	case slices.Contains(chaos.Kinds, f.redis):
		f.kinds = []string{f.redis}
	default:
		return f, fmt.Errorf("--redis %s: it is %s or all", f.redis, strings.Join(chaos.Kinds, ", "))
	}
	if f.resync || f.schedule > 0 {
		if !setByHand("stores") {
			f.stores = 20_000
		}
	}
	return f, nil
}

func setByHand(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// silent keeps what the campaign's own connections to Redis meet out of its output: they are cut with all others.
type silent struct{}

// Printf implements the client's logger.
func (silent) Printf(context.Context, string, ...any) {}

func campaign(ctx context.Context) error {
	f, err := parse()
	if err != nil {
		return err
	}
	redis.SetLogger(silent{})
	dir, err := os.MkdirTemp("", "storelink-chaos-")
	if err != nil {
		return err
	}
	if f.programs == "" {
		f.programs = dir
	}
	if _, err := os.Stat(filepath.Join(f.programs, "worker")); err != nil {
		if err := errors.Join(os.MkdirAll(f.programs, 0o700), chaos.Build(ctx, ".", f.programs), chaos.BuildSkewed(ctx, ".", f.programs)); err != nil {
			return err
		}
	}
	t := table{began: time.Now(), kinds: map[string]*line{}}
	turn := make(chan struct{}, f.parallel)
	var all sync.WaitGroup
	over := func() bool { return ctx.Err() != nil || f.length > 0 && time.Since(t.began) > f.length }
	for seed := f.from; seed <= f.to && !over(); seed++ {
		for _, kind := range f.kinds {
			turn <- struct{}{}
			if over() {
				<-turn
				break
			}
			all.Go(func() {
				defer func() { <-turn }()
				f.run(ctx, dir, kind, seed, &t)
			})
		}
	}
	all.Wait()
	t.print()
	if t.failed > 0 {
		return fmt.Errorf("%d seeds failed", t.failed)
	}
	_ = os.RemoveAll(dir) // nobody needs the programs any more
	return ctx.Err()
}

// run runs one seed on one kind of Redis.
func (f flags) run(ctx context.Context, dir, kind string, seed uint64, t *table) {
	o := chaos.Options{Bin: f.programs, Dir: filepath.Join(dir, fmt.Sprintf("%s-%d", kind, seed)), Redis: kind, Seed: seed, Stores: f.stores,
		Workers: f.workers, Faults: f.faults, Strict: seed%2 == 0 && f.only == "", Latency: 250 * time.Millisecond,
		Patience: 4 * time.Minute, Log: io.Discard}
	if f.only != "" {
		o.Only = strings.Split(f.only, ",")
	}
	if f.verbose {
		o.Log = os.Stderr
	}
	run := chaos.Run
	if f.resync {
		run = chaos.RunResync
	}
	if f.schedule > 0 {
		o.Stores, o.Latency = min(o.Stores, 40_000), 20*time.Millisecond // a job that outlasts a tick has the next one skipped
		run = func(ctx context.Context, o chaos.Options) (chaos.Report, error) {
			return chaos.RunSchedule(ctx, o, f.schedule)
		}
	}
	var log *os.File
	if !f.verbose {
		var err error
		if err = os.MkdirAll(o.Dir, 0o700); err == nil {
			log, err = os.Create(filepath.Join(o.Dir, "campaign.log"))
		}
		if err != nil {
			fmt.Printf("seed %d on %s: %v\n", seed, kind, err)
		} else {
			o.Log = log
		}
	}
	report, err := run(ctx, o)
	if log != nil {
		_ = log.Close() // it is for whoever looks after a failure
	}
	if ctx.Err() != nil && !errors.Is(err, chaos.ErrBroken) {
		fmt.Printf("seed %d on %s was cut short\n", seed, kind)
		return
	}
	t.add(kind, report, err)
	again := ""
	if report.Again > 0 {
		again = fmt.Sprintf(", %d stores sent again", report.Again)
	}
	if err != nil {
		fmt.Printf("seed %d on %s FAILED after %v, %v: %v\n  files: %s\n  again: go run ./internal/chaos/campaign --redis %s --seeds %d"+
			" --stores %d --workers %d --faults %d --only %q --resync=%v --schedule %v --verbose\n", seed, kind,
			report.Took.Round(time.Second), report.Faults, err, o.Dir, kind, seed, f.stores, f.workers, f.faults, f.only, f.resync, f.schedule)
		return
	}
	fmt.Printf("seed %d on %s passed in %v, %d calls, %d refused%s, calls went on within %v, %v\n", seed, kind,
		report.Took.Round(time.Second), report.Calls, report.Refused, again, report.Slowest.Round(100*time.Millisecond), report.Faults)
	_ = os.RemoveAll(o.Dir) // nobody needs the files of a seed that passed
}
