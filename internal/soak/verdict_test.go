package main

import (
	"io"
	"testing"
	"time"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		figure string
		first  float64
		growth float64 // within the hour
		flat   bool
	}{
		"memory that stays":           {"worker 0 " + rssMiB, 30, 0, true},
		"memory that breathes":        {"worker 0 " + rssMiB, 30, 2, true},
		"memory that grows":           {"worker 0 " + rssMiB, 30, 5, false},
		"a goroutine each minute":     {"worker 1 " + goroutines, 60, 60, false},
		"a connection each minute":    {"Redis " + connections, 20, 60, false},
		"a file each ten minutes":     {"worker 1 " + openFiles, 30, 6, false},
		"keys that fall":              {"Redis " + redisKeys, 900, -500, true},
		"keys that grow":              {"Redis " + redisKeys, 900, 200, false},
		"memory of Redis that grows":  {"Redis " + redisMiB, 3, .7, false},
		"a figure that nobody bounds": {"worker 0 something", 1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var samples []sample
			for at := time.Duration(0); at <= time.Hour; at += time.Minute {
				samples = append(samples, sample{at, map[string]float64{c.figure: c.first + c.growth*at.Hours()}})
			}
			if got := verdict(io.Discard, samples, 10*time.Minute); got != c.flat {
				t.Errorf("flat is %v", got)
			}
		})
	}
}

func TestVerdictWithoutSamplesIsNotFlat(t *testing.T) {
	t.Parallel()
	if verdict(io.Discard, nil, time.Minute) {
		t.Error("nothing was looked at, and it is flat")
	}
	if verdict(io.Discard, []sample{{0, map[string]float64{"Redis " + redisKeys: 1}}}, time.Minute) {
		t.Error("one look, and it is flat")
	}
}
