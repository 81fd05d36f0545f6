package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/redistest"
)

// certificate writes one for localhost into a folder, with its key.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"page.crt": {Type: "CERTIFICATE", Bytes: der}, "page.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

func TestPageGoesByHTTPS(t *testing.T) {
	t.Parallel()
	path := configuration(t, "redis://"+redistest.Real(t).Addr, "")
	pool := certificate(t, filepath.Dir(path))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("page:\n  token: ${TOKEN}\n  login: to-see\n  certificate: page.crt\n  private_key: page.key\n")
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	environ := []string{"TOKEN=a-token-of-twenty-three"}
	ctx, stop := context.WithCancel(t.Context())
	var log output
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"--config", path, "--http", "127.0.0.1:0", "--log-format", "json"}, io.Discard, &log, environ)
	}()
	addr := log.until(t, `"address":"https://([^"]+)"`)[1]
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost"}}}
	for path, want := range map[string]string{"/": `name="token"`, "/healthz": "ok"} {
		res, err := client.Get("https://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s %s (%v)", path, res.Status, body, err)
		}
	}
	if res, err := http.Get("http://" + addr + "/"); err == nil {
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %s", res.Status)
		}
	}
	var out, errs bytes.Buffer
	if got := run(t.Context(), []string{"--config", path, "--healthcheck", "--http", addr}, &out, &errs, environ); got != 0 {
		t.Errorf("--healthcheck: %d %s", got, errs.String())
	}
	stop()
	if got := <-status; got != 0 {
		t.Fatalf("exit status %d:\n%s", got, &log)
	}
	if strings.Contains(log.String(), "a-token-of") {
		t.Error("the log has the token in it")
	}
}

func TestHangupBringsARenewedCertificateIntoForce(t *testing.T) {
	t.Parallel()
	path := configuration(t, "redis://"+redistest.Real(t).Addr, "")
	dir := filepath.Dir(path)
	before := certificate(t, dir)
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(text, "page: {certificate: page.crt, private_key: page.key}\nlog: {format: json}\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var log output
	cmd := workerCommand(t, nil, "--config", path, "--http", "127.0.0.1:0")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	addr := log.until(t, `"address":"https://([^"]+)"`)[1]
	log.until(t, "worker started")
	good := func(pool *x509.CertPool) error {
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "localhost"})
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	if err := good(before); err != nil {
		t.Fatal(err)
	}
	after := certificate(t, dir)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.until(t, `"the page's certificate was read again","good_until":"20`)
	log.until(t, `"the accounts were read again"`)
	if err := good(after); err != nil {
		t.Errorf("the new certificate is not served: %v", err)
	}
	if strings.Contains(log.String(), "when the worker is started again") {
		t.Errorf("a restart is asked for:\n%s", &log)
	}
	if err := os.WriteFile(filepath.Join(dir, "page.crt"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.until(t, `the configuration was not read again`)
	if err := good(after); err != nil {
		t.Errorf("a damaged certificate took the good one away: %v", err)
	}
}
