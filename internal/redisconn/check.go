package redisconn

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// minMajor is the oldest Redis whose scripts and commands the ledger uses: 7.0.
const minMajor = 7

// Check connects, and looks whether this Redis can be worked with and keeps what it is given. An error says that it
// cannot be (a *job.Error of job.CodeRedis): it is away, refuses, is older than 7.0, or is a replica. The warnings are
// sentences for a person, told once at the start; none means that what Redis has acknowledged survives its crash. A
// cluster's masters are all looked at.
func Check(ctx context.Context, client redis.UniversalClient) (warnings []string, err error) {
	c, ok := client.(*redis.ClusterClient)
	if !ok {
		return checkNode(ctx, client, place(client))
	}
	var mu sync.Mutex
	err = c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		found, err := checkNode(ctx, node, place(node))
		mu.Lock()
		defer mu.Unlock()
		warnings = append(warnings, found...)
		return err
	})
	if err != nil {
		return nil, Error(client, err)
	}
	slices.Sort(warnings)
	return slices.Compact(warnings), nil
}

func checkNode(ctx context.Context, node redis.UniversalClient, where string) ([]string, error) {
	text, err := node.Info(ctx).Result()
	if err != nil && !forbidden(err) {
		return nil, Error(node, err)
	}
	info := fields(text)
	refuse := func(format string, args ...any) ([]string, error) {
		return nil, job.Errorf(job.CodeRedis, where+" "+format, args...)
	}
	var warnings []string
	warn := func(s string) { warnings = append(warnings, where+" "+s) }

	version := info["redis_version"]
	major, _, _ := strings.Cut(version, ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		warn("does not tell its version, so it could not be checked whether it is 7.0 or newer and keeps what it is given")
		return warnings, nil
	case n < minMajor:
		return refuse("is version %s; storelink needs 7.0 or newer", version)
	case info["role"] == "slave":
		return refuse("is a replica, which takes no writes: name its master, or its Sentinels")
	case info["loading"] == "1":
		return refuse("is still loading what it had saved: try again in a while")
	}

	const set = "set appendonly yes and appendfsync always"
	switch info["aof_enabled"] {
	case "1":
		if fsync := setting(ctx, node, "appendfsync"); fsync == "" {
			warn("does not tell how it writes its append-only file: make sure that it is appendfsync always, " +
				"or it may forget its last second in a crash, and those stores are sent again")
		} else if fsync != "always" {
			warn("has appendfsync " + fsync + ": it may forget its last second or more in a crash, and those stores are " +
				"sent again; " + set)
		}
	case "0":
		warn("keeps no append-only file (appendonly no): it may forget jobs and outcomes in a crash; " + set)
	default:
		warn("does not tell whether it keeps an append-only file: make sure of it; " + set)
	}
	if policy := info["maxmemory_policy"]; policy == "" {
		warn("does not tell whether it may evict keys: make sure that it has maxmemory-policy noeviction")
	} else if policy != "noeviction" {
		warn("has maxmemory-policy " + policy + ": it may drop jobs and outcomes when memory runs short; set noeviction")
	}
	if n := info["connected_slaves"]; n != "" && n != "0" {
		warn("has replicas: it may forget its last second when it fails over to one, and those stores are sent again")
	}
	return warnings, nil
}

// setting asks for one of Redis' settings; "" where it does not tell, as managed ones do not.
func setting(ctx context.Context, node redis.UniversalClient, name string) string {
	got, err := node.ConfigGet(ctx, name).Result()
	if err != nil {
		return "" // renamed, forbidden or unknown: any of these only means that it cannot be checked
	}
	return got[name]
}

// forbidden says whether Redis answered that this user may not ask that.
func forbidden(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "NOPERM ")
}

// fields reads the answer of INFO: name:value a line, and comments.
func fields(info string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(info) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.HasPrefix(name, "#") {
			m[name] = v
		}
	}
	return m
}
