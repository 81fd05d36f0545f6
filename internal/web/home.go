package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// How much the first page shows.
const (
	homeAtWork    = 50
	homeEnded     = 15
	homeAccounts  = 12 // before those that are idle are folded away
	mostAccounts  = 60 // of those at work or in trouble, and of those that are idle; others are found by their name
	homeScan      = 1000
	homeSchedules = 20
)

type homeView struct {
	Accounts []accountView // those that are at work, or in trouble, first
	Idle     []accountView // folded away
	Idlers   int           // how many are idle, those that are not shown too
	More     int           // accounts that are not shown
	Find     string        // what their names have in them
	AtWork   []jobView
	Ended    []jobView
	Plans    []planView
}

// accountView is an account over all of its workers.
type accountView struct {
	job.AccountInfo
	State  string // the best of its workers'
	Reason string
	Paces  []paceView
	Even   float64 // the pace of all interfaces, where they have the same but for some percent; 0 where not
}

type paceView struct {
	Interface string
	Rate      float64 // calls a second in force
}

func (p *Dashboard) home(r *request) error {
	ctx := r.Context()
	var v homeView
	accounts, err := p.accounts(r)
	if err != nil {
		return err
	}
	v.Find = clip(r.URL.Query().Get("account"))
	v.choose(accounts)
	atWork, err := p.cfg.Ledger.AtWork(ctx, homeAtWork)
	if err != nil {
		return err
	}
	for _, s := range atWork {
		v.AtWork = append(v.AtWork, p.jobView(s))
	}
	recent, err := p.cfg.Ledger.JobList(ctx, ledger.Filter{Ended: true, Limit: homeEnded, Until: time.Now().Add(scanTime)}, homeScan)
	if err != nil {
		return err
	}
	for _, s := range recent.Jobs {
		v.Ended = append(v.Ended, p.jobView(s))
	}
	plans, err := p.cfg.Book.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range plans[:min(len(plans), homeSchedules)] {
		v.Plans = append(v.Plans, newPlanView(s, accounts))
	}
	return r.show(200, "home", frame{Title: "overview", Nav: "home", Contents: v})
}

// choose takes the accounts that are shown: those in trouble and at work first, and of thousands no more than a page has
// room for.
func (v *homeView) choose(all []accountView) {
	if v.Find != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(a accountView) bool { return !strings.Contains(a.Name, v.Find) })
	}
	v.Accounts = all
	if first := slices.IndexFunc(all, func(a accountView) bool { return a.State == job.LaneIdle }); first >= 0 && len(all) > homeAccounts {
		v.Accounts, v.Idle = all[:first], all[first:]
	}
	v.Idlers = len(v.Idle)
	v.Accounts, v.Idle = v.Accounts[:min(len(v.Accounts), mostAccounts)], v.Idle[:min(len(v.Idle), mostAccounts)]
	v.More = len(all) - len(v.Accounts) - len(v.Idle)
}

// laneOrder puts first what a person should see first.
var laneOrder = map[string]int{job.LaneConflict: -1, job.LaneRefused: 0, job.LaneOutage: 1, job.LaneUnserved: 2, job.LaneThrottled: 3,
	job.LaneServing: 4, job.LaneIdle: 5}

func (p *Dashboard) accounts(r *request) ([]accountView, error) {
	infos, err := p.cfg.Ledger.Accounts(r.Context())
	if err != nil {
		return nil, err
	}
	all := make([]accountView, len(infos))
	for i, info := range infos {
		lane := info.Lane()
		a := accountView{AccountInfo: info, State: lane.State, Reason: lane.Reason}
		for _, name := range slices.Sorted(maps.Keys(info.Pace)) {
			a.Paces = append(a.Paces, paceView{name, info.Pace[name]})
		}
		a.Even = even(a.Paces)
		all[i] = a
	}
	slices.SortStableFunc(all, func(a, b accountView) int { return cmp.Compare(laneOrder[a.State], laneOrder[b.State]) })
	return all, nil
}

// even gives the lowest of some paces where they are much the same.
func even(paces []paceView) float64 {
	if len(paces) == 0 {
		return 0
	}
	low, high := paces[0].Rate, paces[0].Rate
	for _, p := range paces {
		low, high = min(low, p.Rate), max(high, p.Rate)
	}
	if high-low > high/20 {
		return 0
	}
	return low
}
