package sandbox_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// direct hands requests to a handler without a network, so that all of it can run in a synctest bubble.
type direct struct{ http.Handler }

var errCut = errors.New("the connection was cut")

func (d direct) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if cut := recover(); cut != nil {
			if cut != http.ErrAbortHandler {
				panic(cut)
			}
			response, err = nil, errCut
		}
	}()
	if r.Body == nil {
		r.Body = io.NopCloser(http.NoBody)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err // the caller has gone; the call was made all the same
	}
	return w.Result(), nil
}

// newDirectClient is newClient without a network.
func newDirectClient(t *testing.T, o sandbox.Options) client {
	t.Helper()
	o.Keys = keys()
	if o.Rate == 0 {
		o.Rate = sandbox.NoRate
	}
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client{t: t, sandbox: s, url: "http://sandbox", http: &http.Client{Transport: direct{s.Handler()}}}
}
