package worker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// served are the accounts whose lanes the worker has, with their states.
func served(w *worker.Worker) (names []string, reasons string) {
	for _, l := range w.Lanes() {
		names = append(names, l.Account)
		reasons += l.Account + " is " + l.State + ": " + l.Reason + "\n"
	}
	return names, reasons
}

func TestAReloadDisturbsNoLaneThatHasNotChanged(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		b := newBundle(t, rdb, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{Latency: 40 * time.Millisecond}})
		kept, changed := b.account(sandbox.PartnerAccount, nil), b.account(sandbox.BrandAccount, nil)
		kept.Concurrency = 1
		w, _ := b.start(kept, changed)
		one := newJob(sandbox.PartnerAccount, job.Associate, stock)
		own := stock
		own.StockID = "2002"
		two := newJob(sandbox.BrandAccount, job.Associate, own)
		ids := storeIDs(40 * job.MaxStoresPerCall)
		b.submit(one, ids)
		b.submit(two, ids)
		b.wait(one.ID, "calls are made", func(s job.Status) bool { return s.Calls > 2 })
		b.wait(two.ID, "calls are made", func(s job.Status) bool { return s.Calls > 2 })
		for i := range 3 { // each time another one at a time, and the brand's account gone in between
			changed.Concurrency = 2 + i
			got, err := w.Reload(b.ctx, []worker.Account{changed, kept})
			b.must(err)
			if !slices.Equal(got.Changed, []string{changed.Name}) || got.Kept != 1 || len(got.Added)+len(got.Removed) > 0 {
				t.Fatalf("changed: %+v", got)
			}
			if got, err = w.Reload(b.ctx, []worker.Account{kept}); err != nil || !slices.Equal(got.Removed,
				[]string{changed.Name}) {
				t.Fatalf("removed: %+v, %v", got, err)
			}
			if names, _ := served(w); !slices.Equal(names, []string{kept.Name}) {
				t.Fatalf("served are %v", names)
			}
			if got, err = w.Reload(b.ctx, []worker.Account{changed, kept}); err != nil || !slices.Equal(got.Added,
				[]string{changed.Name}) {
				t.Fatalf("added: %+v, %v", got, err)
			}
		}
		if names, _ := served(w); !slices.Equal(names, []string{changed.Name, kept.Name}) {
			t.Errorf("their order is %v", names)
		}
		for _, id := range []string{one.ID, two.ID} {
			s := b.waitEnd(id)
			if s.State != job.Completed || s.Succeeded != int64(len(ids)) || s.Retries != 0 || s.Calls != 40 {
				t.Errorf("%s: %+v", id, s)
			}
		}
	})
}

func TestAReloadBringsANewKeyIntoForce(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		b := newBundle(t, rdb, sandbox.Options{Rate: sandbox.NoRate})
		wrong := b.account(sandbox.PartnerAccount, func(c *wxapi.Config) { c.SerialNo = "ABCD" })
		w, _ := b.start(wrong)
		j := newJob(sandbox.PartnerAccount, job.Associate, stock)
		b.submit(j, storeIDs(300))
		b.wait(j.ID, "the account is refused", func(s job.Status) bool { return strings.Contains(s.Lane.Reason, "ABCD") })
		got, err := w.Reload(b.ctx, []worker.Account{b.account(sandbox.PartnerAccount, nil)})
		if err != nil || len(got.Changed) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		if s := b.waitEnd(j.ID); s.Succeeded != 300 || s.Failed != 0 {
			t.Errorf("it is %+v", s)
		}
	})
}

func TestAReloadOfAWorkerThatStopsIsRefused(t *testing.T) {
	t.Parallel()
	b := newBundle(t, redistest.Real(t).Client, sandbox.Options{})
	a := b.account(sandbox.PartnerAccount, nil)
	w, stop := b.start(a)
	if _, err := w.Reload(b.ctx, []worker.Account{a, a}); job.AsError(err).Code != job.CodeBadConfig {
		t.Errorf("twice the same: %v", err)
	}
	stop()
	if _, err := w.Reload(b.ctx, []worker.Account{a}); job.AsError(err).Code != job.CodeInterrupted {
		t.Errorf("got %v", err)
	}
	if names, _ := served(w); len(names) != 1 {
		t.Errorf("served are %v", names)
	}
}
