package main

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestARedisThatAsksForACertificateIsUsed(t *testing.T) {
	t.Parallel()
	url, files := redistest.RealTLS(t)
	w := newWorld(t, sandbox.Faults{})
	w.do("jobs", "--redis", url, "--redis-certificate", files.Certificate, "--redis-key", files.Key, "--redis-ca", files.CA).expect(t, 0)
	w.do("jobs", "--redis", url, "--redis-ca", files.CA).expect(t, 1)
	if o := w.do("jobs", "--redis", url, "--redis-key", "/nowhere.key", "--redis-certificate", files.Certificate).expect(t, 2); !strings.Contains(o.err, "STORELINK_REDIS_KEY") {
		t.Errorf("a key that is not there: %s", o.err)
	}
}
