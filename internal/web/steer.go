package web

import (
	"net/url"

	"github.com/storelink/storelink/internal/control"
)

// by names who changes something by the page, in a job's reason: everybody who can has the same token.
func (r *request) by() string { return "page:" + r.p.proxies().client(r.Request).String() }

func (p *Dashboard) steer(r *request, verb control.Verb) error {
	before, err := p.status(r)
	if err != nil {
		return err
	}
	after, warning, err := p.desk.Do(r.Context(), verb, before.Job, r.by())
	if err != nil {
		return err
	}
	p.cfg.Logger.Info("a job was steered by the page", "job", before.Job, "verb", verb, "by", r.by(), "state", after.State)
	if warning != "" {
		p.cfg.Logger.Warn(warning, "job", before.Job)
	}
	return r.redirect("/jobs/" + before.Job + "?done=" + string(verb))
}

func (p *Dashboard) retry(r *request) error {
	before, err := p.status(r)
	if err != nil {
		return err
	}
	made, warning, err := p.desk.Retry(r.Context(), before.Job, control.Again{By: r.by()})
	if warning != "" {
		p.cfg.Logger.Warn(warning, "job", before.Job)
	}
	if err != nil {
		return err
	}
	p.cfg.Logger.Info("a job was retried by the page", "job", before.Job, "by", r.by(), "made", made.ID())
	return r.redirect("/jobs/" + made.ID() + "?done=retry")
}

func (p *Dashboard) steerSchedule(r *request, verb string) error {
	name := r.PathValue("name")
	var err error
	switch verb {
	case "pause":
		err = p.cfg.Book.Pause(r.Context(), name)
	case "resume":
		err = p.cfg.Book.Resume(r.Context(), name)
	default:
		_, err = p.cfg.Book.RunNow(r.Context(), name)
	}
	if err != nil {
		return err
	}
	p.cfg.Logger.Info("a schedule was steered by the page", "schedule", name, "verb", verb, "by", r.by())
	return r.redirect("/schedules/" + url.PathEscape(name) + "?done=schedule-" + verb)
}
