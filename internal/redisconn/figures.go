package redisconn

import (
	"context"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Trait is something that a Redis may have, and may not tell: managed ones do not.
type Trait int

// The answers.
const (
	Untold Trait = iota
	No
	Yes
)

// and is what all masters of a cluster have.
func (t Trait) and(o Trait) Trait {
	switch {
	case t == No || o == No:
		return No
	case t == Untold || o == Untold:
		return Untold
	}
	return Yes
}

// trait is Yes where a value is the good one; a Redis that does not tell has "".
func trait(value, good string) Trait {
	switch value {
	case "":
		return Untold
	case good:
		return Yes
	}
	return No
}

// Figures are how a Redis stands: whether it keeps what it is given, and how full it is. Those of a cluster are of all
// its masters: what one of them lacks, the cluster lacks, and what is counted is summed.
type Figures struct {
	AppendOnly  Trait // it keeps an append-only file
	FsyncAlways Trait // it writes each change down before it answers
	NoEviction  Trait // it never drops a key for want of memory
	WritesFail  bool  // its last write to the append-only file, its last rewrite or its last snapshot failed
	EvictedKeys int64 // dropped for want of memory since it started
	MemoryUsed  int64 // bytes
	MemoryMax   int64 // bytes; 0 for no bound, or where a master has none
	Replicas    int64
}

// Look asks how a Redis stands: two commands, to each master of a cluster.
func Look(ctx context.Context, client redis.UniversalClient) (Figures, error) {
	c, ok := client.(*redis.ClusterClient)
	if !ok {
		return lookAtNode(ctx, client)
	}
	var mu sync.Mutex
	var all Figures
	first := true
	err := c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		one, err := lookAtNode(ctx, node)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if first {
			all, first = one, false
			return nil
		}
		all = all.with(one)
		return nil
	})
	if err != nil {
		return Figures{}, Error(client, err)
	}
	return all, nil
}

func lookAtNode(ctx context.Context, node redis.UniversalClient) (Figures, error) {
	text, err := node.Info(ctx).Result()
	if err != nil {
		return Figures{}, Error(node, err)
	}
	info := fields(text)
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(info[name], 10, 64) // 0 where it does not tell
		return n
	}
	failed := func(name string) bool { return info[name] != "" && info[name] != "ok" }
	return Figures{
		AppendOnly:  trait(info["aof_enabled"], "1"),
		FsyncAlways: trait(setting(ctx, node, "appendfsync"), "always"),
		WritesFail: failed("aof_last_write_status") || failed("aof_last_bgrewrite_status") ||
			failed("rdb_last_bgsave_status"),
		NoEviction:  trait(info["maxmemory_policy"], "noeviction"),
		EvictedKeys: number("evicted_keys"), MemoryUsed: number("used_memory"), MemoryMax: number("maxmemory"),
		Replicas: number("connected_slaves"),
	}, nil
}

// with adds another master's figures.
func (f Figures) with(o Figures) Figures {
	bounded := f.MemoryMax > 0 && o.MemoryMax > 0
	f.AppendOnly, f.FsyncAlways = f.AppendOnly.and(o.AppendOnly), f.FsyncAlways.and(o.FsyncAlways)
	f.NoEviction, f.WritesFail = f.NoEviction.and(o.NoEviction), f.WritesFail || o.WritesFail
	f.EvictedKeys += o.EvictedKeys
	f.MemoryUsed += o.MemoryUsed
	f.MemoryMax += o.MemoryMax
	if !bounded {
		f.MemoryMax = 0
	}
	f.Replicas += o.Replicas
	return f
}
