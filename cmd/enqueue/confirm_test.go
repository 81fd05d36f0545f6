//go:build unix

package main

import (
	"context"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// At a terminal it is asked before stores are taken away; whoever does not say yes has sent nothing, and left nothing.
func TestAPersonIsAskedBeforeStoresAreTakenAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		asks string
	}{
		"disassociate": {[]string{"disassociate", "LIST"}, "Disassociate 3 stores from stock 3000 of coupon 2000? [y/N]"},
		"a prune":      {[]string{"resync", "LIST", "--prune", "--max-prune", "7", "--detach"}, "disassociate all others, at most 7 stores? [y/N]"},
		"in Chinese":   {[]string{"disassociate", "LIST", "--lang", "zh"}, "取消 批次 3000（商品券 2000） 与 3 家门店的关联？［y/N］"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onMini(t, sandbox.Faults{})
			args := append(append([]string{}, c.args...), asPartner...)
			args[1] = w.list(3)
			for _, answer := range []string{"n\n", "\n", "no\n", "yess\n", "\x04"} {
				s := newScreen(t, 250, 30)
				ended := s.enqueue(t.Context(), w.env, args...)
				s.until(c.asks)
				s.presses(answer)
				s.exits(ended, 2)
				s.until(map[bool]string{true: "没有确认：没有发送任何内容", false: "not confirmed: nothing was sent"}[name == "in Chinese"])
			}
			ctx, interrupt := context.WithCancel(t.Context())
			s := newScreen(t, 250, 30)
			ended := s.enqueue(ctx, w.env, args...)
			s.until(c.asks)
			interrupt()
			s.exits(ended, 130)
			s.presses("\n") // what was still being read ends with the process, or so
			if jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(jobs) != 0 {
				t.Errorf("jobs are left: %+v", jobs)
			}
			if keys := w.redis.Keys(t.Context(), "*{*").Val(); len(keys) != 0 {
				t.Errorf("keys are left: %q", keys)
			}
			for i, answer := range []string{"y\n", " YES \n", "是\n"} {
				s := newScreen(t, 250, 30)
				ended := s.enqueue(t.Context(), w.env, args...)
				s.until(c.asks)
				s.presses(answer)
				s.exits(ended, 0)
				jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0))
				if len(jobs) != i+1 {
					t.Fatalf("after %q there are %d jobs", answer, len(jobs))
				}
				w.do("cancel", jobs[0].Job).expect(t, 0)
			}
			s = newScreen(t, 250, 30)
			s.exits(s.enqueue(t.Context(), w.env, append(args, "--yes")...), 0)
			if strings.Contains(s.text(), "[y/N]") {
				t.Error("it is asked all the same")
			}
		})
	}
}

func TestAPersonIsAskedBeforeAJobIsCancelled(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	r := document[receiptDocument](t, w.associate(w.list(3), "--json").expect(t, 0))
	for _, c := range []struct {
		answer string
		status int
		state  job.State
	}{{"\n", 2, job.Running}, {"y\n", 0, job.Cancelled}} {
		s := newScreen(t, 250, 40)
		ended := s.enqueue(t.Context(), w.env, "cancel", r.Job)
		s.until("Cancel "+r.Job+" (associate, stock 3000 of coupon 2000)? Of 3 stores, 0 are done", "[y/N]")
		s.presses(c.answer)
		s.exits(ended, c.status)
		if got := document[job.Status](t, w.do("status", r.Job, "--json").expect(t, 0)); got.State != c.state {
			t.Errorf("after %q it is %s", c.answer, got.State)
		}
	}
	s := newScreen(t, 250, 40) // of one that has ended nothing is asked
	s.exits(s.enqueue(t.Context(), w.env, "cancel", r.Job), 0)
	if strings.Contains(s.text(), "[y/N]") {
		t.Errorf("it is asked:\n%s", s.text())
	}
}

// Nobody is asked who does not type at a terminal, wants JSON, or takes nothing away.
func TestNobodyIsAskedWhoCannotAnswer(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*screen, *world) <-chan int{
		"a pipe": func(s *screen, w *world) <-chan int {
			return s.enqueueFrom(t.Context(), strings.NewReader("7\n"), w.env, append([]string{"disassociate", "-"}, asPartner...)...)
		},
		"JSON": func(s *screen, w *world) <-chan int {
			return s.enqueue(t.Context(), w.env, append([]string{"disassociate", w.list(3), "--json"}, asPartner...)...)
		},
		"an association": func(s *screen, w *world) <-chan int {
			return s.enqueue(t.Context(), w.env, append([]string{"associate", w.list(3)}, asPartner...)...)
		},
		"a dry run": func(s *screen, w *world) <-chan int {
			return s.enqueue(t.Context(), w.env, append([]string{"disassociate", w.list(3), "--dry-run"}, asPartner...)...)
		},
	} {
		w := onMini(t, sandbox.Faults{})
		s := newScreen(t, 250, 40)
		s.exits(run(s, w), 0)
		if strings.Contains(s.text(), "[y/N]") {
			t.Errorf("%s: it is asked:\n%s", name, s.text())
		}
	}
}
