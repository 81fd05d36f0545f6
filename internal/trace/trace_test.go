package trace_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
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
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// kept keeps the spans that it is given.
type kept struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (k *kept) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, spans...)
	return nil
}

func (k *kept) Shutdown(context.Context) error { return nil }

// named gives the spans of a name.
func (k *kept) named(name string) (all []sdktrace.ReadOnlySpan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.spans {
		if s.Name() == name {
			all = append(all, s)
		}
	}
	return all
}

func open(t *testing.T, o trace.Options) *trace.Tracer {
	t.Helper()
	tracer, err := trace.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func ids(n int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("%09d", 100000001+i*7), nil) {
				return
			}
		}
	}
}

var stock = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "1001", StockID: "2001"}

// world runs one job of n stores with a submitter and a worker that trace to different places, as processes do.
func run(t *testing.T, rdb *redis.Client, n int, submitting, working *trace.Tracer) job.Job {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := sandbox.New(sandbox.Options{Rate: sandbox.NoRate,
		Faults: sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{
			{StoreID: "100000001", Code: "STORE_NOT_EXIST", Message: "no store 100000001"}}}})
	must(err)
	url, err := s.Start("127.0.0.1:0")
	must(err)
	defer func() { _ = s.Close(context.Background()) }()
	a, _ := s.Account(sandbox.PartnerAccount)
	first, _ := s.PublicKeys()
	answerKey, err := wxapi.ParseAnswerKey(first.ID, first.PEM, time.Now())
	must(err)
	client, err := wxapi.New(wxapi.Config{Mode: a.Mode, Identity: a.Identity, SerialNo: a.SerialNo,
		PrivateKey: a.PrivateKey,
		AnswerKeys: []wxapi.AnswerKey{answerKey}, BaseURL: url})
	must(err)
	defer client.Close()
	ledger, q := ledger.Open(rdb, ledger.Options{}), queue.Open(rdb)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	w, err := worker.New(worker.Config{Redis: rdb, Ledger: ledger, Queue: q, Tracer: working, Look: 100 * time.Millisecond,
		Accounts: []worker.Account{{Name: "acme", Mode: a.Mode, Identity: a.Identity, Rate: 1000, Concurrency: 2,
			Client: client}}})
	must(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	r, err := (&control.Submitter{Ledger: ledger, Queue: q, Tracer: submitting}).Submit(ctx, control.Submission{IDs: ids(n),
		Job: job.Job{Operation: job.Associate, Account: "acme", Target: stock, Priority: job.Default,
			ChunkSize: job.MaxStoresPerCall}})
	must(err)
	for {
		status, err := ledger.Status(ctx, r.Job.ID)
		must(err)
		if status.State.Ended() {
			if status.Succeeded+status.Failed != int64(n) {
				t.Fatalf("%+v", status)
			}
			return r.Job
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it does not end: %+v", status)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestOneTraceFromSubmitToCall(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		var enqueue, work kept
		submitting := open(t, trace.Options{Exporter: &enqueue, Ratio: 1})
		working := open(t, trace.Options{Exporter: &work, Ratio: 0})
		j := run(t, rdb, 500, submitting, working)
		for _, tracer := range []*trace.Tracer{submitting, working} {
			if err := tracer.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		root := enqueue.named("submit")
		chunks, calls, waits, records := work.named("chunk"), work.named("call"), work.named("rate limit wait"),
			work.named("record")
		if len(root) != 1 || len(chunks) < 3 || len(calls) != 3 || len(waits) != 3 || len(records) < 3 {
			t.Fatalf("%d submits, %d chunks, %d calls, %d waits, %d records", len(root), len(chunks), len(calls), len(waits),
				len(records))
		}
		parents := func(name string, all, of []sdktrace.ReadOnlySpan) {
			for _, s := range all {
				if s.SpanContext().TraceID() != root[0].SpanContext().TraceID() {
					t.Errorf("a %s is of another trace", name)
				}
				if !slices.ContainsFunc(of, func(p sdktrace.ReadOnlySpan) bool { return p.SpanContext().SpanID() == s.Parent().SpanID() }) {
					t.Errorf("a %s is not where it belongs", name)
				}
				if s.EndTime().Before(s.StartTime()) {
					t.Errorf("a %s ends before it begins", name)
				}
			}
		}
		parents("chunk", chunks, root)
		parents("call", calls, chunks)
		parents("rate limit wait", waits, calls)
		parents("record", records, chunks)
		attributes := map[string]string{}
		for _, a := range calls[0].Attributes() {
			attributes[string(a.Key)] = a.Value.String()
		}
		if attributes["storelink.account"] != "acme" || attributes["storelink.operation"] != "associate" ||
			attributes["http.request.method"] != http.MethodPost || attributes["http.response.status_code"] != "200" ||
			attributes["error.type"] != "" || attributes["storelink.outcome"] != "none" || attributes["storelink.request_id"] == "" {
			t.Errorf("a call tells %v", attributes)
		}
		if calls[0].SpanKind() != oteltrace.SpanKindClient {
			t.Error("a call is no client's")
		}
		for _, s := range append(append(append(append(root, chunks...), calls...), waits...), records...) {
			for _, a := range s.Attributes() {
				if strings.Contains(a.Value.String(), "1000000") && a.Key != "storelink.job" {
					t.Errorf("%s tells a store: %s = %s", s.Name(), a.Key, a.Value.String())
				}
			}
		}
		if !strings.HasPrefix(j.Trace, "00-"+root[0].SpanContext().TraceID().String()) {
			t.Errorf("the job has %q", j.Trace)
		}
	})
}

func TestAJobThatIsNotSampledIsNotTraced(t *testing.T) {
	t.Parallel()
	var enqueue, work kept
	submitting := open(t, trace.Options{Exporter: &enqueue, Ratio: 0})
	working := open(t, trace.Options{Exporter: &work, Ratio: 1})
	if j := run(t, redistest.Real(t).Client, 500, submitting, working); j.Trace != "" {
		t.Errorf("the job has %q", j.Trace)
	}
	_ = submitting.Close(t.Context())
	_ = working.Close(t.Context())
	if len(enqueue.spans)+len(work.spans) != 0 {
		t.Errorf("%d spans", len(enqueue.spans)+len(work.spans))
	}
}

// spansRequest is what a collector reads of a request, by the specification of OTLP's JSON.
type spansRequest struct {
	ResourceSpans []struct {
		ScopeSpans []struct {
			Spans []struct {
				TraceID, SpanID, ParentSpanID, Name string
				Kind                                int
				Start                               string `json:"startTimeUnixNano"`
				End                                 string `json:"endTimeUnixNano"`
				Status                              struct{ Code int }
				Attributes                          []struct {
					Key   string
					Value map[string]any
				}
			}
		}
	}
}

func TestTheCollectorGetsTheSpans(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var names, told []string
	parents := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req spansRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.URL.Path != "/base/v1/traces" ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					names = append(names, s.Name)
					parents[s.SpanID] = s.ParentSpanID
					for _, a := range s.Attributes {
						for kind, value := range a.Value {
							told = append(told, fmt.Sprintf("%s %s=%v (%s)", s.Name, a.Key, value, kind))
						}
					}
					if s.Name == "call" && (s.Kind != 3 || s.Status.Code != 2 || s.Start >= s.End || len(s.TraceID) != 32) {
						t.Errorf("the call is %+v", s)
					}
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	tracer := open(t, trace.Options{Endpoint: server.URL + "/base/", Ratio: 1, Service: "storelink-test"})
	span := tracer.Submit(job.Job{Account: "acme"})
	span.End(nil)
	chunk := tracer.Chunk(job.Job{Trace: span.Parent()}, 0, time.Now())
	call := chunk.Call("acme", job.Associate, 200)
	call.Answered(trace.Answer{Class: job.ClassPace, Code: "RATELIMIT_EXCEEDED", Status: 429, Sent: 1})
	chunk.End(errors.New("x"))
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	roots := 0
	for _, parent := range parents {
		if _, known := parents[parent]; parent == "" {
			roots++
		} else if !known {
			t.Errorf("nobody is the parent %q", parent)
		}
	}
	if len(parents) != 3 || roots != 1 {
		t.Errorf("the spans are %v", parents)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"call", "chunk", "submit"}) {
		t.Errorf("got %v", names)
	}
	for _, want := range []string{"submit messaging.operation.type=send (stringValue)", "call storelink.stores=200 (intValue)",
		"chunk messaging.operation.type=process (stringValue)", "chunk messaging.system=asynq (stringValue)",
		"call http.request.method=POST (stringValue)", "call error.type=RATELIMIT_EXCEEDED (stringValue)"} {
		if !slices.Contains(told, want) {
			t.Errorf("nothing tells %s: %q", want, told)
		}
	}
}

func TestWithoutACollectorNothingIsDone(t *testing.T) { // not beside others, whose allocations would be counted
	tracer := open(t, trace.Options{Ratio: 1})
	if tracer != nil {
		t.Fatal("there is a tracer")
	}
	j := job.Job{Account: "acme", Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		s := tracer.Chunk(j, 0, now)
		c := s.Call("acme", job.Associate, 200)
		c.Start("rate limit wait").End(nil)
		c.Answered(trace.Answer{Class: job.ClassStore})
		s.Start("record").End(nil)
		s.End(nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if s := tracer.Submit(j); s.Parent() != "" || tracer.Close(t.Context()) != nil {
		t.Error("there is a span")
	}
}

func TestACollectorThatIsAwayHoldsNothingUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	tracer := open(t, trace.Options{Endpoint: server.URL, Ratio: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 20_000 { // more than may wait
		tracer.Submit(job.Job{Account: "acme"}).End(nil)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "dropped"); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, &log)
	}
}

// TestWhatTheEnvironmentSaysOfTheCollectorHolds, and a collector that is busy is asked again.
func TestWhatTheEnvironmentSaysOfTheCollectorHolds(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-other=1")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20abc, x-team = coupons")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		z, err := gzip.NewReader(r.Body)
		if err == nil {
			err = json.NewDecoder(z).Decode(&spansRequest{})
		}
		if h := r.Header; err != nil || h.Get("Authorization") != "Bearer abc" || h.Get("X-Team") != "coupons" || h.Get("X-Other") != "" {
			t.Errorf("%v: %v", h, err)
		}
		fmt.Fprint(w, `{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too old"}}`)
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	tracer := open(t, trace.Options{Endpoint: server.URL, Ratio: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	tracer.Submit(job.Job{Account: "acme"}).End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 2 || !strings.Contains(log.String(), "rejected 1 spans: too old") {
		t.Errorf("asked %d times; the log:\n%s", asked.Load(), &log)
	}
	for _, bad := range []string{"ftp://collector", "collector:4318", "http://"} {
		if _, err := trace.Open(t.Context(), trace.Options{Endpoint: bad}); job.AsError(err).Code != job.CodeBadConfig {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestALargeJobIsTracedInPart(t *testing.T) {
	t.Parallel()
	var spans kept
	tracer := open(t, trace.Options{Exporter: &spans, Ratio: 1})
	parent := tracer.Submit(job.Job{})
	for chunk := -1; chunk < 10_000; chunk++ {
		tracer.Chunk(job.Job{Trace: parent.Parent()}, chunk, time.Now()).End(nil)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(spans.named("chunk")); n != 1+100+99 {
		t.Errorf("%d chunks", n)
	}
}

func FuzzAParentFromRedis(f *testing.F) {
	for _, s := range []string{"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0-0-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strings.Repeat("0", 1<<16),
		"00-" + strings.Repeat("0", 32) + "-0-01"} {
		f.Add(s)
	}
	var spans kept
	tracer, err := trace.Open(context.Background(), trace.Options{Exporter: &spans, Ratio: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, parent string) {
		s := tracer.Chunk(job.Job{Trace: parent}, 0, time.Now())
		s.End(nil)
		if s != nil && len(parent) < 55 {
			t.Errorf("%q is a parent", parent)
		}
	})
}
