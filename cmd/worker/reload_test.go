package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// accountsFolder is a configuration whose accounts have a file each.
type accountsFolder struct {
	*testing.T
	sandbox *sandbox.Sandbox
	url     string
	dir     string
}

func newAccountsFolder(t *testing.T, redis string, o sandbox.Options) *accountsFolder {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	f := &accountsFolder{T: t, sandbox: s, dir: t.TempDir()}
	if f.url, err = s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	if err := os.Mkdir(filepath.Join(f.dir, "accounts.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	first, _ := s.PublicKeys()
	f.write("accounts.d/pub.pem", string(first.PEM))
	f.write("storelink.yaml", "redis: "+redis+"\nhttp: 127.0.0.1:0\nlog: {format: json}\naccounts_dir: accounts.d\n")
	return f
}

func (f *accountsFolder) write(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// account writes the file of one of the sandbox's accounts.
func (f *accountsFolder) account(name string, concurrency int) {
	f.Helper()
	a, _ := f.sandbox.Account(name)
	key, err := a.PrivateKeyPEM()
	if err != nil {
		f.Fatal(err)
	}
	identity := "mchid"
	if a.Mode == job.Brand {
		identity = "brand_id"
	}
	first, _ := f.sandbox.PublicKeys()
	f.write("accounts.d/"+name+".pem", string(key))
	f.write("accounts.d/"+name+".yaml", fmt.Sprintf("name: %s\nmode: %s\n%s: %q\nserial_no: %s\nprivate_key: %s.pem\n"+
		"wechatpay_public_key_id: %s\nwechatpay_public_key: pub.pem\nbase_url: %s\nrate: 0\nconcurrency: %d\n",
		name, a.Mode, identity, a.Identity, a.SerialNo, name, first.ID, f.url, concurrency))
}

func TestHangupReadsTheAccountsAgainAndDisturbsNobodyElse(t *testing.T) {
	t.Parallel()
	redis := redistest.Real(t)
	f := newAccountsFolder(t, "redis://"+redis.Addr,
		sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Latency: 50 * time.Millisecond}})
	f.account(sandbox.PartnerAccount, 1)
	f.account(sandbox.BrandAccount, 2)
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(f.dir, "notify")})
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	var log output
	cmd := workerCommand(t, []string{"NOTIFY_SOCKET=" + told.LocalAddr().String()}, "--config", filepath.Join(f.dir,
		"storelink.yaml"))
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard := func(want string) {
		t.Helper()
		buf := make([]byte, 1024)
		_ = told.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := told.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Fatalf("systemd is told %q, %v, want %s:\n%s", buf[:n], err, want, &log)
		}
	}
	heard("READY=1")
	log.until(t, `worker started`)

	ledger, q := ledger.Open(redis.Client, ledger.Options{}), queue.Open(redis.Client)
	const chunks = 40
	receipt, err := (&control.Submitter{Ledger: ledger, Queue: q}).Submit(t.Context(), control.Submission{
		Job: job.Job{Operation: job.Associate, Account: sandbox.PartnerAccount, Priority: job.Default, ChunkSize: 10,
			Target: job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}},
		IDs: func(yield func(string, error) bool) {
			for i := range 10 * chunks {
				if !yield(fmt.Sprint(100000001+i), nil) {
					return
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	until := func(what string, is func(job.Status) bool) job.Status {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			s, err := ledger.Status(t.Context(), receipt.Job.ID)
			if err != nil {
				t.Fatal(err)
			}
			if is(s) {
				return s
			}
			if time.Now().After(end) {
				t.Fatalf("never %s: %+v\n%s", what, s, &log)
			}
		}
	}
	until("calls", func(s job.Status) bool { return s.Calls > 2 })
	hangup := func(says string) {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		heard("RELOADING=1\nMONOTONIC_USEC=")
		heard("READY=1")
		log.until(t, says)
	}

	address := log.until(t, `"address":"([^"]+)"`)[1]
	tells := func(line string) {
		t.Helper()
		answer, err := http.Get(address + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if all, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(all), "\n"+line+"\n") {
			t.Fatalf("there is no %s: %v\n%s", line, err, all)
		}
	}

	tells("storelink_config_last_reload_successful 1")
	f.account(sandbox.BrandAccount, 5)
	hangup(`"added":null,"changed":\["sandbox-brand"\],"removed":null,"kept":1`)
	f.write("accounts.d/twice.yaml", "name: sandbox-brand\nmode: brand\n")
	hangup(`"the configuration was not read again, the old one stays in force","error":"[^"]*twice.yaml:1: the name sandbox-brand stands twice`)
	tells("storelink_config_last_reload_successful 0")
	f.write("accounts.d/twice.yaml", "# nobody\n")
	f.write("accounts.d/sandbox-brand.yaml", "# nobody\n")
	f.write("storelink.yaml", "redis: redis://elsewhere\nhttp: 127.0.0.1:0\nretention: 7d\nlog: {format: json}\naccounts_dir: accounts.d\n")
	hangup(`"removed":\["sandbox-brand"\],"kept":1`)
	log.until(t, `"changed":"redis, retention"`)
	tells("storelink_config_last_reload_successful 1")
	f.account(sandbox.BrandAccount, 2)
	hangup(`"added":\["sandbox-brand"\],"changed":null,"removed":null,"kept":1`)
	f.write("accounts.d/sandbox-brand.yaml", "# nobody\n")
	f.write("accounts.d/sandbox-partner.yaml", "# nobody\n")
	hangup(`"no account is configured any more"`)

	if s := until("the end", func(s job.Status) bool { return s.State.Ended() }); s.Succeeded != 10*chunks ||
		s.Calls != chunks || s.Retries != 0 {
		t.Errorf("the job of the account that has not changed: %+v", s)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	heard("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if s := log.String(); strings.Contains(s, "PRIVATE KEY") {
		t.Error("the log has a key in it")
	}
}
