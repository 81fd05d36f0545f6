package storelist

import (
	"context"
	"errors"

	"github.com/storelink/storelink/internal/job"
)

// stopped is why a context ended, for a person: its cause, if that is a *job.Error.
func stopped(ctx context.Context) error {
	cause := context.Cause(ctx)
	if e := (*job.Error)(nil); errors.As(cause, &e) {
		return e
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return job.Fail(job.CodeTimeout, "list.time_over", "error", cause)
	}
	return job.Fail(job.CodeInterrupted, "list.interrupted", "error", cause)
}

// lookAround is how often it is looked whether the reading is to end, in rows.
const lookAround = 1 << 10

// ended is the error of a reading that is to end; nil while it is not.
func (rd *Reader) ended() error {
	if rd.looked++; rd.looked%lookAround == 0 && rd.ctx.Err() != nil {
		return stopped(rd.ctx)
	}
	return nil
}
