package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/storelink/storelink/internal/config"
)

// compose is what these tests look at of docker-compose.yml.
type compose struct {
	Services map[string]struct {
		Environment map[string]string
		Volumes     []any
	}
}

func readCompose(t *testing.T) compose {
	t.Helper()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheComposeFilesWorkerHasAConfigurationThatLoads(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	path := f.write("storelink.yaml", partner, 0o600)
	env := readCompose(t).Services["worker"].Environment
	mounted := env["STORELINK_CONFIG"]
	if mounted == "" {
		t.Fatal("the worker is given no configuration")
	}
	env["STORELINK_CONFIG"] = path
	var environ []string
	for name, v := range env {
		v = strings.ReplaceAll(v, "${STORELINK_REDIS_PASSWORD:?put a password for Redis into .env}", password)
		environ = append(environ, name+"="+v)
	}
	c, err := config.Load("", environ)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Accounts) != 1 || c.Redis.Reveal() != "redis://:"+password+"@redis:6379/0" || c.HTTP == "" || c.Log.Format != config.LogJSON {
		t.Errorf("got %+v", c)
	}
	targets := map[string]string{}
	for _, v := range readCompose(t).Services["worker"].Volumes {
		if m, ok := v.(map[string]any); ok && m["read_only"] == true {
			targets[m["target"].(string)] = m["source"].(string)
		}
	}
	if targets[mounted] != "./storelink.yaml" || targets[mounted[:strings.LastIndexByte(mounted, '/')]+"/keys"] != "./keys" {
		t.Errorf("read-only mounts are %v", targets)
	}
}

func TestTheComposeFilesEnqueueKnowsItsRedis(t *testing.T) {
	t.Parallel()
	services := readCompose(t).Services
	if r := services["enqueue"].Environment["STORELINK_REDIS"]; r == "" || r != services["worker"].Environment["STORELINK_REDIS"] {
		t.Errorf("its Redis is %q", r)
	}
}

func TestTheImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	find := func(file, pattern string) string {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		return string(m[1])
	}
	if module, image := find("go.mod", `(?m)^go (\d+\.\d+)`), find("Dockerfile", `FROM golang:(\d+\.\d+)`); module != image {
		t.Errorf("go.mod says %s, Dockerfile %s", module, image)
	}
}
