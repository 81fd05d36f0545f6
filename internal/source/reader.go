package source

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

// reader reads a list within its bounds. Its first error stays.
type reader struct {
	ctx    context.Context
	cancel func()
	in     io.ReadCloser
	place  string
	size   int64 // that was promised; -1 for none
	most   int64
	read   int64
	err    error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.ctx.Err() != nil {
		r.err = stopped(r.ctx, r.place)
		return 0, r.err
	}
	n, err := r.in.Read(p)
	r.read += int64(n)
	if r.read > r.most {
		n, err = 0, tooLarge(r.place, r.most)
	}
	if err != nil {
		r.err = r.judge(err)
	}
	return n, r.err
}

// judge says what the end of a list means.
func (r *reader) judge(err error) error {
	whole := r.size < 0 || r.read == r.size
	var told *job.Error
	switch {
	case r.ctx.Err() != nil:
		// Also at what looks like the end: a server that sees its client leave may still end its answer in form, and be read.
		return stopped(r.ctx, r.place)
	case errors.Is(err, io.EOF) && whole:
		return io.EOF
	case errors.As(err, &told):
		return told
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if r.size < 0 {
			return fail(job.CodeIO, r.place, "source.broke_off", "bytes", r.read)
		}
		return fail(job.CodeIO, r.place, "source.broke_off_of", "bytes", r.read, "size", r.size)
	}
	said, cause, _ := egress.Cause(err)
	e := fail(job.CodeIO, r.place, "source.broke_off_why", "bytes", r.read, "said", said)
	e.Err = cause
	return e
}

// Close ends the reading, wherever it is.
func (r *reader) Close() error {
	r.cancel()
	return r.in.Close()
}

func tooLarge(place string, most int64) *job.Error {
	return fail(job.CodeBadList, place, "source.too_large", "bytes", most)
}

func tooLong(place string, most time.Duration) *job.Error {
	return fail(job.CodeTimeout, place, "source.too_long", "time", most)
}
