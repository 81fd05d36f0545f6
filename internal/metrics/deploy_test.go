package metrics_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/metrics"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
)

const deploy = "../../deploy/"

// ruleFile is what these tests look at of alerts.yml.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert, Record, Expr string
			Labels, Annotations map[string]string
		}
	}
}

func readRules(t *testing.T) (f ruleFile) {
	t.Helper()
	text, err := os.ReadFile(deploy + "prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// known are the figures that a worker has, by name: ours, asynq's, the process', and what alerts.yml records.
func known(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"up": true}
	add := func(c prometheus.Collector) {
		ch := make(chan *prometheus.Desc)
		go func() {
			defer close(ch)
			c.Describe(ch)
		}()
		for d := range ch {
			if m := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String()); m != nil {
				names[m[1]] = true
			}
		}
	}
	m := metrics.New(metrics.Config{})
	add(m)
	rdb := redistest.Real(t).Client
	reminder := job.Reminder{Job: "x", Generation: 1}
	if err := queue.Open(rdb).Remind(t.Context(), "acme", job.Default, []job.Reminder{reminder}); err != nil {
		t.Fatal(err)
	}
	m = metrics.New(metrics.Config{Redis: rdb}) // asynq's have a value for each queue there is
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		names[f.GetName()] = true
	}
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				names[r.Record] = true
			}
		}
	}
	return names
}

var figure = regexp.MustCompile(`\b(?:storelink|asynq|process|go|promhttp)[_:][a-z0-9_:]+\b|\bup\b`)

// unknown gives the figures that an expression names and no worker has.
func unknown(names map[string]bool, expr string) (strange []string) {
	expr = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`) // labels' values
	for _, name := range figure.FindAllString(expr, -1) {
		base := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(name, suffix); ok && names[cut] {
				base = cut
			}
		}
		if !names[base] {
			strange = append(strange, name)
		}
	}
	return strange
}

func TestAlertsNameFiguresThatThereAre(t *testing.T) {
	t.Parallel()
	names := known(t)
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if len(figure.FindAllString(r.Expr, -1)) == 0 {
				t.Errorf("%s%s looks at no figure", r.Alert, r.Record)
			}
			for _, name := range unknown(names, r.Expr) {
				t.Errorf("%s%s: there is no %s", r.Alert, r.Record, name)
			}
		}
	}
}

func TestTheDashboardNamesFiguresThatThereAre(t *testing.T) {
	t.Parallel()
	names := known(t)
	text, err := os.ReadFile(deploy + "grafana/storelink.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard any
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, item := range v {
				if s, ok := item.(string); ok && (key == "expr" || key == "query" || key == "definition") {
					for _, name := range unknown(names, s) {
						t.Errorf("there is no %s: %s", name, s)
					}
					for _, name := range figure.FindAllString(s, -1) {
						shown[name] = true
					}
				}
				walk(item)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(dashboard)
	for _, must := range []string{"storelink_calls_total", "storelink_call_duration_seconds_bucket",
		"storelink_stores_total",
		"storelink_pace_calls_per_second", "storelink:allowance_used:ratio5m", "storelink_queue_tasks",
		"storelink_queue_oldest_due_seconds", "storelink_retries_total", "storelink_reconciler_findings_total",
		"storelink_redis_up", "storelink_lane_state", "storelink_schedule_runs_total", "storelink_hook_deliveries_total",
		"asynq_queue_size"} {
		if !shown[must] {
			t.Errorf("it does not show %s", must)
		}
	}
}

func TestEveryAlertHasItsSectionOfTheRunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		sections[m[1]] = true
	}
	const runbook = "https://github.com/storelink/storelink/blob/main/docs/runbook.md#"
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			a := r.Annotations
			if a["summary"] == "" || a["description"] == "" || a["runbook_url"] != runbook+strings.ToLower(r.Alert) {
				t.Errorf("%s: %q", r.Alert, a)
			}
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s: severity %q", r.Alert, s)
			}
			if !sections[r.Alert] {
				t.Errorf("%s has no section", r.Alert)
			}
			delete(sections, r.Alert)
		}
	}
	for _, left := range slices.Sorted(maps.Keys(sections)) {
		t.Errorf("the section %s is of no alert", left)
	}
}

func TestEveryAlertIsTested(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(deploy + "prometheus/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if r.Alert != "" && !strings.Contains(string(text), fmt.Sprintf("alertname=%q", r.Alert)) {
				t.Errorf("no test lets %s fire", r.Alert)
			}
		}
	}
}

func TestPrometheusTakesItsFiles(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool")
	}
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"check", "rules", "alerts.yml"},
		{"test", "rules", "alerts_test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = filepath.Join(deploy, "prometheus")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestPromtoolFindsNothingWrongWithTheFigures(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool")
	}
	m := metrics.New(metrics.Config{Version: "v1"})
	m.Watch(lanesOf{"acme"})
	m.Account("acme")
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, m))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
