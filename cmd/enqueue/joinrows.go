package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

// joinPrefix is what the names of the columns begin with that --join adds.
const joinPrefix = "storelink_"

// joinColumns are what --join adds to a list, without joinPrefix; a resync and a batch add those of their reports.
var joinColumns = []string{"outcome", "code", "message", "meaning", "request_id", "attempts", "decided_at"}

// joining joins a list's rows with the outcomes of a job or batch.
type joining struct {
	known   *report.Outcomes
	lang    i18n.Lang
	more    []string // of columns, those that come after joinColumns
	columns []string

	only          job.Outcome // the only one that rows are given back of; "" for all rows
	rows          int64       // of stores that were given back
	shown         bool        // it goes to a terminal, which it must not steer
	many          bool        // it is a batch: a store may be in many of its jobs, and then its row is given once for each
	stock, bundle int         // the list's columns that say which target a row is for; -1 for none
}

func newJoin(s job.Status, lang i18n.Lang, only job.Outcome) *joining {
	j := &joining{known: &report.Outcomes{}, lang: lang, only: only, more: report.MoreColumns(s), many: s.Targets > 0, stock: -1, bundle: -1}
	for _, name := range append(slices.Clone(joinColumns), j.more...) {
		j.columns = append(j.columns, joinPrefix+name)
	}
	return j
}

// outcome is what stands in the columns for a store.
func (j *joining) outcome(r job.Row) []string {
	meaning, decided := "", ""
	if e, ok := catalogue.Of(r); ok {
		meaning = e.Say(j.lang)
	}
	if r.DecidedAt != nil {
		decided = r.DecidedAt.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	cells := []string{string(r.Outcome), r.Code, r.Message, meaning, r.RequestID, strconv.Itoa(r.Attempts), decided}
	for _, name := range j.more {
		cells = append(cells, report.MoreCell(name, r))
	}
	return cells
}

// word is what stands there for a row that has no outcome, by the word for it.
func (j *joining) word(word, why string) [][]string {
	cells := make([]string, len(j.columns))
	e, _ := catalogue.Lookup(word)
	cells[0], cells[2], cells[3] = word, why, e.Say(j.lang)
	return [][]string{cells}
}

// added is what comes behind a row's own cells, nil for nothing: once, or as often as the row is to be given, which may be
// never.
func (j *joining) added(line storelist.Line) ([][]string, error) {
	switch {
	case line.Kind == storelist.HeadLine:
		j.targets(line.Values)
		return [][]string{j.names(line.Values)}, nil
	case j.only != "" && (line.Kind != storelist.StoreLine || !line.Why.IsZero()):
		return nil, nil
	case line.Kind != storelist.StoreLine:
		return [][]string{nil}, nil
	case !line.Why.IsZero():
		return j.word(catalogue.SetAside, line.Why.In(j.lang)), nil
	}
	var all [][]string
	var err error
	if j.many {
		all, err = j.known.All(line.ID)
		all = j.forTarget(all, line.Values)
	} else if cells, ok, e := j.known.Find(line.ID); ok || e != nil {
		all, err = [][]string{cells}, e
	}
	if err == nil && len(all) == 0 && j.only == "" {
		all = j.word(catalogue.NotInJob, "")
	}
	return all, err
}

// targets finds out where a batch's list says which target a row is for.
func (j *joining) targets(header []storelist.Value) {
	if !j.many {
		return
	}
	names := make([]string, len(header))
	for i, v := range header {
		names[i] = v.Text
	}
	j.stock, j.bundle = manifest.TargetColumns(names)
}

// forTarget keeps of a store's outcomes those for the row's target, where the row names one.
func (j *joining) forTarget(all [][]string, row []storelist.Value) [][]string {
	for column, name := range map[int]string{j.stock: "stock_id", j.bundle: "stock_bundle_id"} {
		if column < 0 || column >= len(row) || strings.TrimSpace(row[column].Text) == "" {
			continue
		}
		want, at := strings.TrimSpace(row[column].Text), len(joinColumns)+slices.Index(j.more, name)
		all = slices.DeleteFunc(all, func(cells []string) bool { return cells[at] != want })
	}
	return all
}

// names are the names of the added columns, told apart from those of a list that was given back before.
func (j *joining) names(header []storelist.Value) []string {
	out := slices.Clone(j.columns)
	taken := func(v storelist.Value) bool { return slices.Contains(out, strings.TrimPrefix(v.Text, "\ufeff")) }
	for n := 2; slices.ContainsFunc(header, taken); n++ {
		for i, name := range j.columns {
			out[i] = name + "_" + strconv.Itoa(n)
		}
	}
	return out
}
