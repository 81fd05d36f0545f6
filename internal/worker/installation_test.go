package worker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// servedAt is the sandbox's partner as a worker of an installation serves it, with the hosts that its calls go to.
func (b *bundle) servedAt(url string) worker.Account {
	a := b.account(sandbox.PartnerAccount, func(c *wxapi.Config) { c.BaseURL = url })
	a.Hosts = job.NewInstallation(a.Mode, a.Identity, url, "").Hosts
	return a
}

// state waits until an account's lane in a worker is in a state.
func (b *bundle) state(w *worker.Worker, want string) registry.Lane {
	b.Helper()
	for {
		lanes := w.Lanes()
		if lanes[0].State == want {
			return lanes[0]
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("it is not %s but %+v", want, lanes[0])
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// unready waits until a worker says that it is not ready, for a reason that names a word. A worker that has just begun says
// another one: that Redis has not been told of it.
func (b *bundle) unready(w *worker.Worker, word string) {
	b.Helper()
	for {
		err := w.Ready()
		if err != nil && strings.Contains(err.Error(), word) {
			return
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("%s is no reason why it is not ready, but: %v", word, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// published waits until so many workers of the one account are told, and gives the account.
func (b *bundle) published(workers int) job.AccountInfo {
	b.Helper()
	for {
		infos, err := b.ledger.Accounts(b.ctx)
		b.must(err)
		if len(infos) == 1 && len(infos[0].Workers) == workers {
			return infos[0]
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("got %+v", infos)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Staging was made from a copy of production's file with another base URL, and works on the same Redis.
func TestTwoInstallationsOnOneRedisMixNothing(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate}, func(production *bundle) {
		staging := newBundle(production.T, production.rdb, sandbox.Options{Rate: sandbox.NoRate})
		real, copied := production.servedAt(production.url), staging.servedAt(staging.url)
		real.Rate, real.Concurrency = 5, 1
		_, stopReal := production.start(real)
		ids := storeIDs(3000)
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		production.submit(j, ids)
		production.wait(j.ID, "it is begun with", func(s job.Status) bool { return s.Succeeded > 0 })

		w, stopCopy := staging.start(copied)
		if l := staging.state(w, job.LaneConflict); !strings.Contains(l.Reason, production.url) || !strings.Contains(l.Reason, staging.url) {
			t.Errorf("the reason names not both: %s", l.Reason)
		}
		production.published(2)
		staging.unready(w, "conflict")

		// The first is gone: the second serves the account's name, and not the job.
		stopReal()
		staging.state(w, job.LaneServing)
		s := staging.wait(j.ID, "it is told whose it is", func(s job.Status) bool { return s.Lane.State == job.LaneConflict })
		if s.State.Ended() || !strings.Contains(s.Lane.Reason, production.url) || s.SentTo == nil || s.SentTo.Hosts[0] != production.url {
			t.Errorf("%+v, sent to %v", s, s.SentTo)
		}
		other := job.Target{BrandID: stock.BrandID, ProductCouponID: "1001", StockID: "2002"}
		own := newJob(sandbox.PartnerAccount, job.Associate, other)
		staging.submit(own, ids[:300])
		staging.waitEnd(own.ID)
		if n := staging.sandbox.Count(stock); n != 0 {
			t.Errorf("%d stores of the job went to the other installation", n)
		}

		// Back again, the first one finishes what it began with.
		stopCopy()
		real.Rate, real.Concurrency = 0, 8
		real.Client = production.servedAt(production.url).Client
		production.start(real)
		if s := production.waitEnd(j.ID); s.Succeeded != 3000 || s.State != job.Completed {
			t.Errorf("%+v", s)
		}
		if got := production.sandbox.Truth(stock); !slices.Equal(got, ids) {
			t.Errorf("%d stores are associated", len(got))
		}
		if n := production.sandbox.Count(other); n != 0 {
			t.Errorf("%d stores of staging's job went to production", n)
		}
	})
}

func TestARotatedKeyAndTheSpareHostAreNoOtherInstallation(t *testing.T) {
	onBoth(t, sandbox.Options{Rate: sandbox.NoRate}, func(b *bundle) {
		first, second, third := b.servedAt(b.url), b.servedAt(b.url), b.servedAt(b.url)
		first.Hosts = []string{"https://gateway.example", b.url}
		second.Hosts, second.Serial = []string{b.url}, "AB"
		third.Hosts, third.Identity = []string{b.url}, "1"
		w1, _ := b.start(first)
		w2, _ := b.start(second)
		b.published(2) // whoever is published has claimed its accounts
		w3, _ := b.start(third)
		b.state(w3, job.LaneConflict)
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		b.submit(j, storeIDs(400))
		b.waitEnd(j.ID)
		for _, w := range []*worker.Worker{w1, w2} {
			if l := w.Lanes()[0]; l.State == job.LaneConflict {
				t.Errorf("%+v", l)
			}
		}
		info := b.published(3)
		if info.Identity != sandbox.PartnerMchID || !slices.ContainsFunc(info.Workers, func(w job.WorkerLane) bool { return w.Serial == "AB" }) {
			t.Errorf("%+v", info)
		}
	})
}
