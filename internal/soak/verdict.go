package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// The figures, each with its unit.
const (
	rssMiB      = "resident memory, MiB"
	heapMiB     = "heap in use, MiB"
	goroutines  = "goroutines"
	openFiles   = "open files"
	redisKeys   = "keys"
	redisMiB    = "used memory, MiB"
	connections = "connections"
)

// slack is by how much a figure's mean may be higher at the end and still be called flat: a share of it, and so much beside.
var slack = map[string]struct{ share, least float64 }{
	rssMiB:      {.05, 1},
	heapMiB:     {.05, 1},
	goroutines:  {.02, 3},
	openFiles:   {0, 3},
	redisKeys:   {.05, 10},
	redisMiB:    {.05, .1}, // schedules keep fifty runs each: 0.02 MiB come with them within the hour
	connections: {0, 4},
}

// verdict writes a row a figure: its mean within a window after as long a warm-up, and within the last window. It reports
// whether all of them are flat; without samples in both, none is.
func verdict(out io.Writer, samples []sample, window time.Duration) bool {
	if len(samples) == 0 {
		return false
	}
	end := samples[len(samples)-1].At
	names := slices.Sorted(maps.Keys(samples[0].Figures))
	fmt.Fprintf(out, "\n%-34s %16s %16s %9s\n", "mean of", fmt.Sprintf("%v to %v", window.Round(time.Second), (2*window).Round(time.Second)),
		fmt.Sprint("last ", window.Round(time.Second)), "")
	flat := true
	for _, name := range names {
		first, n := mean(samples, name, window, 2*window)
		last, m := mean(samples, name, end-window, end)
		word := "flat"
		if n == 0 || m == 0 || !isFlat(name, first, last) {
			word, flat = "NOT FLAT", false
		}
		fmt.Fprintf(out, "%-34s %16.2f %16.2f %9s\n", name, first, last, word)
	}
	return flat
}

// isFlat reports whether a figure that was first on the mean and is last now has not grown.
func isFlat(name string, first, last float64) bool {
	for kind, s := range slack {
		if strings.HasSuffix(name, kind) {
			return last <= first*(1+s.share)+s.least
		}
	}
	return false
}

// mean is a figure's mean over the n samples that were taken within a time.
func mean(samples []sample, name string, from, to time.Duration) (mean float64, n int) {
	for _, s := range samples {
		if s.At >= from && s.At <= to {
			mean += s.Figures[name]
			n++
		}
	}
	if n > 0 {
		mean /= float64(n)
	}
	return mean, n
}
