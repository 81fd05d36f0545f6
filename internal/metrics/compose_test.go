package metrics_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// readYAML reads one of the repository's files.
func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// compose is what these tests look at of docker-compose.yml.
type compose struct {
	Services map[string]struct {
		Image, Command any
		Environment    map[string]string
		Ports          []string
		Volumes        []any
		Profiles       []string
	}
}

func TestTheComposeFilesPrometheusAsksItsWorkers(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	var p struct {
		Scrape []struct {
			Job string `yaml:"job_name"`
			DNS []struct {
				Names []string
				Type  string
				Port  int
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "deploy/prometheus/prometheus.yml", &p)
	if len(p.Scrape) != 1 || p.Scrape[0].Job != "storelink" || len(p.Scrape[0].DNS) != 1 {
		t.Fatalf("it scrapes %+v", p.Scrape)
	}
	found := p.Scrape[0].DNS[0]
	if len(found.Names) != 1 || found.Names[0] != "worker" || found.Type != "A" || found.Port != 8080 ||
		c.Services["worker"].Environment["STORELINK_HTTP"] != "0.0.0.0:8080" {
		t.Errorf("it asks %+v, and the worker serves %s", found, c.Services["worker"].Environment["STORELINK_HTTP"])
	}
}

func TestTheComposeFileOpensNothingToOthers(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	for name, s := range c.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s is open to others: %s", name, port)
			}
		}
		for _, v := range s.Volumes {
			m, ok := v.(map[string]any)
			if !ok || !strings.HasPrefix(m["source"].(string), "./deploy/") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", m["source"].(string))); err != nil || m["read_only"] != true {
				t.Errorf("%s mounts %v: %v", name, m, err)
			}
		}
	}
	for _, name := range []string{"prometheus", "grafana"} {
		if image, _ := c.Services[name].Image.(string); !regexp.MustCompile(`:v?\d+\.\d+\.\d+$`).MatchString(image) {
			t.Errorf("%s is of no fixed version: %q", name, image)
		}
	}
	if len(c.Services["grafana"].Profiles) == 0 || len(c.Services["prometheus"].Profiles) != 0 {
		t.Error("Grafana comes by itself, or Prometheus does not")
	}
}

func TestGrafanaFindsPrometheusAndTheDashboard(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	var sources struct{ Datasources []struct{ Type, URL string } }
	readYAML(t, "deploy/grafana/provisioning/datasources/prometheus.yml", &sources)
	if len(sources.Datasources) != 1 || sources.Datasources[0].URL != "http://prometheus:9090" {
		t.Errorf("%+v", sources)
	}
	var dashboards struct {
		Providers []struct{ Options struct{ Path string } }
	}
	readYAML(t, "deploy/grafana/provisioning/dashboards/storelink.yml", &dashboards)
	for _, v := range c.Services["grafana"].Volumes {
		if m, ok := v.(map[string]any); ok && m["source"] == "./deploy/grafana/storelink.json" &&
			len(dashboards.Providers) == 1 && filepath.Dir(m["target"].(string)) == dashboards.Providers[0].Options.Path {
			return
		}
	}
	t.Error("the dashboard is not where Grafana looks")
}
