package source

import (
	"context"
	"io"
	"time"
)

// NewWatched is what an answer is read through.
func NewWatched(in io.ReadCloser, speed int64, window time.Duration, cut context.CancelCauseFunc) io.ReadCloser {
	return newWatched(in, "https://example.com/list.csv", speed, window, cut)
}
