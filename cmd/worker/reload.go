package main

import (
	"context"
	"log/slog"
	"os"
	"reflect"
	"strings"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/metrics"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/worker"
)

// reloader reads the configuration again when it is told to, and lets the worker serve the accounts that are in it
// then, and its page with the certificate. What it cannot bring into force while the worker runs it names.
type reloader struct {
	options     options
	began       *config.Config // what the worker was started with
	worker      *worker.Worker
	certificate *web.Certificate // nil where the page goes by HTTP
	figures     *metrics.Metrics
	log         *slog.Logger
}

// run reloads at each signal until ctx ends. Signals that come during a reload are one more reload.
func (r *reloader) run(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			done := notifyReloading()
			r.reload(ctx)
			done()
		}
	}
}

func (r *reloader) reload(ctx context.Context) {
	c, accounts, err := r.read()
	var did worker.Reloaded
	if err == nil {
		did, err = r.worker.Reload(ctx, accounts)
	}
	r.figures.Reloaded(err)
	if err != nil {
		r.log.Error("the configuration was not read again, the old one stays in force", "error", err)
		return
	}
	for _, w := range c.Warnings {
		r.log.Warn(w)
	}
	if r.certificate != nil && c.Page.HTTPS {
		if err := r.certificate.Replace(c.Page.Certificate, c.Page.PrivateKey); err != nil {
			r.log.Error("the page's certificate was not read again, the old one stays in force", "error", err)
		} else {
			r.log.Info("the page's certificate was read again", "good_until", r.certificate.NotAfter())
		}
	}
	if need := r.needRestart(c); len(need) > 0 {
		r.log.Warn("what has changed beside the accounts takes effect when the worker is started again",
			"changed", strings.Join(need, ", "))
	}
	r.log.Info("the accounts were read again", "added", did.Added, "changed", did.Changed, "removed", did.Removed,
		"kept", did.Kept)
}

// read reads the configuration as the start did.
func (r *reloader) read() (*config.Config, []worker.Account, error) {
	c, err := r.options.load(config.Load)
	if err != nil {
		return nil, nil, err
	}
	if len(c.Accounts) == 0 {
		return nil, nil, job.Errorf(job.CodeBadConfig, "no account is configured any more")
	}
	accounts, err := worker.Accounts(c.Accounts, r.log)
	return c, accounts, err
}

// needRestart names the keys that have changed since the start and cannot be brought into force.
func (r *reloader) needRestart(c *config.Config) (keys []string) {
	was := r.began
	wasPage, isPage := was.Page, c.Page
	if r.certificate != nil && isPage.HTTPS { // it is in force
		wasPage.Certificate, wasPage.PrivateKey = isPage.Certificate, isPage.PrivateKey
	}
	for _, k := range []struct {
		name     string
		was, now any
	}{
		{"redis", was.Redis, c.Redis}, {"redis_certificate", was.RedisTLS.Certificate, c.RedisTLS.Certificate},
		{"redis_key", was.RedisTLS.Key, c.RedisTLS.Key}, {"redis_ca", was.RedisTLS.CA, c.RedisTLS.CA}, {"http", was.HTTP, c.HTTP}, {"page", wasPage, isPage}, {"log", was.Log, c.Log},
		{"tracing", was.Tracing, c.Tracing},
		{"retention", was.Retention, c.Retention}, {"notify", was.Notify, c.Notify}, {"sources", was.Sources, c.Sources},
	} {
		if k.name == "redis" && r.options.redis != "" {
			continue // the command line's is in force
		}
		if !reflect.DeepEqual(k.was, k.now) {
			keys = append(keys, k.name)
		}
	}
	return keys
}
