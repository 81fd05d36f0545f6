// Package registry is who is there: the workers, the lanes that they serve accounts by and what they say of themselves,
// which installation an account is served as, the locks that one process holds among all, and the wake-ups.
//
// It must never touch a job: the ledger does.
package registry

import (
	"embed"
	"io/fs"
	"time"

	"github.com/redis/go-redis/v9"
)

// Prefix begins the keys of everything of ours in Redis. The number in it is the version of their layout.
const Prefix = "storelink:1:"

// The registry's keys.
//
//	storelink:1:accounts     hash: account → how its workers publish it
//	storelink:1:workers      zset: worker → when it was last seen
//	storelink:1:worker:ID    string: that worker's lanes
//	storelink:1:serving      hash: account → the installation that it is served as, and the workers that do (serve.lua)
//	storelink:1:lock:NAME    string: the lock's owner
//	storelink:1:wake         channel: an account has work, or a job changed its state
const (
	keyAccounts = Prefix + "accounts"
	keyWorkers  = Prefix + "workers"
	keyServing  = Prefix + "serving"
	keyWake     = Prefix + "wake"
)

func keyWorker(id string) string { return Prefix + "worker:" + id }

//go:embed scripts/claim.lua scripts/serve.lua
var registryFiles embed.FS

func load(name string) *redis.Script {
	body, err := fs.ReadFile(registryFiles, "scripts/"+name+".lua")
	if err != nil {
		panic(err) // embedded: a build without it does not exist
	}
	return redis.NewScript(string(body))
}

// Registry is who is there, in one Redis: workers, the lanes that they serve accounts by, locks, and wake-ups. It is safe
// for concurrent use. What Redis refuses is a *job.Error of job.CodeRedis.
type Registry struct {
	rdb     redis.UniversalClient
	now     func() time.Time // by Redis' clock
	scripts struct{ claim, serve *redis.Script }
}

// OpenRegistry returns the registry in a Redis, whose time is now's. It sends nothing yet.
func Open(rdb redis.UniversalClient, now func() time.Time) *Registry {
	r := &Registry{rdb: rdb, now: now}
	r.scripts.claim, r.scripts.serve = load("claim"), load("serve")
	return r
}
