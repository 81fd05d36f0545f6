package main

import (
	"context"
	"errors"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// How a job is followed.
const (
	lookEvery = 150 * time.Millisecond // so that a bar moves
	patience  = 30 * time.Second       // how long Redis may be away before a command that waits gives up
)

// follow looks at a job until it has ended.
type follow struct {
	ledger  *ledger.Ledger
	id      string
	every   time.Duration // between two looks
	timeout time.Duration // 0 for none
	began   time.Time     // when the waiting began; now where zero
	tongue  tongue        // of notes

	show func(job.Status)       // told of every look but the last
	note func(string)           // told what a person should know
	halt func(job.Status) error // says that waiting makes no sense; may be nil
}

// to follows the job to its end and gives its last status. With an error the status is the last that was seen:
// CodeTimeout, CodeInterrupted, CodeRedis where Redis was away for too long, or what halt gave.
func (f *follow) to(ctx context.Context) (job.Status, error) {
	var deadline <-chan time.Time
	if f.timeout > 0 {
		left := f.timeout
		if !f.began.IsZero() {
			left -= time.Since(f.began)
		}
		t := time.NewTimer(left)
		defer t.Stop()
		deadline = t.C
	}
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	var last job.Status
	var away time.Time // since when Redis does not answer
	for {
		status, err := f.ledger.Status(ctx, f.id)
		switch {
		case err == nil:
			if !away.IsZero() {
				f.note(f.tongue.say("cmd.redis_answers_again"))
				away = time.Time{}
			}
			last = status
			if status.State.Ended() {
				return status, nil
			}
			f.show(status)
			if f.halt != nil {
				if err := f.halt(status); err != nil {
					return status, err
				}
			}
		case ctx.Err() != nil: // told below
		case job.AsError(err).Code == job.CodeUnknownJob: // it was there: whoever follows has seen it
			return last, f.gone()
		case !passing(err):
			return last, err
		case away.IsZero():
			away = time.Now()
			f.note(f.tongue.say("cmd.redis_still_trying", "error", err))
		case time.Since(away) > patience:
			return last, f.failed(job.CodeRedis, "cmd.redis_away_for", "span", i18n.Rough(time.Since(away)), "error", err,
				"job", f.id)
		}
		select {
		case <-ctx.Done():
			return last, f.interrupted()
		case <-deadline:
			return last, f.expired(last)
		case <-tick.C:
		}
	}
}

// gone is the error of a job that was there.
func (f *follow) gone() error {
	return f.failed(job.CodeRedis, "cmd.redis_job_gone", "job", f.id)
}

// interrupted is the error of a person who does not wait for the end.
func (f *follow) interrupted() error {
	return f.failed(job.CodeInterrupted, "cmd.interrupted_job", "job", f.id)
}

// expired is the error of a job that takes too long.
func (f *follow) expired(last job.Status) error {
	return f.failed(job.CodeTimeout, "cmd.not_ended_within", "job", f.id, "timeout", f.timeout, "so_far", soFar(last))
}

// soFar is how far a job is.
func soFar(s job.Status) i18n.Message {
	if listed, _, lists := s.Lists(); lists {
		return i18n.M("cmd.listed_so_far", "done", listed, "stores", toList(s))
	}
	return i18n.M("cmd.done_so_far", "done", s.Succeeded+s.Failed, "stores", s.Total)
}

func (f *follow) failed(code, message string, args ...any) error {
	e := job.Fail(code, message, args...)
	e.Job = f.id
	return e
}

// passing says whether an error may be gone at the next look.
func passing(err error) bool {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return e.Code == job.CodeRedis
	}
	return errors.Is(err, context.DeadlineExceeded)
}
