package metrics

import (
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// asynqCollector is the figures of asynq's queues, by the names that asynq's own collector has for them (asynq/x/metrics),
// whenever Redis answers and the queues are not too many. It tells of all queues in Redis, those of accounts that other
// workers serve and of notifications too.
type asynqCollector struct {
	rdb       redis.UniversalClient
	inspector *asynq.Inspector
}

const (
	// asynqPatience is how soon Redis must answer for asynq to be asked at all.
	asynqPatience = time.Second
	// asynqQueues is of how many queues it is asked at most: it goes to Redis four times for each, and has a dozen figures
	// for it.
	asynqQueues = 150
)

func asynqDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("asynq_"+name, help, append([]string{"queue"}, labels...), nil)
}

var (
	asynqTasks     = asynqDesc("tasks_enqueued_total", "Number of tasks enqueued; broken down by queue and state.", "state")
	asynqSize      = asynqDesc("queue_size", "Number of tasks in a queue")
	asynqLatency   = asynqDesc("queue_latency_seconds", "Number of seconds the oldest pending task is waiting in pending state to be processed.")
	asynqMemory    = asynqDesc("queue_memory_usage_approx_bytes", "Number of memory used by a given queue (approximated number by sampling).")
	asynqProcessed = asynqDesc("tasks_processed_total", "Number of tasks processed (both succeeded and failed); broken down by queue")
	asynqFailed    = asynqDesc("tasks_failed_total", "Number of tasks failed; broken down by queue")
	asynqPaused    = asynqDesc("queue_paused_total", "Number of queues paused")
)

func newAsynqCollector(rdb redis.UniversalClient) *asynqCollector {
	c := &asynqCollector{rdb: rdb}
	if rdb != nil {
		c.inspector = asynq.NewInspectorFromRedisClient(rdb)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *asynqCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{asynqTasks, asynqSize, asynqLatency, asynqMemory, asynqProcessed, asynqFailed, asynqPaused} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. A queue that cannot be read is left out.
func (c *asynqCollector) Collect(ch chan<- prometheus.Metric) {
	if c.inspector == nil {
		return
	}
	ctx, cancel := look(asynqPatience)
	defer cancel()
	queues, err := c.rdb.SMembers(ctx, "asynq:queues").Result()
	if err != nil || len(queues) > asynqQueues {
		return
	}
	for _, name := range queues {
		if q, err := c.inspector.GetQueueInfo(name); err == nil {
			collectQueue(ch, q)
		}
	}
}

func collectQueue(ch chan<- prometheus.Metric, q *asynq.QueueInfo) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{q.Queue}, labels...)...)
	}
	for state, n := range map[string]int{"active": q.Active, "pending": q.Pending, "scheduled": q.Scheduled, "retry": q.Retry,
		"archived": q.Archived, "completed": q.Completed} {
		gauge(asynqTasks, float64(n), state)
	}
	gauge(asynqSize, float64(q.Size))
	gauge(asynqLatency, q.Latency.Seconds())
	gauge(asynqMemory, float64(q.MemoryUsage))
	ch <- prometheus.MustNewConstMetric(asynqProcessed, prometheus.CounterValue, float64(q.ProcessedTotal), q.Queue)
	ch <- prometheus.MustNewConstMetric(asynqFailed, prometheus.CounterValue, float64(q.FailedTotal), q.Queue)
	paused := 0.0
	if q.Paused {
		paused = 1
	}
	gauge(asynqPaused, paused)
}
