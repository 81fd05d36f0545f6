package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// summary prints how a job ended, or was left.
func (a *app) summary(s job.Status, report string) {
	t := a.tongue(a.screen)
	took := i18n.Message{}
	if s.StartedAt != nil && s.EndedAt != nil {
		took = i18n.M("cmd.took", "span", i18n.Rough(s.EndedAt.Sub(*s.StartedAt)))
	}
	if s.Targets > 0 {
		a.line("cmd.batch_ended", "batch", s.Job, "state", i18n.Term(s.State), "took", took, "because", because(s.Reason))
	} else {
		a.line("cmd.job_ended", "job", s.Job, "state", i18n.Term(s.State), "took", took, "because", because(s.Reason))
	}
	a.rows([][2]string{{"cmd.row_stores", count(s.Total)}})
	a.rows(t.counts(s))
	a.meanings(s)
	if report != "" {
		a.rows([][2]string{{"cmd.row_report", report}})
	}
}

// counts are a job's figures, for people.
func (t tongue) counts(s job.Status) [][2]string {
	var rows [][2]string
	if r := s.Resync; r != nil && r.Phase != job.PhaseList {
		rows = append(rows, t.resynced(r)...)
	}
	rows = append(rows, [2]string{"cmd.row_succeeded", count(s.Succeeded)})
	failed := count(s.Failed)
	if codes := t.failures(s.Failures); codes != "" {
		failed += "  " + codes
	}
	rows = append(rows, [2]string{"cmd.row_failed", failed})
	if s.State.Ended() {
		if s.Unprocessed > 0 {
			rows = append(rows, [2]string{"cmd.row_unprocessed", count(s.Unprocessed)})
		}
	} else {
		rows = append(rows, [2]string{"cmd.row_pending", count(s.Pending)})
	}
	if r := s.Resync; r != nil && r.Phase == job.PhaseVerified {
		by := t.say("cmd.contradicted_by", "n", r.Contradicted)
		if r.Settled > 0 {
			by = t.say("cmd.settled_by_list", "before", by, "stores", r.Settled)
		}
		if r.Unsteady {
			by = t.say("cmd.unsteady", "before", by)
		}
		rows = append(rows, [2]string{"cmd.row_contradicted", by})
	} else if s.Settled > 0 {
		rows = append(rows, [2]string{"cmd.row_settled", t.say("cmd.settled", "n", s.Settled)})
	}
	if s.Late > 0 {
		rows = append(rows, [2]string{"cmd.row_late", t.say("cmd.late", "n", s.Late)})
	}
	calls := count(s.Calls)
	if s.Retries > 0 {
		calls += t.say("cmd.calls_again", "n", s.Retries)
	}
	if s.Throttled > 0 {
		calls += t.say("cmd.calls_limited", "n", s.Throttled)
	}
	return append(rows, [2]string{"cmd.row_calls", calls})
}

// resynced are the figures of a resync's plan, and what became of its halves.
func (t tongue) resynced(r *job.ResyncStatus) (rows [][2]string) {
	if r.Wanted > 0 { // else it goes on with the plan of another, and has compared nothing
		rows = append(rows, [2]string{"cmd.row_in_line", t.say("cmd.in_line", "n", r.InLine)})
	}
	if r.Strange > 0 {
		rows = append(rows, [2]string{"cmd.row_strange", t.say("cmd.strange", "n", r.Strange)})
	}
	if r.Phase == job.PhasePlanned { // and there is no more
		return append(rows, [2]string{"cmd.row_missing", count(r.Missing)}, [2]string{"cmd.row_too_much", count(r.Surplus)})
	}
	if r.Surplus > 0 && !r.Prune {
		rows = append(rows, [2]string{"cmd.row_too_much", t.say("cmd.surplus_kept", "n", r.Surplus)})
	}
	half := func(name string, n, succeeded, failed int64) {
		text := count(n)
		if succeeded+failed > 0 {
			text = t.say("cmd.step_outcome", "before", text, "succeeded", succeeded, "failed", failed)
		}
		rows = append(rows, [2]string{name, text})
	}
	half("cmd.row_associate", r.Associate, r.AssociateSucceeded, r.AssociateFailed)
	half("cmd.row_disassociate", r.Disassociate, r.DisassociateSucceeded, r.DisassociateFailed)
	return rows
}

// maxCodes is how many codes a person is shown.
const maxCodes = 8

// failures lists failed stores by code, the most frequent first.
func (t tongue) failures(by map[string]int64) string {
	codes := catalogue.ByCount(by)
	more := ""
	if len(codes) > maxCodes {
		more = t.say("cmd.other_codes", "n", int64(len(codes)-maxCodes))
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
	rows := [][2]string{{"cmd.row_batch", s.Job}, {"cmd.row_state", t.term(string(s.State)) + t.in(because(s.Reason))},
		{"cmd.row_operation", t.in(operation(s))}, {"cmd.row_accounts", s.Account}}
	if s.Label != "" {
		rows = append(rows, [2]string{"cmd.row_label", s.Label})
	}
	rows = append(rows, [2]string{"cmd.row_source", s.Source}, [2]string{"cmd.row_submitted_by", s.SubmittedBy},
		[2]string{"cmd.row_targets", t.say("cmd.targets_by_state", "n", s.Targets, "jobs", jobs)},
		[2]string{"cmd.row_stores", count(s.Total)})
	rows = append(rows, t.counts(s)...)
	if s.Settling != nil {
		rows = append(rows, [2]string{"cmd.row_phase", t.say("cmd.phase_listed", "phase", i18n.Term(job.PhaseVerify), "n", s.Settling.Listed)})
	}
	a.rows(append(rows, moments(s)...))
	a.meanings(s)
}

// moments are when a job was made, is due, and began and ended.
func moments(s job.Status) [][2]string {
	rows := [][2]string{{"cmd.row_created", moment(s.CreatedAt)}}
	for _, at := range []struct {
		name string
		when *time.Time
	}{{"cmd.row_due", s.At}, {"cmd.row_started", s.StartedAt}, {"cmd.row_ended", s.EndedAt}} {
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
	rows := [][2]string{
		{"cmd.row_job", s.Job}, {"cmd.row_state", t.term(string(s.State)) + t.in(because(s.Reason))},
		{"cmd.row_operation", t.say("cmd.operation_target", "operation", operation(s), "target", aboutJob(s))},
		{"cmd.row_account", s.Account}, {"cmd.row_brand", s.BrandID}, {"cmd.row_priority", t.term(string(s.Priority))},
	}
	if s.Label != "" {
		rows = append(rows, [2]string{"cmd.row_label", s.Label})
	}
	if s.Schedule != "" {
		rows = append(rows, [2]string{"cmd.row_schedule", s.Schedule})
	}
	rows = append(rows, [2]string{"cmd.row_source", s.Source})
	if s.List != nil {
		rows = append(rows, [2]string{"cmd.row_list", catalogue.Reading(*s.List, i18n.Lang(t))})
	}
	rows = append(rows, [2]string{"cmd.row_submitted_by", s.SubmittedBy},
		[2]string{"cmd.row_stores", t.say("cmd.stores_in_chunks", "stores", s.Total, "chunks", s.Chunks)})
	rows = append(rows, t.counts(s)...)
	if !s.State.Ended() {
		rows = append(rows, [2]string{"cmd.row_lane", t.term(s.Lane.State) + t.in(because(s.Lane.Reason))})
	}
	if s.Resync != nil && !s.State.Ended() {
		rows = append(rows, [2]string{"cmd.row_phase", t.say("cmd.phase_listed", "phase", i18n.Term(s.Resync.Phase), "n",
			s.Resync.Listed)})
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
			for i, line := range a.wrapped(i18n.Term(e.Code).In(lang)+": "+e.Say(lang), 2*len("  ")) {
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
