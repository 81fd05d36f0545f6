package redisconn_test

import (
	"os"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/secret"
)

// readTLS reads the files of a client.
func readTLS(t *testing.T, files redistest.TLSFiles) redisconn.TLS {
	t.Helper()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return redisconn.TLS{Certificate: read(files.Certificate), Key: secret.NewText(read(files.Key)), CA: read(files.CA)}
}

func TestARedisThatAsksForACertificateIsShownOne(t *testing.T) {
	t.Parallel()
	url, files := redistest.RealTLS(t)
	whole := readTLS(t, files)
	tried := func(of redisconn.TLS) error {
		c, err := redisconn.Open(url, redisconn.Options{TLS: of, Name: "test"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 3 { // an idle connection is looked at before it is used again
			if err = c.Set(t.Context(), "x", 1, 0).Err(); err != nil {
				break
			}
		}
		return redisconn.Error(c, err)
	}
	if err := tried(whole); err != nil {
		t.Errorf("with all of it: %v", err)
	}
	if err := tried(redisconn.TLS{CA: whole.CA}); err == nil {
		t.Error("without a certificate it is let in")
	}
	if err := tried(redisconn.TLS{Certificate: whole.Certificate, Key: whole.Key}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an authority that nobody knows is believed: %v", err)
	}
}

func TestCertificatesThatCannotBeShownAreRefused(t *testing.T) {
	t.Parallel()
	_, files := redistest.RealTLS(t)
	whole := readTLS(t, files)
	for name, c := range map[string]struct {
		url, says string
		of        redisconn.TLS
	}{
		"without TLS":        {"redis://h", "rediss", whole},
		"no key":             {"rediss://h", "belong together", redisconn.TLS{Certificate: whole.Certificate}},
		"no certificate":     {"rediss://h", "belong together", redisconn.TLS{Key: whole.Key}},
		"another's key":      {"rediss://h", "cannot be shown with redis_key", redisconn.TLS{Certificate: whole.CA, Key: whole.Key}},
		"no certificates":    {"rediss://h", "redis_ca has no certificate", redisconn.TLS{CA: whole.Key.Reveal()}},
		"sentinels, without": {"redis-sentinel://h?master=m", "rediss", whole},
	} {
		_, err := redisconn.Open(c.url, redisconn.Options{TLS: c.of})
		if err == nil || job.AsError(err).Code != job.CodeBadConfig || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "-----") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
