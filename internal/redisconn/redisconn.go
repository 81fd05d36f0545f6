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
	"context"
	"crypto/tls"
	"errors"
	"net"
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

// DefaultPoolSize is how many connections a process has at most (of a cluster, to each node), besides ten for pipelines and
// those that listen: one, and one for each account that is being served. They are made when needed: asynq alone asks from
// each of its goroutines.
const DefaultPoolSize = 64

// Options are what a process says of itself.
type Options struct {
	Name     string // what CLIENT LIST shows for its connections, such as storelink-worker; no blanks; may be empty
	PoolSize int    // 0 is DefaultPoolSize
	TLS      TLS    // of a URL that is over TLS

	Connections *Connections // counts them; nil for nobody
}

// Open makes the client for a URL. It does not connect: the first command does, or Check. A URL, or a certificate, that
// cannot be understood is a *job.Error of job.CodeBadConfig. The caller closes the client.
//
// Where Redis fails over, the client finds the new master by itself: within some two seconds after a cluster's or the
// Sentinels' election, also where the old master is frozen, and at the first answer of a server that is none any more
// behind a fixed address.
func Open(url string, o Options) (redis.UniversalClient, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	secure, err := o.TLS.config(a.tls)
	if err != nil {
		return nil, err
	}
	set := newConns(o.Connections)
	opts := &redis.UniversalOptions{
		Addrs:    a.hosts,
		DB:       a.db,
		Username: a.user,
		Password: a.password,

		OnConnect:             named(o.Name),
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

		TLSConfig: secure, // to be seen; the dialer has it
	}
	if opts.PoolSize <= 0 {
		opts.PoolSize = DefaultPoolSize
	}
	opts.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := dial(ctx, network, addr, secure, DialTimeout)
		if err != nil {
			return nil, err
		}
		return set.add(raw, addr), nil
	}
	switch a.kind {
	case cluster:
		return openCluster(a, opts, set, secure), nil
	case sentinel:
		return openSentinels(a, opts, set, secure), nil
	}
	client := redis.NewClient(opts.Simple())
	client.AddHook(&watch{conns: set})
	return client, nil
}

func openSentinels(a address, opts *redis.UniversalOptions, set *conns, secure *tls.Config) redis.UniversalClient {
	g := &guide{name: a.master, conns: set, known: a.hosts,
		ask: &askers{user: a.sentinelUser, password: a.sentinelPassword, secure: secure}}
	opts.Addrs = []string{sentinelsAddr}
	direct := opts.Dialer
	opts.Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
		addr, err := g.master(ctx)
		if err != nil {
			return nil, err
		}
		return direct(ctx, network, addr)
	}
	client := redis.NewClient(opts.Simple())
	client.AddHook(&watch{conns: set, look: func() { g.begin() }, every: sentinelEvery})
	return client
}

func openCluster(a address, opts *redis.UniversalOptions, set *conns, secure *tls.Config) redis.UniversalClient {
	t := &topology{conns: set, seeds: a.hosts, ask: &askers{user: a.user, password: a.password, secure: secure}}
	direct := opts.Dialer
	opts.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if err := t.refuses(addr); err != nil {
			return nil, err
		}
		return direct(ctx, network, addr)
	}
	o := opts.Cluster()
	o.ClusterStateReloadInterval = clusterReload
	o.MaxRedirects = clusterRedirects
	client := redis.NewClusterClient(o)
	t.reload = func() { client.ReloadState(context.Background()) }
	w := &watch{conns: set, look: t.begin, every: clusterEvery}
	client.OnNewNode(func(node *redis.Client) { node.AddHook(nodeHook{w, node.Options().Addr}) })
	client.AddHook(&clusterWatch{w})
	return client
}

// clusterRedirects is how often a command of a cluster is sent elsewhere, or again: the second time goes to the same node.
const clusterRedirects = 5

// clusterWatch is a watch over a cluster: its connections are retired by node, since one node says nothing of the others.
type clusterWatch struct{ *watch }

// ProcessHook implements redis.Hook.
func (w *clusterWatch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		w.due(w.every)
		defer w.waits()()
		err := next(ctx, cmd)
		for try := 1; Gone(err) && try <= goneTries && pause(ctx, try); try++ {
			cmd.SetErr(nil)
			err = next(ctx, cmd)
		}
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (w *clusterWatch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		w.due(w.every)
		defer w.waits()()
		return next(ctx, cmds)
	}
}

// named gives a connection its name. Redis may not have CLIENT, or not let this user have it: then it has none.
func named(name string) func(context.Context, *redis.Conn) error {
	if name == "" {
		return nil
	}
	return func(ctx context.Context, c *redis.Conn) error {
		err := c.ClientSetName(ctx, name).Err()
		if answer := redis.Error(nil); errors.As(err, &answer) && !Gone(err) {
			return nil
		}
		return err
	}
}
