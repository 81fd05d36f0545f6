// Package metrics is what a worker does and how it stands, in figures for Prometheus: calls, stores, pace, lanes,
// queues, Redis, schedules and hooks. It counts what it is told by the interfaces processor.Meter and worker.Meter, and
// looks at Redis when it is asked, within a bound of time.
//
// It has a registry of its own. It must never hold up a call, nor have a label whose values anybody but the operator
// decides: accounts are those of the configuration, codes those of the catalogue, and no ID of a job or a store is one.
package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/wxapi"
)

// Config is what figures are made of.
type Config struct {
	Redis   redis.UniversalClient // that the worker works with
	Queue   *queue.Queue          // there
	Version string                // of the build, as --version tells it
	Logger  *slog.Logger          // nil: silent

	Connections *redisconn.Connections // of Redis; nil where they are not counted
}

// Worker is what is asked of a worker when figures are; *worker.Worker is one.
type Worker interface {
	Lanes() []registry.Lane
	Keys() map[string]wxapi.KeyState
}

// Metrics counts one worker. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	log      *slog.Logger
	own      []prometheus.Collector // all of ours

	calls    callVectors
	duties   dutyVectors
	redis    *redisHook
	accounts accounts

	mu     sync.Mutex
	worker Worker
}

// Bounds of a scrape: how long it may take, how long Redis may take of that, and how many are answered at a time.
const (
	scrapeTimeout = 8 * time.Second
	redisTimeout  = 3 * time.Second
	scrapes       = 4
)

// other is the label of what is not known by name.
const other = "other"

// New gives metrics that have counted nothing yet.
func New(c Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: c.Logger, calls: newCallVectors(), duties: newDutyVectors(),
		redis: newRedisHook(), accounts: accounts{all: map[string]*account{}}}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storelink_build_info",
		Help: "Always 1; its labels tell which build this worker is of."}, []string{"version", "goversion"})
	build.WithLabelValues(c.Version, runtime.Version()).Set(1)
	m.own = append(m.own, build, m.redis.errors, newLaneCollector(m), newRedisCollector(c, m))
	m.own = append(m.own, m.calls.all()...)
	m.own = append(m.own, m.duties.all()...)
	m.registry.MustRegister(m.own...)
	m.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newAsynqCollector(c.Redis))
	return m
}

// Watch names the worker whose lanes are told. Before that, and of a process without a worker, there are none.
func (m *Metrics) Watch(w Worker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.worker = w
}

func (m *Metrics) watched() Worker {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.worker
}

// served are the accounts that were ever counted: true where the worker serves them now.
func (m *Metrics) served() map[string]bool {
	w := m.watched()
	m.accounts.mu.Lock()
	all := make(map[string]bool, len(m.accounts.all))
	for name := range m.accounts.all {
		all[name] = w == nil
	}
	m.accounts.mu.Unlock()
	if w != nil {
		for _, l := range w.Lanes() {
			all[l.Account] = true
		}
	}
	return all
}

// Describe gives the descriptions of all that is ours, whether or not it has a value yet. With Collect it makes Metrics
// a collector that another registry can take.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.own {
		c.Describe(ch)
	}
}

// Collect gives all that is ours.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.own {
		c.Collect(ch)
	}
}

// Gatherer gives everything that Handler serves.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Handler serves the figures to whoever may ask. It answers within seconds, whatever Redis does.
func (m *Metrics) Handler() http.Handler {
	h := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(m.log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapes, Timeout: scrapeTimeout,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}
