package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/report"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(discard()) // as main does
	os.Exit(m.Run())
}

// outcome is what a run of the command left.
type outcome struct {
	status int
	out    string
	err    string
}

// syncBuffer is written by a command and read by its test.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// enqueue runs the command to its end.
func enqueue(t *testing.T, environ []string, args ...string) outcome {
	t.Helper()
	return enqueueWith(t, t.Context(), environ, "", args...)
}

// hearing runs the command, and a function, once, when standard error has a text.
func hearing(t *testing.T, ctx context.Context, environ []string, hears map[string]func(), args ...string) outcome {
	t.Helper()
	var out syncBuffer
	stderr := &listener{hears: hears}
	status := run(ctx, args, strings.NewReader(""), &out, stderr, environ)
	if len(stderr.hears) > 0 {
		t.Errorf("standard error never said all that it should have: %s", stderr.String())
	}
	return outcome{status: status, out: out.String(), err: stderr.String()}
}

// listener is a syncBuffer that is listened to.
type listener struct {
	syncBuffer
	hears map[string]func()
}

func (l *listener) Write(p []byte) (int, error) {
	n, err := l.syncBuffer.Write(p)
	for text, then := range l.hears {
		if strings.Contains(string(p), text) {
			delete(l.hears, text)
			then()
		}
	}
	return n, err
}

func enqueueWith(t *testing.T, ctx context.Context, environ []string, stdin string, args ...string) outcome {
	t.Helper()
	var out, err syncBuffer
	status := run(ctx, args, strings.NewReader(stdin), &out, &err, environ)
	o := outcome{status: status, out: out.String(), err: err.String()}
	for _, secret := range []string{"PRIVATE KEY", "hunter2"} {
		if strings.Contains(o.out, secret) || strings.Contains(o.err, secret) {
			t.Errorf("%q shows a secret:\n%s%s", args, o.out, o.err)
		}
	}
	return o
}

// expect fails where the exit status is another.
func (o outcome) expect(t *testing.T, status int) outcome {
	t.Helper()
	if o.status != status {
		t.Fatalf("exit status %d, want %d\nstandard output: %s\nstandard error: %s", o.status, status, o.out, o.err)
	}
	return o
}

// document reads standard output as exactly one JSON document.
func document[T any](t *testing.T, o outcome) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(o.out))
	if err := d.Decode(&v); err != nil {
		t.Fatalf("no JSON document on standard output: %v\n%s", err, o.out)
	}
	if d.More() {
		t.Fatalf("more than one document on standard output:\n%s", o.out)
	}
	return v
}

// failed reads standard output as the one error document.
func (o outcome) failed(t *testing.T, status int, code string) errorBody {
	t.Helper()
	o.expect(t, status)
	e := document[struct{ Error errorBody }](t, o).Error
	if e.Code != code || e.Message == "" {
		t.Fatalf("error %+v, want code %s", e, code)
	}
	return e
}

var sharedKeys = sync.OnceValues(sandbox.GenerateKeys)

// world is a stand-in for WeChat Pay, and a configuration that leads there.
type world struct {
	t       *testing.T
	sandbox *sandbox.Sandbox
	dir     string
	config  string // the configuration's file
	env     []string

	calls  atomic.Int64
	onCall func(n int64) // told before the nth call is answered; set before the first
	redis  *redis.Client // nil without one
}

// newWorld makes a world without Redis.
func newWorld(t *testing.T, faults sandbox.Faults) *world {
	t.Helper()
	keys, err := sharedKeys()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir()}
	if w.sandbox, err = sandbox.New(sandbox.Options{Keys: keys, Rate: sandbox.NoRate, Faults: faults}); err != nil {
		t.Fatal(err)
	}
	handler := w.sandbox.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if n := w.calls.Add(1); w.onCall != nil {
			w.onCall(n)
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.config = w.configure("storelink.yaml", server.URL, nil)
	return w
}

// configure writes a configuration with the sandbox's two accounts, as change has changed them.
func (w *world) configure(name, url string, change func(*sandbox.Account)) string {
	w.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "sources: {directories: [%q]}\naccounts:\n", w.dir)
	first, _ := w.sandbox.PublicKeys()
	w.write("wxp.pem", string(first.PEM))
	for _, a := range w.sandbox.Accounts() {
		if change != nil {
			change(&a)
		}
		pem, err := a.PrivateKeyPEM()
		if err != nil {
			w.t.Fatal(err)
		}
		identity := "mchid"
		if a.Mode == job.Brand {
			identity = "brand_id"
		}
		key := filepath.Base(w.write(name+"-"+a.Name+".pem", string(pem)))
		fmt.Fprintf(&text, "  - {name: %s, mode: %s, %s: %q, serial_no: %q, private_key: %s, wechatpay_public_key_id: %s,"+
			" wechatpay_public_key: wxp.pem, rate: 0, base_url: %q}\n", a.Name, a.Mode, identity, a.Identity, a.SerialNo, key,
			first.ID, url)
	}
	return w.write(name, text.String())
}

func (w *world) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// list writes a list of n stores.
func (w *world) list(n int) string {
	return w.write(fmt.Sprintf("stores-%d.csv", n), "store_id\n"+strings.Join(storeIDs(n), "\n")+"\n")
}

func storeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("1%08d", i)
	}
	return ids
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// report reads a CSV report: outcome by store, each once.
func (w *world) report(path string) map[string]string {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.rows(string(text))
}

func (w *world) rows(text string) map[string]string {
	w.t.Helper()
	got := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i == 0 {
			if line != strings.Join(report.Columns, ",") {
				w.t.Fatalf("the report begins with %q", line)
			}
			continue
		}
		id, rest, _ := strings.Cut(line, ",")
		if _, twice := got[id]; twice {
			w.t.Errorf("store %s is in the report twice", id)
		}
		got[id], _, _ = strings.Cut(rest, ",")
	}
	return got
}

var target = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "2000", StockID: "3000"}

// asPartner is what a job for target is submitted with.
var asPartner = []string{"--account", sandbox.PartnerAccount, "--brand", sandbox.BrandID, "--coupon", "2000", "--stock", "3000"}

// associate runs enqueue associate for target, with the flags given.
func (w *world) associate(list string, flags ...string) outcome {
	w.t.Helper()
	return enqueue(w.t, w.env, append(append([]string{"associate", list}, asPartner...), flags...)...)
}

func (w *world) do(args ...string) outcome {
	w.t.Helper()
	return enqueue(w.t, w.env, args...)
}

// withRedis runs a test in a world with Redis, on a real one and the embedded one.
func withRedis(t *testing.T, faults sandbox.Faults, test func(*testing.T, *world)) {
	t.Helper()
	redistest.Both(t, func(t *testing.T, c *redis.Client) {
		w := newWorld(t, faults)
		w.on(c)
		test(t, w)
	})
}

// onMini is withRedis on the embedded one alone, for what does not hang on Redis.
func onMini(t *testing.T, faults sandbox.Faults) *world {
	t.Helper()
	w := newWorld(t, faults)
	c := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = c.Close() })
	w.on(c)
	return w
}

func (w *world) on(c *redis.Client) {
	w.redis = c
	w.env = []string{"REDIS_URL=redis://" + c.Options().Addr + "/0", "STORELINK_CONFIG=" + w.config}
}

// work starts a worker for all accounts, until the test ends or the function that it gives is called.
func (w *world) work() (stop func()) {
	w.t.Helper()
	c, err := config.Load(w.config, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	log := discard()
	accounts, err := worker.Accounts(c.Accounts, log)
	if err != nil {
		w.t.Fatal(err)
	}
	sources, err := worker.Sources(c.Sources)
	if err != nil {
		w.t.Fatal(err)
	}
	// A client of its own: the worker outlives the test's.
	rdb := redis.NewClient(w.redis.Options())
	wk, err := worker.New(worker.Config{Redis: rdb, Ledger: ledger.Open(rdb, ledger.Options{}), Queue: queue.Open(rdb),
		Accounts: accounts, Sources: sources, Logger: log})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := wk.Run(ctx); err != nil {
			w.t.Errorf("worker: %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		_ = rdb.Close()
	})
	w.t.Cleanup(stop)
	return stop
}
