package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/storelink/storelink/internal/chaos"
)

// table sums up what became of all seeds.
type table struct {
	began time.Time

	mu            sync.Mutex
	kinds         map[string]*line // by the fault
	seeds, failed int
	strict        int // seeds of which no store might be sent again
	calls         int64
	slowest       time.Duration
}

// line is one kind of fault.
type line struct {
	on     map[string]int // how often it was put in, by the kind of Redis
	broken int            // how often a promise was broken right after it
	other  int            // how often it could not be put in
}

const atTheEnd = "(found at the end)"

func (t *table) of(fault string) *line {
	if t.kinds[fault] == nil {
		t.kinds[fault] = &line{on: map[string]int{}}
	}
	return t.kinds[fault]
}

func (t *table) add(kind string, r chaos.Report, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seeds++
	t.calls += r.Calls
	t.slowest = max(t.slowest, r.Slowest)
	if r.Strict {
		t.strict++
	}
	for _, fault := range r.Faults {
		t.of(fault).on[kind]++
	}
	if err == nil {
		return
	}
	t.failed++
	at := r.Broken
	if at == "" {
		at = atTheEnd
	}
	if errors.Is(err, chaos.ErrBroken) {
		t.of(at).broken++
	} else {
		t.of(at).other++
	}
}

func (t *table) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nfault\tsingle\tsentinel\tcluster\tviolations\tnot run\t")
	for _, fault := range slices.Sorted(maps.Keys(t.kinds)) {
		l := t.kinds[fault]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t\n", fault, l.on[chaos.Single], l.on[chaos.Sentinel], l.on[chaos.Cluster], l.broken, l.other)
	}
	_ = w.Flush() // standard output
	fmt.Printf("\n%d seeds, of %d of which no store might be sent again; %d calls; calls went on within %v of a fault's end; %d seeds failed; %v\n",
		t.seeds, t.strict, t.calls, t.slowest.Round(100*time.Millisecond), t.failed, time.Since(t.began).Round(time.Second))
}
