package worker

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
)

// Sources makes of what is configured what opens the lists of schedules.
func Sources(c config.Sources) (*source.Opener, error) {
	policy, err := egress.New(egress.Rules{Hosts: c.Hosts, Private: c.Private})
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "sources: %w", err)
	}
	return source.New(source.Config{Dirs: c.Directories, Egress: policy, MaxBytes: c.MaxBytes, Timeout: c.Timeout})
}

// scheduling makes jobs of the ticks of schedules, for the accounts that this worker serves.
type scheduling struct{ w *Worker }

func (s *scheduling) run(ctx context.Context) {
	c := s.w.cfg
	schedule.New(schedule.Config{
		Book: schedule.Open(c.Redis), Ledger: c.Ledger,
		Submitter: &control.Submitter{Ledger: c.Ledger, Queue: c.Queue, Tracer: c.Tracer},
		Sources:   c.Sources, Serves: func(account string) bool { return s.w.lane(account) != nil },
		Worker: c.ID, Logger: s.w.log, Look: min(c.Look, time.Second), Over: c.Meter.ScheduleRun, Notify: c.Queue.NotifyEvent,
	}).Run(ctx)
}
