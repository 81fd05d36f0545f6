package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/worker"
)

// dutyVectors are the figures of a worker's duties beside its calls.
type dutyVectors struct {
	trips, looks, findings, hooks, runs *prometheus.CounterVec
	running, jobs                       *prometheus.GaugeVec
	reconciling, looked, ledgerSeen     prometheus.Gauge
	reloaded, reloadedAt                prometheus.Gauge
}

// trips are the states that a lane goes into when it is not served any more.
var trips = []string{job.LaneOutage, job.LaneRefused}

// What a schedule's run that has ended is counted as where its job is not known any more.
const runGone = "gone"

// What a look of the reconciler comes to.
const (
	lookOK    = "ok"
	lookError = "error"
)

func newDutyVectors() dutyVectors {
	counter := func(name, help string, label string, values ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		for _, value := range values {
			v.WithLabelValues(value) // begins at zero, so that its first increase shows
		}
		return v
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return dutyVectors{
		trips: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storelink_breaker_trips_total",
			Help: "Times that this worker stopped serving an account, by the state it went into: outage or refused."},
			[]string{"account", "state"}),
		looks: counter("storelink_reconciler_looks_total", "Looks of the reconciler in this worker; error where it could not"+
			" look at everything.", "result", lookOK, lookError),
		findings: counter("storelink_reconciler_findings_total", "What the reconciler found: reminders that got lost and"+
			" holes in a job's window, in chunks, and jobs that were stuck.", "kind", worker.FoundLost, worker.FoundHoles,
			worker.FoundStuck),
		hooks: counter("storelink_hook_deliveries_total", "Deliveries of completion hooks, of jobs, batches and"+
			" schedules, by what became of them.", "outcome",
			worker.HookDelivered, worker.HookRetried, worker.HookGivenUp),
		runs: counter("storelink_schedule_runs_total", "Runs of schedules that are over: by how their job ended, or why"+
			" there was none; of those missed, every tick.", "outcome", string(job.Completed), string(job.Cancelled),
			string(job.Aborted),
			runGone, string(schedule.Failed), string(schedule.Skipped), string(schedule.Unchanged), string(schedule.Missed)),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storelink_jobs_running", Help: "Jobs that run, by" +
			" account, as this worker saw them last; other for accounts that it does not serve."}, []string{"account"}),
		jobs: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storelink_jobs", Help: "Jobs that have not ended, and" +
			" those that ended since the last look, by state; told by the worker whose reconciler is at work alone."},
			[]string{"state"}),
		reconciling: gauge("storelink_reconciler_at_work", "1 where this worker's reconciler is the one at work."),
		looked: gauge("storelink_reconciler_last_look_timestamp_seconds",
			"When the reconciler of this worker last looked."),
		ledgerSeen: gauge("storelink_ledger_last_seen_timestamp_seconds",
			"When this worker last looked at the ledger for running jobs."),
		reloaded: gauge("storelink_config_last_reload_successful",
			"1 where the accounts in force are those of the configuration as it was read last, 0 where it had a mistake in it."),
		reloadedAt: gauge("storelink_config_last_reload_success_timestamp_seconds",
			"When the accounts in force were read: at the start, or at SIGHUP."),
	}
}

func (v *dutyVectors) all() []prometheus.Collector {
	return []prometheus.Collector{v.trips, v.looks, v.findings, v.hooks, v.runs, v.running, v.jobs, v.reconciling,
		v.looked, v.ledgerSeen, v.reloaded, v.reloadedAt}
}

// Tripped implements worker.Meter.
func (m *Metrics) Tripped(account, state string) {
	m.duties.trips.WithLabelValues(m.accounts.label(account), state).Inc()
}

// Running implements worker.Meter. An account that a reload took away is served no more: its jobs are other ones, and
// it has no figure of its own.
func (m *Metrics) Running(jobs map[string]int) {
	sum := map[string]int{other: 0}
	served := m.served()
	for name, is := range served {
		if is {
			sum[name] = 0
		} else {
			m.duties.running.DeleteLabelValues(name)
		}
	}
	for account, n := range jobs {
		if !served[account] {
			account = other
		}
		sum[account] += n
	}
	for label, n := range sum {
		m.duties.running.WithLabelValues(label).Set(float64(n))
	}
	m.duties.ledgerSeen.SetToCurrentTime()
}

// Reloaded tells how the reading of the configuration went that the accounts in force come from, or should.
func (m *Metrics) Reloaded(err error) {
	if err != nil {
		m.duties.reloaded.Set(0)
		return
	}
	m.duties.reloaded.Set(1)
	m.duties.reloadedAt.SetToCurrentTime()
}

// activeStates are those that a job which may not have ended can be seen in.
var activeStates = []job.State{job.Staging, job.Scheduled, job.Running, job.Paused, job.Cancelling, job.Aborting,
	job.Completed, job.Cancelled, job.Aborted}

// Looked implements worker.Meter.
func (m *Metrics) Looked(jobs map[job.State]int, err error) {
	v := &m.duties
	if jobs == nil {
		v.reconciling.Set(0)
		v.jobs.Reset() // another worker tells them
		return
	}
	v.reconciling.Set(1)
	v.looked.Set(float64(time.Now().UnixMilli()) / 1000)
	if err != nil {
		v.looks.WithLabelValues(lookError).Inc()
		return // it has not seen them all
	}
	v.looks.WithLabelValues(lookOK).Inc()
	for _, s := range activeStates {
		v.jobs.WithLabelValues(string(s)).Set(float64(jobs[s]))
	}
}

// Found implements worker.Meter.
func (m *Metrics) Found(what string, n int) {
	if n > 0 {
		m.duties.findings.WithLabelValues(what).Add(float64(n))
	}
}

// Told implements worker.Meter.
func (m *Metrics) Told(outcome string) { m.duties.hooks.WithLabelValues(outcome).Inc() }

// ScheduleRun implements worker.Meter.
func (m *Metrics) ScheduleRun(run schedule.Run) {
	outcome, n := string(run.State), 1.0
	switch {
	case run.State == schedule.Missed:
		n = float64(max(1, run.Missed))
	case run.State == schedule.Ended && run.Outcome == nil:
		outcome = runGone
	case run.State == schedule.Ended:
		outcome = string(run.Outcome.State)
	}
	m.duties.runs.WithLabelValues(outcome).Add(n)
}
