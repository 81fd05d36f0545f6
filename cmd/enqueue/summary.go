package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// summary prints how a job ended, or was left.
func (a *app) summary(s job.Status, report string) {
	took := ""
	if s.StartedAt != nil && s.EndedAt != nil {
		took = " in " + span(s.EndedAt.Sub(*s.StartedAt))
	}
	reason := ""
	if s.Reason != "" {
		reason = ": " + s.Reason
	}
	what := "Job"
	if s.Targets > 0 {
		what = "Batch"
	}
	a.out.printf("%s\n", printable(fmt.Sprintf("%s %s is %s%s%s", what, s.Job, s.State, took, reason)))
	a.rows([][2]string{{"stores", count(s.Total)}})
	a.rows(counts(s))
	a.meanings(s)
	if report != "" {
		a.rows([][2]string{{"report", report}})
	}
}

// counts are a job's figures, for people.
func counts(s job.Status) [][2]string {
	var rows [][2]string
	if r := s.Resync; r != nil && r.Phase != job.PhaseList {
		rows = append(rows, [2]string{"in line", count(r.InLine) + "  (nothing is sent for them)"})
		if r.Surplus > 0 && !r.Prune {
			rows = append(rows, [2]string{"too much", count(r.Surplus) + "  (they stay: there was no --prune)"})
		}
		rows = append(rows, [2]string{"associate", count(r.Associate)}, [2]string{"disassociate", count(r.Disassociate)})
	}
	rows = append(rows, [2]string{"succeeded", count(s.Succeeded)})
	failed := count(s.Failed)
	if codes := failures(s.Failures); codes != "" {
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
		rows = append(rows, [2]string{"contradicted", count(r.Contradicted) + "  by WeChat Pay's list after the writes"})
	}
	if s.Late > 0 {
		rows = append(rows, [2]string{"late", count(s.Late) + "  (answered after the end, and not counted)"})
	}
	calls := count(s.Calls)
	if s.Retries > 0 {
		calls += fmt.Sprintf("  %s of them for stores sent before", count(s.Retries))
	}
	if s.Throttled > 0 {
		calls += fmt.Sprintf("  %s refused for the pace (429)", count(s.Throttled))
	}
	return append(rows, [2]string{"calls", calls})
}

// maxCodes is how many codes a person is shown.
const maxCodes = 8

// failures lists failed stores by code, the most frequent first.
func failures(by map[string]int64) string {
	codes := catalogue.ByCount(by)
	more := ""
	if len(codes) > maxCodes {
		more = fmt.Sprintf(", and %s", plural(int64(len(codes)-maxCodes), "other code"))
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
	state := string(s.State)
	if s.Reason != "" {
		state += ": " + s.Reason
	}
	var jobs []string
	for _, st := range slices.Sorted(maps.Keys(s.Jobs)) {
		if n := s.Jobs[st]; n > 0 {
			jobs = append(jobs, fmt.Sprintf("%s %s", count(n), st))
		}
	}
	rows := [][2]string{{"batch", s.Job}, {"state", state}, {"accounts", s.Account}}
	if s.Label != "" {
		rows = append(rows, [2]string{"label", s.Label})
	}
	rows = append(rows, [2]string{"source", s.Source}, [2]string{"submitted by", s.SubmittedBy},
		[2]string{"targets", fmt.Sprintf("%s: %s", count(s.Targets), strings.Join(jobs, ", "))},
		[2]string{"stores", count(s.Total)})
	rows = append(rows, counts(s)...)
	rows = append(rows, [2]string{"created", moment(s.CreatedAt)})
	if s.EndedAt != nil {
		rows = append(rows, [2]string{"ended", moment(*s.EndedAt)})
	}
	a.rows(rows)
}

// describe prints a job's status for a person.
func (a *app) describe(s job.Status) {
	if s.Targets > 0 {
		a.describeBatch(s)
		return
	}
	target := job.Target{ProductCouponID: s.ProductCouponID, StockID: s.StockID, StockBundleID: s.StockBundleID}
	state := string(s.State)
	if s.Reason != "" {
		state += ": " + s.Reason
	}
	rows := [][2]string{
		{"job", s.Job}, {"state", state}, {"operation", string(s.Operation) + ", " + target.String()},
		{"account", s.Account}, {"brand", s.BrandID}, {"priority", string(s.Priority)},
	}
	if s.Label != "" {
		rows = append(rows, [2]string{"label", s.Label})
	}
	if s.Schedule != "" {
		rows = append(rows, [2]string{"schedule", s.Schedule})
	}
	rows = append(rows, [2]string{"source", s.Source}, [2]string{"submitted by", s.SubmittedBy},
		[2]string{"stores", fmt.Sprintf("%s in %s", count(s.Total), plural(s.Chunks, "chunk"))})
	rows = append(rows, counts(s)...)
	if !s.State.Ended() {
		lane := s.Lane.State
		if s.Lane.Reason != "" {
			lane += ": " + s.Lane.Reason
		}
		rows = append(rows, [2]string{"lane", lane})
	}
	if s.Resync != nil && !s.State.Ended() {
		rows = append(rows, [2]string{"phase", fmt.Sprintf("%s  %s listed", s.Resync.Phase, count(s.Resync.Listed))})
	}
	rows = append(rows, [2]string{"created", moment(s.CreatedAt)})
	if s.At != nil {
		rows = append(rows, [2]string{"due", moment(*s.At)})
	}
	for _, at := range []struct {
		name string
		when *time.Time
	}{{"started", s.StartedAt}, {"ended", s.EndedAt}} {
		if at.when != nil {
			rows = append(rows, [2]string{at.name, moment(*at.when)})
		}
	}
	a.rows(rows)
	a.meanings(s)
}

// meanings tells what is known of a job's failures, for a person: of the code that it was aborted for, and of those of its
// stores.
func (a *app) meanings(s job.Status) {
	lang := a.language()
	told := map[string]bool{}
	tell := func(e catalogue.Entry, ok bool) {
		if ok && !told[e.Code] {
			told[e.Code] = true
			a.out.printf("  %s: %s\n", e.Code, e.Say(lang))
		}
	}
	tell(catalogue.OfReason(s.Reason))
	codes := catalogue.ByCount(s.Failures)
	for _, code := range codes[:min(len(codes), maxCodes)] {
		tell(catalogue.Lookup(code))
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

// rows prints names and values in two columns.
func (a *app) rows(rows [][2]string) {
	for _, r := range rows {
		a.out.printf("  %-13s %s\n", r[0], strings.ReplaceAll(printable(r[1]), "\n", " "))
	}
}
