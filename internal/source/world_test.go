package source_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
)

const stores = "store_id\n100000001\n100000002\n"

// serve starts an HTTPS server on loopback, which is listed in the config that comes with it.
func serve(t *testing.T, h http.HandlerFunc) (*httptest.Server, source.Config) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return s, source.Config{Egress: allow(t, s, egress.Rules{Hosts: []string{hostOf(s)}, Private: []string{"127.0.0.1"}})}
}

func hostOf(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }

// allow makes a policy that believes the server's certificate.
func allow(t *testing.T, s *httptest.Server, r egress.Rules) *egress.Policy {
	t.Helper()
	r.Roots = x509.NewCertPool()
	r.Roots.AddCert(s.Certificate())
	p, err := egress.New(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func opener(t *testing.T, c source.Config) *source.Opener {
	t.Helper()
	o, err := source.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// read opens a source and reads it to its end, or to its error.
func read(ctx context.Context, o *source.Opener, src, etag string) (*source.Source, string, error) {
	s, err := o.Open(ctx, src, etag)
	if err != nil {
		return nil, "", err
	}
	defer s.Close()
	b, err := io.ReadAll(s)
	return s, string(b), err
}

// refused checks that err is a *job.Error of the exit status that says all that it should, and no secret.
func refused(t *testing.T, err error, status int, says ...string) {
	t.Helper()
	var e *job.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	if job.ExitStatus(err) != status {
		t.Errorf("exit status %d of %v (%s), want %d", job.ExitStatus(err), err, e.Code, status)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q does not say %q", err, s)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%q tells a secret", err)
	}
}

// write makes a file and gives its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, at string) string {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
	return at
}

// tick calls f again and again until it fails or ctx ends.
func tick(ctx context.Context, every time.Duration, f func() error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if f() != nil {
				return
			}
		}
	}
}
