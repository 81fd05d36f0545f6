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
	code, why := job.CodeInterrupted, "the list was not read to its end: %w"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code, why = job.CodeTimeout, "the list was not read in the time that there was for it: %w"
	}
	return job.Errorf(code, why, cause)
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
