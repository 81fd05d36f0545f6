package page

import "github.com/storelink/storelink/internal/schedule"

type plansView struct{ Plans []planView }

func (p *Page) schedules(r *request) error {
	all, err := p.cfg.Book.List(r.Context())
	if err != nil {
		return err
	}
	var v plansView
	for _, s := range all {
		v.Plans = append(v.Plans, planView{s})
	}
	return r.show(200, "schedules", frame{Title: "schedules", Nav: "schedules", Contents: v})
}

func (p *Page) schedule(r *request) error {
	name := r.PathValue("name")
	if !schedule.ValidName(name) {
		return r.notFound()
	}
	s, err := p.cfg.Book.Get(r.Context(), name)
	if err != nil {
		return err
	}
	return r.show(200, "schedule", frame{Title: s.Name, Nav: "schedules", Contents: planView{s}})
}
