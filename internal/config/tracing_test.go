package config_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
)

func TestTracingIsOffUnlessACollectorIsNamed(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if c := f.good(partner); c.Tracing.Endpoint != "" || c.Tracing.Ratio != 1 {
		t.Errorf("got %+v", c.Tracing)
	}
	said := partner + "\ntracing:\n  endpoint: http://127.0.0.1:4318\n  ratio: 0.25\n"
	for _, c := range []struct {
		yaml, env string
		want      config.Tracing
	}{
		{said, "", config.Tracing{Endpoint: "http://127.0.0.1:4318", Ratio: .25}},
		{said, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", config.Tracing{Endpoint: "http://127.0.0.1:4318", Ratio: .25}},
		{said, "STORELINK_TRACING_ENDPOINT=off", config.Tracing{Ratio: .25}},
		{said, "STORELINK_TRACING_RATIO=0", config.Tracing{Endpoint: "http://127.0.0.1:4318"}},
		{partner, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318/x", config.Tracing{Endpoint: "http://collector:4318/x", Ratio: 1}},
		{partner + "\ntracing: {endpoint: off}\n", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", config.Tracing{Ratio: 1}},
	} {
		if got := f.good(c.yaml, c.env).Tracing; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.env, got, c.want)
		}
	}
}

func TestWrongTracingIsToldWithoutItsSecret(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for tracing, says := range map[string]string{
		"endpoint: 127.0.0.1:4318":                     "tracing.endpoint",
		"endpoint: grpc://collector:4317":              "tracing.endpoint",
		"endpoint: http://me:hunter2secret@c:4318":     "OTEL_EXPORTER_OTLP_HEADERS",
		"endpoint: http://c:4318/?token=hunter2secret": "path",
		"ratio: 2":        "0 to 1",
		"ratio: half":     "0 to 1",
		"ratio: NaN":      "0 to 1",
		"sampler: always": "sampler",
	} {
		_, err := config.Load(f.write("storelink.yaml", partner+"\ntracing:\n  "+tracing+"\n", 0o600), nil)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2secret") {
			t.Errorf("%s: %v", tracing, err)
		}
	}
}
