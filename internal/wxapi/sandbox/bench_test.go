package sandbox_test

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// BenchmarkCall is what one call with 200 stores costs the server, its two RSA operations and all.
func BenchmarkCall(b *testing.B) {
	s, err := sandbox.New(sandbox.Options{Keys: keys(), Rate: sandbox.NoRate})
	if err != nil {
		b.Fatal(err)
	}
	t := new(testing.T)
	c := client{t: t, sandbox: s}
	text := body(sandbox.BrandID, numbers(100_000_000, job.MaxStoresPerCall)...)
	r := c.signed(request{path: partnerBase + associate, body: text})
	handler := s.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader([]byte(text)))
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkPut is the memory that a store costs.
func BenchmarkPut(b *testing.B) {
	s, err := sandbox.New(sandbox.Options{Keys: keys()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Put(stockTarget, numbers(i*100, 100)...)
	}
}
