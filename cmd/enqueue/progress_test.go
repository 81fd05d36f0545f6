package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

var start = time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC)

func TestBarFitsItsLine(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 10, 20, 30, 60, 80, 100, 300} {
		var out strings.Builder
		b := &bar{w: &out, width: func() int { return width }}
		for done := int64(0); done <= 10_000_000; done += 2_500_000 {
			b.show(figures{done: done, total: 10_000_000, failed: 12_345, rate: 3_987.4, left: 42 * time.Minute, held: i18n.Term(job.LaneThrottled)})
		}
		b.note("a word")
		b.close()
		const least = barBeside + barLeast + 2 // a terminal narrower than that has no room for a bar
		for line := range strings.SplitSeq(strings.ReplaceAll(strings.NewReplacer("\x1b[2K", "", "\x1b[0K",
			"").Replace(out.String()), "\n", "\r"), "\r") {
			if len([]rune(line)) >= max(width, least) {
				t.Errorf("width %d: %d characters: %q", width, len([]rune(line)), line)
			}
		}
		if !strings.Contains(out.String(), clearLine+"a word\n") || !strings.HasSuffix(out.String(), clearLine) {
			t.Errorf("width %d: something is left on a line: %q", width, out.String())
		}
	}
}

func TestBarShowsWhatAnOperatorWantsToKnow(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	b := &bar{w: &out, width: func() int { return 120 }}
	b.show(figures{done: 4_200, total: 10_000, failed: 3, rate: 1_980, left: 3 * time.Second})
	for _, say := range []string{"[=", "4,200 of 10,000 stores", "42%", "1,980 a second", "3 s left", "3 failed"} {
		if !strings.Contains(out.String(), say) {
			t.Errorf("%q is not in %q", say, out.String())
		}
	}
}

func TestLinesComeNowAndThen(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := start
	l := &lines{w: &out, now: func() time.Time { return now }, next: firstLine}
	for range 3_600 * 5 {
		l.show(figures{total: 1})
		now = now.Add(200 * time.Millisecond)
	}
	if n := strings.Count(out.String(), "\n"); n < 100 || n > 130 {
		t.Errorf("%d lines in an hour", n)
	}
	if strings.ContainsAny(out.String(), "\r\x1b") {
		t.Error("a log has control characters")
	}
}

// notes is a display that keeps what it is told.
type notes struct {
	said  []string
	shown figures
}

func (n *notes) show(f figures) { n.shown = f }
func (n *notes) note(s string)  { n.said = append(n.said, s) }
func (n *notes) close()         {}

func TestProgressTellsWhenAndWhyNothingMoves(t *testing.T) {
	t.Parallel()
	n := &notes{}
	p := &progress{display: n}
	now := start
	s := job.Status{Job: "J", State: job.Running, Account: "acme", Total: 1_000, Pending: 1_000,
		Lane: job.LaneState{State: job.LaneServing}}
	look := func(d time.Duration) {
		now = now.Add(d)
		p.look(s, now)
	}
	look(0)
	s.Succeeded, s.Pending = 200, 800
	look(time.Second)
	if n.shown.rate != 200 || n.shown.left != 4*time.Second {
		t.Errorf("got %+v", n.shown)
	}
	s.Lane = job.LaneState{State: job.LaneThrottled, Reason: "429"}
	look(100 * time.Millisecond)
	s.Lane = job.LaneState{State: job.LaneServing}
	look(100 * time.Millisecond)
	if len(n.said) != 0 {
		t.Errorf("what passes at once was told: %q", n.said)
	}
	s.Lane = job.LaneState{State: job.LaneOutage, Reason: "HTTP 502"}
	for range 100 {
		look(200 * time.Millisecond)
		s.Lane.Reason = fmt.Sprintf("HTTP %d", now.Nanosecond())
	}
	if len(n.said) != 1 || !strings.Contains(n.said[0], "nothing moves") || n.shown.held.String() != job.LaneOutage || n.shown.left >= 0 {
		t.Errorf("told %q, shown %+v", n.said, n.shown)
	}
	s.Lane, s.Succeeded, s.Pending = job.LaneState{State: job.LaneServing}, 400, 600
	look(200 * time.Millisecond)
	look(200 * time.Millisecond)
	if len(n.said) != 2 || !strings.Contains(n.said[1], "moves again") || !n.shown.held.IsZero() {
		t.Errorf("told %q, shown %+v", n.said, n.shown)
	}
	s.State, s.Reason = job.Paused, "by ann@desk"
	look(0)
	if len(n.said) != 3 || !strings.Contains(n.said[2], "by ann@desk") || !strings.Contains(n.said[2], "enqueue resume J") {
		t.Errorf("told %q", n.said)
	}
}

func TestProgressTellsOfNoMovementThatItDidNotSee(t *testing.T) {
	t.Parallel()
	n := &notes{}
	p := &progress{display: n, told: job.LaneRefused, toldAt: start} // it was told of when the job was committed
	s := job.Status{Job: "J", State: job.Running, Account: "acme", Total: 1_000, Pending: 1_000,
		Lane: job.LaneState{State: job.LaneServing}}
	p.look(s, start.Add(100*time.Millisecond))
	p.look(s, start.Add(200*time.Millisecond))
	if len(n.said) != 0 {
		t.Errorf("told %q", n.said)
	}
	s.Succeeded, s.Pending = 200, 800
	p.look(s, start.Add(300*time.Millisecond))
	if len(n.said) != 1 || !strings.Contains(n.said[0], "moves again") {
		t.Errorf("told %q", n.said)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1_000: "1,000", 10_000_000: "10,000,000", -1_234: "-1,234"} {
		if got := count(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "under 1 s", 1400 * time.Millisecond: "1 s", 59 * time.Second: "59 s",
		200 * time.Second: "3 min 20 s", 3 * time.Hour: "3 h 0 min", 50 * time.Hour: "2 d 2 h"} {
		if got := tongue("en").span(d); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
	if got := printable("a\x1b[31mb\x00门店\u202e\xff\n"); got != "a\uFFFD[31mb\uFFFD门店\uFFFD\uFFFD\n" {
		t.Errorf("got %q", got)
	}
	if got := cell("一二三四五", 4); got != "一二三…" {
		t.Errorf("got %q", got)
	}
}
