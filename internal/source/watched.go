package source

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// watched is an answer that must come at a least speed. Only the time that is spent waiting for it counts: each window of
// that must bring its share of bytes, or the request is cut. So an answer that stops is cut after two windows at most.
type watched struct {
	io.ReadCloser
	least  int64 // bytes a window
	window time.Duration
	slow   *job.Error
	cut    context.CancelCauseFunc
	timer  *time.Timer // runs while a Read waits

	mu      sync.Mutex
	waiting bool
	since   time.Time     // when this Read began to wait, or the window began meanwhile
	waited  time.Duration // in this window, before that
	got     int64         // in this window
}

func newWatched(in io.ReadCloser, place string, speed int64, window time.Duration, cut context.CancelCauseFunc) *watched {
	w := &watched{ReadCloser: in, least: max(1, int64(float64(speed)*window.Seconds())), window: window, cut: cut,
		slow: fail(job.CodeTimeout, place, "source.too_slow", "speed", speed, "window", window)}
	w.timer = time.AfterFunc(window, w.look)
	w.timer.Stop()
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	w.mu.Lock()
	w.waiting, w.since = true, time.Now()
	w.timer.Reset(w.window - w.waited)
	w.mu.Unlock()

	n, err := w.ReadCloser.Read(p)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.waiting = false
	w.waited += time.Since(w.since)
	w.got += int64(n)
	if err == nil && w.waited >= w.window {
		if w.got < w.least {
			return n, w.slow
		}
		w.waited, w.got = 0, 0
	}
	return n, err
}

// look is called when a window ends while a Read waits.
func (w *watched) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waiting {
		return // that Read came to its end just now
	}
	if left := w.window - w.waited - time.Since(w.since); left > 0 { // it did, and another has begun
		w.timer.Reset(left)
		return
	}
	if w.got < w.least {
		w.cut(w.slow)
		return
	}
	w.since, w.waited, w.got = time.Now(), 0, 0
	w.timer.Reset(w.window)
}

// Close waits for nothing.
func (w *watched) Close() error {
	w.timer.Stop()
	return w.ReadCloser.Close()
}
