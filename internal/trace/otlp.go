package trace

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// collector sends spans to an OpenTelemetry collector: OTLP over HTTP, as JSON. OpenTelemetry's own exporter does the same
// in protobuf, and brings gRPC with it, which is 70 packages for a feature that is mostly off. Of a span it sends what this
// package makes: no events and no links.
type collector struct {
	url    string
	header http.Header
	gzip   bool
	client *http.Client
}

// maxReply bounds what is read of the collector's answer, in bytes.
const maxReply = 64 << 10

// newCollector returns an exporter to the collector at a base address. What the OTLP specification says by environment
// variables holds: headers, certificates and compression, each also for traces alone (OTEL_EXPORTER_OTLP_TRACES_…).
func newCollector(endpoint string) (*collector, error) {
	address := strings.TrimRight(endpoint, "/")
	if !strings.HasSuffix(address, tracesPath) {
		address += tracesPath
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no http or https address", endpoint)
	}
	c := &collector{url: address, gzip: otlpVariable("COMPRESSION") == "gzip",
		header: http.Header{"Content-Type": {"application/json"}}}
	for pair := range strings.SplitSeq(otlpVariable("HEADERS"), ",") {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		if value, err = url.PathUnescape(strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("the value of header %s in OTEL_EXPORTER_OTLP_HEADERS cannot be read", name)
		}
		c.header.Set(name, value)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = otlpTLS(); err != nil {
		return nil, err
	}
	c.client = &http.Client{Transport: transport, Timeout: exportTimeout}
	return c, nil
}

// otlpVariable is a variable of the OTLP specification, that for traces before the one for all signals.
func otlpVariable(name string) string {
	if v := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
		return v
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_" + name)
}

// otlpTLS is what OTLP's variables say of certificates; nil where they say nothing.
func otlpTLS() (*tls.Config, error) {
	ca, certificate, key := otlpVariable("CERTIFICATE"), otlpVariable("CLIENT_CERTIFICATE"), otlpVariable("CLIENT_KEY")
	if ca == "" && certificate == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in it", ca)
		}
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// ExportSpans implements sdktrace.SpanExporter. A collector that is busy is asked again, for exportRetries at most.
func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := json.Marshal(otlpRequest(spans))
	if err != nil {
		return err
	}
	if c.gzip {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body) // a buffer takes everything
		_ = w.Close()
		body = packed.Bytes()
	}
	until := time.Now().Add(exportRetries)
	for wait := time.Second; ; wait = min(2*wait, exportTimeout) {
		busy, after, err := c.post(ctx, body)
		wait = max(wait, after)
		if !busy || time.Now().Add(wait).After(until) {
			return err
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// post sends a request once. busy says that the collector takes it later, at the earliest after that time.
func (c *collector) post(ctx context.Context, body []byte) (busy bool, after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return false, 0, err
	}
	r.Header = c.header.Clone()
	if c.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return false, 0, err
	}
	defer answer.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(answer.Body, maxReply))
	switch answer.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return false, 0, rejected(reply)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return true, time.Duration(max(0, seconds)) * time.Second, fmt.Errorf("it answers %s", answer.Status)
	}
	if err != nil {
		return false, 0, err
	}
	return false, 0, fmt.Errorf("it answers %s", answer.Status)
}

// rejected is the error of a collector that took the request, but not all of its spans.
func rejected(reply []byte) error {
	var partial struct {
		PartialSuccess struct {
			RejectedSpans json.Number `json:"rejectedSpans"`
			ErrorMessage  string      `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(reply, &partial) != nil || partial.PartialSuccess.RejectedSpans == "" || partial.PartialSuccess.RejectedSpans == "0" {
		return nil
	}
	return fmt.Errorf("it rejected %s spans: %s", partial.PartialSuccess.RejectedSpans, cut(partial.PartialSuccess.ErrorMessage))
}

// Shutdown implements sdktrace.SpanExporter.
func (c *collector) Shutdown(context.Context) error {
	c.client.CloseIdleConnections()
	return nil
}

// The request, as OTLP's JSON has it: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. IDs are in
// hexadecimal, and 64-bit numbers in quotes.
type (
	otlpSpans struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource struct {
			Attributes []otlpAttribute `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []otlpScope `json:"scopeSpans"`
	}
	otlpScope struct {
		Scope struct {
			Name    string `json:"name"`
			Version string `json:"version,omitempty"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		TraceState string          `json:"traceState,omitempty"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Flags      uint32          `json:"flags"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Dropped    int             `json:"droppedAttributesCount,omitempty"`
		Status     otlpStatus      `json:"status"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"` // 1: well, 2: an error
		Message string `json:"message,omitempty"`
	}
	otlpAttribute struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"` // its one key is its type
	}
)

// otlpRequest is a request with spans, all of which are of one process and so of one resource.
func otlpRequest(spans []sdktrace.ReadOnlySpan) otlpSpans {
	var of otlpResource
	of.Resource.Attributes = otlpAttributes(spans[0].Resource().Attributes())
	places := map[string]int{}
	for _, s := range spans {
		scope := s.InstrumentationScope()
		at, known := places[scope.Name]
		if !known {
			at = len(of.ScopeSpans)
			places[scope.Name] = at
			one := otlpScope{}
			one.Scope.Name, one.Scope.Version = scope.Name, scope.Version
			of.ScopeSpans = append(of.ScopeSpans, one)
		}
		of.ScopeSpans[at].Spans = append(of.ScopeSpans[at].Spans, otlpOf(s))
	}
	return otlpSpans{ResourceSpans: []otlpResource{of}}
}

// The bits of a span's flags that say where its parent is (opentelemetry/proto/trace/v1/trace.proto).
const (
	flagRemoteKnown = 1 << 8
	flagRemote      = 1 << 9
)

func otlpOf(s sdktrace.ReadOnlySpan) otlpSpan {
	at := s.SpanContext()
	out := otlpSpan{TraceID: at.TraceID().String(), SpanID: at.SpanID().String(), TraceState: at.TraceState().String(),
		Flags: uint32(at.TraceFlags()) | flagRemoteKnown, Name: s.Name(), Kind: int(s.SpanKind()),
		Start: otlpTime(s.StartTime()), End: otlpTime(s.EndTime()), Attributes: otlpAttributes(s.Attributes()),
		Dropped: s.DroppedAttributes()}
	if parent := s.Parent(); parent.SpanID().IsValid() {
		out.ParentID = parent.SpanID().String()
		if parent.IsRemote() {
			out.Flags |= flagRemote
		}
	}
	switch status := s.Status(); status.Code {
	case codes.Ok:
		out.Status.Code = 1
	case codes.Error:
		out.Status = otlpStatus{Code: 2, Message: status.Description}
	}
	return out
}

func otlpTime(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func otlpAttributes(all []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, len(all))
	for i, a := range all {
		value := map[string]any{}
		switch a.Value.Type() {
		case attribute.INT64:
			value["intValue"] = strconv.FormatInt(a.Value.AsInt64(), 10)
		case attribute.BOOL:
			value["boolValue"] = a.Value.AsBool()
		case attribute.FLOAT64:
			value["doubleValue"] = a.Value.AsFloat64()
		default:
			value["stringValue"] = a.Value.String()
		}
		out[i] = otlpAttribute{Key: string(a.Key), Value: value}
	}
	return out
}
