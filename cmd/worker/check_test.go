package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/preflight"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

var (
	sandboxKeys = sync.OnceValues(sandbox.GenerateKeys)
	otherKey    = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// setup is a whole and healthy set-up of one account, to be broken in one place.
type setup struct {
	*testing.T
	sandbox *sandbox.Sandbox
	account sandbox.Account
	dir     string
	lines   map[string]string // the account's, by key
	top     []string          // further lines of the configuration
	server  *redistest.Server
	redis   string // its URL
	environ []string
}

// durable is how storelink wants Redis.
var durable = append(slices.Clone(redistest.Durable), "--maxmemory-policy", "noeviction")

func newSetup(t *testing.T, redis []string, faults sandbox.Faults) *setup {
	t.Helper()
	keys, err := sandboxKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Options{Keys: keys, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	// Not by Start: its address must be free of other tests'.
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	c := &setup{T: t, sandbox: s, dir: t.TempDir(), server: redistest.Real(t, redis...)}
	c.redis = "redis://" + c.server.Addr
	c.account, _ = s.Account(sandbox.PartnerAccount)
	key, err := c.account.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	first, _ := s.PublicKeys()
	c.write("key.pem", key, 0o600)
	c.write("pub.pem", first.PEM, 0o644)
	c.lines = map[string]string{"mode": "partner", "mchid": `"` + c.account.Identity + `"`,
		"serial_no":   c.account.SerialNo,
		"private_key": "key.pem", "wechatpay_public_key_id": first.ID, "wechatpay_public_key": "pub.pem",
		"base_url": server.URL}
	return c
}

func (c *setup) write(name string, text []byte, mode os.FileMode) {
	c.Helper()
	path := filepath.Join(c.dir, name)
	err := os.WriteFile(path, text, mode)
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		c.Fatal(err)
	}
}

// password gives Redis one.
func (c *setup) password(s string) {
	c.Helper()
	if err := c.server.Client.ConfigSet(c.Context(), "requirepass", s).Err(); err != nil {
		c.Fatal(err)
	}
}

// user gives Redis one, who has hunter2 as its password, and names it in the URL.
func (c *setup) user(name string, rules ...string) {
	c.Helper()
	if err := c.server.Client.ACLSetUser(c.Context(), name, rules...).Err(); err != nil {
		c.Fatal(err)
	}
	c.redis = strings.Replace(c.redis, "redis://", "redis://"+name+":hunter2@", 1)
}

// key writes a private key.
func (c *setup) key(name string, key *rsa.PrivateKey, err error) {
	c.Helper()
	var text []byte
	if err == nil {
		text, err = sandbox.PrivateKeyPEM(key)
	}
	if err != nil {
		c.Fatal(err)
	}
	c.write(name, text, 0o600)
}

// certificate makes one of a key, and gives its serial number.
func (c *setup) certificate(name string, key *rsa.PrivateKey, until time.Time) string {
	c.Helper()
	serial := new(big.Int).SetBytes([]byte("\x7fof a test"))
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		c.Fatal(err)
	}
	c.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	return fmt.Sprintf("%X", serial.Bytes())
}

// report is what --json gives.
type report struct {
	Status int
	Checks []preflight.Result
}

// check runs the command as a process of its own, with a call, and reads its report.
func (c *setup) check(args ...string) report {
	c.Helper()
	text := strings.Join(append([]string{"http: off"}, c.top...), "\n") + "\naccounts:\n  - name: acme\n"
	for _, key := range []string{"mode", "mchid", "brand_id", "serial_no", "private_key", "certificate", "wechatpay_public_key_id",
		"wechatpay_public_key", "wechatpay_keys", "base_url", "rate", "concurrency"} {
		if v := c.lines[key]; v != "" {
			text += "    " + key + ": " + v + "\n"
		}
	}
	c.write("storelink.yaml", []byte(text), 0o600)
	args = append([]string{"check", "--config", filepath.Join(c.dir, "storelink.yaml"), "--redis", c.redis, "--json",
		"--lang", "en",
		"--account", "acme", "--brand", sandbox.BrandID, "--coupon", "1000000013", "--stock", "98065001"}, args...)
	cmd := workerCommand(c.T, c.environ, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if e := (*exec.ExitError)(nil); err != nil && !errors.As(err, &e) {
		c.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		c.Fatalf("%v: %s%s", err, out.Bytes(), errs.Bytes())
	}
	if cmd.ProcessState.ExitCode() != r.Status {
		c.Errorf("the exit status is %d, and told %d", cmd.ProcessState.ExitCode(), r.Status)
	}
	for _, secret := range []string{"PRIVATE KEY", "hunter2"} {
		if strings.Contains(out.String()+errs.String(), secret) {
			c.Errorf("a secret is shown: %s%s", out.Bytes(), errs.Bytes())
		}
	}
	return r
}

// notWell are the results that are not OK, for a person who reads a failed test.
func (r report) notWell() string {
	var b strings.Builder
	for _, c := range r.Checks {
		if c.Level != preflight.OK {
			fmt.Fprintf(&b, "%s %s %s: %s: %s\n", c.Level, c.Check, c.Subject, c.Code, c.Message)
		}
	}
	return b.String()
}

func TestAHealthySetUpPassesEveryCheck(t *testing.T) {
	t.Parallel()
	r := newSetup(t, durable, sandbox.Faults{}).check()
	if r.Status != 0 || r.notWell() != "" {
		t.Fatalf("status %d:\n%s", r.Status, r.notWell())
	}
	seen := map[string]bool{}
	for _, c := range r.Checks {
		seen[c.Check] = true
	}
	for _, name := range []string{preflight.CheckConfiguration, preflight.CheckKeys, preflight.CheckPace,
		preflight.CheckRedis,
		preflight.CheckWeChatPay, preflight.CheckClock, preflight.CheckCall} {
		if !seen[name] {
			t.Errorf("%s was not checked", name)
		}
	}
}

func read(c *setup, name string) []byte {
	c.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.Fatal(err)
	}
	return text
}

func TestCheckNamesABrokenSetUpByItsCause(t *testing.T) {
	t.Parallel()
	for name, b := range brokenSetUps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := b.redis
			if redis == nil {
				redis = durable
			}
			c := newSetup(t, redis, b.faults)
			if b.spoil != nil {
				b.spoil(c)
			}
			r := c.check(b.args...)
			if r.Status != b.status {
				t.Errorf("exit status %d, want %d:\n%s", r.Status, b.status, r.notWell())
			}
			i := slices.IndexFunc(r.Checks, func(c preflight.Result) bool {
				return c.Check == b.check && c.Code == b.code && c.Level != preflight.OK
			})
			if i < 0 {
				t.Fatalf("it is not named:\n%s", r.notWell())
			}
			for _, s := range b.says {
				if !strings.Contains(r.Checks[i].Message, s) {
					t.Errorf("it does not say %q: %s", s, r.Checks[i].Message)
				}
			}
		})
	}
}

func TestCheckTellsAPersonALineForEachCheck(t *testing.T) {
	t.Parallel()
	redis := redistest.Real(t)
	path := configuration(t, "redis://"+redis.Addr, "")
	var out, errs bytes.Buffer
	if got := run(t.Context(), []string{"check", "--config", path, "--http", "off"}, &out, &errs, nil); got != 0 {
		t.Fatalf("exit status %d: %s%s", got, out.String(), errs.String())
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "ok    ") && !strings.HasPrefix(line, "warn  ") {
			t.Errorf("%q", line)
		}
	}
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " 1 to be warned of, 0 failed") {
		t.Errorf("it ends with %q", last)
	}
}

func TestCheckTellsTheCauseInChinese(t *testing.T) {
	t.Parallel()
	path := configuration(t, "redis://127.0.0.1:1", "")
	var out, errs bytes.Buffer
	got := run(t.Context(), []string{"check", "--config", path, "--http", "off"}, &out, &errs, []string{"LANG=zh_CN.UTF-8"})
	if got != 1 {
		t.Errorf("exit status %d: %s", got, errs.String())
	}
	for _, s := range []string{"正常  配置：", "失败  Redis：连接不上 Redis", "原文：Redis at 127.0.0.1:1", " 项失败\n"} {
		if !strings.Contains(out.String(), s) {
			t.Errorf("it does not say %q:\n%s", s, out.String())
		}
	}
}

func TestCheckIsCalledWrongly(t *testing.T) {
	t.Parallel()
	path := configuration(t, "redis://127.0.0.1:1", "")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a stock of nobody":  {[]string{"--stock", "1", "--coupon", "2"}, "--account is missing"},
		"no coupon":          {[]string{"--account", "acme", "--stock", "1"}, "--coupon"},
		"no brand":           {[]string{"--account", "acme", "--stock", "1", "--coupon", "1"}, "--brand is missing"},
		"no ID":              {[]string{"--account", "acme", "--stock", "1/2", "--coupon", "1", "--brand", "1"}, "--stock"},
		"an argument":        {[]string{"acme"}, "acme"},
		"an unknown flag":    {[]string{"--colour"}, "--colour"},
		"a strange language": {[]string{"--lang", "fr"}, "zh or en"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			args := append([]string{"check", "--config", path}, c.args...)
			if got := run(t.Context(), args, &out, &errs, nil); got != 2 || !strings.Contains(errs.String(), c.says) ||
				out.Len() > 0 {
				t.Fatalf("exit status %d: %s%s", got, out.String(), errs.String())
			}
		})
	}
}

func TestCheckCanBeInterrupted(t *testing.T) {
	t.Parallel()
	path := configuration(t, "redis://127.0.0.1:1", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if got := run(ctx, []string{"check", "--config", path}, &out, &errs, nil); got != 130 {
		t.Fatalf("exit status %d: %s%s", got, out.String(), errs.String())
	}
}

func TestCheckDoesNotDisturbARunningWorker(t *testing.T) {
	t.Parallel()
	c := newSetup(t, durable, sandbox.Faults{})
	c.check() // writes the configuration
	var logged output
	cmd := workerCommand(t, nil, "--config", filepath.Join(c.dir, "storelink.yaml"), "--redis", c.redis, "--http",
		"127.0.0.1:0")
	cmd.Stderr = &logged
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := logged.until(t, `address=http://(\S+)`)[1]
	logged.until(t, `worker started`)
	r := c.check("--http", addr)
	if r.Status != 0 || !strings.Contains(r.notWell(), preflight.CodeAddressInUse) {
		t.Errorf("status %d:\n%s", r.Status, r.notWell())
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &logged)
	}
}

// A 429 that the check meets is a refusal of the identity's calls: the workers hear of it.
func TestCheckTellsTheWorkersOfA429(t *testing.T) {
	t.Parallel()
	c := newSetup(t, durable, sandbox.Faults{Throttled: 1})
	if r := c.check(); r.Status != 0 || !strings.Contains(r.notWell(), "RATELIMIT_EXCEEDED") {
		t.Errorf("status %d:\n%s", r.Status, r.notWell())
	}
	key := "storelink:1:ratelimit:{partner:" + c.account.Identity + ":list-stock}"
	if at, err := c.server.Client.HGet(t.Context(), key, "refused").Int64(); err != nil || at == 0 {
		t.Errorf("the rate limit has not heard of it: %d, %v", at, err)
	}
}
