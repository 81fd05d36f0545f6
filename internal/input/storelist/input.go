package storelist

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"

	"github.com/storelink/storelink/internal/job"
)

// input is where a list comes from. Its error stays: whoever asks again, behind whatever buffer, gets it again, and no list
// goes on behind a place where reading failed.
type input struct {
	ctx  context.Context // ends the reading
	from io.Reader
	err  error
}

// Sticky gives what r gives, until ctx ends or r has an error, and that error from then on.
func Sticky(ctx context.Context, r io.Reader) io.Reader { return &input{ctx: ctx, from: r} }

func (in *input) Read(p []byte) (int, error) {
	if in.err == nil && in.ctx.Err() != nil {
		in.err = stopped(in.ctx)
	}
	if in.err != nil {
		return 0, in.err
	}
	n, err := in.from.Read(p)
	in.err = err
	return n, err
}

// unpacked is what a gzip file holds: of all its members, one behind another. Zeros behind the last are padding, as tapes
// and block devices add it; anything else there is damage.
type unpacked struct {
	in   *bufio.Reader
	z    *gzip.Reader
	name string
}

func unpack(in *bufio.Reader, name string) (*unpacked, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, readError(name, err)
	}
	z.Multistream(false)
	return &unpacked{in, z, name}, nil
}

func (u *unpacked) Read(p []byte) (int, error) {
	for {
		n, err := u.z.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			if errors.Is(err, io.EOF) {
				err = nil // of this member
			}
			return n, err
		}
		if err := u.next(); err != nil {
			return 0, err
		}
	}
}

// next goes on with the next member; io.EOF where there is none.
func (u *unpacked) next() error {
	head, err := u.in.Peek(2)
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if err := u.z.Reset(u.in); err != nil {
			return err
		}
		u.z.Multistream(false)
		return nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		switch c, err := u.in.ReadByte(); {
		case err != nil:
			return err // io.EOF
		case c != 0:
			return listError(u.name, 0, "list.gzip_more")
		}
	}
}

// readError is that of a list that breaks off. Whoever gave the list may know better what happened.
func readError(name string, err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return job.Fail(job.CodeInterrupted, "list.interrupted", "error", err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return listError(name, 0, "list.gzip_damaged", "error", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return listError(name, 0, "list.gzip_short", "error", err)
	}
	return listError(name, 0, "list.unreadable", "error", err)
}
