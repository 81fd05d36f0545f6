package processor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/wxapi"
)

// Backoff of a chunk whose call failed in passing, before jitter: doubled with every call that counted.
const (
	callBackoff    = 500 * time.Millisecond
	callBackoffMax = 15 * time.Second
	quickBackoff   = time.Second // where nothing counted: the breaker decides when calls go out again
)

// urgency orders those who wait for a slot.
var urgency = map[job.Priority]int{job.High: 0, job.Default: 1, job.Low: 2}

// call makes one call and says what it told.
func (p *Processor) call(l *lease, j job.Job, op job.Operation, priority job.Priority, ids []string,
	attempts int) ledger.Told {
	limit := &ticket{limit: p.Limit(op, j.Target)}
	if p.calls != nil {
		select {
		case p.calls <- struct{}{}:
			defer func() { <-p.calls }()
		case <-l.waiting.Done():
			return ledger.Told{Release: true}
		}
	}
	span := l.span.Call(p.Account, op, len(ids))
	answer, err := p.Client.Do(context.WithoutCancel(l.waiting), wxapi.Call{
		Operation: op,
		Target:    j.Target,
		StoreIDs:  ids,
		Ready:     p.ready(l, span, op, limit, priority),
	})
	if err != nil {
		f := failureOf(err)
		p.called(span, op, j.Target, f)
		return p.failure(l, limit, attempts, f)
	}
	span.Answered(trace.Answer{Status: http.StatusOK, RequestID: answer.RequestID, Sent: answer.Sent})
	p.Meter.Called(Called{Operation: op, Interface: job.Interface(op, j.Target), Sent: answer.Sent,
		Elapsed: answer.Elapsed})
	limit.answered(answer.Way, answer.Elapsed)
	p.Health.Passed()
	told := ledger.Told{RequestID: answer.RequestID, Sent: answer.Sent, Answered: true, Succeeded: answer.Succeeded,
		Unanswered: answer.Sent > 1}
	for _, f := range answer.Failed {
		s := ledger.StoreTold{At: f.Index, Code: f.Code, Message: f.Message}
		if f.Class == job.ClassPassingStore {
			told.Passing = append(told.Passing, s)
		} else {
			told.Failed = append(told.Failed, s)
		}
	}
	for _, at := range answer.Missing {
		told.Passing = append(told.Passing, ledger.StoreTold{At: at, Code: job.Unreported,
			Message: i18n.M("store.unreported").String()})
	}
	return told
}

// ticket is a call's part in the rate limit.
type ticket struct {
	limit  RateLimit
	permit Permit // of the latest request; nil before the first
}

func (t *ticket) answered(way wxapi.Way, elapsed time.Duration) {
	if t.permit != nil {
		t.permit.Answered(way, elapsed)
	}
}

func (t *ticket) refused(ctx context.Context) error {
	if t.permit == nil {
		return nil
	}
	return t.permit.Refused(ctx)
}

// ready waits for a slot, and says whether a call may still be made then.
func (p *Processor) ready(l *lease, call *trace.Span, op job.Operation, limit *ticket,
	priority job.Priority) func(context.Context) error {
	return func(context.Context) error {
		asked, span := time.Now(), call.Start("rate limit wait")
		permit, err := limit.limit.Wait(l.waiting, urgency[priority])
		if span.End(nil); err != nil {
			return err
		}
		limit.permit = permit
		p.Meter.Waited(op, time.Since(asked))
		if err := context.Cause(l.waiting); err != nil {
			return err
		}
		if !l.valid() {
			return errExpired
		}
		return nil
	}
}

// failureOf gives a call's error as what it is.
func failureOf(err error) *wxapi.Failure {
	f := (*wxapi.Failure)(nil)
	if !errors.As(err, &f) {
		f = &wxapi.Failure{Class: job.ClassPassingCall, Message: i18n.Of(err), Index: -1, Err: err}
	}
	return f
}

// called tells the meter, and the trace, of a call without an answer.
func (p *Processor) called(span *trace.Span, op job.Operation, t job.Target, f *wxapi.Failure) {
	span.Answered(trace.Answer{Class: f.Class, Code: f.Code, RequestID: f.RequestID, Status: f.Status, Sent: f.Sent})
	if f.Class == job.ClassNotSent {
		return
	}
	p.Meter.Called(Called{Operation: op, Interface: job.Interface(op, t), Class: f.Class, Code: f.Code, Sent: f.Sent,
		Elapsed: f.Elapsed})
}

// failure says what a call without an answer told.
func (p *Processor) failure(l *lease, limit *ticket, attempts int, f *wxapi.Failure) ledger.Told {
	log := l.log.With("request_id", f.RequestID, "status", f.Status, "code", f.Code, "class", f.Class.String())
	told := ledger.Told{RequestID: f.RequestID, Sent: f.Sent, Unanswered: f.Unanswered}
	store := &ledger.StoreTold{Code: f.Code, Message: f.Message.String()}
	if f.Status != 0 && f.Class != job.ClassPace {
		limit.answered(f.Way, f.Elapsed)
	}
	switch f.Class {
	case job.ClassNotSent:
		log.Debug("not sent", "error", f.Err)
		told.Release = true
	case job.ClassPace:
		log.Warn("rate limited by WeChat Pay", "error", f)
		if err := limit.refused(l.hard); err != nil {
			log.Warn("could not tell other workers of a refusal", "error", err)
		}
		told.Throttled = 1
	case job.ClassPoisoned:
		p.Health.Passed()
		if f.Index >= 0 {
			store.At = f.Index
			told.Failed, told.Named = []ledger.StoreTold{*store}, true
		} else {
			told.Refused = store
		}
		log.Warn("a call was refused for one store", "error", f, "named", told.Named)
	case job.ClassJob:
		p.Health.Passed()
		log.Error("the job is hopeless", "error", f)
		told.Abort = abortReason(f)
	case job.ClassUnknownRefusal:
		p.Health.Passed() // it is WeChat Pay that refuses
		log.Warn("a call was refused for what nobody knows", "error", f)
		told.Whole, told.Unknown = store, abortReason(f)
		told.Release, told.Delay = true, jitter(callBackoff)
	case job.ClassAccount:
		p.Health.Refused(f.Error())
		told.Release = true
	default:
		told.Whole = store
		told.Counted = p.Health.Failed(f.Error()) && f.Sent > 0
		told.Release, told.Delay = true, jitter(quickBackoff)
		if told.Counted {
			told.Delay = jitter(min(callBackoff<<min(attempts, 10), callBackoffMax))
		}
		log.Warn("a call failed and is made again", "error", f, "in", told.Delay, "counted", told.Counted)
	}
	return told
}

// abortReason is what an aborted job's status shows.
func abortReason(f *wxapi.Failure) string {
	s := f.Error()
	if f.RequestID != "" {
		s += " (Request-Id " + f.RequestID + ")"
	}
	return s
}
