package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// output is what a command under test has written so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// until waits for text to be written.
func (o *output) until(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m
		}
	}
	t.Fatalf("%q was never written:\n%s", pattern, o)
	return nil
}

// configuration writes one with an account of a sandbox; serial, unless empty, is the wrong serial number to give it.
func configuration(t *testing.T, redis, serial string) (path string) {
	t.Helper()
	path, _ = configured(t, redis, serial)
	return path
}

// configured is configuration, and gives the sandbox.
func configured(t *testing.T, redis, serial string) (path string, s *sandbox.Sandbox) {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	a, _ := s.Account(sandbox.PartnerAccount)
	key, err := a.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	if serial == "" {
		serial = a.SerialNo
	}
	first, _ := s.PublicKeys()
	dir := t.TempDir()
	yaml := fmt.Sprintf("redis: %s\naccounts:\n  - name: acme\n    mode: partner\n    mchid: %q\n    serial_no: %s\n"+
		"    private_key: key.pem\n    wechatpay_public_key_id: %s\n    wechatpay_public_key: pub.pem\n    base_url: %s\n",
		redis, a.Identity, serial, first.ID, url)
	for name, content := range map[string][]byte{"key.pem": key, "pub.pem": first.PEM, "storelink.yaml": []byte(yaml)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "storelink.yaml"), s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestWorkerServesAndStops(t *testing.T) {
	t.Parallel()
	redis := redistest.Real(t)
	path := configuration(t, "redis://"+redis.Addr, "")
	ctx, stop := context.WithCancel(t.Context())
	var log output
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"--config", path, "--http", "127.0.0.1:0", "--log-format", "json"}, io.Discard, &log, nil)
	}()
	addr := log.until(t, `"address":"http://([^"]+)"`)[1]
	log.until(t, `worker started`)
	if code, _ := get(t, "http://"+addr+"/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d", code)
	}
	for end := time.Now().Add(20 * time.Second); ; {
		code, body := get(t, "http://"+addr+"/readyz")
		if code == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("/readyz: %d %s", code, body)
		}
	}
	if code, body := get(t, "http://"+addr+"/"); code != http.StatusOK || !strings.Contains(body, "Read-only") {
		t.Errorf("the page: %d %s", code, body)
	}
	code, figures := get(t, "http://"+addr+"/metrics")
	for _, line := range []string{`storelink_lane_state{account="acme",state="idle"} 1`, "storelink_redis_up 1",
		"storelink_redis_appendonly 0", "storelink_build_info{"} {
		if code != http.StatusOK || !strings.Contains(figures, line) {
			t.Errorf("/metrics: %d, without %s:\n%s", code, line, figures)
		}
	}
	var out, errs bytes.Buffer
	if got := run(t.Context(), []string{"--healthcheck", "--http", addr}, &out, &errs, nil); got != 0 {
		t.Errorf("--healthcheck: %d %s", got, errs.String())
	}
	if !strings.Contains(log.String(), "appendonly") {
		t.Error("no warning of a Redis that forgets")
	}
	stop()
	if got := <-status; got != 0 {
		t.Fatalf("exit status %d:\n%s", got, &log)
	}
	if strings.Contains(log.String(), "PRIVATE KEY") {
		t.Error("the log has a key in it")
	}
}

func TestWrongStartIsRefusedInOneSentence(t *testing.T) {
	t.Parallel()
	good := configuration(t, "redis://127.0.0.1:1", "")
	broken := filepath.Join(t.TempDir(), "storelink.yaml")
	if err := os.WriteFile(broken, []byte("accounts:\n  - name: acme\n    mode: partner\n    colour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	notHex := configuration(t, "redis://127.0.0.1:1", "not-hexadecimal")
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"an unknown flag":       {[]string{"--colour"}, 2, "--colour"},
		"an argument":           {[]string{"acme"}, 2, "acme"},
		"no configuration":      {[]string{"--redis", "redis://127.0.0.1:1"}, 78, "no account"},
		"no Redis":              {[]string{"--config", broken}, 78, "colour"},
		"a missing file":        {[]string{"--config", "no/such/file.yaml"}, 78, "no/such/file.yaml"},
		"Redis away":            {[]string{"--config", good}, 1, "127.0.0.1:1"},
		"a wrong serial number": {[]string{"--config", notHex}, 78, "serial"},
		"a wrong level":         {[]string{"--config", good, "--log-level", "loud"}, 2, "loud"},
		"a wrong Redis URL":     {[]string{"--config", good, "--redis", "http://:secret@x"}, 78, "redis"},
		"a wrong file to check": {[]string{"--healthcheck", "--config", broken}, 2, "colour"},
		"nobody to check":       {[]string{"--healthcheck", "--http", "127.0.0.1:1"}, 1, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			if got := run(t.Context(), c.args, &out, &errs, nil); got != c.status || !strings.Contains(errs.String(), c.says) {
				t.Fatalf("exit status %d: %s; want %d and %q", got, errs.String(), c.status, c.says)
			}
			if strings.Contains(errs.String(), "secret") {
				t.Fatalf("the password is told: %s", errs.String())
			}
		})
	}
}
