package config

import (
	"math"
	"net/url"
	"strconv"
)

// Tracing says where OpenTelemetry's traces go. The zero value is off.
type Tracing struct {
	Endpoint string  // a collector's address for OTLP over HTTP, to which /v1/traces is added; empty for none
	Ratio    float64 // share of the jobs that are traced, 0 to 1
}

// DefaultTracingRatio is the share of the jobs that are traced where there is a collector.
const DefaultTracingRatio = 1

// tracingKeys are tracing's.
var tracingKeys = []key[Tracing]{
	{"endpoint", []string{envTracingEndpoint}, func(l *loader, t *Tracing, v value, name string) {
		s, ok := l.text(v, name)
		if !ok || s == "" {
			return
		}
		if t.Endpoint = ""; s == Off {
			return
		}
		u, err := url.Parse(s)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			l.badf(v, "%s: it is the collector's address, such as http://127.0.0.1:4318, or off", name)
		case u.User != nil:
			l.badf(v, "%s has a user or a password in it: give those by OTEL_EXPORTER_OTLP_HEADERS", name)
		case u.RawQuery != "" || u.Fragment != "":
			l.badf(v, "%s: nothing may follow its path", name)
		default:
			t.Endpoint = s
		}
	}},
	{"ratio", []string{envTracingRatio}, func(l *loader, t *Tracing, v value, name string) {
		s, ok := l.text(v, name)
		if !ok || s == "" {
			return
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || f < 0 || f > 1 {
			l.badf(v, "%s: %s is no share from 0 to 1", name, shown(v))
			return
		}
		t.Ratio = f
	}},
}

// setTracing sets where traces go: what is said here wins over the variable that all of OpenTelemetry's programs know.
func (l *loader) setTracing(c *Config, top fields) {
	c.Tracing.Ratio = DefaultTracingRatio
	given := fields{}
	if v, ok := top["tracing"]; ok {
		given = l.fields(v, "tracing", names(tracingKeys))
	}
	for _, k := range tracingKeys {
		if v, ok := l.env.value(k.env[0]); ok {
			given[k.name] = v
		}
	}
	if _, ok := given["endpoint"]; !ok {
		if v, ok := l.env.value(envOTLPEndpoint); ok {
			given["endpoint"] = v
		}
	}
	for _, k := range tracingKeys {
		if v, ok := given[k.name]; ok {
			k.set(l, &c.Tracing, v, "tracing."+k.name)
		}
	}
}
