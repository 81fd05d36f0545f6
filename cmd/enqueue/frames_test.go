package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// busy is a sight of much that is at work, with hostile texts in it.
func busy(id string) sight {
	s := sight{at: time.Now(), more: 3}
	for i := range 12 {
		s.jobs = append(s.jobs, job.Status{Job: fmt.Sprintf("20260701-093000-k3jq7w%02d", i), State: job.Running, Operation: job.Associate,
			Account: "acme", StockID: "98065001", Label: "春季\x1b[2J\x9b31m门店\u202e", Total: 1_000_000, Succeeded: int64(i) * 70_000,
			Failed: 12, Pending: 100, Lane: job.LaneState{State: job.LaneOutage, Reason: "HTTP 502\x1b]0;x\x07"},
			Failures: map[string]int64{"PARAM_ERROR": 10, "=CMD()\x1b[1m": 2}})
	}
	s.ended = []job.Status{{Job: "20260701-093000-k3jq7wzz", State: job.Aborted, Total: 5, Failed: 5}}
	s.accounts = []job.AccountInfo{{Name: "acme", Mode: job.Partner, Pace: map[string]float64{"associate-stock": 20},
		Workers: []job.WorkerLane{{ID: "w", State: job.LaneOutage, Reason: "no answer\x1b[31m within 20 s"}}}, {Name: "other"}}
	if id != "" {
		subject := s.jobs[0]
		subject.Job, subject.Targets, subject.Jobs = id, 100, map[job.State]int64{job.Running: 12, job.Completed: 88}
		subject.Resync = &job.ResyncStatus{Phase: job.PhaseWrite, Listed: 12}
		s.subject = &subject
	}
	return s
}

func TestFramesFitEveryWindowAndCannotBeSteered(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "20260701-093000-k3jq7w2p"} {
		for _, lang := range []string{"en", "zh"} {
			f := &frames{tongue: tongue(lang), screen: terminal.Screen{Terminal: true, Colour: true}, id: id}
			check := func(what string) {
				for _, width := range []int{0, 1, 2, 3, 5, 8, 13, 21, 34, 40, 59, 60, 80, 100, 130} {
					for _, height := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 24, 44} {
						lines := f.draw(width, height)
						if len(lines) > height || width > 0 && height > 0 && len(lines) == 0 {
							t.Fatalf("%s, %d × %d: %d lines", what, width, height, len(lines))
						}
						for _, line := range lines {
							plain := ansi.Strip(line)
							if terminal.Width(line) > width || strings.ContainsFunc(plain, unicode.IsControl) || strings.ContainsRune(plain, '\u202e') ||
								strings.Contains(line, "\x1b[2J") || strings.Contains(line, "\x1b]") {
								t.Fatalf("%s, %d × %d: %q", what, width, height, line)
							}
						}
					}
				}
			}
			check("before the first look")
			f.see(busy(id))
			s := busy(id)
			s.at = s.at.Add(2 * time.Second)
			f.see(s)
			check("busy")
			for _, size := range [][2]int{{40, 1}, {40, 3}, {80, 10}} {
				if all := strings.Join(f.draw(size[0], size[1]), "\n"); !strings.Contains(all, "%") {
					t.Errorf("%v: how it goes has no room: %s", size, all)
				}
			}
			f.miss(missed{err: context.DeadlineExceeded, since: s.at, at: s.at.Add(12 * time.Second)})
			check("Redis away")
			if all := strings.Join(f.draw(80, 6), "\n"); !strings.Contains(all, "12 ") || !strings.Contains(all, "Redis") {
				t.Errorf("that Redis is away has no room: %s", all)
			}
		}
	}
}

// A job uses one interface: in a narrow window its rate has room, and not the beginning of the interface's name.
func TestFramesOfAJobShowItsPaceAlone(t *testing.T) {
	t.Parallel()
	s := busy("")
	s.subject, s.jobs = &s.jobs[0], nil
	s.accounts[0].Pace = map[string]float64{"associate-stock": 19.62, "list-stock": 20}
	f := &frames{tongue: "zh", screen: terminal.Screen{Terminal: true}, id: s.subject.Job}
	f.see(s)
	if all := strings.Join(f.draw(60, 20), "\n"); !strings.Contains(all, " 19.6 ") || strings.Contains(all, "关联（") {
		t.Errorf("got\n%s", all)
	}
}

func TestFramesTellWhatHoldsAnAccountUpOnce(t *testing.T) {
	t.Parallel()
	f := &frames{tongue: "en", screen: terminal.Screen{Terminal: true}}
	s := busy("")
	f.see(s)
	s.at = s.at.Add(2 * time.Second)
	f.see(s)
	all := strings.Join(f.draw(200, 100), "\n")
	if n := strings.Count(all, "nothing moves"); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, all)
	}
	for _, want := range []string{"acme     outage", "other    unserved", "PARAM_ERROR", "120", "20260701-093000-k3jq7wzz  aborted", "q or Ctrl-C"} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %q:\n%s", want, all)
		}
	}
}
