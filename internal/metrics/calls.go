package metrics

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/processor"
)

// callVectors are the figures of calls and of what they told, each with the account as its first label.
type callVectors struct {
	calls, failures, requests, throttled, retries, stores, storeFailures, again *prometheus.CounterVec
	duration, waited                                                            *prometheus.HistogramVec
}

func newCallVectors() callVectors {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"account"},
			labels...))
	}
	histogram := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets},
			[]string{"account", "operation"})
	}
	return callVectors{
		calls: counter("storelink_calls_total", "Calls to WeChat Pay by what they mean; class none is an answer of 200 whose"+
			" signature was checked, passing_call one that proves nothing and is made again.", "operation", "class"),
		failures: counter("storelink_call_failures_total", "Calls that were not answered with a verified 200, by the code of"+
			" the answer: none without one, other where it is in no catalogue.", "code"),
		requests: counter("storelink_requests_total",
			"Requests put on the wire, by the interface that WeChat Pay counts them for.",
			"interface"),
		throttled: counter("storelink_throttled_total", "Calls that WeChat Pay refused for their pace (429).", "interface"),
		retries: counter("storelink_retries_total", "Requests that were put on the wire for stores sent before.",
			"operation"),
		stores: counter("storelink_stores_total", "Stores that the ledger took over as decided, each once.", "operation",
			"outcome"),
		storeFailures: counter("storelink_store_failures_total",
			"Stores that failed, by code: other where it is in no catalogue.",
			"code"),
		again: counter("storelink_stores_sent_again_total",
			"Times that a store stayed pending after a call that was made for it.",
			"operation"),
		duration: histogram("storelink_call_duration_seconds",
			"Time from putting a call on the wire to the end of its answer.",
			.02, .05, .1, .2, .3, .5, .75, 1, 2, 5, 10, 20, 30),
		waited: histogram("storelink_pace_wait_seconds", "Time that a call waited for its slot in the pace.",
			.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30),
	}
}

func (v *callVectors) all() []prometheus.Collector {
	return []prometheus.Collector{v.calls, v.failures, v.requests, v.throttled, v.retries, v.stores, v.storeFailures,
		v.again,
		v.duration, v.waited}
}

// accounts are those that were counted.
type accounts struct {
	mu  sync.Mutex
	all map[string]*account
}

// account counts the calls of one. Its counters are looked up once, not by every call, and made when they are needed: a
// worker may have hundreds of accounts of which a few have work.
type account struct {
	v    *callVectors
	name string
	ops  sync.Map // job.Operation → *operation

	requests, throttled, codes, storeCodes counters
}

// operation is what is counted of an account's calls of one operation.
type operation struct {
	duration, waited                  prometheus.Observer
	classes                           counters
	succeeded, failed, retries, again prometheus.Counter
}

// counters are a vector's, by one label.
type counters struct {
	by sync.Map // string → prometheus.Counter
	of func(label string) prometheus.Counter
}

func (c *counters) add(label string, n float64) {
	if n <= 0 {
		return
	}
	found, ok := c.by.Load(label)
	if !ok {
		found, _ = c.by.LoadOrStore(label, c.of(label))
	}
	found.(prometheus.Counter).Add(n)
}

// Account is what the calls of an account of the configuration are counted by.
func (m *Metrics) Account(name string) processor.Meter {
	m.accounts.mu.Lock()
	defer m.accounts.mu.Unlock()
	if a := m.accounts.all[name]; a != nil {
		return a
	}
	a := newAccount(&m.calls, name)
	m.accounts.all[name] = a
	for _, state := range trips {
		m.duties.trips.WithLabelValues(name, state) // begins at zero, as those of an account do
	}
	return a
}

// label names an account in a figure: an account that this worker does not serve is no label.
func (a *accounts) label(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[name] == nil {
		return other
	}
	return name
}

func newAccount(v *callVectors, name string) *account {
	a := &account{v: v, name: name}
	a.requests.of = func(of string) prometheus.Counter {
		v.throttled.WithLabelValues(name, of) // begins at zero, too
		return v.requests.WithLabelValues(name, of)
	}
	a.throttled.of = func(of string) prometheus.Counter { return v.throttled.WithLabelValues(name, of) }
	a.codes.of = func(code string) prometheus.Counter { return v.failures.WithLabelValues(name, code) }
	a.storeCodes.of = func(code string) prometheus.Counter { return v.storeFailures.WithLabelValues(name, code) }
	// A counter that begins at zero shows its first increase, which is what is told of these.
	v.failures.WithLabelValues(name, other)
	v.storeFailures.WithLabelValues(name, other)
	return a
}

// of gives what is counted of an operation; nil for one that no call is made for.
func (a *account) of(op job.Operation) *operation {
	if found, ok := a.ops.Load(op); ok {
		return found.(*operation)
	}
	writes := slices.Contains(job.Writes(), op)
	if !writes && op != job.List {
		return nil
	}
	v, name := a.v, string(op)
	o := &operation{retries: v.retries.WithLabelValues(a.name, name), again: v.again.WithLabelValues(a.name, name),
		duration: v.duration.WithLabelValues(a.name, name), waited: v.waited.WithLabelValues(a.name, name)}
	o.classes.of = func(class string) prometheus.Counter { return v.calls.WithLabelValues(a.name, name, class) }
	for _, class := range []job.Class{job.ClassNone, job.ClassPassingCall} {
		v.calls.WithLabelValues(a.name, name, className(class))
	}
	if writes { // a list decides no store
		o.succeeded = v.stores.WithLabelValues(a.name, name, string(job.Succeeded))
		o.failed = v.stores.WithLabelValues(a.name, name, string(job.Failed))
	}
	found, _ := a.ops.LoadOrStore(op, o)
	return found.(*operation)
}

// Called implements processor.Meter.
func (a *account) Called(c processor.Called) {
	o := a.of(c.Operation)
	if o == nil {
		return
	}
	o.classes.add(className(c.Class), 1)
	a.requests.add(c.Interface, float64(c.Sent))
	if c.Sent > 0 {
		o.duration.Observe(c.Elapsed.Seconds())
	}
	if c.Class != job.ClassNone {
		a.codes.add(codeName(c.Code), 1)
	}
	if c.Class == job.ClassPace {
		a.throttled.add(c.Interface, 1)
	}
}

// Waited implements processor.Meter.
func (a *account) Waited(op job.Operation, d time.Duration) {
	if o := a.of(op); o != nil {
		o.waited.Observe(d.Seconds())
	}
}

// Recorded implements processor.Meter. A store that had failed and succeeds after all counts as both: a counter does
// not go back.
func (a *account) Recorded(op job.Operation, moved ledger.Moved) {
	o := a.of(op)
	if o == nil || o.succeeded == nil {
		return
	}
	o.succeeded.Add(float64(max(0, moved.Succeeded)))
	o.failed.Add(float64(max(0, moved.Failed)))
	o.retries.Add(float64(moved.Retries))
	o.again.Add(float64(moved.Again))
	for code, n := range moved.Codes {
		a.storeCodes.add(codeName(code), float64(n))
	}
}

// className is a class as a label.
func className(c job.Class) string { return strings.ReplaceAll(c.String(), " ", "_") }

// noCode is the label of a failure without a code.
const noCode = "none"

// codeName is a code as a label: those of the catalogue, and no other.
func codeName(code string) string {
	if code == "" {
		return noCode
	}
	if _, ok := catalogue.Find(code, ""); ok {
		return code
	}
	return other
}
