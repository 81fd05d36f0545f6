package worker_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// keys are made once: they are what a sandbox takes longest for.
var keys = sync.OnceValues(sandbox.GenerateKeys)

// bundle is a sandbox, a Redis and what serves them, of a test's own.
type bundle struct {
	*testing.T
	ctx     context.Context
	sandbox *sandbox.Sandbox
	url     string
	rdb     *redis.Client
	ledger  *ledger.Ledger
	queue   *queue.Queue
	log     *slog.Logger
	hooks   *worker.Hooks
}

func newBundle(t *testing.T, rdb *redis.Client, o sandbox.Options) *bundle {
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
	return &bundle{T: t, ctx: ctx, sandbox: s, url: url, rdb: rdb, queue: queue.Open(rdb),
		ledger: ledger.Open(rdb, ledger.Options{}), log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func (b *bundle) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// account is one of the sandbox's as a worker serves it; change, if not nil, spoils it first.
func (b *bundle) account(name string, change func(*wxapi.Config)) worker.Account {
	b.Helper()
	a, ok := b.sandbox.Account(name)
	if !ok {
		b.Fatalf("no account %s", name)
	}
	first, _ := b.sandbox.PublicKeys()
	answerKey, err := wxapi.ParseAnswerKey(first.ID, first.PEM, time.Now())
	b.must(err)
	c := wxapi.Config{Mode: a.Mode, Identity: a.Identity, SerialNo: a.SerialNo, PrivateKey: a.PrivateKey,
		AnswerKeys: []wxapi.AnswerKey{answerKey}, BaseURL: b.url, CallTimeout: 5 * time.Second}
	if change != nil {
		change(&c)
	}
	client, err := wxapi.New(c)
	b.must(err)
	b.Cleanup(client.Close)
	return worker.Account{Name: name, Mode: a.Mode, Identity: a.Identity, Concurrency: 4, Client: client}
}

// start runs a worker until the test's end, or until stop is called.
func (b *bundle) start(accounts ...worker.Account) (w *worker.Worker, stop func()) {
	b.Helper()
	w, err := worker.New(worker.Config{Redis: b.rdb, Ledger: b.ledger, Queue: b.queue, Accounts: accounts, Logger: b.log, Hooks: b.hooks,
		Look: 200 * time.Millisecond})
	b.must(err)
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	b.Cleanup(stop)
	return w, stop
}

func storeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%09d", 100000001+i*7)
	}
	return ids
}

func newJob(account string, op job.Operation, target job.Target) job.Job {
	now := time.Now()
	return job.Job{ID: job.NewID(now), Operation: op, Account: account, Priority: job.Default,
		ChunkSize: job.MaxStoresPerCall, Target: target, FailureThreshold: job.DefaultFailureThreshold, CreatedAt: now}
}

var stock = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}

// submit commits a job and puts it on the queue, as enqueue does.
func (b *bundle) submit(j job.Job, ids []string) {
	b.Helper()
	s, err := b.ledger.Stage(b.ctx, j)
	b.must(err)
	for chunk := range slices.Chunk(ids, j.ChunkSize) {
		b.must(s.Add(b.ctx, chunk))
	}
	rems, err := s.Commit(b.ctx, 0, 0)
	b.must(err)
	b.must(b.queue.Remind(b.ctx, j.Account, j.Priority, rems))
	b.must(b.ledger.Announce(b.ctx, registry.Wake{Account: j.Account, Job: j.ID, State: job.Running}))
}

// wait looks at a job's status until it is as told, checking that it adds up at every look.
func (b *bundle) wait(id, what string, is func(job.Status) bool) job.Status {
	b.Helper()
	for {
		s, err := b.ledger.Status(b.ctx, id)
		if err != nil {
			b.Fatalf("waiting until %s: %v", what, err)
		}
		if s.Succeeded+s.Failed+s.Pending+s.Unprocessed != s.Total {
			b.Fatalf("the counts do not add up: %+v", s)
		}
		if is(s) {
			return s
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("waiting until %s: it is %+v", what, s)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (b *bundle) waitEnd(id string) job.Status {
	b.Helper()
	return b.wait(id, "the job has ended", func(s job.Status) bool { return s.State.Ended() })
}

func (b *bundle) outcomes(id string, only job.Outcome) []string {
	b.Helper()
	var out []string
	for row, err := range b.ledger.Rows(b.ctx, id, only) {
		b.must(err)
		out = append(out, row.StoreID)
	}
	slices.Sort(out)
	return out
}

func onBoth(t *testing.T, o sandbox.Options, test func(*bundle)) {
	t.Helper()
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) { test(newBundle(t, rdb, o)) })
}

func TestEveryKindOfTargetAndCaller(t *testing.T) {
	t.Parallel()
	bundleTarget := job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockBundleID: "3001"}
	for _, account := range []string{sandbox.PartnerAccount, sandbox.BrandAccount} {
		for _, target := range []job.Target{stock, bundleTarget} {
			t.Run(account+" "+target.String(), func(t *testing.T) {
				onBoth(t, sandbox.Options{Rate: sandbox.NoRate}, func(b *bundle) {
					b.start(b.account(account, nil))
					ids := storeIDs(450)
					j := newJob(account, job.Associate, target)
					b.submit(j, ids)
					if s := b.waitEnd(j.ID); s.Succeeded != 450 || s.Calls != 3 {
						b.Fatalf("associate: %+v", s)
					}
					if got := b.sandbox.Truth(target); !slices.Equal(got, ids) {
						b.Fatalf("%d stores are associated", len(got))
					}
					j = newJob(account, job.Disassociate, target)
					b.submit(j, ids[:300])
					if s := b.waitEnd(j.ID); s.Succeeded != 300 {
						b.Fatalf("disassociate: %+v", s)
					}
					if got := b.sandbox.Truth(target); !slices.Equal(got, ids[300:]) {
						b.Fatalf("%d stores are associated", len(got))
					}
				})
			})
		}
	}
}

func TestFaultsCostNoStore(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Seed: 7, ServerErrors: .05, Dropped: .02,
		WrongSignatures: .01, PassingStores: .01}}, func(b *bundle) {
		a := b.account(sandbox.PartnerAccount, nil)
		b.start(a)
		b.start(a) // two workers at once
		ids := storeIDs(20_000)
		j := newJob(a.Name, job.Associate, stock)
		b.submit(j, ids)
		s := b.waitEnd(j.ID)
		if s.State != job.Completed || s.Succeeded != 20_000 || s.Retries == 0 {
			b.Fatalf("%+v", s)
		}
		if got := b.sandbox.Truth(stock); !slices.Equal(got, b.outcomes(j.ID, job.Succeeded)) {
			b.Fatal("the report and the truth differ")
		}
		if v := b.sandbox.Stats().Violations; v.SentAgainAfterSuccess+v.SentAgainAfterFailure+v.TooManyStores+v.Repeats != 0 {
			b.Fatalf("%+v", v)
		}
	})
}

func TestWrongAccountIsSaidAndFailsNothing(t *testing.T) {
	t.Parallel()
	k, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*wxapi.Config){
		"key":    func(c *wxapi.Config) { c.PrivateKey = k.Brand },
		"serial": func(c *wxapi.Config) { c.SerialNo = strings.Repeat("AB", 20) },
		"clock":  func(c *wxapi.Config) { c.Clock = func() time.Time { return time.Now().Add(-10 * time.Minute) } },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, sandbox.Options{Rate: sandbox.NoRate}, func(b *bundle) {
				w, stop := b.start(b.account(sandbox.PartnerAccount, change))
				j := newJob(sandbox.PartnerAccount, job.Associate, stock)
				b.submit(j, storeIDs(1000))
				s := b.wait(j.ID, "the account is refused", func(s job.Status) bool { return s.Lane.State == job.LaneRefused })
				if s.Lane.Reason == "" || s.Failed != 0 || s.State != job.Running || w.Ready() == nil {
					b.Fatalf("%+v, ready: %v", s, w.Ready())
				}
				b.Log(s.Lane.Reason)
				b.start(b.account(sandbox.PartnerAccount, nil)) // a good worker goes on beside it
				if s := b.waitEnd(j.ID); s.Succeeded != 1000 {
					b.Fatalf("%+v", s)
				}
				stop()
			})
		})
	}
}

func TestOutageFailsNoStore(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{ServerErrors: 1}}, func(b *bundle) {
		b.start(b.account(sandbox.PartnerAccount, nil))
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		b.submit(j, storeIDs(2000))
		b.wait(j.ID, "the breaker is open", func(s job.Status) bool { return s.Lane.State == job.LaneOutage })
		b.must(b.sandbox.SetFaults(sandbox.Faults{}))
		if s := b.waitEnd(j.ID); s.Succeeded != 2000 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestHopelessJobIsAbortedByItsFirstCall(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{OpenStocks: []string{stock.StockID}}},
		func(b *bundle) {
			b.start(b.account(sandbox.PartnerAccount, nil))
			j := newJob(sandbox.PartnerAccount, job.Associate, stock)
			b.submit(j, storeIDs(100_000))
			s := b.waitEnd(j.ID)
			if s.State != job.Aborted || s.Calls != 1 || s.Unprocessed != 100_000 || !strings.Contains(s.Reason, "INVALID_REQUEST") {
				b.Fatalf("%+v", s)
			}
		})
}

func TestStoppedWorkerFinishesItsCalls(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Latency: 50 * time.Millisecond}}, func(b *bundle) {
		_, stop := b.start(b.account(sandbox.PartnerAccount, nil))
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		b.submit(j, storeIDs(20_000))
		b.wait(j.ID, "some are done", func(s job.Status) bool { return s.Succeeded > 1000 })
		stop()
		s, err := b.ledger.Status(b.ctx, j.ID)
		b.must(err)
		if got := int64(b.sandbox.Count(stock)); s.State != job.Running || got != s.Succeeded {
			b.Fatalf("%d stores are associated, the ledger says %d", got, s.Succeeded)
		}
		b.start(b.account(sandbox.PartnerAccount, nil))
		if s := b.waitEnd(j.ID); s.Succeeded != 20_000 || s.Retries != 0 {
			b.Fatalf("%+v", s)
		}
	})
}

func TestPauseAndCancelTakeEffectAtOnce(t *testing.T) {
	onBoth(t, sandbox.Options{}, func(b *bundle) {
		a := b.account(sandbox.PartnerAccount, nil)
		a.Rate = 20
		b.start(a)
		j := newJob(a.Name, job.Associate, stock)
		b.submit(j, storeIDs(100_000))
		b.wait(j.ID, "some are done", func(s job.Status) bool { return s.Succeeded > 0 })
		b.must(b.ledger.Pause(b.ctx, j.ID, "by a test"))
		b.must(b.ledger.Announce(b.ctx, registry.Wake{Account: a.Name, Job: j.ID, State: job.Paused}))
		b.must(b.ledger.Cancel(b.ctx, j.ID, "by a test"))
		b.must(b.ledger.Announce(b.ctx, registry.Wake{Account: a.Name, Job: j.ID, State: job.Cancelling}))
		s := b.waitEnd(j.ID)
		if s.State != job.Cancelled || s.Unprocessed == 0 || int64(b.sandbox.Count(stock)) != s.Succeeded {
			b.Fatalf("%+v, truth %d", s, b.sandbox.Count(stock))
		}
	})
}

func TestRedisOutOfMemoryLosesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t)
	b := newBundle(t, server.Client, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Latency: 20 * time.Millisecond}})
	b.start(b.account(sandbox.PartnerAccount, nil))
	j := newJob(sandbox.PartnerAccount, job.Associate, stock)
	b.submit(j, storeIDs(20_000))
	b.wait(j.ID, "some are done", func(s job.Status) bool { return s.Succeeded > 1000 })
	b.must(server.Client.ConfigSet(b.ctx, "maxmemory", "1").Err()) // and no eviction: every write is refused
	// Calls in flight are answered, and nobody can be told. Then no more are made.
	still, since := b.sandbox.Count(stock), time.Now()
	for time.Since(since) < time.Second {
		if n := b.sandbox.Count(stock); n != still {
			still, since = n, time.Now()
		}
		select {
		case <-b.ctx.Done():
			b.Fatal("calls go on")
		case <-time.After(10 * time.Millisecond):
		}
	}
	s, err := b.ledger.Status(b.ctx, j.ID)
	b.must(err)
	if s.State != job.Running || s.Succeeded > int64(still) || still == 20_000 {
		b.Fatalf("%d are associated: %+v", still, s)
	}
	b.must(server.Client.ConfigSet(b.ctx, "maxmemory", "0").Err())
	if s := b.waitEnd(j.ID); s.Succeeded != 20_000 || b.sandbox.Count(stock) != 20_000 {
		b.Fatalf("%+v", s)
	}
}

// hooked starts a hook that the bundle's workers may tell, and gives its address and what it is told. It takes nothing at
// its first try.
func (b *bundle) hooked() (url string, told chan notify.Event) {
	b.Helper()
	key := secret.NewText("a secret of some length")
	told = make(chan notify.Event, 10)
	var tries atomic.Int32
	hook := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = notify.Verify(key, r.Header.Get(notify.SignatureHeader), body, time.Now(), time.Minute)
		}
		var e notify.Event
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		if err != nil {
			b.Error(err)
		}
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		told <- e
	}))
	b.Cleanup(hook.Close)
	roots := x509.NewCertPool()
	roots.AddCert(hook.Certificate())
	policy, err := egress.New(egress.Rules{Hosts: []string{hook.Listener.Addr().String()}, Private: []string{"127.0.0.1"}, Roots: roots})
	b.must(err)
	url = hook.URL + "/x?key=y"
	named := map[string]notify.Hook{"ops": {URL: url}}
	b.hooks = &worker.Hooks{Sender: notify.NewSender(policy, notify.Options{Named: named}), Secret: key}
	return url, told
}

// told waits for what a hook is told next.
func (b *bundle) told(told chan notify.Event) notify.Event {
	b.Helper()
	select {
	case e := <-told:
		return e
	case <-b.ctx.Done():
		b.Fatal("nobody was told")
		return notify.Event{}
	}
}

func TestHookIsToldOfTheEndUntilItTakesIt(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate}, func(b *bundle) {
		url, told := b.hooked()
		b.start(b.account(sandbox.PartnerAccount, nil))
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		j.Notify = &job.Hook{URL: url}
		b.submit(j, storeIDs(300))
		if e := b.told(told); e.Type != "job.ended" || e.Job == nil || e.Job.Job != j.ID || e.Job.Succeeded != 300 || e.Attempt != 2 || e.ID == "" {
			b.Fatalf("%+v", e)
		}

		// A batch is told of once, as one, whoever of the worker ended it; here by a hook that the configuration names.
		batch := ledger.Batch{ID: job.NewID(time.Now()), CreatedAt: time.Now(), Notify: &job.Hook{Name: "ops"}}
		desk := &control.Controller{Ledger: b.ledger, Queue: b.queue}
		staging := b.ledger.StageBatch(batch)
		_, err := desk.SubmitBatch(b.ctx, staging, func() error {
			list, _, err := staging.AddList(b.ctx, 200, func(yield func(string, error) bool) { yield("100000001", nil) })
			for i := range 40 {
				target := job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: fmt.Sprint(3000 + i)}
				if err == nil {
					_, err = staging.AddJob(b.ctx, newJob(sandbox.PartnerAccount, job.Associate, target), list)
				}
			}
			return err
		})
		b.must(err)
		e := b.told(told)
		about, _ := e.Batch.(map[string]any)
		if e.Type != "batch.ended" || e.ID != "ended:"+batch.ID || about["state"] != "completed" || about["succeeded"] != 40.0 {
			b.Fatalf("%+v", e)
		}
	})
}

func TestLanesArePublished(t *testing.T) {
	onBoth(t, sandbox.Options{}, func(b *bundle) {
		_, stop := b.start(b.account(sandbox.PartnerAccount, nil))
		find := func(served bool) job.AccountInfo {
			for {
				all, err := b.ledger.Accounts(b.ctx)
				b.must(err)
				if len(all) == 1 && (len(all[0].Workers) > 0) == served {
					return all[0]
				}
				select {
				case <-b.ctx.Done():
					b.Fatalf("got %+v", all)
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
		if a := find(true); a.Identity != sandbox.PartnerMchID || a.Workers[0].State != job.LaneIdle {
			b.Fatalf("%+v", a)
		}
		stop()
		find(false) // known still, served by nobody
	})
}
