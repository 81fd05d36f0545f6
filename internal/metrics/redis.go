package metrics

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/redisconn"
)

// The kinds of Redis' trouble.
const (
	redisUnreachable = "unreachable" // no connection, or it broke
	redisTimedOut    = "timeout"     // no answer in time, or no connection free
	redisRefused     = "refused"     // it answers that it cannot or may not: full, read-only, loading, failing to write
)

// redisHook counts the commands that fail. What is an answer rather than trouble (nothing there, a script that Redis
// has to be sent first) is not counted.
type redisHook struct {
	errors   *prometheus.CounterVec
	counters map[string]prometheus.Counter
}

func newRedisHook() *redisHook {
	h := &redisHook{counters: map[string]prometheus.Counter{}, errors: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "storelink_redis_errors_total", Help: "Commands and pipelines that failed at Redis, after all their tries."},
		[]string{"kind"})}
	for _, kind := range []string{redisUnreachable, redisTimedOut, redisRefused} {
		h.counters[kind] = h.errors.WithLabelValues(kind)
	}
	return h
}

// RedisHook counts the trouble that a client has; it is added to the worker's before its first command.
func (m *Metrics) RedisHook() redis.Hook { return m.redis }

// DialHook implements redis.Hook: connections are tried again by themselves, and what is not had shows at the command.
func (h *redisHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (h *redisHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil {
			h.count(ctx, err)
		}
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h *redisHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if err != nil {
			h.count(ctx, err)
		}
		return err
	}
}

// looking marks the commands of a scrape: a user that may not ask for Redis' settings is no trouble.
type looking struct{}

// look gives what a scrape asks Redis with.
func look(patience time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(context.Background(), looking{}, true), patience)
}

func (h *redisHook) count(ctx context.Context, err error) {
	if ctx.Value(looking{}) != nil {
		return // what a scrape asks tells of itself
	}
	if kind := troubleOf(err); kind != "" && !errors.Is(ctx.Err(), context.Canceled) {
		h.counters[kind].Inc()
	}
}

// refusals begin the answers by which Redis says that it cannot or may not.
var refusals = []string{"OOM ", "READONLY ", "MISCONF ", "LOADING ", "NOAUTH ", "WRONGPASS ", "NOPERM ", "CLUSTERDOWN ",
	"MASTERDOWN ", "NOREPLICAS ", "TRYAGAIN ", "BUSY ", "ERR max number of clients"}

// troubleOf says of what kind an error is; "" where it is no trouble.
func troubleOf(err error) string {
	var answer redis.Error
	var network net.Error
	switch {
	case errors.Is(err, redis.Nil), errors.Is(err, context.Canceled), errors.Is(err, redis.ErrClosed):
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout):
		return redisTimedOut
	case redisconn.Gone(err):
		return redisRefused // in whatever words: a replica, one that is loading, one without its cluster
	case errors.As(err, &answer):
		for _, r := range refusals {
			if strings.HasPrefix(answer.Error(), r) {
				return redisRefused
			}
		}
		return ""
	case errors.As(err, &network) && network.Timeout():
		return redisTimedOut
	}
	return redisUnreachable
}

// redisCollector looks at Redis, and at the queues of this worker's accounts there, when it is asked.
type redisCollector struct {
	c Config
	m *Metrics

	up, appendOnly, always, failing, noEviction, evicted, used, most, replicas, conns, opened, dropped, tasks,
	oldest *prometheus.Desc
}

func newRedisCollector(c Config, m *Metrics) *redisCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &redisCollector{c: c, m: m,
		up:         desc("storelink_redis_up", "1 where Redis answered this worker just now."),
		appendOnly: desc("storelink_redis_appendonly", "1 where Redis keeps an append-only file."),
		always:     desc("storelink_redis_appendfsync_always", "1 where Redis writes each change down before it answers."),
		failing:    desc("storelink_redis_write_failing", "1 where Redis' last write to its disk failed."),
		noEviction: desc("storelink_redis_noeviction", "1 where Redis never drops a key for want of memory."),
		evicted: desc("storelink_redis_evicted_keys_total",
			"Keys that Redis dropped for want of memory since it started."),
		used:     desc("storelink_redis_memory_used_bytes", "Memory that Redis uses."),
		most:     desc("storelink_redis_memory_max_bytes", "Memory that Redis may use; 0 for no bound."),
		replicas: desc("storelink_redis_replicas", "Replicas that follow Redis."),
		conns:    desc("storelink_redis_connections", "Open connections of this worker to Redis, at work, idle or listening."),
		opened:   desc("storelink_redis_connections_opened_total", "Connections that this worker has made to Redis."),
		dropped: desc("storelink_redis_connections_dropped_total", "Connections to Redis that this worker has ended since they led"+
			" to a server that another has replaced: a fail-over."),
		tasks: desc("storelink_queue_tasks", "Tasks of an account's queue: due, delayed or active. Of a job, a few dozen"+
			" chunks are on the queue at a time.", "account", "priority", "state"),
		oldest: desc("storelink_queue_oldest_due_seconds", "For how long the task has been due that has been so for longest;"+
			" 0 where none is.", "account", "priority"),
	}
}

// Describe implements prometheus.Collector.
func (c *redisCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.appendOnly, c.always, c.failing, c.noEviction, c.evicted, c.used, c.most,
		c.replicas, c.conns, c.opened, c.dropped, c.tasks, c.oldest} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *redisCollector) Collect(ch chan<- prometheus.Metric) {
	if c.c.Redis == nil {
		return
	}
	ctx, cancel := look(redisTimeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if n := c.c.Connections; n != nil {
		gauge(c.conns, float64(n.Open.Load()))
		ch <- prometheus.MustNewConstMetric(c.opened, prometheus.CounterValue, float64(n.Opened.Load()))
		ch <- prometheus.MustNewConstMetric(c.dropped, prometheus.CounterValue, float64(n.Dropped.Load()))
	}
	is := map[bool]float64{true: 1}
	if err := c.c.Redis.Ping(ctx).Err(); err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	if f, err := redisconn.Look(ctx, c.c.Redis); err == nil { // a managed Redis may not tell
		for d, t := range map[*prometheus.Desc]redisconn.Trait{c.appendOnly: f.AppendOnly, c.always: f.FsyncAlways,
			c.noEviction: f.NoEviction} {
			if t != redisconn.Untold {
				gauge(d, is[t == redisconn.Yes])
			}
		}
		gauge(c.failing, is[f.WritesFail])
		ch <- prometheus.MustNewConstMetric(c.evicted, prometheus.CounterValue, float64(f.EvictedKeys))
		gauge(c.used, float64(f.MemoryUsed))
		gauge(c.most, float64(f.MemoryMax))
		gauge(c.replicas, float64(f.Replicas))
	}
	if c.c.Queue != nil {
		c.queues(ctx, gauge)
	}
}

func (c *redisCollector) queues(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) {
	w := c.m.watched()
	if w == nil {
		return
	}
	var names []string
	for _, l := range w.Lanes() {
		names = append(names, l.Account)
	}
	depths, err := c.c.Queue.Depths(ctx, names)
	if err != nil {
		c.m.log.Debug("the queues could not be looked at", "error", err)
		return
	}
	for _, d := range depths {
		gauge(c.tasks, float64(d.Due), d.Account, string(d.Priority), "due")
		gauge(c.tasks, float64(d.Delayed), d.Account, string(d.Priority), "delayed")
		gauge(c.tasks, float64(d.Active), d.Account, string(d.Priority), "active")
		gauge(c.oldest, d.OldestDue.Round(time.Millisecond).Seconds(), d.Account, string(d.Priority))
	}
}
