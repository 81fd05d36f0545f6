package metrics

import (
	"time"

	"github.com/hibiken/asynq"
	asynqmetrics "github.com/hibiken/asynq/x/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// asynqCollector is asynq's own collector, asked only while Redis answers and the queues are not too many: it knows no
// bounds itself. It tells of all queues in Redis, those of accounts that other workers serve and of notifications too.
type asynqCollector struct {
	rdb   redis.UniversalClient
	inner prometheus.Collector
}

const (
	// asynqPatience is how soon Redis must answer for asynq's collector to be asked at all.
	asynqPatience = time.Second
	// asynqQueues is of how many queues it is asked at most: it goes to Redis four times for each, and has a dozen figures
	// for it.
	asynqQueues = 150
)

func newAsynqCollector(rdb redis.UniversalClient) *asynqCollector {
	c := &asynqCollector{rdb: rdb}
	if rdb != nil {
		c.inner = asynqmetrics.NewQueueMetricsCollector(asynq.NewInspectorFromRedisClient(rdb))
	}
	return c
}

// Describe implements prometheus.Collector. It tells nothing: asynq's describes itself by what it finds in Redis.
func (c *asynqCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *asynqCollector) Collect(ch chan<- prometheus.Metric) {
	if c.inner == nil {
		return
	}
	ctx, cancel := look(asynqPatience)
	defer cancel()
	if n, err := c.rdb.SCard(ctx, "asynq:queues").Result(); err == nil && n <= asynqQueues {
		c.inner.Collect(ch)
	}
}
