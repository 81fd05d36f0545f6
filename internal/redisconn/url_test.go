package redisconn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

func open(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	c, err := redisconn.Open(url, redisconn.Options{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestURLsOfOneServer(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://h":                                    "tcp h:6379 0 :",
		"redis://h:1/":                                 "tcp h:1 0 :",
		"redis://[::1]:6380/3":                         "tcp [::1]:6380 3 :",
		"redis://[::1]":                                "tcp [::1]:6379 0 :",
		"redis://:pass@h/2":                            "tcp h:6379 2 :pass",
		"redis://u%40:p%2F%3A%25:x@h":                  "tcp h:6379 0 u@:p/:%:x",
		"redis://:p@ss@h":                              "tcp h:6379 0 :p@ss",
		"rediss://default:x@db.example:6380/0":         "tls db.example:6380 0 default:x",
		"unix:///run/a%20b.sock?db=4":                  "unix /run/a b.sock 4 :",
		"redis-socket://u:p@/run/redis/redis.sock":     "unix /run/redis/redis.sock 0 u:p",
		"redis://:" + strings.Repeat("x", 500) + "@h/": "tcp h:6379 0 :" + strings.Repeat("x", 500),
	} {
		c, ok := open(t, url).(*redis.Client)
		if !ok {
			t.Errorf("%s gives a %T", url, c)
			continue
		}
		o := c.Options()
		network := o.Network
		if o.TLSConfig != nil {
			network = "tls"
		}
		if got := fmt.Sprintf("%s %s %d %s:%s", network, o.Addr, o.DB, o.Username, o.Password); got != want {
			t.Errorf("%s is %s, want %s", url, got, want)
		}
		if !o.ContextTimeoutEnabled || o.PoolSize != redisconn.DefaultPoolSize {
			t.Errorf("%s: %+v", url, o)
		}
	}
}

func TestURLsOfSentinelsAndClusters(t *testing.T) {
	t.Parallel()
	c, ok := open(t, "rediss-cluster://u:p@h1:7000,h2,[::1]").(*redis.ClusterClient)
	if !ok {
		t.Fatal("a cluster's URL gives no cluster's client")
	}
	if o := c.Options(); !slices.Equal(o.Addrs, []string{"h1:7000", "h2:6379", "[::1]:6379"}) || o.Username != "u" || o.Password != "p" || o.TLSConfig == nil {
		t.Errorf("got %+v", o)
	}
	if _, ok := open(t, "redis-cluster://h").(*redis.ClusterClient); !ok {
		t.Error("a cluster of which one node is named gives no cluster's client")
	}
	s, ok := open(t, "redis-sentinel://:p@h1,h2:5/3?master=main&sentinel_password=q%26").(*redis.Client)
	if !ok || s.Options().DB != 3 || s.Options().Password != "p" {
		t.Errorf("got %T", s)
	}
}

func TestWrongURLsAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	for url, says := range map[string]string{
		"":                                 "its kind is not understood",
		"hunter2":                          "its kind is not understood",
		"127.0.0.1:6379":                   "its kind is not understood",
		"http://:hunter2@h":                "its kind is not understood",
		"REDIS://h":                        "its kind is not understood",
		"redis://":                         "a host is missing",
		"redis://:hunter2@":                "a host is missing",
		"redis://:hunter2@h:0":             "a port is no number",
		"redis://:hunter2@h:65536":         "a port is no number",
		"redis://:hunter2@h:":              "a port is no number",
		"redis://::1":                      "a host is not HOST:PORT",
		"redis://:hun/ter2@h":              "there is an @ after its host",
		"redis://:hun?ter2@h":              "there is an @ after its host",
		"redis://:hun#ter2@h":              "there is an @ after its host",
		"redis://h#hunter2":                "a # has no meaning",
		"redis://hunter2@h":                "there is no password before its @",
		"redis://user:@h":                  "there is no password before its @",
		"redis://:hunter2%zz@h":            "is not percent-encoded",
		"redis://:hunter2@h/main":          "its database is no number",
		"redis://h/-1":                     "its database is no number",
		"redis://h/0/1":                    "its database is no number",
		"redis://h?password=hunter2":       "a parameter that is not understood",
		"redis://h?a=%zz":                  "is not NAME=VALUE",
		"redis://a,b":                      "there are several hosts",
		"redis://a b":                      "a host is missing, or is none",
		"unix://run/redis.sock":            "needs the path of a socket",
		"unix://":                          "needs the path of a socket",
		"unix:///":                         "needs the path of a socket",
		"unix:///run/redis.sock?db=x":      "its database is no number",
		"redis-sentinel://:hunter2@a,b":    "?master=NAME",
		"redis-sentinel://a,,b?master=m":   "a host is missing",
		"redis-cluster://:hunter2@a,b/1":   "a cluster has no database but 0",
		"redis-cluster://a?read_only=true": "a parameter that is not understood",
	} {
		c, err := redisconn.Open(url, redisconn.Options{})
		if err == nil {
			_ = c.Close()
			t.Errorf("%s is taken", url)
			continue
		}
		if e := job.AsError(err); e.Code != job.CodeBadConfig || job.ExitStatus(err) != 2 {
			t.Errorf("%s: code %s", url, e.Code)
		}
		if s := err.Error(); !strings.Contains(s, says) || strings.Contains(s, "hunter2") || strings.Contains(s, "ter2") {
			t.Errorf("%s: %s", url, s)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, url := range []string{
		"redis://:%s@h:6379/0", "rediss://u:%s@[::1]:1/2", "unix://:%s@/run/redis.sock?db=1", "redis-cluster://:%s@a,b:1",
		"redis-sentinel://:x@a/1?master=m&sentinel_password=%s", "%s", "redis://%s", "redis://h/%s", "redis://h?%s=%s", "redis://,@,@:[]",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, form string) {
		const password = "Ex0Horse7battery"
		if strings.Contains(form, password) {
			return
		}
		for _, place := range []string{"redis://:%s@", "redis-sentinel://h?master=m&sentinel_password=%s&", "redis-cluster://u:%s"} {
			url := strings.ReplaceAll(place, "%s", password) + form
			c, err := redisconn.Open(url, redisconn.Options{})
			if err == nil {
				if s := redisconn.Error(c, fmt.Errorf("broken")).Error(); strings.Contains(s, password) && strings.Contains(form, "@") {
					t.Errorf("%q shows its password: %s", url, s)
				}
				_ = c.Close()
				continue
			}
			if e := job.AsError(err); e.Code != job.CodeBadConfig {
				t.Errorf("%q: %v", url, err)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("%q shows its password: %v", url, err)
			}
		}
	})
}
