package redisconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
)

// minMajor is the oldest Redis whose scripts and commands the ledger uses: 7.0.
const minMajor = 7

// Topic is what a Finding is about.
type Topic string

// The topics.
const (
	Version     Topic = "version"
	Persistence Topic = "persistence"
	Eviction    Topic = "eviction"
	Memory      Topic = "memory"
	Replication Topic = "replication"
	Cluster     Topic = "cluster"
)

// Finding is one thing that was looked at.
type Finding struct {
	Topic Topic
	Warn  bool   // what Redis has acknowledged may not survive, or may not be taken
	Text  string // a sentence for a person that names the Redis, without its user and password
}

// Check connects, and looks whether this Redis can be worked with and keeps what it is given. An error says that it
// cannot be (a *job.Error of job.CodeRedis): it is away, refuses, is older than 7.0, or is a replica. The warnings are
// sentences for a person, told once at the start; none means that what Redis has acknowledged survives its crash. A
// cluster's masters are all looked at.
func Check(ctx context.Context, client redis.UniversalClient) (warnings []string, err error) {
	findings, err := Inspect(ctx, client)
	for _, f := range findings {
		if f.Warn {
			warnings = append(warnings, f.Text)
		}
	}
	return warnings, err
}

// Inspect is Check that tells what is well, too.
func Inspect(ctx context.Context, client redis.UniversalClient) (findings []Finding, err error) {
	c, ok := client.(*redis.ClusterClient)
	if !ok {
		return inspectNode(ctx, client, place(client), false)
	}
	var mu sync.Mutex
	err = c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		found, err := inspectNode(ctx, node, place(node), true)
		mu.Lock()
		defer mu.Unlock()
		findings = append(findings, found...)
		return err
	})
	if err != nil {
		return nil, Error(client, err)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(a.Text, b.Text) })
	return slices.Compact(findings), nil
}

func inspectNode(ctx context.Context, node redis.UniversalClient, where string, asCluster bool) (findings []Finding,
	err error) {
	text, err := node.Info(ctx).Result()
	if err != nil && !untold(err) {
		return nil, Error(node, err)
	}
	info := fields(text)
	refuse := func(format string, args ...any) ([]Finding, error) {
		return nil, job.Errorf(job.CodeRedis, where+" "+format, args...)
	}
	warn := func(t Topic, s string) { findings = append(findings, Finding{t, true, where + " " + s}) }
	well := func(t Topic, s string) { findings = append(findings, Finding{t, false, where + " " + s}) }

	version := info["redis_version"]
	major, _, _ := strings.Cut(version, ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		warn(Version, "does not tell its version, so it could not be checked whether it is 7.0 or newer and keeps what it "+
			"is given")
		return findings, nil
	case n < minMajor:
		return refuse("is version %s; storelink needs 7.0 or newer", version)
	case info["role"] == "slave":
		return refuse("is a replica, which takes no writes: name its master, or its Sentinels")
	case info["loading"] == "1":
		return refuse("is still loading what it had saved: try again in a while")
	}
	well(Version, "is version "+version)

	const set = "set appendonly yes and appendfsync always"
	switch info["aof_enabled"] {
	case "1":
		if fsync := setting(ctx, node, "appendfsync"); fsync == "" {
			warn(Persistence, "does not tell how it writes its append-only file: make sure that it is appendfsync always, "+
				"or it may forget its last second in a crash, and those stores are sent again")
		} else if fsync != "always" {
			warn(Persistence, "has appendfsync "+fsync+": it may forget its last second or more in a crash, and those stores "+
				"are "+
				"sent again; "+set)
		} else {
			well(Persistence, "keeps an append-only file, with appendfsync always")
		}
	case "0":
		warn(Persistence, "keeps no append-only file (appendonly no): it may forget jobs and outcomes in a crash; "+set)
	default:
		warn(Persistence, "does not tell whether it keeps an append-only file: make sure of it; "+set)
	}
	if info["aof_last_write_status"] == "err" {
		warn(Persistence, "could not write its append-only file the last time: see to its disk and its log")
	}
	if info["rdb_last_bgsave_status"] == "err" {
		warn(Persistence, "could not save its snapshot the last time, and may refuse writes: see to its disk and its log")
	}
	if policy := info["maxmemory_policy"]; policy == "" {
		warn(Eviction, "does not tell whether it may evict keys: make sure that it has maxmemory-policy noeviction")
	} else if policy != "noeviction" {
		warn(Eviction, "has maxmemory-policy "+policy+": it may drop jobs and outcomes when memory runs short; set "+
			"noeviction")
	} else {
		well(Eviction, "has maxmemory-policy noeviction")
	}
	used, err1 := strconv.ParseFloat(info["used_memory"], 64)
	if most, err2 := strconv.ParseFloat(info["maxmemory"], 64); err1 == nil && err2 == nil && most > 0 &&
		used > nearlyFull*most {
		warn(Memory, fmt.Sprintf("has used %.0f %% of its maxmemory: when it is full it takes no more jobs and outcomes; "+
			"give it more", 100*used/most))
	}
	if n := info["connected_slaves"]; n != "" && n != "0" {
		warn(Replication, "has replicas: it may forget its last second when it fails over to one, and those stores are "+
			"sent again")
	} else {
		well(Replication, "has no replicas to fail over to")
	}
	if info["cluster_enabled"] == "1" && !asCluster {
		warn(Cluster, "is part of a cluster: write its URL as redis-cluster://")
	}
	return findings, nil
}

// nearlyFull is the share of maxmemory from which on there is a warning.
const nearlyFull = 0.9

// setting asks for one of Redis' settings; "" where it does not tell, as managed ones do not.
func setting(ctx context.Context, node redis.UniversalClient, name string) string {
	got, err := node.ConfigGet(ctx, name).Result()
	if err != nil {
		return "" // renamed, forbidden or unknown: any of these only means that it cannot be checked
	}
	return got[name]
}

// untold says whether Redis answered that this user may not ask that, or that it has no such command: it may be renamed.
func untold(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) && (strings.HasPrefix(answer.Error(), "NOPERM ") ||
		strings.HasPrefix(answer.Error(), "ERR unknown command") || strings.HasPrefix(answer.Error(), "ERR unknown or unsupported command"))
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
