package web_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(slog.DiscardHandler)) // as the worker does
	os.Exit(m.Run())
}

const token = "open-sesame-open-sesame"

// keys are made once: they are what a sandbox takes longest for.
var keys = sync.OnceValues(sandbox.GenerateKeys)

// world is a page with a ledger of a test's own, and a worker where the test starts one.
type world struct {
	*testing.T
	ctx    context.Context
	rdb    *redis.Client
	ledger *ledger.Ledger
	queue  *queue.Queue
	book   *schedule.Book
	page   *web.Dashboard
	url    string // of the page
	log    *record
}

// record is what was logged.
type record struct {
	mu sync.Mutex
	b  strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// newWorld serves a page; change, if not nil, sets it up otherwise.
func newWorld(t *testing.T, rdb *redis.Client, change func(*web.Config)) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	w := &world{T: t, ctx: ctx, rdb: rdb, ledger: ledger.Open(rdb, ledger.Options{}), queue: queue.Open(rdb),
		book: schedule.Open(rdb), log: &record{}}
	c := web.Config{Redis: rdb, Ledger: w.ledger, Queue: w.queue, Book: w.book, Token: secret.NewText(token), Worker: "here-1",
		Version: "v0.0.0-test", Logger: slog.New(slog.NewTextHandler(w.log, nil))}
	if change != nil {
		change(&c)
	}
	p, err := web.New(c)
	w.must(err)
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	w.page, w.url = p, srv.URL
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var target = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1000000013", StockID: "1123456"}

func storeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%09d", 100000001+i*7)
	}
	return ids
}

func newJob(label string) job.Job {
	now := time.Now()
	return job.Job{ID: job.NewID(now), Operation: job.Associate, Account: sandbox.PartnerAccount, Priority: job.Default,
		ChunkSize: job.MaxStoresPerCall, Target: target, FailureThreshold: job.DefaultFailureThreshold, CreatedAt: now,
		Label: label, Source: "stores.csv", SubmittedBy: "wang@desk"}
}

// submit commits a job of n stores, as enqueue does.
func (w *world) submit(j job.Job, n int) string {
	w.Helper()
	s, err := w.ledger.Stage(w.ctx, j)
	w.must(err)
	for chunk := range slices.Chunk(storeIDs(n), j.ChunkSize) {
		w.must(s.Add(w.ctx, chunk))
	}
	reminders, err := s.Commit(w.ctx, 0, 0)
	w.must(err)
	w.must(w.queue.Remind(w.ctx, j.Account, j.Priority, reminders))
	w.must(w.ledger.Announce(w.ctx, registry.Wake{Account: j.Account, Job: j.ID, State: job.Running}))
	return j.ID
}

// submitBatch commits a batch of some targets of n stores each.
func (w *world) submitBatch(targets, n int, later ...time.Time) string {
	w.Helper()
	now := time.Now()
	b := ledger.Batch{ID: job.NewID(now), Label: "春节", Source: "brands.yaml", SubmittedBy: "wang@desk", CreatedAt: now}
	stock := 2_000_001
	for _, at := range later {
		b.At, stock = &at, 2_100_001
	}
	staging := w.ledger.StageBatch(b)
	list, _, err := staging.AddList(w.ctx, job.MaxStoresPerCall, func(yield func(string, error) bool) {
		for _, id := range storeIDs(n) {
			if !yield(id, nil) {
				return
			}
		}
	})
	w.must(err)
	for i := range targets {
		j := newJob("")
		j.Target.StockID = fmt.Sprint(stock + i)
		_, err := staging.AddJob(w.ctx, j, list)
		w.must(err)
	}
	w.must((&control.Controller{Ledger: w.ledger, Queue: w.queue}).Commit(w.ctx, staging))
	return staging.Batch().ID
}

// work runs a worker on a sandbox until the test's end, at a pace in calls a second; 0 is none.
func (w *world) work(rate float64, o sandbox.Options) *sandbox.Sandbox {
	w.Helper()
	k, err := keys()
	w.must(err)
	o.Keys = k
	if rate == 0 {
		o.Rate = sandbox.NoRate
	}
	s, err := sandbox.New(o)
	w.must(err)
	url, err := s.Start("127.0.0.1:0")
	w.must(err)
	w.Cleanup(func() { _ = s.Close(context.Background()) })
	a, _ := s.Account(sandbox.PartnerAccount)
	first, _ := s.PublicKeys()
	answerKey, err := wxapi.ParseAnswerKey(first.ID, first.PEM, time.Now())
	w.must(err)
	client, err := wxapi.New(wxapi.Config{Mode: a.Mode, Identity: a.Identity, SerialNo: a.SerialNo, PrivateKey: a.PrivateKey,
		AnswerKeys: []wxapi.AnswerKey{answerKey}, BaseURL: url, CallTimeout: 5 * time.Second})
	w.must(err)
	w.Cleanup(client.Close)
	run, err := worker.New(worker.Config{Redis: w.rdb, Ledger: w.ledger, Queue: w.queue, Look: 200 * time.Millisecond, ID: "here-1",
		Accounts: []worker.Account{{Name: sandbox.PartnerAccount, Mode: a.Mode, Identity: a.Identity, Rate: rate, Concurrency: 4, Client: client}},
		Logger:   slog.New(slog.NewTextHandler(w.log, nil))})
	w.must(err)
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.Run(ctx)
	}()
	w.Cleanup(func() { cancel(); <-done })
	return s
}

// newResync is a job that makes a target what the list says, and verifies.
func newResync(label, stock string) job.Job {
	j := newJob(label)
	j.Operation, j.Target.StockID = job.Resync, stock
	j.Resync = &job.ResyncOptions{Prune: true, Verify: true}
	return j
}

// plan runs the schedules until the test's end.
func (w *world) plan() {
	w.Helper()
	opener, err := source.New(source.Config{Dirs: []string{w.TempDir()}})
	w.must(err)
	run := schedule.New(schedule.Config{Book: w.book, Ledger: w.ledger, Sources: opener, Worker: "here-1", Look: 50 * time.Millisecond,
		Submitter: &control.Submitter{Ledger: w.ledger, Queue: w.queue}, Logger: slog.New(slog.NewTextHandler(w.log, nil))})
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run.Run(ctx)
	}()
	w.Cleanup(func() { cancel(); <-done })
}

// wait looks at a job until it is as told.
func (w *world) wait(id, what string, is func(job.Status) bool) job.Status {
	w.Helper()
	for {
		s, err := w.ledger.Status(w.ctx, id)
		w.must(err)
		if is(s) {
			return s
		}
		select {
		case <-w.ctx.Done():
			w.Fatalf("waiting until %s: it is %+v", what, s)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func ended(s job.Status) bool { return s.State.Ended() }

// browser is somebody who looks at the page.
type browser struct {
	*world
	client *http.Client
	lang   string
}

func (w *world) browser(lang string) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{w, &http.Client{Jar: jar}, lang}
}

// answer is what a request came to.
type answer struct {
	status int
	body   string
	header http.Header
	url    *url.URL // after all redirects
}

func (b *browser) do(req *http.Request) answer {
	b.Helper()
	req.Header.Set("Accept-Language", b.lang)
	res, err := b.client.Do(req)
	b.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.must(err)
	return answer{res.StatusCode, string(body), res.Header, res.Request.URL}
}

func (b *browser) get(path string) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.url+path, nil)
	b.must(err)
	return b.do(req)
}

func (b *browser) post(path string, form url.Values, header ...string) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	b.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.url)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(req)
}

func (b *browser) login() *browser {
	b.Helper()
	if a := b.post("/login", url.Values{"token": {token}}); a.status != http.StatusOK || !strings.Contains(a.body, "/logout") {
		b.Fatalf("not logged in: %d %s", a.status, a.body)
	}
	return b
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf gives the token of a page's forms.
func (b *browser) csrf(path string) string {
	b.Helper()
	m := csrfField.FindStringSubmatch(b.get(path).body)
	if m == nil {
		b.Fatalf("%s has no form", path)
	}
	return m[1]
}

func (w *world) rows(id string) iter.Seq2[job.Row, error] { return w.ledger.Rows(w.ctx, id, "") }
