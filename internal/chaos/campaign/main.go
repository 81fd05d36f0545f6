// Command campaign runs seeds of the chaos campaign: go run ./internal/chaos/campaign --seeds 1-100.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

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

func campaign(ctx context.Context) error {
	seeds := flag.String("seeds", "1-10", "the seeds to run, as `FIRST-LAST` or one")
	stores := flag.Int("stores", 20_000, "stores of each job")
	workers := flag.Int("workers", 3, "worker processes")
	count := flag.Int("faults", 6, "faults a seed")
	only := flag.String("only", "", "kinds of faults to choose from, separated by commas (default: all)")
	parallel := flag.Int("parallel", 2, "seeds at a time")
	resync := flag.Bool("resync", false, "kill all workers in each phase of a resync instead")
	scheduled := flag.Duration("schedule", 0, "kill workers around the ticks of a schedule, one each ten seconds, for this `TIME` instead")
	verbose := flag.Bool("verbose", false, "tell everything that happens")
	flag.Parse()
	first, last, ok := strings.Cut(*seeds, "-")
	if !ok {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 64)
	to, err2 := strconv.ParseUint(last, 10, 64)
	if err1 != nil || err2 != nil || to < from {
		return fmt.Errorf("--seeds %s: it is FIRST-LAST, or one number", *seeds)
	}
	dir, err := os.MkdirTemp("", "storelink-chaos-")
	if err != nil {
		return err
	}
	if err := chaos.Build(ctx, ".", dir); err != nil {
		return err
	}
	log := io.Discard
	if *verbose {
		log = os.Stderr
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	kinds, failed, began := map[string]int{}, 0, time.Now()
	turn := make(chan struct{}, *parallel)
	for seed := from; seed <= to && ctx.Err() == nil; seed++ {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			o := chaos.Options{Bin: dir, Dir: filepath.Join(dir, fmt.Sprint("seed-", seed)), Seed: seed, Stores: *stores,
				Workers: *workers, Faults: *count, Latency: 250 * time.Millisecond, Patience: 3 * time.Minute, Log: log}
			if *only != "" {
				o.Only = strings.Split(*only, ",")
			}
			run := chaos.Run
			if *resync {
				run = chaos.RunResync
			}
			if *scheduled > 0 {
				o.Stores, o.Latency = min(o.Stores, 40_000), 20*time.Millisecond // a job that outlasts a tick has the next one skipped
				run = func(ctx context.Context, o chaos.Options) (chaos.Report, error) {
					return chaos.RunSchedule(ctx, o, *scheduled)
				}
			}
			report, err := run(ctx, o)
			mu.Lock()
			defer mu.Unlock()
			for _, f := range report.Faults {
				kinds[f]++
			}
			if err != nil {
				failed++
				fmt.Printf("seed %d FAILED after %v, %v: %v\n  files: %s\n  again: go run ./internal/chaos/campaign --seeds %d --stores %d"+
					" --workers %d --faults %d --only %q --resync=%v --schedule %v --verbose\n", seed, report.Took.Round(time.Second), report.Faults, err, o.Dir, seed,
					*stores, *workers, *count, *only, *resync, *scheduled)
				return
			}
			fmt.Printf("seed %d passed in %v, %d calls, %v\n", seed, report.Took.Round(time.Second), report.Calls, report.Faults)
			_ = os.RemoveAll(o.Dir) // nobody needs the files of a seed that passed
		})
	}
	wg.Wait()
	fmt.Printf("%d seeds, %d failed, in %v; faults: %v\n", to-from+1, failed, time.Since(began).Round(time.Second), kinds)
	if failed > 0 {
		return fmt.Errorf("%d seeds failed", failed)
	}
	return ctx.Err()
}
