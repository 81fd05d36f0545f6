package trace

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// patient logs what the collector does not take, seldom, instead of handing it to OpenTelemetry's global handler.
type patient struct {
	sdktrace.SpanExporter
	log *slog.Logger

	mu      sync.Mutex
	told    time.Time
	dropped int
}

// tellEvery is how often dropped spans are told of.
const tellEvery = 5 * time.Minute

// ExportSpans implements sdktrace.SpanExporter. Its error is always nil: there is nobody else who could do anything.
func (p *patient) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := p.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped += len(spans)
	if time.Since(p.told) >= tellEvery {
		p.log.Warn("the collector of traces does not take them: they are dropped", "spans", p.dropped, "error", err)
		p.told, p.dropped = time.Now(), 0
	}
	return nil
}
