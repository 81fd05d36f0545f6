package storelist

import (
	"context"
	"io"
)

// input is where a list comes from. Its error stays: whoever asks again, behind whatever buffer, gets it again, and no list
// goes on behind a place where reading failed.
type input struct {
	ctx  context.Context // ends the reading
	from io.Reader
	err  error
}

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
