package main

import (
	"context"
	"fmt"
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
		a.warn("%s", r.Warning)
	}
	held := ""
	if !s.isHere() {
		var why string
		if held, why = account.unserved(); held != "" {
			a.warn("%s; job %s is committed and waits", why, r.Job.ID)
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
	a.line("`enqueue watch %s` follows it, `enqueue results %[1]s` writes its report.", r.Job.ID)
	return nil
}

// reading is a line that says how a list was read; nothing where there was none.
func (t tongue) reading(r *job.Reading) string {
	if r == nil {
		return ""
	}
	return t.say("The list: %s.", catalogue.Reading(*r, catalogue.Lang(t))) + "\n"
}

func (t tongue) submitted(r control.Receipt) string {
	return t.say("Job %s: %s %s with %s, in %s%s.", r.Job.ID, t.term(string(r.Job.Operation)), t.stores(r.Total), t.target(r.Job.Target),
		t.plural(r.Chunks, "chunk"), t.leftOut(r.Job.Repeats, r.Job.SetAside))
}

// leftOut tells what of a list is not sent.
func (t tongue) leftOut(repeats, setAside int64) string {
	s := ""
	if repeats > 0 {
		s += t.say(", %s dropped", t.plural(repeats, "repeat"))
	}
	if setAside > 0 {
		s += t.say(", %s set aside", t.plural(setAside, "bad row"))
	}
	return s
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
		reason := job.AsError(err).Message.String()
		switch job.AsError(err).Code {
		case job.CodeInterrupted:
			reason = "interrupted"
			p.display.note(t.say("stopping: calls in flight are finished (a second Ctrl-C ends at once)"))
		case job.CodeTimeout:
			reason = "not ended within " + f.timeout.String()
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
	e := job.Errorf(job.CodeLane, "WeChat Pay refuses account %s: %s", s.Account, s.Lane.Reason)
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
	how := fmt.Sprintf("`enqueue results %s` tells which", s.Job)
	if report != "" {
		how = "see " + report
	}
	var e *job.Error
	switch {
	case s.Failed+s.Unprocessed > 0:
		if report == "" {
			how += fmt.Sprintf(", `enqueue retry %s` sends them again", s.Job)
		}
		e = job.Errorf(job.CodeUnfinished, "%s failed and %s left unprocessed: %s", stores(s.Failed),
			plural(s.Unprocessed, "store"), how)
	case s.State != job.Completed && s.Targets == 0:
		because := ""
		if s.Reason != "" {
			because = ": " + s.Reason
		}
		e = job.Errorf(job.CodeUnfinished, "job %s is %s%s", s.Job, s.State, because)
	case s.Resync != nil && s.Resync.Contradicted > 0:
		e = job.Errorf(job.CodeUnfinished, "WeChat Pay's list contradicts the outcome of %s: %s", stores(s.Resync.Contradicted), how)
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
	done := fmt.Sprintf("%s of %s are done", count(status.Succeeded+status.Failed), stores(status.Total))
	switch e.Code {
	case job.CodeInterrupted:
		e.Message = i18n.Plain("interrupted: " + done)
	case job.CodeTimeout:
		e.Message = i18n.Plain(fmt.Sprintf("the job has not ended within %s: %s", f.timeout, done))
	}
	out := &failure{err: &e, status: &status}
	if status.Succeeded+status.Failed == 0 && f.report == "" {
		e.Message = i18n.Plain(e.Message.String() + "; no store is decided, and the same command can be run again")
		return out
	}
	report := f.report
	if report == "" {
		report = status.Job + ".csv"
	}
	report, err := a.report(ctx, s, status.Job, f.encoding, report)
	if err != nil {
		e.Message = i18n.Plain(e.Message.String() + fmt.Sprintf("; and the report of what is known could not be written (%v)", err))
		return out
	}
	out.report = report
	e.Message = i18n.Plain(e.Message.String() + fmt.Sprintf("; the report of what is known is %s. The same command can be run again: it does no harm to stores"+
		" that are done", report))
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
