// Package trace tells a collector, by OpenTelemetry, how long each step of a job takes: submitting it, then for its
// chunks the wait for the pace, the call and its recording. It is off unless a collector is configured: then a *Tracer
// is nil, as is every *Span, and their methods do nothing.
//
// A span has the account, the operation, the job, what a call meant, its code and its Request-Id. It must never have a
// store's ID, a key, a signature, or a message of WeChat Pay's, which may name stores; and nothing must ever wait for
// the collector.
package trace

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/storelink/storelink/internal/job"
)

// Options say where spans go.
type Options struct {
	// Endpoint is the collector's address for OTLP over HTTP (http://127.0.0.1:4318), to which /v1/traces is added; empty
	// for none.
	Endpoint string
	// Ratio is the share of the jobs submitted here that are traced, 0 to 1. A worker traces the chunks of a job that was.
	Ratio   float64
	Service string // storelink-worker or storelink-enqueue
	Version string
	Logger  *slog.Logger // nil: silent

	// Exporter takes the spans instead of a collector, in tests.
	Exporter sdktrace.SpanExporter
}

// How long the collector may take, and how many spans may wait for it: what is more is dropped.
const (
	exportTimeout = 5 * time.Second
	exportQueue   = 4096
	exportRetries = 10 * time.Second
)

// Tracer makes spans. It is safe for concurrent use; nil makes none.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// Open gives a tracer, or nil where there is no collector. It does not connect: a collector that is away is told of in
// the log, and its spans are dropped.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	exporter := o.Exporter
	if exporter == nil {
		if o.Endpoint == "" {
			return nil, nil
		}
		var err error
		exporter, err = newCollector(o.Endpoint)
		if err != nil {
			return nil, job.Errorf(job.CodeBadConfig, "tracing.endpoint cannot be used: %w", err)
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	about := resource.NewSchemaless(attribute.String("service.name", o.Service),
		attribute.String("service.version", o.Version))
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))),
		sdktrace.WithBatcher(&patient{SpanExporter: exporter, log: o.Logger},
			sdktrace.WithExportTimeout(exportTimeout+exportRetries),
			sdktrace.WithMaxQueueSize(exportQueue)))
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/storelink/storelink")}, nil
}

// tracesPath is where a collector takes spans (the OTLP specification).
const tracesPath = "/v1/traces"

// Close sends what waits to be sent, until ctx ends at the latest.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Submit begins a trace: a job is submitted. Its span is nil where this job is not to be traced.
func (t *Tracer) Submit(j job.Job) *Span {
	if t == nil {
		return nil
	}
	ctx, span := t.tracer.Start(context.Background(), "submit", trace.WithNewRoot(),
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(append(about(j), messaging("send")...)...))
	if !span.SpanContext().IsSampled() {
		span.End()
		return nil
	}
	return &Span{t: t, ctx: ctx, span: span}
}

// Of a large job not every chunk is traced, so that a trace can be looked at: the first of them, and then one in as
// many.
const (
	firstChunks = 100
	oneChunkIn  = 100
)

// Chunk goes on with a job's trace: a run began with one of its chunks at that moment. Its span is nil where the job,
// or the chunk, is not traced.
func (t *Tracer) Chunk(j job.Job, chunk int, began time.Time) *Span {
	if t == nil || j.Trace == "" || chunk >= firstChunks && chunk%oneChunkIn != 0 {
		return nil
	}
	parent := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{traceparent: j.Trace})
	if !trace.SpanContextFromContext(parent).IsSampled() {
		return nil
	}
	ctx, span := t.tracer.Start(parent, "chunk", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(began),
		trace.WithAttributes(append(about(j), messaging("process")...)...),
		trace.WithAttributes(attribute.Int("storelink.chunk", chunk)))
	return &Span{t: t, ctx: ctx, span: span}
}

const traceparent = "traceparent"

// messaging is what the queue's two ends tell by OpenTelemetry's names.
func messaging(operation string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("messaging.system", "asynq"),
		attribute.String("messaging.operation.type", operation)}
}

// about is what a span tells of a job.
func about(j job.Job) []attribute.KeyValue {
	all := []attribute.KeyValue{attribute.String("storelink.account", j.Account),
		attribute.String("storelink.operation", string(j.Operation))}
	if j.ID != "" {
		all = append(all, attribute.String("storelink.job", j.ID))
	}
	return all
}
