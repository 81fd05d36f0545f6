// Command soak lets two workers do small things for an hour and tells whether what they and Redis hold stays as it is:
// memory, goroutines, open files, connections, keys. It must never be pointed at anything but processes of its own.
//
//	go run ./internal/soak --for 1h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	length    time.Duration // of all
	sample    time.Duration // between two samples
	pace      time.Duration // between two things that are done
	retention time.Duration // of ended jobs: so short that they expire within the run
	dir       string        // for all files; "" for one of the system's
	bin       string        // the folder with the programs; "" to build them
}

func run(ctx context.Context) error {
	var o options
	flag.DurationVar(&o.length, "for", time.Hour, "how `LONG` it runs: a sixth of it warms up, the next sixth is held against the last")
	flag.DurationVar(&o.sample, "sample", 30*time.Second, "the `TIME` between two samples")
	flag.DurationVar(&o.pace, "pace", 4*time.Second, "the `TIME` between two things that are done")
	flag.DurationVar(&o.retention, "retention", 5*time.Minute, "how `LONG` ended jobs are kept")
	flag.StringVar(&o.dir, "dir", "", "the `DIR` for logs and samples (default: a new one)")
	flag.StringVar(&o.bin, "bin", "", "the `DIR` with programs that an earlier soak has built")
	flag.Parse()
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "storelink-soak-")
		if err != nil {
			return err
		}
		o.dir = dir
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	if o.bin == "" {
		o.bin = filepath.Join(o.dir, "bin")
		if err := build(ctx, o.bin); err != nil {
			return err
		}
	}
	s := &soak{options: o}
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return err
	}
	samples, err := s.live(ctx)
	if err != nil {
		return err
	}
	s.tell(os.Stdout)
	if !verdict(os.Stdout, samples, o.length/6) {
		return errors.New("not everything is flat")
	}
	return nil
}
