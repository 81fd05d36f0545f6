// Package redisconn connects to the Redis that an operator names, of whatever kind it is, and looks whether it keeps
// what it is given. There is one client for everything in a process: the ledger, the pace and asynq. The package must
// never show a password, which a Redis URL may hold.
//
// The URLs are
//
//	redis://[[USER]:PASSWORD@]HOST[:6379][/DB]
//	unix://[[USER]:PASSWORD@]/PATH/TO/SOCKET[?db=N]            redis-socket:// is the same
//	redis-sentinel://[[USER]:PASSWORD@]HOST[:26379],…[/DB]?master=NAME[&sentinel_username=…][&sentinel_password=…]
//	redis-cluster://[[USER]:PASSWORD@]HOST[:6379],…
//
// and rediss://, rediss-sentinel:// and rediss-cluster:// for the same over TLS, checked against the system's
// authorities (SSL_CERT_FILE names others). The user and password are always Redis' own; characters that mean something
// in a URL are percent-encoded in them.
package redisconn

import (
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The times of a connection. They are a person's patience, not a measure of Redis: a command takes well below 1 ms
// there, and some milliseconds where appendfsync always waits for a disk.
const (
	DialTimeout     = 3 * time.Second
	ReadTimeout     = 5 * time.Second // of one command's answer; of writing it too
	PoolTimeout     = 6 * time.Second // for a free connection
	MinRetryBackoff = 20 * time.Millisecond
	MaxRetryBackoff = time.Second
	MaxRetries      = 3 // of a command whose connection failed: it may have been carried out before
)

// DefaultPoolSize is how many connections a process has at most, besides those that listen. They are made when needed:
// asynq alone asks from each of its goroutines.
const DefaultPoolSize = 64

// Options are what a process says of itself.
type Options struct {
	Name     string // what CLIENT LIST shows for its connections, such as storelink-worker; no blanks; may be empty
	PoolSize int    // 0 is DefaultPoolSize
}

// Open makes the client for a URL. It does not connect: the first command does, or Check. A URL that cannot be
// understood is a *job.Error of job.CodeBadConfig. The caller closes the client.
func Open(url string, o Options) (redis.UniversalClient, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	opts := &redis.UniversalOptions{
		Addrs:            a.hosts,
		DB:               a.db,
		Username:         a.user,
		Password:         a.password,
		MasterName:       a.master,
		SentinelUsername: a.sentinelUser,
		SentinelPassword: a.sentinelPassword,
		IsClusterMode:    a.kind == cluster,

		ClientName:            o.Name,
		PoolSize:              o.PoolSize,
		DialTimeout:           DialTimeout,
		DialerRetries:         1, // a command that failed is tried again anyway, and a person waits for all of it
		ReadTimeout:           ReadTimeout,
		WriteTimeout:          ReadTimeout,
		PoolTimeout:           PoolTimeout,
		MaxRetries:            MaxRetries,
		MinRetryBackoff:       MinRetryBackoff,
		MaxRetryBackoff:       MaxRetryBackoff,
		ContextTimeoutEnabled: true,

		// Neither is known to Redis 7.0: both would be asked of, and refused by, every new connection.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if opts.PoolSize <= 0 {
		opts.PoolSize = DefaultPoolSize
	}
	if a.tls {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // the server's name is each host's
	}
	return redis.NewUniversalClient(opts), nil
}
