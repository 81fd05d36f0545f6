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
			return errorf(job.CodeIO, r.place, "the list broke off after %d bytes, before its end", r.read)
		}
		return errorf(job.CodeIO, r.place, "the list broke off after %d of %d bytes", r.read, r.size)
	}
	sentence, cause, _ := egress.Cause(err)
	e := errorf(job.CodeIO, r.place, "the list broke off after %d bytes: %s", r.read, sentence)
	e.Err = cause
	return e
}

// Close ends the reading, wherever it is.
func (r *reader) Close() error {
	r.cancel()
	return r.in.Close()
}

func tooLarge(place string, most int64) *job.Error {
	return errorf(job.CodeBadList, place, "the list is larger than %d bytes, which is the most allowed", most)
}

func tooLong(place string, most time.Duration) *job.Error {
	return errorf(job.CodeTimeout, place, "the list was not read within %s, which is the most allowed", most)
}
