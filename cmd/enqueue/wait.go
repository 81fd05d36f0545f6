package main

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// submitted tells of a job that was committed, and follows it to its end where that is asked for, or where it can end
// nowhere else.
func (a *app) submitted(ctx context.Context, s *site, account accountKnown, r control.Receipt, f waitFlags) error {
	if r.Warning != "" {
		a.warning(i18n.Plain(r.Warning))
	}
	held := ""
	if !s.isHere() {
		var why i18n.Message
		if held, why = account.unserved(); held != "" {
			a.warn("cmd.job_committed_waits", "why", why, "job", r.Job.ID)
		}
	}
	if !a.json {
		t := a.tongue(a.screen)
		a.out.printf("%s\n", printable(t.reading(r.Job.Reading)+t.submitted(r)))
		a.due(r.Job.At)
	}
	if s.isHere() || f.wait {
		return a.wait(ctx, s, r.Job.ID, f, held)
	}
	if a.json {
		a.out.json(receiptDocument{Job: r.Job.ID, Total: r.Total, Chunks: r.Chunks, Repeats: r.Job.Repeats,
			SetAside: r.Job.SetAside, List: r.Job.Reading})
		return nil
	}
	a.line("cmd.follow_it", "job", r.Job.ID)
	return nil
}

// reading is a line that says how a list was read; nothing where there was none.
func (t tongue) reading(r *job.Reading) string {
	if r == nil {
		return ""
	}
	return t.say("cmd.the_list", "reading", i18n.Plain(catalogue.Reading(*r, i18n.Lang(t)))) + "\n"
}

func (t tongue) submitted(r control.Receipt) string {
	return t.say("cmd.job_submitted", "job", r.Job.ID, "operation", i18n.Term(r.Job.Operation), "stores", r.Total, "target",
		about(r.Job.Target), "chunks", r.Chunks, "left_out", leftOut(r.Job.Repeats, r.Job.SetAside))
}

// leftOut tells what of a list is not sent.
func leftOut(repeats, setAside int64) i18n.Message {
	switch {
	case repeats > 0 && setAside > 0:
		return i18n.M("cmd.repeats_dropped_set_aside", "repeats", repeats, "rows", setAside)
	case repeats > 0:
		return i18n.M("cmd.repeats_dropped", "repeats", repeats)
	case setAside > 0:
		return i18n.M("cmd.set_aside", "rows", setAside)
	}
	return i18n.Message{}
}

// wait follows a job to its end, writes the report where one is wanted, and tells how it ended. told is the word for
// what holds it up that the operator was told of already.
func (a *app) wait(ctx context.Context, s *site, id string, f waitFlags, told string) error {
	t := a.tongue(a.errors)
	p := &progress{display: a.newDisplay(), tongue: t, told: told, toldAt: time.Now()}
	fo := &follow{ledger: s.ledger, id: id, every: lookEvery, timeout: f.timeout, began: f.began, tongue: t, note: p.display.note,
		show: func(status job.Status) { p.look(status, time.Now()) }}
	if s.isHere() {
		fo.halt = refused
	}
	status, err := fo.to(ctx)
	if err != nil && s.isHere() {
		reason := job.AsError(err).Message
		switch job.AsError(err).Code {
		case job.CodeInterrupted:
			reason = i18n.M("cmd.interrupted")
			p.display.note(t.say("cmd.stopping"))
		case job.CodeTimeout:
			reason = i18n.M("cmd.not_ended", "timeout", f.timeout)
		}
		left, leaving := s.leave(ctx, id, reason)
		p.display.close()
		if leaving != nil {
			return leaving
		}
		a.tellHook(ctx, s, left)
		return a.left(ctx, s, left, f, err)
	}
	p.display.close()
	if err != nil {
		return err
	}
	report := f.report
	if s.isHere() && report == "" {
		report = id + ".csv"
	}
	if report != "" {
		var err error
		if report, err = a.report(ctx, s, id, f.encoding, report); err != nil {
			return a.reportFailed(status, err)
		}
	}
	if s.isHere() {
		a.tellHook(ctx, s, status)
	}
	return a.ended(status, report)
}

// refused says that the account's key, serial number, scheme or clock is wrong: here, there is no other worker.
func refused(s job.Status) error {
	if s.Lane.State != job.LaneRefused {
		return nil
	}
	e := job.Fail(job.CodeLane, "cmd.lane_refused", "account", s.Account, "reason", i18n.Plain(s.Lane.Reason))
	e.Job = s.Job
	return e
}

// ended tells how a job ended; what unfinished says of it is its error.
func (a *app) ended(s job.Status, report string) error {
	if a.json {
		a.out.json(endDocument{Status: s, Report: report})
	} else {
		a.summary(s, report)
	}
	return unfinished(s, report)
}

// unfinished is the error of a job that has ended with stores that did not succeed, before it had any (a resync without a
// plan), or with outcomes that WeChat Pay's list contradicts; nil where all is well.
func unfinished(s job.Status, report string) error {
	how := i18n.M("cmd.results_tell", "job", s.Job)
	if report != "" {
		how = i18n.M("cmd.see_report", "file", report)
	}
	var e *job.Error
	switch {
	case s.Failed+s.Unprocessed > 0:
		if report == "" {
			how = i18n.M("cmd.results_retry", "job", s.Job)
		}
		e = job.Fail(job.CodeUnfinished, "cmd.unfinished", "failed", s.Failed, "unprocessed", s.Unprocessed, "how", how)
	case s.State != job.Completed && s.Targets == 0:
		e = job.Fail(job.CodeUnfinished, "cmd.ended_without", "job", s.Job, "state", i18n.Term(s.State), "because",
			because(s.Reason))
	case s.Resync != nil && s.Resync.Contradicted > 0:
		e = job.Fail(job.CodeUnfinished, "cmd.contradicted", "stores", s.Resync.Contradicted, "how", how)
	default:
		return nil
	}
	e.Job = s.Job
	return e
}

// left tells how a job stands that was left here before its end, and writes what is known of it. why stays the error.
func (a *app) left(ctx context.Context, s *site, status job.Status, f waitFlags, why error) error {
	ctx = context.WithoutCancel(ctx)
	e := *job.AsError(why)
	e.Job = status.Job
	done := status.Succeeded + status.Failed
	switch e.Code {
	case job.CodeInterrupted:
		e.Message = i18n.M("cmd.left_interrupted", "done", done, "stores", status.Total)
	case job.CodeTimeout:
		e.Message = i18n.M("cmd.left_late", "timeout", f.timeout, "done", done, "stores", status.Total)
	}
	out := &failure{err: &e, status: &status}
	if done == 0 && f.report == "" {
		e.Message = i18n.M("cmd.left_undecided", "why", e.Message)
		return out
	}
	report := f.report
	if report == "" {
		report = status.Job + ".csv"
	}
	report, err := a.report(ctx, s, status.Job, f.encoding, report)
	if err != nil {
		e.Message = i18n.M("cmd.left_unwritten", "why", e.Message, "error", err)
		return out
	}
	out.report = report
	e.Message = i18n.M("cmd.left_report", "why", e.Message, "file", report)
	if !a.json {
		a.summary(status, report)
	}
	return out
}

// reportFailed is the error of a job that has ended and whose report could not be written.
func (a *app) reportFailed(s job.Status, err error) error {
	if !a.json {
		a.summary(s, "")
	}
	return &failure{err: err, status: &s}
}
