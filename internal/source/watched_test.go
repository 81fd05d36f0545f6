package source_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storelink/storelink/internal/source"
)

// scripted gives a byte a step, after waiting as long as the step says.
type scripted struct {
	ctx   context.Context
	steps []step
}

type step struct {
	wait  time.Duration
	bytes int
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.steps) == 0 {
		return 0, io.EOF
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	select {
	case <-time.After(next.wait):
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
	return min(next.bytes, len(p)), nil
}

func (s *scripted) Close() error { return nil }

func TestOnlyWaitingForTheAnswerCounts(t *testing.T) {
	t.Parallel()
	const window, speed = 30 * time.Second, 1024 // 30 KiB a window
	repeat := func(n int, s ...step) (all []step) {
		for range n {
			all = append(all, s...)
		}
		return all
	}
	for name, c := range map[string]struct {
		steps []step
		pause time.Duration // of the reader, between two reads
		slow  bool
	}{
		"just above the least speed":   {steps: repeat(100, step{time.Second, 1100})},
		"below it":                     {steps: repeat(100, step{time.Second, 1000}), slow: true},
		"fast, for a slow reader":      {steps: repeat(100, step{time.Millisecond, 100}), pause: 10 * time.Second},
		"a long pause after much":      {steps: []step{{time.Second, 31 << 10}, {50 * time.Second, 40 << 10}, {time.Second, 1}}},
		"longer than two windows":      {steps: []step{{time.Second, 31 << 10}, {70 * time.Second, 40 << 10}}, slow: true},
		"a short list that takes long": {steps: []step{{29 * time.Second, 10}}},
		"a byte now and then":          {steps: repeat(40, step{time.Second, 1}), slow: true},
		"nothing at all":               {steps: []step{{time.Hour, 1}}, slow: true},
		"bursts":                       {steps: repeat(10, step{25 * time.Second, 32 << 10})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cut := context.WithCancelCause(t.Context())
				defer cut(nil)
				w := source.NewWatched(&scripted{ctx: ctx, steps: c.steps}, speed, window, cut)
				defer w.Close()
				buf := make([]byte, 64<<10)
				var err error
				for err == nil {
					_, err = w.Read(buf)
					time.Sleep(c.pause) // in the bubble's time
				}
				if cause := context.Cause(ctx); cause != nil {
					err = cause
				}
				slow := !errors.Is(err, io.EOF)
				if slow != c.slow || slow && !strings.Contains(err.Error(), "too slowly, at less than 1024 bytes a second over 30s") {
					t.Fatalf("got %v", err)
				}
			})
		})
	}
}
