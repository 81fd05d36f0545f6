package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/storelink/storelink/internal/queue"
)

// queuesPage is how many accounts' queues are shown at a time: each costs Redis some thirty commands, all in three round trips.
const queuesPage = 50

// depthView is how one queue stands.
type depthView struct{ queue.Depth }

// Waited is how long the first task has waited for a worker, to the second.
func (v depthView) Waited() time.Duration { return v.OldestDue.Round(time.Second) }

type queuesView struct {
	Queues []depthView
	Find   string // the account that was asked for
	On     string // the last account that is shown, where there are more
}

// queues shows how the queues of asynq stand, for engineers: what waits, what is being worked on, what no worker holds
// any more, and what was given up. It can only be looked at; a task has no store IDs in it.
func (p *Dashboard) queues(r *request) error {
	q := r.URL.Query()
	v := queuesView{Find: clip(q.Get("account"))}
	accounts, err := p.cfg.Queue.Accounts(r.Context())
	if err != nil {
		return err
	}
	after := clip(q.Get("after"))
	accounts = slices.DeleteFunc(accounts, func(name string) bool {
		return v.Find != "" && name != v.Find || after != "" && name != "" && cmp.Compare(name, after) <= 0
	})
	if len(accounts) > queuesPage {
		accounts = accounts[:queuesPage]
		v.On = accounts[queuesPage-1]
	}
	depths, err := p.cfg.Queue.Depths(r.Context(), accounts)
	if err != nil {
		return err
	}
	for _, d := range depths {
		v.Queues = append(v.Queues, depthView{d})
	}
	return r.show(http.StatusOK, "queues", frame{Title: "queues", Nav: "queues", Contents: v})
}
