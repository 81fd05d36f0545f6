package trace

import (
	"context"
	"net/http"
	"strconv"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/storelink/storelink/internal/job"
)

// Span is one step that takes time. Nil is none.
type Span struct {
	t    *Tracer
	ctx  context.Context // that of the span, for those below it
	span trace.Span
}

// Parent is what goes with a job, so that others go on with its trace: a W3C traceparent; "" where there is no trace.
func (s *Span) Parent() string {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(s.ctx, carrier)
	return carrier[traceparent]
}

// Start begins a step within this one.
func (s *Span) Start(name string) *Span {
	if s == nil {
		return nil
	}
	ctx, span := s.t.tracer.Start(s.ctx, name)
	return &Span{t: s.t, ctx: ctx, span: span}
}

// Call begins a call for so many stores within this step. Where OpenTelemetry has a name for what a span tells (its
// semantic conventions for HTTP and for messaging), it is told by that.
func (s *Span) Call(account string, op job.Operation, stores int) *Span {
	if s == nil {
		return nil
	}
	method := http.MethodPost
	if op == job.List {
		method = http.MethodGet
	}
	ctx, span := s.t.tracer.Start(s.ctx, "call", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", method),
		attribute.String("storelink.account", account), attribute.String("storelink.operation", string(op)),
		attribute.Int("storelink.stores", stores)))
	return &Span{t: s.t, ctx: ctx, span: span}
}

// Answer is how a call went, as far as a span may tell.
type Answer struct {
	Class     job.Class
	Code      string
	RequestID string
	Status    int
	Sent      int // requests put on the wire
}

// maxText bounds what is told of a text that came from outside, in bytes.
const maxText = 128

// Answered ends a call.
func (s *Span) Answered(a Answer) {
	if s == nil {
		return
	}
	s.span.SetAttributes(attribute.String("storelink.outcome", a.Class.String()), attribute.String("storelink.code",
		cut(a.Code)),
		attribute.String("storelink.request_id", cut(a.RequestID)), attribute.Int("storelink.requests", a.Sent))
	if a.Status != 0 {
		s.span.SetAttributes(attribute.Int("http.response.status_code", a.Status))
	}
	if a.Sent > 1 {
		s.span.SetAttributes(attribute.Int("http.request.resend_count", a.Sent-1))
	}
	if a.Class != job.ClassNone && a.Class != job.ClassNotSent {
		s.span.SetAttributes(attribute.String("error.type", errorType(a)))
		s.span.SetStatus(codes.Error, a.Class.String())
	}
	s.span.End()
}

// errorType is what a call failed by: its code or, where it has none, its status or that there was no answer.
func errorType(a Answer) string {
	switch {
	case a.Code != "":
		return cut(a.Code)
	case a.Status != 0:
		return strconv.Itoa(a.Status)
	}
	return "no_answer"
}

// End ends a step that may have failed. Of an error it tells the code alone: the sentence may have a row of the list in
// it.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, string(job.AsError(err).Code))
	}
	s.span.End()
}

// Submitted tells what a submission came to.
func (s *Span) Submitted(j job.Job, stores, chunks int) {
	if s != nil && j.ID != "" {
		s.span.SetAttributes(attribute.String("storelink.job", j.ID), attribute.Int("storelink.stores", stores),
			attribute.Int("storelink.chunks", chunks))
	}
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
