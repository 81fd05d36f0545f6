package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storelink/storelink/internal/job"
)

// laneStates are those that a lane can be in.
var laneStates = []string{job.LaneIdle, job.LaneServing, job.LaneThrottled, job.LaneOutage, job.LaneRefused, job.LaneConflict}

// laneCollector tells how the worker's lanes stand when it is asked.
type laneCollector struct {
	m *Metrics

	state, breaker, pace, allowed, expires, unknown *prometheus.Desc
	wasted, wasting, roundTrip, another             *prometheus.Desc
}

func newLaneCollector(m *Metrics) *laneCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"account"}, labels...), nil)
	}
	return &laneCollector{m: m,
		state: desc("storelink_lane_state", "1 for the state that the account's lane in this worker is in, 0 for the others.",
			"state"),
		breaker: desc("storelink_breaker_open", "1 while the account is not served, since calls fail (outage) or WeChat Pay"+
			" refuses its key (refused)."),
		pace: desc("storelink_pace_calls_per_second",
			"Calls a second in force, all workers together, as this worker saw it last.",
			"interface"),
		allowed: desc("storelink_pace_allowed_calls_per_second", "Calls a second that WeChat Pay allows for an interface."),
		wasted: desc("storelink_slots_wasted_total", "Slots that this worker could not use though calls waited: Redis slowed"+
			" down, or the worker was held up.", "interface"),
		wasting: desc("storelink_slots_wasting", "1 while slots go to waste and none is used, so that no call is sent.",
			"interface"),
		roundTrip: desc("storelink_redis_round_trip_seconds", "How long a round trip to Redis takes, as slots are reserved.",
			"interface"),
		another: desc("storelink_another_client_calls_per_second",
			"Calls a second that somebody else seems to use of the same allowance.", "interface"),
		expires: desc("storelink_answer_key_expires_timestamp_seconds", "When the first of the platform certificates expires"+
			" that the account's answers are checked with; none where they are checked with public keys alone."),
		unknown: desc("storelink_unknown_answer_keys_total",
			"Answers that were signed under a key that the account does not hold."),
	}
}

// Describe implements prometheus.Collector.
func (c *laneCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.state, c.breaker, c.pace, c.allowed, c.expires, c.unknown,
		c.wasted, c.wasting, c.roundTrip, c.another} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *laneCollector) Collect(ch chan<- prometheus.Metric) {
	w := c.m.watched()
	if w == nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	is := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	for _, l := range w.Lanes() {
		for _, s := range laneStates {
			gauge(c.state, is(l.State == s), l.Account, s)
		}
		gauge(c.breaker, is(l.State == job.LaneOutage || l.State == job.LaneRefused), l.Account)
		if l.Rate > 0 {
			gauge(c.allowed, l.Rate, l.Account)
		}
		for of, p := range l.Limits {
			gauge(c.pace, p.Rate, l.Account, of)
			if p.At.IsZero() {
				continue // not used yet
			}
			ch <- prometheus.MustNewConstMetric(c.wasted, prometheus.CounterValue, float64(p.Wasted), l.Account, of)
			gauge(c.wasting, is(p.Wasting(time.Now())), l.Account, of)
			gauge(c.roundTrip, p.RoundTrip/1000, l.Account, of)
			gauge(c.another, p.AnotherClient, l.Account, of)
		}
	}
	for account, k := range w.Keys() {
		ch <- prometheus.MustNewConstMetric(c.unknown, prometheus.CounterValue, float64(k.Unknown), account)
		if !k.Expires.IsZero() {
			gauge(c.expires, float64(k.Expires.Unix()), account)
		}
	}
}
