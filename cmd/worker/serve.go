package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/metrics"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/version"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/worker"
)

// options are the command line's.
type options struct {
	config, redis, http, logLevel, logFormat string
	lang                                     string // what people are told in; logs are in English
	healthcheck                              bool

	redisTLS struct{ certificate, key, ca string }

	environ []string
	stderr  io.Writer
}

// load reads the configuration and lets the flags win over it.
func (o options) load(load func(string, []string) (*config.Config, error)) (*config.Config, error) {
	c, err := load(o.config, config.WithRedisFiles(o.environ, o.redisTLS.certificate, o.redisTLS.key, o.redisTLS.ca))
	if err != nil {
		return nil, err
	}
	if o.http != "" {
		c.HTTP = o.http
		if o.http == config.Off {
			c.HTTP = ""
		}
	}
	if o.logLevel != "" {
		if err := c.Log.Level.UnmarshalText([]byte(o.logLevel)); err != nil {
			return nil, job.Errorf(job.CodeUsage, "--log-level %q: it is debug, info, warn or error", o.logLevel)
		}
	}
	switch o.logFormat {
	case "":
	case config.LogText, config.LogJSON:
		c.Log.Format = o.logFormat
	default:
		return nil, job.Errorf(job.CodeUsage, "--log-format %q: it is text or json", o.logFormat)
	}
	return c, nil
}

func logger(w io.Writer, c config.Log) *slog.Logger {
	h := &slog.HandlerOptions{Level: c.Level}
	if c.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(w, h))
	}
	return slog.New(slog.NewTextHandler(w, h))
}

// configured reads the configuration, and gives Redis' address, which is a secret.
func (o options) configured() (c *config.Config, url string, err error) {
	if c, err = o.load(config.Load); err != nil {
		return nil, "", err
	}
	url = c.Redis.Reveal()
	if o.redis != "" {
		url = o.redis
	}
	switch {
	case url == "":
		return nil, "", job.Errorf(job.CodeBadConfig, "no Redis is configured: name it by --redis, REDIS_URL or redis: in the configuration")
	case len(c.Accounts) == 0:
		return nil, "", job.Errorf(job.CodeBadConfig, "no account is configured: name the configuration by --config or STORELINK_CONFIG")
	}
	return c, url, nil
}

// connect opens a Redis that answers, and warns of one that does not keep what it is given.
func connect(ctx context.Context, c *config.Config, url string, count *redisconn.Connections, log *slog.Logger) (redis.UniversalClient, error) {
	rdb, err := redisconn.Open(url, redisconn.Options{Name: "storelink-worker", TLS: redisconn.TLS(c.RedisTLS.Files()), Connections: count})
	if err != nil {
		return nil, err
	}
	warnings, err := redisconn.Check(ctx, rdb)
	if err == nil {
		err = redisconn.MayListen(ctx, rdb)
	}
	if err != nil {
		return nil, errors.Join(err, rdb.Close())
	}
	for _, w := range warnings {
		log.Warn(w)
	}
	return rdb, nil
}

// serve runs the worker until ctx ends.
func serve(ctx context.Context, o options) error {
	hangups, unhang := hangups() // from here on SIGHUP does not end the process
	defer unhang()
	c, url, err := o.configured()
	if err != nil {
		return err
	}
	log := logger(o.stderr, c.Log)
	for _, w := range c.Warnings {
		log.Warn(w)
	}
	accounts, err := worker.Accounts(c.Accounts, log)
	if err != nil {
		return err
	}
	connections := new(redisconn.Connections)
	rdb, err := connect(ctx, c, url, connections, log)
	if err != nil {
		return err
	}
	hooks, err := worker.NewHooks(c.Notify)
	if err != nil {
		return err
	}
	sources, err := worker.Sources(c.Sources)
	if err != nil {
		return err
	}
	tracer, err := trace.Open(ctx, trace.Options{Endpoint: c.Tracing.Endpoint, Ratio: c.Tracing.Ratio,
		Service: "storelink-worker", Version: version.Get().Version, Logger: log})
	if err != nil {
		return err
	}
	defer closeTracer(tracer, log)
	ledger, q := ledger.Open(rdb, ledger.Options{Retention: c.Retention}), queue.Open(rdb)
	figures := metrics.New(metrics.Config{Redis: rdb, Connections: connections, Queue: q, Version: version.Get().Version, Logger: log})
	rdb.AddHook(figures.RedisHook())
	figures.Reloaded(nil)
	w, err := worker.New(worker.Config{
		Hooks: hooks, Sources: sources,
		Redis: rdb, Ledger: ledger, Queue: q,
		Accounts: accounts, Logger: log, Meter: figures, Tracer: tracer,
	})
	if err != nil {
		return err
	}
	defer func() {
		if !w.Hangs() {
			_ = rdb.Close() // it has nothing to tell that anybody could act upon
		}
	}()
	figures.Watch(w)
	// The worker goes on beside a page that cannot be served only if none was asked for.
	people, err := web.New(web.Config{Redis: rdb, Ledger: ledger, Queue: q, Book: schedule.Open(rdb), Token: c.Page.Token,
		LoginToSee: c.Page.LoginToSee, Hosts: c.Page.Hosts, TrustedProxies: c.Page.TrustedProxies, Worker: w.ID(), Version: version.Get().Version, Logger: log,
		Tracer: tracer})
	if err != nil {
		return err
	}
	certificate, err := pageCertificate(c, log)
	if err != nil {
		return err
	}
	http, err := listen(c.HTTP, w, people, figures.Handler(), c.Page.Hosts, certificate, log)
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(http.serve)
	serving.Go(func() {
		(&reloader{options: o, began: c, worker: w, certificate: certificate, figures: figures, log: log}).run(ctx, hangups)
	})
	defer context.AfterFunc(ctx, notifyStopping)()
	notifyReady()
	err = w.Run(ctx)
	err = errors.Join(err, http.close())
	serving.Wait()
	return err
}

// tracesCloses bounds how long a worker that stops waits for the collector of traces.
const tracesCloses = 3 * time.Second

func closeTracer(t *trace.Tracer, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), tracesCloses)
	defer cancel()
	if err := t.Close(ctx); err != nil {
		log.Warn("the last traces were not taken by their collector", "error", err)
	}
}

// pageCertificate gives what HTTPS is served with, nil for HTTP, and warns of a page that others than this machine can
// reach.
func pageCertificate(c *config.Config, log *slog.Logger) (*web.Certificate, error) {
	if host, _, err := net.SplitHostPort(c.HTTP); err == nil && host != "localhost" {
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			if !c.Page.LoginToSee {
				log.Warn("whoever reaches " + c.HTTP + " can see all jobs: page.login: to-see lets those alone who have page.token")
			}
			if !c.Page.Token.Empty() && !c.Page.HTTPS {
				log.Warn("page.token goes over the network in the clear: set page.certificate, or put a proxy with HTTPS before " + c.HTTP)
			}
		}
	}
	if !c.Page.HTTPS {
		return nil, nil
	}
	return web.NewCertificate(c.Page.Certificate, c.Page.PrivateKey)
}
