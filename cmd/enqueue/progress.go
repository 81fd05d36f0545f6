package main

import (
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// progress tells a person how a job goes: its figures through a display, and once a thing that holds it up, and why.
type progress struct {
	display display
	tongue  tongue
	meter   job.Meter

	told    string    // the obstacle that was told of last; empty if none stands
	toldAt  time.Time //
	since   time.Time // since when nothing has moved, as far as was looked
	moved   time.Time // when something was seen to move; zero if nothing was
	done    int64     // how many stores were decided, or listed, then
	phase   job.Phase // of a resync
	started bool
}

// display shows figures and sentences: a bar on a terminal, lines elsewhere.
type display interface {
	show(figures)
	note(string)
	close() // leaves nothing half shown
}

// figures are what is shown of a job.
type figures struct {
	done, total, failed int64
	rate                float64       // stores a second, lately; 0 if nothing moves
	left                time.Duration // below 0 if it cannot be told
	held                i18n.Message  // a word for what holds the job up; mostly none
}

// When a job that does not move is worth a word, and how long the same word lasts.
const (
	obstacleAfter = time.Second
	obstacleAgain = time.Minute
)

// look takes a look at the job as it is now.
func (p *progress) look(s job.Status, now time.Time) {
	done, total, listing := s.Succeeded+s.Failed, s.Total, i18n.Message{}
	if r := s.Resync; r != nil && !s.State.Ended() {
		if r.Phase != p.phase { // what is counted is something else
			if p.phase != "" {
				p.moved = now
			}
			p.phase, p.started = r.Phase, false
		}
		switch r.Phase {
		case job.PhaseList:
			done, total, listing = r.Listed, toList(s), i18n.M("cmd.listing")
		case job.PhaseVerify:
			done, total, listing = r.Listed, toList(s), i18n.M("cmd.listing_again")
		}
	} else if s.Settling != nil {
		if p.phase == "" {
			p.phase, p.started = job.PhaseVerify, false
		}
		done, total, listing = s.Settling.Listed, toList(s), i18n.M("cmd.listing_unanswered")
	}
	if p.started && done != p.done {
		p.moved = now
	}
	if !p.started || done != p.done {
		p.started, p.done, p.since = true, done, now
	}
	rate := p.meter.Look(&s, now)
	f := figures{done: done, total: total, failed: s.Failed, rate: rate, left: job.Left(done, total, rate), held: listing}
	word, why := obstacle(s)
	stands := word != "" && (s.State != job.Running || now.Sub(p.since) >= obstacleAfter)
	switch {
	case stands && (word != p.told || now.Sub(p.toldAt) >= obstacleAgain):
		p.display.note(p.tongue.in(why))
		p.told, p.toldAt = word, now
	case p.told != "" && !stands && p.moved.After(p.toldAt): // something was decided since
		p.display.note(p.tongue.say("cmd.moves_again"))
		p.told = ""
	}
	if stands {
		f.held, f.left = i18n.Term(word), -1
	}
	p.display.show(f)
}

// toList is how many stores there are to list: as WeChat Pay says, once it has said so.
func toList(s job.Status) int64 {
	listed, all, _ := s.Lists()
	switch {
	case all > 0:
	case s.Resync != nil:
		all = s.Resync.Wanted
	default:
		all = s.Total
	}
	return max(all, listed)
}

// obstacle is a term and a sentence for what keeps a job from moving; both are empty where nothing is known to.
func obstacle(s job.Status) (term string, why i18n.Message) {
	switch s.State {
	case job.Scheduled:
		when := i18n.Message{}
		if s.At != nil {
			when = i18n.M("cmd.until", "at", moment(*s.At))
		}
		return "scheduled", i18n.M("cmd.waits", "job", s.Job, "until", when, "because", because(s.Reason))
	case job.Paused:
		return "paused", i18n.M("cmd.waits_paused", "job", s.Job, "because", because(s.Reason))
	case job.Cancelling, job.Aborting:
		return string(s.State), i18n.M("cmd.finishing", "job", s.Job, "state", i18n.Term(s.State), "because", because(s.Reason))
	}
	reason := because(s.Lane.Reason)
	switch s.Lane.State {
	case job.LaneUnserved:
		return "unserved", i18n.M("cmd.waits_unserved", "account", s.Account)
	case job.LaneOutage:
		return "outage", i18n.M("cmd.waits_outage", "because", reason)
	case job.LaneRefused:
		return "refused", i18n.M("cmd.waits_refused", "account", s.Account, "because", reason)
	case job.LaneConflict:
		return "conflict", i18n.M("cmd.waits_conflict", "account", s.Account, "because", reason)
	case job.LaneThrottled:
		return "throttled", i18n.M("cmd.waits_throttled", "because", reason)
	}
	return "", i18n.Message{}
}

// figures puts them in words, but for the share that is done.
func (t tongue) figures(f figures) string {
	var b strings.Builder
	b.WriteString(t.say("cmd.progress", "done", f.done, "stores", f.total, "failed", f.failed))
	if f.rate >= 0.5 {
		b.WriteString(t.say("cmd.progress_rate", "rate", int64(f.rate+0.5)))
	}
	if f.left >= 0 && f.done < f.total {
		b.WriteString(t.say("cmd.progress_left", "span", i18n.Rough(f.left)))
	}
	if !f.held.IsZero() {
		b.WriteString(t.say("cmd.progress_held", "held", f.held))
	}
	return b.String()
}

func (f figures) percent() int64 {
	if f.total <= 0 {
		return 0
	}
	return f.done * 100 / f.total
}
