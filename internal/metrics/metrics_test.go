package metrics_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/metrics"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// keys are made once: they are what a sandbox takes longest for.
var keys = sync.OnceValues(sandbox.GenerateKeys)

// world is a worker with its figures, the sandbox and Redis.
type world struct {
	*testing.T
	ctx     context.Context
	sandbox *sandbox.Sandbox
	rdb     *redis.Client
	ledger  *ledger.Ledger
	queue   *queue.Queue
	figures *metrics.Metrics
	account worker.Account

	hooks   *worker.Hooks
	sources schedule.Opener
	notify  *job.Hook // of the next job
}

// newWorld starts a worker for the sandbox's partner; spoil, if not nil, spoils its client.
func newWorld(t *testing.T, rdb *redis.Client, o sandbox.Options, spoil func(*wxapi.Config)) *world {
	t.Helper()
	k, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	o.Keys = k
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	w := &world{T: t, ctx: ctx, sandbox: s, rdb: rdb, ledger: ledger.Open(rdb, ledger.Options{}), queue: queue.Open(rdb)}
	a, _ := s.Account(sandbox.PartnerAccount)
	first, _ := s.PublicKeys()
	answerKey, err := wxapi.ParseAnswerKey(first.ID, first.PEM, time.Now())
	w.must(err)
	c := wxapi.Config{Mode: a.Mode, Identity: a.Identity, SerialNo: a.SerialNo, PrivateKey: a.PrivateKey,
		AnswerKeys: []wxapi.AnswerKey{answerKey}, BaseURL: url, CallTimeout: 5 * time.Second}
	if spoil != nil {
		spoil(&c)
	}
	client, err := wxapi.New(c)
	w.must(err)
	t.Cleanup(client.Close)
	w.account = worker.Account{Name: "acme", Mode: a.Mode, Identity: a.Identity, Concurrency: 4, Client: client}
	w.figures = metrics.New(metrics.Config{Redis: rdb, Queue: w.queue, Version: "v1.2.3"})
	rdb.AddHook(w.figures.RedisHook())
	return w
}

// start runs the worker until the test's end.
func (w *world) start() {
	w.Helper()
	served, err := worker.New(worker.Config{Redis: w.rdb, Ledger: w.ledger, Queue: w.queue,
		Accounts: []worker.Account{w.account}, Meter: w.figures, Look: 100 * time.Millisecond,
		Hooks: w.hooks, Sources: w.sources})
	w.must(err)
	w.figures.Watch(served)
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = served.Run(ctx)
	}()
	w.Cleanup(func() { cancel(); <-done })
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var stock = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}

// submit commits a job of n stores and puts it on the queue, as enqueue does.
func (w *world) submit(op job.Operation, n int) string {
	w.Helper()
	now := time.Now()
	j := job.Job{ID: job.NewID(now), Operation: op, Account: w.account.Name, Priority: job.Default,
		ChunkSize: job.MaxStoresPerCall, Target: stock, FailureThreshold: 0, CreatedAt: now, Notify: w.notify}
	s, err := w.ledger.Stage(w.ctx, j)
	w.must(err)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%09d", 100000001+i*7)
	}
	for chunk := range slices.Chunk(ids, j.ChunkSize) {
		w.must(s.Add(w.ctx, chunk))
	}
	rems, err := s.Commit(w.ctx, 0, 0)
	w.must(err)
	w.must(w.queue.Remind(w.ctx, j.Account, j.Priority, rems))
	w.must(w.ledger.Announce(w.ctx, registry.Wake{Account: j.Account, Job: j.ID, State: job.Running}))
	return j.ID
}

// until waits until something is so.
func (w *world) until(what string, is func() bool) {
	w.Helper()
	for !is() {
		select {
		case <-w.ctx.Done():
			w.Fatalf("waited in vain until %s:\n%s", what, w.scrape())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (w *world) ended(id string) job.Status {
	w.Helper()
	var s job.Status
	w.until("the job has ended", func() bool {
		var err error
		s, err = w.ledger.Status(w.ctx, id)
		w.must(err)
		return s.State.Ended()
	})
	return s
}

// scrape gives the figures as Prometheus gets them.
func (w *world) scrape() string {
	w.Helper()
	return scrape(w.T, w.figures)
}

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(rec.Result().Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("%d %v\n%s", rec.Code, err, body)
	}
	return string(body)
}

// has fails unless all lines are among the figures.
func has(t *testing.T, figures string, lines ...string) {
	t.Helper()
	all := strings.Split(figures, "\n")
	for _, l := range lines {
		if !slices.Contains(all, l) {
			name, _, _ := strings.Cut(l, "{")
			t.Errorf("there is no %s; there is\n%s", l, strings.Join(slices.DeleteFunc(slices.Clone(all), func(s string) bool {
				return !strings.HasPrefix(s, strings.Fields(name)[0])
			}), "\n"))
		}
	}
}

func TestARunIsCountedExactly(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Seed: 3, PassingStores: .01,
			FailingStores: .02}}, nil)
		w.start()
		s := w.ended(w.submit(job.Associate, 2000))
		stats := w.sandbox.Stats()
		if s.Failed == 0 || s.Succeeded+s.Failed != 2000 || s.Retries == 0 {
			t.Fatalf("%+v", s)
		}
		lines := []string{
			fmt.Sprintf(`storelink_calls_total{account="acme",class="none",operation="associate"} %d`, s.Calls),
			fmt.Sprintf(`storelink_requests_total{account="acme",interface="associate-stock"} %d`, stats.Calls),
			fmt.Sprintf(`storelink_stores_total{account="acme",operation="associate",outcome="succeeded"} %d`, s.Succeeded),
			fmt.Sprintf(`storelink_stores_total{account="acme",operation="associate",outcome="failed"} %d`, s.Failed),
			fmt.Sprintf(`storelink_retries_total{account="acme",operation="associate"} %d`, s.Retries),
			fmt.Sprintf(`storelink_call_duration_seconds_count{account="acme",operation="associate"} %d`, s.Calls),
			`storelink_calls_total{account="acme",class="passing_call",operation="associate"} 0`,
			`storelink_breaker_open{account="acme"} 0`,
		}
		for code, n := range s.Failures { // all of them are in the catalogue
			lines = append(lines, fmt.Sprintf(`storelink_store_failures_total{account="acme",code="%s"} %d`, code, n))
		}
		w.until("the worker has heard of the last record", func() bool {
			got := w.scrape()
			return !slices.ContainsFunc(lines, func(l string) bool { return !strings.Contains(got, l+"\n") })
		})
		got := w.scrape()
		has(t, got, lines...)
		for _, never := range []string{s.Job, "100000001", stock.StockID} {
			if strings.Contains(got, `"`+never+`"`) { // as a label; a figure may be any number
				t.Errorf("a label is %s", never)
			}
		}
		w.until("the watcher has seen the end", func() bool {
			return strings.Contains(w.scrape(), `storelink_jobs_running{account="acme"} 0`)
		})
	})
}

func TestFailedCallsAreCountedByClassAndCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Real(t).Client, sandbox.Options{Rate: sandbox.NoRate,
		Faults: sandbox.Faults{Latency: 20 * time.Millisecond}}, nil)
	w.start()
	w.submit(job.Associate, 50_000)
	const good = `storelink_calls_total{account="acme",class="none",operation="associate"} `
	w.until("calls pass", func() bool {
		got := w.scrape()
		return strings.Contains(got, good) && !strings.Contains(got, good+"0\n")
	})
	w.must(w.sandbox.SetFaults(sandbox.Faults{ServerErrors: 1}))
	w.until("the breaker is open", func() bool {
		return strings.Contains(w.scrape(), `storelink_lane_state{account="acme",state="outage"} 1`)
	})
	got := w.scrape()
	has(t, got, `storelink_breaker_open{account="acme"} 1`,
		`storelink_breaker_trips_total{account="acme",state="outage"} 1`,
		`storelink_stores_total{account="acme",operation="associate",outcome="failed"} 0`)
	if strings.Contains(got, `class="passing_call",operation="associate"} 0`) || !strings.Contains(got, `code="SYSTEM_ERROR"} `) {
		t.Errorf("no call is counted:\n%s", got)
	}
	w.must(w.sandbox.SetFaults(sandbox.Faults{}))
	w.until("it is closed", func() bool { return strings.Contains(w.scrape(), `storelink_breaker_open{account="acme"} 0`) })
}

func TestARefusedAccountIsTold(t *testing.T) {
	t.Parallel()
	rdb := redistest.Real(t).Client
	w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, func(c *wxapi.Config) {
		c.SerialNo = strings.Repeat("AB", 20)
	})
	w.start()
	w.submit(job.Associate, 1000)
	w.until("it is refused", func() bool {
		return strings.Contains(w.scrape(), `storelink_lane_state{account="acme",state="refused"} 1`)
	})
	w.until("the job is seen to run", func() bool {
		return strings.Contains(w.scrape(), `storelink_jobs_running{account="acme"} 1`)
	})
	has(t, w.scrape(), `storelink_breaker_open{account="acme"} 1`,
		`storelink_call_failures_total{account="acme",code="SIGN_ERROR"} 1`)
}

func TestRedisIsLookedAt(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t, append(slices.Clone(redistest.Durable), "--maxmemory-policy", "noeviction")...)
	m := metrics.New(metrics.Config{Redis: server.Client, Queue: queue.Open(server.Client)})
	server.Client.AddHook(m.RedisHook())
	has(t, scrape(t, m), "storelink_redis_up 1", "storelink_redis_appendonly 1", "storelink_redis_appendfsync_always 1",
		"storelink_redis_noeviction 1", "storelink_redis_write_failing 0", "storelink_redis_evicted_keys_total 0",
		`storelink_redis_errors_total{kind="refused"} 0`)
	// Full: it answers that it is.
	if err := server.Client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := server.Client.Set(t.Context(), "k", "v", 0).Err(); err == nil {
		t.Fatal("it took a key")
	}
	if err := server.Client.Get(t.Context(), "nothing").Err(); !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	has(t, scrape(t, m), `storelink_redis_errors_total{kind="refused"} 1`, "storelink_redis_memory_max_bytes 1")
}

func TestAUserThatMayNotAskIsNoTrouble(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t)
	if err := server.Client.Do(t.Context(), "acl", "setuser", "narrow", "on", ">pw", "~*", "&*", "+@all", "-config").Err(); err != nil {
		t.Fatal(err)
	}
	narrow := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "narrow", Password: "pw"})
	t.Cleanup(func() { _ = narrow.Close() })
	m := metrics.New(metrics.Config{Redis: narrow, Queue: queue.Open(narrow)})
	narrow.AddHook(m.RedisHook())
	scrape(t, m)
	got := scrape(t, m)
	has(t, got, "storelink_redis_up 1", "storelink_redis_appendonly 0", `storelink_redis_errors_total{kind="refused"} 0`)
	if strings.Contains(got, "storelink_redis_appendfsync_always") {
		t.Error("what it does not tell is told")
	}
}

func TestAScrapeIsAnsweredWithoutRedis(t *testing.T) {
	t.Parallel()
	away := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = away.Close() })
	m := metrics.New(metrics.Config{Redis: away, Queue: queue.Open(away)})
	away.AddHook(m.RedisHook())
	if err := away.Get(t.Context(), "k").Err(); err == nil {
		t.Fatal("it is there")
	}
	got := scrape(t, m)
	has(t, got, "storelink_redis_up 0")
	if strings.Contains(got, `storelink_redis_errors_total{kind="unreachable"} 0`) || strings.Contains(got, "storelink_redis_appendonly") {
		t.Error(got)
	}
}

func TestQueuesAreToldWithTheirAge(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, nil)
		lanes := lanesOf{"acme", "idle"}
		w.figures.Watch(lanes)
		w.submit(job.Associate, 1000) // no worker: the job's first chunk goes alone, and waits
		w.must(w.queue.Remind(w.ctx, "acme", job.High, []job.Reminder{{Job: "x", Chunk: 1, Generation: 1, Delay: time.Hour}}))
		got := w.scrape()
		has(t, got, `storelink_queue_tasks{account="acme",priority="default",state="due"} 1`,
			`storelink_queue_tasks{account="acme",priority="high",state="delayed"} 1`,
			`storelink_queue_tasks{account="acme",priority="high",state="due"} 0`,
			`storelink_queue_oldest_due_seconds{account="acme",priority="high"} 0`)
		w.until("a task is late", func() bool {
			return !strings.Contains(w.scrape(), `storelink_queue_oldest_due_seconds{account="acme",priority="default"} 0`+"\n")
		})
		if strings.Contains(got, `account="idle"`) && strings.Contains(got, `storelink_queue_tasks{account="idle"`) {
			t.Error("a queue that was never used is told")
		}
	})
}

func TestAsynqsOwnCollectorStandsBesideThem(t *testing.T) {
	t.Parallel()
	rdb := redistest.Real(t).Client
	w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, nil)
	w.submit(job.Associate, 1000)
	has(t, w.scrape(), `asynq_tasks_enqueued_total{queue="acme:default",state="pending"} 1`,
		`asynq_queue_size{queue="acme:default"} 1`)
}

// lanesOf are idle lanes of accounts.
type lanesOf []string

func (l lanesOf) Lanes() (all []registry.Lane) {
	for _, name := range l {
		all = append(all, registry.Lane{Account: name, State: job.LaneIdle, Rate: 20,
			Limits: map[string]job.RateLimit{"associate-stock": {Rate: 19.5}}})
	}
	return all
}

func (l lanesOf) Keys() map[string]wxapi.KeyState {
	return map[string]wxapi.KeyState{l[0]: {Unknown: 3, Expires: time.Unix(1_800_000_000, 0)}}
}

func TestLanesAreTold(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{Version: "v1"})
	m.Watch(lanesOf{"acme"})
	has(t, scrape(t, m), `storelink_pace_calls_per_second{account="acme",interface="associate-stock"} 19.5`,
		`storelink_pace_allowed_calls_per_second{account="acme"} 20`, `storelink_lane_state{account="acme",state="idle"} 1`,
		`storelink_lane_state{account="acme",state="refused"} 0`, `storelink_unknown_answer_keys_total{account="acme"} 3`,
		`storelink_answer_key_expires_timestamp_seconds{account="acme"} 1.8e+09`)
}

func TestAnAccountsFirstTroubleShows(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	a := m.Account("acme")
	a.Called(processor.Called{Operation: job.Associate, Interface: "associate-stock", Class: job.ClassNone, Sent: 1})
	// increase() is of nothing where a counter begins at one.
	has(t, scrape(t, m), `storelink_breaker_trips_total{account="acme",state="outage"} 0`,
		`storelink_breaker_trips_total{account="acme",state="refused"} 0`,
		`storelink_throttled_total{account="acme",interface="associate-stock"} 0`)
}

func TestAnAccountThatAReloadTookAwayIsServedNoMore(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	m.Account("acme")
	m.Account("gone")
	m.Watch(lanesOf{"acme", "gone"})
	m.Running(map[string]int{"acme": 1, "gone": 2})
	has(t, scrape(t, m), `storelink_jobs_running{account="gone"} 2`, `storelink_jobs_running{account="other"} 0`)
	m.Watch(lanesOf{"acme"})
	m.Running(map[string]int{"acme": 1, "gone": 2})
	got := scrape(t, m)
	has(t, got, `storelink_jobs_running{account="acme"} 1`, `storelink_jobs_running{account="other"} 2`)
	if strings.Contains(got, `storelink_jobs_running{account="gone"}`) {
		t.Error("it tells of an account that is not served")
	}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	a := m.Account("acme")
	for i := range 1000 {
		code := fmt.Sprintf("MADE_UP_%d", i)
		a.Called(processor.Called{Operation: job.Associate, Interface: "associate-stock", Class: job.ClassPassingCall,
			Code: code, Sent: 1})
		a.Called(processor.Called{Operation: job.Operation(code), Class: job.ClassNone, Sent: 1})
		a.Recorded(job.Associate, ledger.Moved{Failed: 1, Codes: map[string]int64{code: 1}})
		m.Running(map[string]int{code: 1, "acme": 1})
		m.Tripped(code, job.LaneOutage)
	}
	got := scrape(t, m)
	if strings.Contains(got, "MADE_UP") {
		t.Error("anybody can make labels")
	}
	has(t, got, `storelink_call_failures_total{account="acme",code="other"} 1000`,
		`storelink_store_failures_total{account="acme",code="other"} 1000`, `storelink_jobs_running{account="other"} 1`,
		`storelink_jobs_running{account="acme"} 1`)
}

func TestDutiesAreCounted(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	m.Looked(map[job.State]int{job.Running: 2}, nil)
	m.Found(worker.FoundLost, 3)
	m.Found(worker.FoundStuck, 0)
	m.Told(worker.HookGivenUp)
	for _, r := range []schedule.Run{{State: schedule.Missed, Missed: 4}, {State: schedule.Ended},
		{State: schedule.Failed},
		{State: schedule.Ended, Outcome: &schedule.Outcome{State: job.Completed}}} {
		m.ScheduleRun(r)
	}
	got := scrape(t, m)
	has(t, got, `storelink_jobs{state="running"} 2`, `storelink_jobs{state="paused"} 0`, "storelink_reconciler_at_work 1",
		`storelink_reconciler_findings_total{kind="lost_reminder"} 3`,
		`storelink_reconciler_findings_total{kind="stuck_job"} 0`,
		`storelink_hook_deliveries_total{outcome="given_up"} 1`, `storelink_schedule_runs_total{outcome="missed"} 4`,
		`storelink_schedule_runs_total{outcome="gone"} 1`, `storelink_schedule_runs_total{outcome="failed"} 1`,
		`storelink_schedule_runs_total{outcome="completed"} 1`)
	m.Looked(nil, nil) // another worker's reconciler is at work now
	if got := scrape(t, m); strings.Contains(got, "storelink_jobs{") {
		t.Error("two workers would tell the jobs")
	}
}

func TestFiguresAreNamedAsPrometheusWants(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{Version: "v1"})
	m.Watch(lanesOf{"acme"})
	m.Account("acme")
	problems, err := testutil.GatherAndLint(m.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "storelink_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestAnExpiringCertificateIsTold(t *testing.T) {
	t.Parallel()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	expires := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	template := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "x"},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  expires}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Real(t).Client
	w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, func(c *wxapi.Config) {
		c.AnswerKeys = append(c.AnswerKeys, wxapi.AnswerKey{ID: wxapi.SerialNumber(cert), Certificate: cert})
	})
	w.start()
	has(t, w.scrape(), fmt.Sprintf(`storelink_answer_key_expires_timestamp_seconds{account="acme"} %g`,
		float64(expires.Unix())))
}

func BenchmarkACallIsCounted(b *testing.B) {
	a := metrics.New(metrics.Config{}).Account("acme")
	moved := ledger.Moved{Succeeded: 200, Sent: 1}
	b.ReportAllocs()
	for b.Loop() {
		a.Waited(job.Associate, time.Millisecond)
		a.Called(processor.Called{Operation: job.Associate, Interface: "associate-stock", Sent: 1,
			Elapsed: 300 * time.Millisecond})
		a.Recorded(job.Associate, moved)
	}
}
