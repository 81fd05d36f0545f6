package processor_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi"
)

func ruleLimit() *wxapi.Failure {
	return &wxapi.Failure{Class: job.ClassUnknownRefusal, Status: http.StatusBadRequest, Code: "RULE_LIMIT", Message: i18n.Plain("the rule forbids it"),
		RequestID: "08F0-1", Sent: 1, Index: -1}
}

// refuser refuses every call, and is a lane's health, which it is told is good.
type refuser struct{ calls, passed, failed int }

func (r *refuser) Do(ctx context.Context, c wxapi.Call) (*wxapi.Answer, error) {
	if err := c.Ready(ctx); err != nil {
		return nil, &wxapi.Failure{Class: job.ClassNotSent, Err: err}
	}
	r.calls++
	return nil, ruleLimit()
}

func (r *refuser) List(context.Context, wxapi.ListCall) (*wxapi.ListPage, error) {
	return nil, ruleLimit()
}

func (r *refuser) Passed()            { r.passed++ }
func (r *refuser) Refused(string)     {}
func (r *refuser) Failed(string) bool { r.failed++; return true }

func TestJobThatIsRefusedForWhatNobodyKnowsIsAbortedAndItsLaneIsWell(t *testing.T) {
	t.Parallel()
	o := open(t, redistest.Mini(t), nil)
	r := &refuser{}
	o.p = processor.New(processor.Config{Account: "acme", Ledger: o.ledger, Queue: o, Client: r, Health: r,
		Limit: func(op job.Operation, _ job.Target) processor.RateLimit { return allowance{o, op} }})
	ctx := t.Context()
	j := job.Job{ID: job.NewID(time.Now()), Operation: job.Associate, Account: "acme", ChunkSize: 2, Priority: job.Default,
		Target: job.Target{BrandID: "1", ProductCouponID: "2", StockID: "3"}, CreatedAt: time.Now()}
	s, err := o.ledger.Stage(ctx, j)
	if err == nil {
		err = s.Add(ctx, []string{"1", "2"})
	}
	if err == nil {
		err = s.Add(ctx, []string{"3"})
	}
	if err == nil {
		o.queue, err = s.Commit(ctx, 0, 0)
	}
	for err == nil && len(o.queue) > 0 {
		next := o.queue[0]
		o.queue = o.queue[1:]
		err = o.p.Process(ctx, ctx, next, job.Default)
	}
	if err != nil {
		t.Fatal(err)
	}
	status, err := o.ledger.Status(ctx, j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if status.State != job.Aborted || status.Unprocessed != 3 || r.calls != 8 || r.failed != 0 || r.passed != 8 ||
		!strings.Contains(status.Reason, "RULE_LIMIT: the rule forbids it (Request-Id 08F0-1)") {
		t.Errorf("%d calls, %d passed, %d failed: %+v", r.calls, r.passed, r.failed, status)
	}
}
