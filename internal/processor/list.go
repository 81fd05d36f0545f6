package processor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/trace"
	"github.com/storelink/storelink/internal/wxapi"
)

// Bounds on a list whose pages never end, or whose tokens never hold: pages in all (twenty million stores), pages beside
// one for each ten stores that the list says it has, and how often it is begun again.
const (
	maxPages   = 100_000
	sparePages = 100
	maxBegun   = job.RetryBudget
)

// list lists what is associated with a resync's target, page after page, each recorded before the next is asked for,
// and then does what the list is for.
func (p *Processor) list(l *lease, run *ledger.Run, priority job.Priority) error {
	j, listing := run.Job(), run.Listing()
	leave := func(delay time.Duration, abort string, anew bool) error {
		return p.left(l, j, func(ctx context.Context) (ledger.Progress, error) {
			return listing.Leave(ctx, delay, abort, anew)
		})
	}
	var seen laps
	for most := maxPages; ; {
		token, more := listing.Next()
		if !more {
			break
		}
		if n := listing.Pages(); n >= most {
			return leave(0, fmt.Sprintf("the list of what is associated has no end: %d pages were listed, and there is another", n),
				false)
		}
		told, f := p.page(l, j, priority, token)
		if f != nil && f.Class == job.ClassNotSent {
			l.log.Debug("not sent", "error", f.Err)
			return leave(0, "", false)
		}
		asked := time.Now()
		var state job.State
		var failures int
		err := p.patiently(l, func(ctx context.Context) (err error) {
			state, failures, err = listing.Page(ctx, told)
			return err
		})
		switch {
		case errors.Is(err, ledger.ErrLost):
			return nil
		case err != nil:
			return err
		case f == nil && state == job.Running:
			l.recorded(asked)
			if told.Total > 0 {
				most = min(maxPages, sparePages+told.Total/10)
			}
			if told.Next != "" && seen.again(told.Next) {
				return leave(0, fmt.Sprintf("the list of what is associated has no end: page %d leads back to one that came before it",
					listing.Pages()), false)
			}
			continue
		case f == nil:
			return leave(0, "", false)
		}
		// The token may have grown too old.
		stale := f.Class == job.ClassJob && f.Status == 400 && token != "" && listing.Begun() < maxBegun
		switch {
		case f.Class == job.ClassPace:
			l.recorded(asked)
		case f.Class == job.ClassJob && !stale:
			return leave(0, abortReason(f), false)
		case failures >= job.RetryBudget:
			return leave(0, fmt.Sprintf("what is associated could not be listed, %d calls were made for a page; the last: %s",
				failures, f.Error()), false)
		case f.Class == job.ClassAccount:
			return leave(0, "", false)
		default:
			return leave(jitter(min(callBackoff<<min(failures, 10), callBackoffMax)), "", stale)
		}
	}
	// This takes a while where the lists are long; the lease is renewed beside it.
	err := p.left(l, j, func(ctx context.Context) (ledger.Progress, error) { return listing.Finish(l.hard) })
	if err != nil {
		return errors.Join(err, leave(time.Second, "", false))
	}
	return nil
}

// laps finds out whether a page's token came before, by keeping one of them at a time (Brent's way to find a cycle): after
// at most three times as many pages as there are different ones.
type laps struct {
	kept        string
	since, next int // pages since it was kept, and after how many another is
}

func (l *laps) again(token string) bool {
	if token == l.kept {
		return true
	}
	if l.since++; l.since > l.next {
		l.kept, l.since, l.next = token, 0, 2*l.next+1
	}
	return false
}

// page asks for one page. A failure comes with what is to be recorded of it.
func (p *Processor) page(l *lease, j job.Job, priority job.Priority, token string) (ledger.PageTold, *wxapi.Failure) {
	limit := &ticket{limit: p.Limit(job.List, j.Target)}
	span := l.span.Call(p.Account, job.List, 0)
	page, err := p.Client.List(context.WithoutCancel(l.waiting), wxapi.ListCall{Target: j.Target, PageToken: token,
		PageSize: wxapi.MaxPageSize, Ready: p.ready(l, span, job.List, limit, priority)})
	if err == nil {
		limit.answered(page.Way, page.Elapsed)
		p.Health.Passed()
		switch {
		case len(page.StoreIDs) > wxapi.MaxPageSize:
			err = &wxapi.Failure{Class: job.ClassJob, Sent: page.Sent, RequestID: page.RequestID,
				Message: i18n.M("resync.page_too_large", "n", len(page.StoreIDs), "most", wxapi.MaxPageSize)}
		case page.NextPageToken != "" && page.NextPageToken == token:
			err = &wxapi.Failure{Class: job.ClassPassingCall, Sent: page.Sent, RequestID: page.RequestID,
				Message: i18n.M("resync.page_names_itself")}
		default:
			span.Answered(trace.Answer{Status: http.StatusOK, RequestID: page.RequestID, Sent: page.Sent})
			p.Meter.Called(Called{Operation: job.List, Interface: job.Interface(job.List, j.Target), Sent: page.Sent,
				Elapsed: page.Elapsed})
			return ledger.PageTold{StoreIDs: page.StoreIDs, Next: page.NextPageToken, Total: page.TotalCount,
				Sent: page.Sent}, nil
		}
	}
	f := failureOf(err)
	p.called(span, job.List, j.Target, f)
	told := ledger.PageTold{Sent: f.Sent, Failed: true}
	log := l.log.With("request_id", f.RequestID, "status", f.Status, "code", f.Code, "class", f.Class.String())
	if f.Status != 0 && f.Class != job.ClassPace {
		limit.answered(f.Way, f.Elapsed)
	}
	switch f.Class {
	case job.ClassNotSent:
	case job.ClassPace:
		log.Warn("rate limited by WeChat Pay", "error", f)
		if err := limit.refused(l.hard); err != nil {
			log.Warn("could not tell other workers of a refusal", "error", err)
		}
		told.Throttled = 1
	case job.ClassAccount:
		p.Health.Refused(f.Error())
	case job.ClassJob:
		p.Health.Passed()
		told.Counted = true
		log.Error("what is associated cannot be listed", "error", f)
	case job.ClassUnknownRefusal:
		p.Health.Passed() // it is WeChat Pay that refuses: that is this job's matter
		told.Counted = true
		log.Warn("a page was refused for what nobody knows and is asked for again", "error", f)
	default:
		told.Counted = p.Health.Failed(f.Error()) && f.Sent > 0
		log.Warn("a page could not be had and is asked for again", "error", f, "counted", told.Counted)
	}
	return told, f
}

// left ends a listing in the ledger and puts out what it gives.
func (p *Processor) left(l *lease, j job.Job, end func(context.Context) (ledger.Progress, error)) error {
	var progress ledger.Progress
	err := p.patiently(l, func(ctx context.Context) (err error) {
		progress, err = end(ctx)
		return err
	})
	if errors.Is(err, ledger.ErrLost) {
		return nil
	} else if err != nil {
		return err
	}
	p.remind(l, j, progress.Reminders)
	if progress.State != job.Running {
		p.stopped(l, j, progress.State)
	}
	return nil
}
