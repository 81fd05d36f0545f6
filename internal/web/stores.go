package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// The bounds of a page of stores. A search through millions of them goes on with the next page.
const (
	storesPage  = 100
	scanLimit   = 10_000_000
	scanTime    = 2 * time.Second
	searchLimit = 64 // characters
)

// cursor is where a search goes on: in which job of a batch (0 for the first, and for a job), and where in its list.
type cursor struct {
	job   int
	place ledger.Place
}

func (c cursor) String() string { return fmt.Sprintf("%d.%d.%d", c.job, c.place.Chunk, c.place.At) }

func parseCursor(s string) (c cursor) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return c
	}
	const most = 1 << 30
	return cursor{number(parts[0], 0, 0, most), ledger.Place{Chunk: number(parts[1], 0, 0, most), At: number(parts[2], 0, 0, most)}}
}

type storeView struct {
	job.Row
	Entry catalogue.Entry
	Known bool
}

type storesView struct {
	jobView
	Rows     []storeView
	Outcomes []job.Outcome
	Outcome  job.Outcome
	Code     string
	Half     job.Operation // of a resync: the stores of one of its operations alone
	Verdict  job.Verdict   // of a resync that has verified
	Search   string
	Scanned  int64
	On       string // where the next page begins; "" at the end
	Codes    []string
	Targets  bool // the rows are of several targets

	Halves   []job.Operation // of a resync
	Verdicts []job.Verdict
}

// Full says whether the page is full, and what follows is the next one: otherwise the search has only taken its time.
func (v storesView) Full() bool { return len(v.Rows) == storesPage }

// Next is the address of what follows, with all that was chosen.
func (v storesView) Next() string {
	q := url.Values{"from": {v.On}}
	for name, value := range map[string]string{"q": v.Search, "outcome": string(v.Outcome), "code": v.Code, "operation": string(v.Half),
		"verified": string(v.Verdict)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "/jobs/" + v.Job + "/stores?" + q.Encode()
}

var (
	outcomes = []job.Outcome{job.Succeeded, job.Failed, job.Pending, job.Unprocessed}
	verdicts = []job.Verdict{job.Confirmed, job.Contradicted}
)

func (p *Dashboard) stores(r *request) error {
	return r.inTurn(p.searches, "searches-busy", p.searchStores)
}

func (p *Dashboard) searchStores(r *request) error {
	s, err := p.status(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	v := storesView{jobView: p.jobView(s), Outcomes: outcomes, Code: clip(q.Get("code")), Search: clip(q.Get("q")),
		Codes: catalogue.ByCount(s.Failures), Targets: s.Targets > 0}
	if o := job.Outcome(q.Get("outcome")); slices.Contains(outcomes, o) {
		v.Outcome = o
	}
	if s.Resync != nil {
		v.Halves, v.Verdicts = job.Writes(), verdicts
		if op := job.Operation(q.Get("operation")); slices.Contains(v.Halves, op) {
			v.Half = op
		}
		if verdict := job.Verdict(q.Get("verified")); slices.Contains(verdicts, verdict) {
			v.Verdict = verdict
		}
	}
	if err := p.scan(r, &v, parseCursor(q.Get("from"))); err != nil {
		return err
	}
	return r.show(200, "stores", frame{Title: "stores", Nav: "jobs", Settled: true, Contents: v})
}

// scan fills a page of stores.
func (p *Dashboard) scan(r *request, v *storesView, from cursor) error {
	until := time.Now().Add(scanTime)
	ids := []string{v.Job}
	if v.IsBatch() {
		ids = ids[:0]
		for n := range v.Status.Targets {
			ids = append(ids, v.Job+"-"+strconv.FormatInt(n+1, 10))
		}
	}
	for n := min(from.job, len(ids)); n < len(ids); n++ {
		var of job.Job
		if v.IsBatch() {
			var err error
			if of, err = p.cfg.Ledger.Job(r.Context(), ids[n]); err != nil {
				return err
			}
		}
		place := ledger.Place{}
		if n == from.job {
			place = from.place
		}
		for row, err := range p.cfg.Ledger.RowsFrom(r.Context(), ids[n], place) {
			if err != nil {
				return err
			}
			if len(v.Rows) == storesPage || v.Scanned >= scanLimit || v.Scanned%1000 == 999 && time.Now().After(until) {
				v.On = cursor{n, row.Place}.String()
				return nil
			}
			v.Scanned++
			if !v.matches(row.Row) {
				continue
			}
			if of.ID != "" {
				row.Job, row.Account, row.Target = of.ID, of.Account, &of.Target
			}
			one := storeView{Row: row.Row}
			if one.Outcome == job.Failed || one.Code != "" {
				one.Entry, one.Known = catalogue.Of(one.Row)
			}
			v.Rows = append(v.Rows, one)
		}
	}
	return nil
}

func (v *storesView) matches(row job.Row) bool {
	return (v.Outcome == "" || row.Outcome == v.Outcome) && (v.Code == "" || row.Code == v.Code) &&
		(v.Half == "" || row.Operation == v.Half) && (v.Verdict == "" || row.Verified == v.Verdict) &&
		(v.Search == "" || strings.Contains(row.StoreID, v.Search))
}

// clip bounds what a person searches for.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > searchLimit {
		s = string(runes[:searchLimit])
	}
	return s
}

// number reads a number of an address; other where it is none, or out of its bounds.
func number(s string, other, low, high int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return other
	}
	return n
}
