package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is how things stood at one moment.
type sample struct {
	At      time.Duration      `json:"at"`      // since the start, ns
	Figures map[string]float64 `json:"figures"` // by their names, as in bounds
}

// look takes a sample. A worker that is gone is an error.
func (s *soak) look(ctx context.Context, at time.Duration) (sample, error) {
	one := sample{At: at, Figures: map[string]float64{}}
	for i, w := range s.workers {
		rss, files, err := process(w.cmd.Process.Pid)
		if err != nil {
			return one, fmt.Errorf("worker %d: %w", i, err)
		}
		text, err := fetch(ctx, w.http, "/metrics")
		if err != nil {
			return one, fmt.Errorf("worker %d: %w", i, err)
		}
		name := fmt.Sprintf("worker %d ", i)
		one.Figures[name+rssMiB], one.Figures[name+openFiles] = rss, files
		one.Figures[name+goroutines] = metric(string(text), "go_goroutines")
		one.Figures[name+heapMiB] = metric(string(text), "go_memstats_heap_inuse_bytes") / (1 << 20)
	}
	info, err := s.redis.InfoMap(ctx, "memory", "clients").Result()
	if err != nil {
		return one, err
	}
	keys, err := s.redis.DBSize(ctx).Result()
	if err != nil {
		return one, err
	}
	memory, err := strconv.ParseFloat(info["Memory"]["used_memory"], 64)
	if err != nil {
		return one, err
	}
	clients, err := strconv.ParseFloat(info["Clients"]["connected_clients"], 64)
	if err != nil {
		return one, err
	}
	one.Figures["Redis "+redisKeys], one.Figures["Redis "+redisMiB], one.Figures["Redis "+connections] = float64(keys), memory/(1<<20), clients
	return one, nil
}

// tag and number are what differs between keys of one kind.
var (
	tag    = regexp.MustCompile(`\{[^}]*\}`)
	number = regexp.MustCompile(`[0-9]+`)
)

// kinds writes how many keys of each kind there are, so that what grows has a name.
func (s *soak) kinds(ctx context.Context, out io.Writer) error {
	counts := map[string]int{}
	for all := s.redis.Scan(ctx, 0, "*", 1000).Iterator(); ; {
		if !all.Next(ctx) {
			if err := all.Err(); err != nil {
				return err
			}
			break
		}
		counts[number.ReplaceAllString(tag.ReplaceAllString(all.Val(), "{}"), "N")]++
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "%6d %s\n", counts[kind], kind)
	}
	return nil
}

// process is a process' resident memory (MiB) and how many files it has open.
func process(pid int) (rss, files float64, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			if err != nil {
				return 0, 0, err
			}
			rss = kib / 1024
		}
	}
	if rss == 0 { // a process that has ended and was not waited for has no memory
		return 0, 0, fmt.Errorf("process %d has ended: see its log", pid)
	}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	return rss, float64(len(open)), err
}

// metric is a figure without labels of /metrics; -1 where there is none.
func metric(text, name string) float64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return v
			}
		}
	}
	return -1
}
