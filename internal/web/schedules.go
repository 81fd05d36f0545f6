package web

import (
	"slices"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/source"
)

// planView is a schedule.
type planView struct{ schedule.Schedule }

// newPlanView says of runs that are due why nobody begins with them, where that is the account.
func newPlanView(s schedule.Schedule, accounts []accountView) planView {
	why := "no worker serves account " + s.Job.Account + " at the moment"
	if at := slices.IndexFunc(accounts, func(a accountView) bool { return a.Name == s.Job.Account }); at >= 0 {
		switch a := accounts[at]; a.State {
		case job.LaneUnserved:
		case job.LaneRefused, job.LaneConflict:
			why = "no worker can serve account " + a.Name + " at the moment (" + a.Reason + ")"
		default:
			why = ""
		}
	}
	say := func(r *schedule.Run) {
		if r.State == schedule.Due && r.Reason == "" {
			r.Reason = why
		}
	}
	for i := range s.Runs {
		say(&s.Runs[i])
	}
	if s.LastRun != nil {
		say(s.LastRun)
	}
	return planView{s}
}

// Target is what its jobs are about.
func (v planView) Target() job.Target { return v.Job.Target }

// IsBatch is false: templates that show a job's target ask for it.
func (v planView) IsBatch() bool { return false }

// Shown is its list's source, without a query: that may be a secret.
func (v planView) Shown() string { return source.Shown(v.Source) }

// Hook is whom it tells, without what may be secret in that; empty for nobody.
func (v planView) Hook() string {
	if v.Job.Notify == nil {
		return ""
	}
	return notify.HookOf(*v.Job.Notify).String()
}

// moreTicks is how many ticks are shown behind the next.
const moreTicks = 2

// Ticks are its next ones.
func (v planView) Ticks() (all []time.Time) {
	rhythm, err := schedule.ParseRhythm(v.Cron, v.Timezone)
	if err != nil || v.Next == nil { // it is paused
		return nil
	}
	all = append(all, *v.Next)
	for range moreTicks {
		next := rhythm.Next(all[len(all)-1])
		if next.IsZero() {
			break
		}
		all = append(all, next)
	}
	return all
}

// Verbs are what can be done to it.
func (v planView) Verbs() []string {
	if v.Paused {
		return []string{"resume", "run"}
	}
	return []string{"pause", "run"}
}

type plansView struct{ Plans []planView }

func (p *Dashboard) schedules(r *request) error {
	all, err := p.cfg.Book.List(r.Context())
	if err != nil {
		return err
	}
	accounts, err := p.accounts(r)
	if err != nil {
		return err
	}
	var v plansView
	for _, s := range all {
		v.Plans = append(v.Plans, newPlanView(s, accounts))
	}
	return r.show(200, "schedules", frame{Title: "schedules", Nav: "schedules", Contents: v})
}

func (p *Dashboard) schedule(r *request) error {
	name := r.PathValue("name")
	if !schedule.ValidName(name) {
		return r.notFound()
	}
	s, err := p.cfg.Book.Get(r.Context(), name)
	if err != nil {
		return err
	}
	accounts, err := p.accounts(r)
	if err != nil {
		return err
	}
	return r.show(200, "schedule", frame{Title: s.Name, Nav: "schedules", Contents: newPlanView(s, accounts)})
}
