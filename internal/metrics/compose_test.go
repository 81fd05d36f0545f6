package metrics_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
		Networks       []string
		Tmpfs          []string
		MemLimit       string   `yaml:"mem_limit"`
		PidsLimit      int      `yaml:"pids_limit"`
		ReadOnly       bool     `yaml:"read_only"`
		CapDrop        []string `yaml:"cap_drop"`
		SecurityOpt    []string `yaml:"security_opt"`
		User           string
		Logging        struct{ Options map[string]string }
		Healthcheck    struct{ Test []string }
	}
	Networks map[string]*struct{ Internal bool }
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

func TestTheComposeFilesContainersAreBoundedAndMayDoLittle(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	for name, s := range c.Services {
		if s.MemLimit == "" || s.PidsLimit == 0 || s.Logging.Options["max-size"] == "" || s.Logging.Options["max-file"] == "" {
			t.Errorf("%s is not bounded: %+v", name, s)
		}
		for _, at := range s.Tmpfs {
			if !strings.Contains(at, "size=") {
				t.Errorf("%s: %s has no bound", name, at)
			}
		}
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s may do more than it needs: %+v", name, s)
		}
	}
	if len(c.Services) < 5 {
		t.Errorf("there are %d services", len(c.Services))
	}
}

func TestTheComposeFilesRedisIsForWorkerAndEnqueueAlone(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	redis := c.Services["redis"]
	if len(redis.Networks) != 1 || !c.Networks[redis.Networks[0]].Internal || len(redis.Ports) > 0 {
		t.Errorf("it is in %v, with ports %v", redis.Networks, redis.Ports)
	}
	for name, s := range c.Services {
		if got := slices.Contains(s.Networks, redis.Networks[0]); got != (name == "redis" || name == "worker" || name == "enqueue") {
			t.Errorf("%s reaches it: %v", name, got)
		}
	}
	const password = "${STORELINK_REDIS_PASSWORD:?put a password for Redis into .env}"
	if command, _ := redis.Command.(string); !strings.Contains(command, "--requirepass "+password) || !strings.Contains(command, "--maxmemory $") {
		t.Errorf("its command is %s", command)
	}
	if redis.Environment["REDISCLI_AUTH"] != password || !slices.Equal(redis.Healthcheck.Test, []string{"CMD", "redis-cli", "-e", "ping"}) ||
		redis.User == "" {
		t.Errorf("its health is asked by %v", redis.Healthcheck.Test)
	}
	enqueue := c.Services["enqueue"]
	if len(enqueue.Volumes) != 1 || enqueue.Volumes[0].(map[string]any)["source"] != "./lists" {
		t.Errorf("enqueue sees %v", enqueue.Volumes)
	}
}
