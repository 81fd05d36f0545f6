package metrics_test

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// shows waits until the figures have all lines.
func (w *world) shows(lines ...string) {
	w.Helper()
	for _, l := range lines {
		w.until("there is "+l, func() bool { return strings.Contains(w.scrape(), l+"\n") })
	}
}

func TestAHooksDeliveriesAreCounted(t *testing.T) {
	t.Parallel()
	rdb := redistest.Real(t).Client
	w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, nil)
	var tries atomic.Int32
	hook := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case strings.HasPrefix(r.URL.Path, "/gone"):
			rw.WriteHeader(http.StatusNotFound)
		case tries.Add(1) == 1:
			rw.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(hook.Close)
	roots := x509.NewCertPool()
	roots.AddCert(hook.Certificate())
	policy, err := egress.New(egress.Rules{Hosts: []string{hook.Listener.Addr().String()}, Private: []string{"127.0.0.1"},
		Roots: roots})
	w.must(err)
	w.hooks = &worker.Hooks{Sender: notify.NewSender(policy, notify.Options{}),
		Secret: secret.NewText("a secret of some length")}
	w.start()
	w.notify = &job.Hook{URL: hook.URL + "/up"}
	w.ended(w.submit(job.Associate, 10))
	w.shows(`storelink_hook_deliveries_total{outcome="retried"} 1`,
		`storelink_hook_deliveries_total{outcome="delivered"} 1`,
		`storelink_hook_deliveries_total{outcome="given_up"} 0`)
	w.notify = &job.Hook{URL: hook.URL + "/gone"}
	w.ended(w.submit(job.Disassociate, 10))
	w.shows(`storelink_hook_deliveries_total{outcome="given_up"} 1`,
		`storelink_hook_deliveries_total{outcome="delivered"} 1`)
}

func TestASchedulesRunsAreCounted(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, nil)
		dir := t.TempDir()
		list := filepath.Join(dir, "stores.csv")
		w.must(os.WriteFile(list, []byte("store_id\n100000001\n100000008\n"), 0o600))
		policy, err := egress.New(egress.Rules{})
		w.must(err)
		w.sources, err = source.New(source.Config{Dirs: []string{dir}, Egress: policy})
		w.must(err)
		w.start()
		book := schedule.Open(rdb)
		_, err = book.Add(w.ctx, schedule.Definition{Name: "nightly", Cron: "0 3 1 1 *", Timezone: "UTC", Source: list,
			AddedBy: "a test",
			Job: job.Job{Operation: job.Associate, Account: w.account.Name, Target: stock, Priority: job.Default,
				ChunkSize: job.MaxStoresPerCall}}, false)
		w.must(err)
		_, err = book.RunNow(w.ctx, "nightly")
		w.must(err)
		w.shows(`storelink_schedule_runs_total{outcome="completed"} 1`, `storelink_schedule_runs_total{outcome="failed"} 0`,
			`storelink_stores_total{account="acme",operation="associate",outcome="succeeded"} 2`)
		w.must(os.WriteFile(list, []byte("store_id\nno store\n"), 0o600))
		_, err = book.RunNow(w.ctx, "nightly")
		w.must(err)
		w.shows(`storelink_schedule_runs_total{outcome="failed"} 1`, `storelink_schedule_runs_total{outcome="completed"} 1`)
	})
}

func TestWhatTheReconcilerFindsIsCounted(t *testing.T) {
	t.Parallel()
	rdb := redistest.Real(t).Client
	w := newWorld(t, rdb, sandbox.Options{Rate: sandbox.NoRate}, nil)
	id := w.submit(job.Associate, 1000)
	w.must(rdb.Del(w.ctx, "asynq:{acme:default}:pending").Err()) // its reminder is lost
	w.start()
	w.shows(`storelink_reconciler_findings_total{kind="lost_reminder"} 1`)
	if s := w.ended(id); s.Succeeded != 1000 {
		t.Fatalf("%+v", s)
	}
	w.shows("storelink_reconciler_at_work 1", `storelink_jobs{state="running"} 0`)
}
