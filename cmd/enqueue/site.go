package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/version"
)

// site is where jobs are: a ledger and a queue, with workers elsewhere; or here, with one in this process.
type site struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	queue  *queue.Queue

	tracer   *trace.Tracer  // nil where nothing is traced
	untraced error          // why not, where it should be
	known    []accountKnown // accounts of the configuration
	here     *here          // nil where the workers are elsewhere
}

func newSite(rdb redis.UniversalClient, p place) *site {
	s := &site{rdb: rdb, queue: queue.Open(rdb)}
	s.ledger = ledger.Open(rdb, ledger.Options{Retention: p.config.Retention})
	s.tracer, s.untraced = trace.Open(context.Background(), trace.Options{Endpoint: p.config.Tracing.Endpoint,
		Ratio: p.config.Tracing.Ratio, Service: "storelink-enqueue", Version: version.Get().Version})
	for _, c := range p.config.Accounts {
		s.known = append(s.known, accountKnown{name: c.Name, mode: c.Mode, identity: c.Identity()})
	}
	return s
}

func (s *site) isHere() bool { return s.here != nil }

func (s *site) submitter() *control.Submitter {
	return &control.Submitter{Ledger: s.ledger, Queue: s.queue, Tracer: s.tracer}
}

// desk steers the jobs of the site.
func (s *site) desk() *control.Controller {
	return &control.Controller{Ledger: s.ledger, Queue: s.queue, Tracer: s.tracer}
}

// tracesClose bounds how long a command waits for the collector of traces.
const tracesClose = 2 * time.Second

// closed closes the site and gives err, or what went wrong with closing.
func (s *site) closed(err error) error {
	var closing error
	if s.here != nil {
		closing = s.here.close()
	}
	bye, cancel := context.WithTimeout(context.Background(), tracesClose)
	defer cancel()
	_ = s.tracer.Close(bye) // a trace that its collector does not take is not worth a person's time
	if closed := s.rdb.Close(); closed != nil {
		closing = errors.Join(closing, i18n.E("cmd.redis_close", "error", closed))
	}
	if s.here != nil {
		s.here.redis.Close()
	}
	if err == nil {
		err = closing
	}
	return err
}

// open opens the site of a place for jobs of accounts. What Redis may forget is told.
func (a *app) open(ctx context.Context, p place, accounts []string, verbose bool) (*site, error) {
	if p.here {
		return a.openHere(ctx, p, accounts, verbose)
	}
	s, warnings, err := connect(ctx, p)
	for _, w := range warnings {
		a.warning(i18n.Plain(w))
	}
	if err == nil && s.untraced != nil {
		a.warn("cmd.not_traced", "error", s.untraced)
	}
	return s, err
}

// look opens the site for a command that looks after jobs.
func (a *app) look(ctx context.Context) (*site, error) {
	p, err := a.redisPlace()
	if err != nil {
		return nil, err
	}
	s, _, err := connect(ctx, p)
	return s, err
}

func connect(ctx context.Context, p place) (*site, []string, error) {
	if p.config.RedisTLS.Wrong != nil {
		return nil, nil, p.config.RedisTLS.Wrong
	}
	rdb, err := redisconn.Open(p.url.Reveal(), redisconn.Options{Name: "storelink-enqueue", PoolSize: 16,
		TLS: redisconn.TLS(p.config.RedisTLS.Files())})
	if err != nil {
		return nil, nil, err
	}
	warnings, err := redisconn.Check(ctx, rdb)
	if err != nil {
		return nil, nil, errors.Join(err, rdb.Close())
	}
	return newSite(rdb, p), warnings, nil
}

// warn tells something that stops nothing.
func (a *app) warn(message string, args ...any) { a.warning(i18n.M(message, args...)) }

func (a *app) warning(m i18n.Message) {
	said := a.tongue(a.errors).say("cmd.warning", "warning", m)
	_, _ = io.WriteString(a.err, "enqueue: "+printable(said)+"\n")
}

// paces gives the calls a second in force of an account's interfaces; none where there is no pace.
func (s *site) paces(ctx context.Context, name string) (map[string]float64, error) {
	accounts, err := s.ledger.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, info := range accounts {
		if info.Name == name {
			return info.Pace, nil
		}
	}
	return nil, nil
}

// rate gives the pace in force of an account's writes, in calls a second; 0 where it has none, or none is known.
func (s *site) rate(ctx context.Context, account string) (float64, error) {
	paces, err := s.paces(ctx, account)
	return paces[job.Interface(job.Associate, job.Target{})], err
}
