package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// summary prints how a job ended, or was left.
func (a *app) summary(s job.Status, report string) {
	t := a.tongue(a.screen)
	took := ""
	if s.StartedAt != nil && s.EndedAt != nil {
		took = t.say(" in %s", t.span(s.EndedAt.Sub(*s.StartedAt)))
	}
	if s.Targets > 0 {
		a.line("Batch %s is %s%s%s", s.Job, t.term(string(s.State)), took, t.because(s.Reason))
	} else {
		a.line("Job %s is %s%s%s", s.Job, t.term(string(s.State)), took, t.because(s.Reason))
	}
	a.rows([][2]string{{"stores", count(s.Total)}})
	a.rows(t.counts(s))
	a.meanings(s)
	if report != "" {
		a.rows([][2]string{{"report", report}})
	}
}

// counts are a job's figures, for people.
func (t tongue) counts(s job.Status) [][2]string {
	var rows [][2]string
	if r := s.Resync; r != nil && r.Phase != job.PhaseList {
		rows = append(rows, t.resynced(r)...)
	}
	rows = append(rows, [2]string{"succeeded", count(s.Succeeded)})
	failed := count(s.Failed)
	if codes := t.failures(s.Failures); codes != "" {
		failed += "  " + codes
	}
	rows = append(rows, [2]string{"failed", failed})
	if s.State.Ended() {
		if s.Unprocessed > 0 {
			rows = append(rows, [2]string{"unprocessed", count(s.Unprocessed)})
		}
	} else {
		rows = append(rows, [2]string{"pending", count(s.Pending)})
	}
	if r := s.Resync; r != nil && r.Phase == job.PhaseVerified {
		by := t.say("%s  by WeChat Pay's list after the writes", count(r.Contradicted))
		if r.Settled > 0 {
			by = t.say("%s, %s of them settled by that list", by, t.stores(r.Settled))
		}
		if r.Unsteady {
			by = t.say("%s  (that list did not hold still: that a store is not on it proves nothing)", by)
		}
		rows = append(rows, [2]string{"contradicted", by})
	} else if s.Settled > 0 {
		rows = append(rows, [2]string{"settled", t.say("%s  by WeChat Pay's list: calls for them went unanswered", count(s.Settled))})
	}
	if s.Late > 0 {
		rows = append(rows, [2]string{"late", t.say("%s  (answered after the end, and not counted)", count(s.Late))})
	}
	calls := count(s.Calls)
	if s.Retries > 0 {
		calls += t.say("  %s of them for stores sent before", count(s.Retries))
	}
	if s.Throttled > 0 {
		calls += t.say("  %s refused for the pace (429)", count(s.Throttled))
	}
	return append(rows, [2]string{"calls", calls})
}

// resynced are the figures of a resync's plan, and what became of its halves.
func (t tongue) resynced(r *job.ResyncStatus) (rows [][2]string) {
	if r.Wanted > 0 { // else it goes on with the plan of another, and has compared nothing
		rows = append(rows, [2]string{"in line", t.say("%s  (nothing is sent for them)", count(r.InLine))})
	}
	if r.Strange > 0 {
		rows = append(rows, [2]string{"strange", t.say("%s  (listed by WeChat Pay, and left alone: no store has such an ID)",
			count(r.Strange))})
	}
	if r.Phase == job.PhasePlanned { // and there is no more
		return append(rows, [2]string{"missing", count(r.Missing)}, [2]string{"too much", count(r.Surplus)})
	}
	if r.Surplus > 0 && !r.Prune {
		rows = append(rows, [2]string{"too much", t.say("%s  (they stay: there was no --prune)", count(r.Surplus))})
	}
	half := func(name string, n, succeeded, failed int64) {
		text := count(n)
		if succeeded+failed > 0 {
			text = t.say("%s  %s succeeded, %s failed", text, count(succeeded), count(failed))
		}
		rows = append(rows, [2]string{name, text})
	}
	half("associate", r.Associate, r.AssociateSucceeded, r.AssociateFailed)
	half("disassociate", r.Disassociate, r.DisassociateSucceeded, r.DisassociateFailed)
	return rows
}

// maxCodes is how many codes a person is shown.
const maxCodes = 8

// failures lists failed stores by code, the most frequent first.
func (t tongue) failures(by map[string]int64) string {
	codes := catalogue.ByCount(by)
	more := ""
	if len(codes) > maxCodes {
		more = t.say(", and %s", t.plural(int64(len(codes)-maxCodes), "other code"))
		codes = codes[:maxCodes]
	}
	parts := make([]string, len(codes))
	for i, c := range codes {
		parts[i] = c + " " + count(by[c])
	}
	return strings.Join(parts, ", ") + more
}

// describeBatch prints a batch's status for a person.
func (a *app) describeBatch(s job.Status) {
	t := a.tongue(a.screen)
	var jobs []string
	for _, st := range slices.Sorted(maps.Keys(s.Jobs)) {
		if n := s.Jobs[st]; n > 0 {
			jobs = append(jobs, count(n)+" "+t.term(string(st)))
		}
	}
	rows := [][2]string{{"batch", s.Job}, {"state", t.term(string(s.State)) + t.because(s.Reason)},
		{"operation", t.operation(s)}, {"accounts", s.Account}}
	if s.Label != "" {
		rows = append(rows, [2]string{"label", s.Label})
	}
	rows = append(rows, [2]string{"source", s.Source}, [2]string{"submitted by", s.SubmittedBy},
		[2]string{"targets", t.say("%s: %s", count(s.Targets), strings.Join(jobs, ", "))},
		[2]string{"stores", count(s.Total)})
	rows = append(rows, t.counts(s)...)
	if s.Settling != nil {
		rows = append(rows, [2]string{"phase", t.say("%s  %s listed", t.term(string(job.PhaseVerify)), count(s.Settling.Listed))})
	}
	a.rows(append(rows, moments(s)...))
	a.meanings(s)
}

// moments are when a job was made, is due, and began and ended.
func moments(s job.Status) [][2]string {
	rows := [][2]string{{"created", moment(s.CreatedAt)}}
	for _, at := range []struct {
		name string
		when *time.Time
	}{{"due", s.At}, {"started", s.StartedAt}, {"ended", s.EndedAt}} {
		if at.when != nil {
			rows = append(rows, [2]string{at.name, moment(*at.when)})
		}
	}
	return rows
}

// describe prints a job's status for a person.
func (a *app) describe(s job.Status) {
	if s.Targets > 0 {
		a.describeBatch(s)
		return
	}
	t := a.tongue(a.screen)
	target := job.Target{ProductCouponID: s.ProductCouponID, StockID: s.StockID, StockBundleID: s.StockBundleID}
	rows := [][2]string{
		{"job", s.Job}, {"state", t.term(string(s.State)) + t.because(s.Reason)},
		{"operation", t.say("%s, %s", t.operation(s), t.target(target))},
		{"account", s.Account}, {"brand", s.BrandID}, {"priority", t.term(string(s.Priority))},
	}
	if s.Label != "" {
		rows = append(rows, [2]string{"label", s.Label})
	}
	if s.Schedule != "" {
		rows = append(rows, [2]string{"schedule", s.Schedule})
	}
	rows = append(rows, [2]string{"source", s.Source})
	if s.List != nil {
		rows = append(rows, [2]string{"list", catalogue.Reading(*s.List, catalogue.Lang(t))})
	}
	rows = append(rows, [2]string{"submitted by", s.SubmittedBy},
		[2]string{"stores", t.say("%s in %s", count(s.Total), t.plural(s.Chunks, "chunk"))})
	rows = append(rows, t.counts(s)...)
	if !s.State.Ended() {
		rows = append(rows, [2]string{"lane", t.term(s.Lane.State) + t.because(s.Lane.Reason)})
	}
	if s.Resync != nil && !s.State.Ended() {
		rows = append(rows, [2]string{"phase", t.say("%s  %s listed", t.term(string(s.Resync.Phase)), count(s.Resync.Listed))})
	}
	a.rows(append(rows, moments(s)...))
	a.meanings(s)
}

// meanings tells what is known of a job's failures, for a person: of what keeps it from moving, of the code that it was
// aborted for, and of those of its stores.
func (a *app) meanings(s job.Status) {
	lang := a.language()
	told := map[string]bool{}
	tell := func(e catalogue.Entry, ok bool) {
		if ok && !told[e.Code] {
			told[e.Code] = true
			for i, line := range a.wrapped(catalogue.Term(e.Code, lang)+": "+e.Say(lang), 2*len("  ")) {
				if i > 0 {
					line = "  " + line
				}
				a.out.printf("  %s\n", line)
			}
		}
	}
	if !s.State.Ended() && s.Lane.State != "" {
		tell(catalogue.Find(s.Lane.State, ""))
	}
	tell(catalogue.OfReason(s.Reason))
	codes := catalogue.ByCount(s.Failures)
	for _, code := range codes[:min(len(codes), maxCodes)] {
		tell(catalogue.OfStore(code))
	}
}

// language is the one that people are told in.
func (a *app) language() catalogue.Lang {
	lang, err := catalogue.LangOf(a.lang, a.environ)
	if err != nil {
		return catalogue.English // told before any command began
	}
	return lang
}

// rows prints names and values in two columns. On a terminal, a value that is too long for its line goes on below itself.
func (a *app) rows(rows [][2]string) {
	t := a.tongue(a.screen)
	const indent = "  "
	for _, r := range rows {
		name := terminal.Pad(t.label(r[0]), 13, false) + " "
		style := rowStyle(r[0], r[1])
		for i, line := range a.wrapped(terminal.Line(r[1]), len(indent)+terminal.Width(name)) {
			if i > 0 {
				name = terminal.Pad("", terminal.Width(name), false)
			}
			a.out.printf("%s%s%s\n", indent, a.screen.Paint(terminal.Faint, name), a.screen.Paint(style, line))
		}
	}
}

// leastWrapped is how narrow a text is made before it is left to the terminal to break it.
const leastWrapped = 20

// wrapped breaks a text into the lines that fit behind what stands before it; off a terminal it is one.
func (a *app) wrapped(text string, before int) []string {
	room := a.screen.Width() - before
	if room < leastWrapped {
		return []string{text}
	}
	return terminal.Wrap(text, room)
}
