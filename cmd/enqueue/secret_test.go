package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// material is every line of the private keys of a world's configuration, and the password of its Redis.
func material(t *testing.T, w *world) []string {
	t.Helper()
	found := []string{"hunter2"}
	keys, err := filepath.Glob(w.file("storelink.yaml-*.pem"))
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, path := range keys {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		found = append(found, string(block.Bytes))
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); len(line) >= 40 && !strings.HasPrefix(line, "-----") {
				found = append(found, line)
			}
		}
	}
	return found
}

func TestNoSecretIsInAnyOutputOrInRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "100000001"}}})
	mini := miniredis.RunT(t)
	mini.RequireAuth("hunter2")
	w.redis = redis.NewClient(&redis.Options{Addr: mini.Addr(), Password: "hunter2"})
	t.Cleanup(func() { _ = w.redis.Close() })
	w.env = []string{"REDIS_URL=redis://:hunter2@" + mini.Addr() + "/0", "STORELINK_CONFIG=" + w.config}
	w.work()

	var said strings.Builder
	say := func(args ...string) {
		o := w.do(args...)
		said.WriteString(o.out + o.err)
	}
	for _, form := range [][]string{nil, {"--json"}} {
		to := func(args ...string) []string { return append(append(args, asPartner...), form...) }
		say(to("associate", w.list(500), "--wait", "--report", w.file("r.csv"))...)
		say(to("associate", w.list(500), "--here", "--report", w.file("h.csv"), "--verbose")...)
		say(to("associate", w.list(500), "--redis", "redis://:hunter3@"+mini.Addr()+"/0")...)
		say(to("associate", w.list(500), "--redis", "redis://:hunter2@127.0.0.1:1/0")...)
		say(to("associate", w.list(500), "--redis", "hunter2")...)
		say(to("associate", w.list(500), "--config", w.file("wxp.pem"))...)
		say(to("associate", w.list(500), "--config", w.file("storelink.yaml-sandbox-partner.pem"))...)
		say(to("associate", w.file("storelink.yaml-sandbox-partner.pem"), "--sandbox")...) // the key as the list
		say(append([]string{"accounts"}, form...)...)
		say(append([]string{"jobs"}, form...)...)
	}
	for _, path := range []string{w.file("r.csv"), w.file("h.csv")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(text)
	}
	stored := everything(t, w.redis)
	if !strings.Contains(said.String(), "100000001") || !strings.Contains(stored, sandbox.PartnerMchID) {
		t.Fatal("there is nothing to look at")
	}
	for _, s := range material(t, w) {
		if strings.Contains(said.String(), s) {
			t.Errorf("a secret (%d bytes) was printed", len(s))
		}
		if strings.Contains(stored, s) {
			t.Errorf("a secret (%d bytes) is in Redis", len(s))
		}
	}
}

// everything is all keys of a Redis with their values.
func everything(t *testing.T, c *redis.Client) string {
	t.Helper()
	ctx := context.Background()
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, key := range keys {
		kind := c.Type(ctx, key).Val()
		var value any
		switch kind {
		case "none": // a server of asynq's stopped meanwhile
			continue
		case "string":
			value = c.Get(ctx, key).Val()
		case "hash":
			value = c.HGetAll(ctx, key).Val()
		case "zset":
			value = c.ZRangeWithScores(ctx, key, 0, -1).Val()
		case "set":
			value = c.SMembers(ctx, key).Val()
		case "list":
			value = c.LRange(ctx, key, 0, -1).Val()
		default:
			t.Fatalf("key %s is a %s", key, kind)
		}
		fmt.Fprintln(&b, key, value)
	}
	return b.String()
}
