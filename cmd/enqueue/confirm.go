package main

import (
	"context"
	"io"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// asks says whether there is a person to be asked before stores are taken away: one who types at a terminal and looks at one.
func (a *app) asks(yes bool) bool {
	return !yes && !a.json && a.errors.Terminal && terminal.Typed(a.in)
}

// confirm asks a question on standard error, and gives an error of job.CodeUsage unless the answer is yes; stays says what is as it
// was then.
func (a *app) confirm(ctx context.Context, question string, stays i18n.Message) error {
	t := a.tongue(a.errors)
	_, _ = io.WriteString(a.err, printable(question)+t.say("cmd.yes_no"))
	answer, err := a.answer(ctx)
	if err != nil {
		_, _ = io.WriteString(a.err, "\n")
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return nil
	}
	return job.Fail(job.CodeUsage, "cmd.not_confirmed", "stays", stays)
}

// answer reads the line that a person types, until ctx ends. The read under way then is left to end with the process.
func (a *app) answer(ctx context.Context) (string, error) {
	typed := make(chan string, 1)
	go func() { // nothing can call a read from a terminal off
		var line []byte
		var c [1]byte
		for len(line) < 1<<10 {
			n, err := a.in.Read(c[:])
			if n > 0 && c[0] != '\n' && c[0] != '\r' {
				line = append(line, c[0])
			} else if n > 0 || err != nil {
				break
			}
		}
		typed <- string(line)
	}()
	select {
	case line := <-typed:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// takesAway is the question before a job that takes stores from its target; empty for all others.
func (t tongue) takesAway(j job.Job, list *list) string {
	reading := list.read()
	switch {
	case j.Operation == job.Disassociate:
		return t.reading(&reading) + t.say("cmd.ask_disassociate", "stores", list.stats.IDs, "target", about(j.Target))
	case j.Operation == job.Resync && j.Resync.Prune && !j.Resync.DryRun:
		return t.reading(&reading) + t.say("cmd.ask_prune", "target", about(j.Target), "stores", list.stats.IDs, "most",
			mostPruned(j.Resync))
	}
	return ""
}

// sureOf asks before a job or batch is cancelled.
func (a *app) sureOf(ctx context.Context, s job.Status) error {
	t := a.tongue(a.errors)
	what := aboutJob(s)
	if s.Targets > 0 {
		what = i18n.M("cmd.targets", "targets", s.Targets)
	}
	return a.confirm(ctx, t.say("cmd.ask_cancel", "job", s.Job, "operation", i18n.Term(s.Operation), "what", what, "stores",
		s.Total, "done", s.Succeeded+s.Failed), i18n.M("cmd.job_goes_on", "job", s.Job))
}
