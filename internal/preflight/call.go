package preflight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
)

// callTries is how often the call is made where its answer cannot be believed: WeChat Pay makes wrong signatures on
// purpose now and then, but hardly three in a row.
const callTries = 3

// callPatience is how long all of it may take: the waiting for the pace, and three calls.
const callPatience = time.Minute

// call asks for one store of a stock's list: the one call that changes nothing, signed and checked as all others.
func (l *look) call(ctx context.Context) {
	if l.Target == (job.Target{}) || l.Wrong != nil || len(l.accounts) != 1 {
		return // what is wrong was told
	}
	a := l.accounts[0]
	accounts, err := worker.Accounts([]config.Account{a}, slog.New(slog.DiscardHandler))
	if err != nil {
		return // so was this
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	subject := a.Name + ", stock " + l.Target.StockID
	slot := l.slots(accounts[0])
	defer slot.close()
	var f *wxapi.Failure
	for range callTries {
		start := time.Now()
		page, err := accounts[0].Client.List(ctx, wxapi.ListCall{Target: l.Target, PageSize: 1, Ready: slot.ready})
		slot.tell(ctx, page, err)
		if err == nil {
			l.ok(CheckCall, subject,
				fmt.Sprintf("WeChat Pay answers in %d ms, and its signature holds: %d stores are associated",
					time.Since(start).Milliseconds(), page.TotalCount))
			return
		}
		if !errors.As(err, &f) || !f.Unproven {
			break
		}
	}
	if f == nil || f.Class == job.ClassNotSent { // told to stop, or the pace could not be asked
		l.failPassing(CheckCall, subject, CodeUnreachable, "the call was not made: "+notMade(f))
		return
	}
	l.callFailed(a, subject, f)
}

func notMade(f *wxapi.Failure) string {
	if f == nil {
		return "it was stopped"
	}
	return f.Message.String()
}

// slots are the account's own rate limit, where Redis is there to ask: the call is counted with those of the workers, who
// hear of a 429 too.
type slots struct {
	limit  processor.RateLimit // nil for none
	permit processor.Permit    // of the call that is made
	close  func()
}

func (l *look) slots(a worker.Account) *slots {
	s := &slots{close: func() {}}
	if l.rdb != nil && a.Rate > 0 {
		s.limit, s.close = worker.OpenLimit(l.rdb, a, job.List, l.Target)
	}
	return s
}

func (s *slots) ready(ctx context.Context) (err error) {
	if s.limit != nil {
		s.permit, err = s.limit.Wait(ctx, 0)
	}
	return err
}

// tell tells the rate limit what became of the call.
func (s *slots) tell(ctx context.Context, page *wxapi.ListPage, err error) {
	f := (*wxapi.Failure)(nil)
	switch {
	case s.permit == nil:
	case err == nil:
		s.permit.Answered(page.Way, page.Elapsed)
	case errors.As(err, &f) && f.Class == job.ClassPace:
		_ = s.permit.Refused(ctx) // the check says that the call was refused
	case f != nil && f.Status != 0:
		s.permit.Answered(f.Way, f.Elapsed)
	}
	s.permit = nil
}

// callFailed tells why the call failed and what to do, by the catalogue where it knows the code.
func (l *look) callFailed(a config.Account, subject string, f *wxapi.Failure) {
	r := Result{Check: CheckCall, Subject: subject, Level: Fail, Code: f.Code, Message: f.Error()}
	if f.RequestID != "" {
		r.Message += " (Request-Id " + f.RequestID + ")"
	}
	switch {
	case f.Unproven:
		r.Code = CodeWrongAnswerKey
		r.Message = fmt.Sprintf("%s; three times in a row: see that wechatpay_public_key and its ID are those that the "+
			"merchant "+
			"platform shows for %s", f.Message.String(), a.Identity())
	case f.Class == job.ClassPace:
		r.Level = Warn
		r.Message += ": keys and signature are good, and the pace is used up at the moment"
	case f.Class == job.ClassPassingCall && f.Code == "" && f.Status != 0 && f.Status < 500:
		r.Code = CodeNotAnAPI
		r.Message += ": what answers is not WeChat Pay; see to base_url, and to proxies on the way"
	case f.Class == job.ClassPassingCall:
		r.Passing = true
		if r.Code == "" {
			r.Code = CodeUnreachable
		}
	}
	if e, ok := catalogue.Find(f.Code, f.Number); ok && f.Class != job.ClassAccount { // whose cause is in the message
		r.Message += ". " + e.Say(l.Lang)
	}
	l.tell(r)
}
