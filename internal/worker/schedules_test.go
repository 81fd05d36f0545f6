package worker_test

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// shelf serves a list over https, with an ETag.
type shelf struct {
	*httptest.Server
	ids   atomic.Pointer[[]string]
	asked atomic.Int64 // how often it was asked for, by If-None-Match or without
	given atomic.Int64 // how often it was given whole
}

func newShelf(t *testing.T, ids []string) *shelf {
	s := &shelf{}
	s.ids.Store(&ids)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		text := "store_id\n" + strings.Join(*s.ids.Load(), "\n") + "\n"
		rw.Header().Set("ETag", `"`+text[len(text)-10:len(text)-1]+`"`)
		s.asked.Add(1)
		if r.Header.Get("If-None-Match") == rw.Header().Get("ETag") {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		s.given.Add(1)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shelf) opener(b *bundle) *source.Opener {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	policy, err := egress.New(egress.Rules{Hosts: []string{strings.TrimPrefix(s.URL, "https://")}, Private: []string{"127.0.0.1"},
		Roots: roots})
	b.must(err)
	o, err := source.New(source.Config{Egress: policy})
	b.must(err)
	return o
}

// minds runs a worker that minds schedules.
func (b *bundle) minds(sources schedule.Opener, accounts ...worker.Account) {
	b.Helper()
	w, err := worker.New(worker.Config{Redis: b.rdb, Ledger: b.ledger, Queue: b.queue, Accounts: accounts, Sources: sources, Logger: b.log,
		Look: 200 * time.Millisecond, Hooks: b.hooks})
	b.must(err)
	ctx, cancel := context.WithCancel(b.ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	b.Cleanup(func() { cancel(); running.Wait() })
}

// ran lets a schedule run now, and waits until the run is over.
func (b *bundle) ran(book *schedule.Book, name string) schedule.Run {
	b.Helper()
	r, err := book.RunNow(b.ctx, name)
	b.must(err)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !r.State.Over() {
		<-tick.C
		r, err = book.Run(b.ctx, name, r.Number)
		b.must(err)
	}
	return r
}

func TestAListThatIsTheSameMakesNoJob(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		b := newBundle(t, rdb, sandbox.Options{Faults: sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "9"}}}})
		ids := storeIDs(300)
		s := newShelf(t, ids)
		b.minds(s.opener(b), b.account(sandbox.PartnerAccount, nil))
		book := schedule.Open(rdb)
		d := schedule.Definition{Name: "nightly", Cron: "@yearly", Timezone: "UTC", Source: s.URL + "/stores.csv?sig=secret",
			Job: newJob(sandbox.PartnerAccount, job.Associate, stock)}
		_, err := book.Add(b.ctx, d, false)
		b.must(err)

		first := b.ran(book, "nightly")
		if o := first.Outcome; o == nil || o.State != job.Completed || o.Succeeded != 300 || o.Drift != nil {
			t.Fatalf("the first run: %+v", first)
		}
		status, err := b.ledger.Status(b.ctx, first.Job)
		b.must(err)
		if status.Source != s.URL+"/stores.csv" {
			t.Errorf("the job's source is %s", status.Source)
		}
		if r := b.ran(book, "nightly"); r.State != schedule.Unchanged || !strings.Contains(r.Reason, first.Job) || r.Job != "" {
			t.Errorf("the same list: %+v", r)
		}
		if s.asked.Load() != 2 || s.given.Load() != 1 {
			t.Errorf("asked %d times, given %d times", s.asked.Load(), s.given.Load())
		}

		more := append(ids[:len(ids):len(ids)], "9") // which fails
		s.ids.Store(&more)
		if r := b.ran(book, "nightly"); r.Outcome == nil || r.Outcome.Failed != 1 {
			t.Fatalf("another list: %+v", r)
		}
		if r := b.ran(book, "nightly"); r.State != schedule.Ended {
			t.Errorf("the same list, and a store of it has failed: %+v", r)
		}

		fewer := ids[:299]
		s.ids.Store(&fewer)
		d.Job.Operation, d.Job.Resync = job.Resync, &job.ResyncOptions{Prune: true}
		_, err = book.Add(b.ctx, d, true)
		b.must(err)
		for _, surplus := range []int64{1, 0} { // a resync compares, whether or not the list is the same
			r := b.ran(book, "nightly")
			if o := r.Outcome; o == nil || o.State != job.Completed || o.Drift == nil || o.Drift.InLine != 299 || o.Drift.Surplus != surplus {
				t.Errorf("the resync: %+v, %+v", r, r.Outcome)
			}
		}
	})
}

func TestAHookIsToldOfEachRunOfASchedule(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		b := newBundle(t, rdb, sandbox.Options{})
		s := newShelf(t, []string{"1", "2E+5"})
		url, told := b.hooked()
		b.minds(s.opener(b), b.account(sandbox.PartnerAccount, nil))
		book := schedule.Open(rdb)
		d := schedule.Definition{Name: "nightly", Cron: "@yearly", Timezone: "UTC", Source: s.URL + "/stores.csv?sig=secret",
			Job: newJob(sandbox.PartnerAccount, job.Associate, stock)}
		d.Job.Notify = &job.Hook{URL: url}
		_, err := book.Add(b.ctx, d, false)
		b.must(err)

		failed := b.ran(book, "nightly")
		e := b.told(told)
		says, _ := e.Schedule.(map[string]any)
		if e.Type != "schedule.failed" || e.ID == "" || e.Attempt != 2 || e.At.IsZero() || says["name"] != "nightly" || says["run"] != 1.0 ||
			says["state"] != "failed" || says["code"] != job.CodeBadList || says["reason"] != failed.Reason || says["next"] == nil ||
			says["source"] != s.URL+"/stores.csv?…" {
			t.Errorf("of a list that is bad: %+v", e)
		}
		for kept := true; kept; { // it is forgotten as soon as the hook's answer has come
			is, err := book.Event(b.ctx, e.ID)
			b.must(err)
			kept = is != nil
		}

		good := storeIDs(300)
		s.ids.Store(&good)
		made := b.ran(book, "nightly")
		if e := b.told(told); e.Type != "job.ended" || e.Job == nil || e.Job.Job != made.Job || e.Job.Schedule != "nightly" {
			t.Errorf("of its job: %+v", e)
		}
		b.ran(book, "nightly")
		if e := b.told(told); e.Type != "schedule.unchanged" {
			t.Errorf("of a list that is the same: %+v", e)
		}
		select {
		case e := <-told:
			t.Errorf("told again: %+v", e)
		default:
		}
	})
}
