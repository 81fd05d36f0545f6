package processor_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi"
)

// pager is a WeChat Pay whose list is as a test wants it. Each call for stores succeeds, but for those of unanswered.
type pager struct {
	list func(token string) (*wxapi.ListPage, error)

	lists, writes int
	unanswered    map[string]bool // stores that fail after a call that went unanswered
}

func (p *pager) List(ctx context.Context, c wxapi.ListCall) (*wxapi.ListPage, error) {
	if err := c.Ready(ctx); err != nil {
		return nil, &wxapi.Failure{Class: job.ClassNotSent, Err: err}
	}
	p.lists++
	page, err := p.list(c.PageToken)
	if page != nil {
		page.Sent = 1
	}
	return page, err
}

func (p *pager) Do(ctx context.Context, c wxapi.Call) (*wxapi.Answer, error) {
	if err := c.Ready(ctx); err != nil {
		return nil, &wxapi.Failure{Class: job.ClassNotSent, Err: err}
	}
	p.writes++
	a := &wxapi.Answer{Sent: 1}
	for i, id := range c.StoreIDs {
		if p.unanswered[id] {
			a.Sent = 2
			a.Failed = append(a.Failed, wxapi.StoreFailure{Index: i, Code: "STORE_STATE_ABNORMAL", Class: job.ClassStore})
			continue
		}
		a.Succeeded = append(a.Succeeded, i)
	}
	return a, nil
}

// office is a ledger with one account's processor, and a queue that is worked off at once.
type office struct {
	*testing.T
	*pager
	ledger *ledger.Ledger
	p      *processor.Processor
	waits  map[job.Operation]int // calls by the allowance that they waited for

	mu    sync.Mutex
	queue []job.Reminder
}

func (o *office) Remind(_ context.Context, _ string, _ job.Priority, rems []job.Reminder) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, rems...)
	return nil
}

func (o *office) Passed()            {}
func (o *office) Failed(string) bool { return true }
func (o *office) Refused(string)     {}

type allowance struct {
	o  *office
	op job.Operation
}

func (a allowance) Wait(context.Context, int) (processor.Permit, error) {
	a.o.waits[a.op]++
	return a, nil
}
func (a allowance) Answered(wxapi.Way, time.Duration) {}
func (a allowance) Refused(context.Context) error     { return nil }

func open(t *testing.T, rdb *redis.Client, list func(token string) (*wxapi.ListPage, error)) *office {
	o := &office{T: t, pager: &pager{list: list}, waits: map[job.Operation]int{},
		ledger: ledger.Open(rdb, ledger.Options{})}
	o.p = processor.New(processor.Config{Account: "acme", Ledger: o.ledger, Queue: o, Client: o.pager, Health: o,
		Limit: func(op job.Operation, _ job.Target) processor.RateLimit { return allowance{o, op} }})
	return o
}

// resync runs a resync with wanted stores to its end, and gives how it ended.
func (o *office) resync(options job.ResyncOptions, wanted ...string) job.Status {
	o.Helper()
	ctx := o.Context()
	j := job.Job{ID: job.NewID(time.Now()), Operation: job.Resync, Account: "acme", ChunkSize: job.MaxStoresPerCall,
		Target: job.Target{BrandID: "1", ProductCouponID: "2", StockID: "3"}, Priority: job.Default, Resync: &options,
		CreatedAt: time.Now()}
	s, err := o.ledger.Stage(ctx, j)
	if err == nil {
		err = s.Add(ctx, wanted)
	}
	if err == nil {
		o.queue, err = s.Commit(ctx, 0, 0)
	}
	for err == nil && len(o.queue) > 0 {
		next := o.queue[0]
		o.queue = o.queue[1:]
		err = o.p.Process(ctx, ctx, next, job.Default)
	}
	var status job.Status
	if err == nil {
		status, err = o.ledger.Status(ctx, j.ID)
	}
	if err != nil {
		o.Fatal(err)
	}
	if !status.State.Ended() {
		o.Errorf("nothing is left to be done, and the job is %s: %+v", status.State, status.Resync)
	}
	return status
}

// names are n stores' IDs.
func names(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(prefix, i)
	}
	return ids
}

// paged is a list of pages, the nth of which has the token n.
func paged(total int, pages ...[]string) func(string) (*wxapi.ListPage, error) {
	return func(token string) (*wxapi.ListPage, error) {
		n, _ := strconv.Atoi(token)
		page := &wxapi.ListPage{StoreIDs: pages[n], TotalCount: total}
		if n+1 < len(pages) {
			page.NextPageToken = strconv.Itoa(n + 1)
		}
		return page, nil
	}
}

func badRequest() *wxapi.Failure {
	return &wxapi.Failure{Class: job.ClassJob, Status: http.StatusBadRequest, Code: "PARAM_ERROR", Sent: 1, Index: -1}
}

// Whatever a list does, a resync comes to its end, soon and with a reason.
func TestListWithoutEndIsGivenUp(t *testing.T) {
	t.Parallel()
	store := []string{"1"}
	for name, c := range map[string]struct {
		list   func(string) (*wxapi.ListPage, error)
		reason string
		calls  int // at most
	}{
		"its pages lead back": {func(token string) (*wxapi.ListPage, error) {
			n, _ := strconv.Atoi(token)
			return &wxapi.ListPage{StoreIDs: store, NextPageToken: strconv.Itoa(5 + (n-4)%7)}, nil
		}, "leads back to one that came before", 40},
		"a page names itself": {func(string) (*wxapi.ListPage, error) {
			return &wxapi.ListPage{StoreIDs: store, NextPageToken: "again"}, nil
		}, "names itself as the next", 12},
		"there is always another page": {func(token string) (*wxapi.ListPage, error) {
			return &wxapi.ListPage{StoreIDs: store, TotalCount: 1, NextPageToken: token + "x"}, nil
		}, "100 pages were listed, and there is another", 101},
		"no token is ever taken": {func(token string) (*wxapi.ListPage, error) {
			if token != "" {
				return nil, badRequest()
			}
			return &wxapi.ListPage{StoreIDs: store, NextPageToken: "2"}, nil
		}, "PARAM_ERROR", 20},
		"it is refused for what nobody knows": {func(string) (*wxapi.ListPage, error) { return nil, ruleLimit() }, "RULE_LIMIT", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t, redistest.Mini(t), c.list)
			s := o.resync(job.ResyncOptions{Prune: true}, "1")
			if s.State != job.Aborted || !strings.Contains(s.Reason, c.reason) || o.lists > c.calls || o.writes > 0 {
				t.Errorf("%s after %d list calls and %d others: %s", s.State, o.lists, o.writes, s.Reason)
			}
		})
	}
}

// A token that has grown too old costs the list, and no more than that.
func TestListBeginsAgainWhereItsTokenIsNotTaken(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		list, refused := paged(500, names("a", 200), names("b", 200), names("c", 100)), 0
		o := open(t, rdb, func(token string) (*wxapi.ListPage, error) {
			if token == "2" && refused < 2 {
				refused++
				return nil, badRequest()
			}
			return list(token)
		})
		s := o.resync(job.ResyncOptions{}, "a1", "new")
		if s.State != job.Completed || s.Resync.InLine != 1 || s.Resync.Missing != 1 || s.Resync.Surplus != 499 || o.lists != 9 {
			t.Errorf("%s after %d list calls: %+v", s.State, o.lists, s.Resync)
		}
	})
}

func TestListCountsEachStoreOnce(t *testing.T) {
	t.Parallel()
	twice := append(names("a", 100), names("a", 100)...)
	o := open(t, redistest.Mini(t), paged(152, twice, append(names("b", 50), "a7", "not an ID", "纸"), []string{"a1"}))
	s := o.resync(job.ResyncOptions{Prune: true, Verify: true, MaxPrunePercent: ptr(50.0)}, append(names("a", 100), "c1")...)
	if r := s.Resync; r.InLine != 100 || r.Missing != 1 || r.Surplus != 50 || r.Strange != 2 || s.Total != 51 {
		t.Errorf("%+v, %+v", s, r)
	}
	if o.waits[job.List] != o.lists || o.waits[job.Associate] != 1 || o.waits[job.Disassociate] != 1 || o.lists != 6 {
		t.Errorf("%d list calls; the allowances used are %v", o.lists, o.waits)
	}
}

func ptr[T any](v T) *T { return &v }

// A list that changes while it is asked for may lack stores: it is asked for once more, and where it does not hold still
// at all, that it lacks a store settles and contradicts nothing.
func TestListThatDoesNotHoldStillProvesNoAbsence(t *testing.T) {
	t.Parallel()
	for name, steady := range map[string]bool{"holds still the second time": true, "never holds still": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o *office
			var rounds int
			before := paged(400, names("a", 200), names("b", 200))
			o = open(t, redistest.Mini(t), func(token string) (*wxapi.ListPage, error) {
				if o.writes == 0 {
					return before(token)
				}
				if token == "" {
					rounds++
				}
				total := 200
				if !steady || rounds == 1 {
					total++ // a store that is on none of the pages
				}
				return paged(total, names("a", 190), append(names("n", 9), "b0"))(token)
			})
			o.unanswered = map[string]bool{"n3": true, "b1": true}
			s := o.resync(job.ResyncOptions{Prune: true, Verify: true, MaxPrunePercent: ptr(60.0)},
				append(names("a", 190), names("n", 10)...)...)
			got := map[string]string{}
			for row, err := range o.ledger.Rows(t.Context(), s.Job, "") {
				if err != nil {
					t.Fatal(err)
				}
				got[row.StoreID] = strings.TrimSpace(fmt.Sprintf("%s %s", row.Outcome, row.Verified))
				if settled := row.StoreID == "n3" || row.StoreID == "b1" && steady; settled !=
					strings.Contains(row.Message, "list after the writes shows") {
					t.Errorf("store %s: %q", row.StoreID, row.Message)
				}
			}
			want := map[string]string{"n0": "succeeded confirmed", "n3": "succeeded confirmed", "n9": "succeeded contradicted",
				"b0": "succeeded contradicted", "b1": "succeeded confirmed", "b2": "succeeded confirmed"}
			contradicted, settled, failed := int64(2), int64(2), int64(0)
			if !steady {
				want["n9"], want["b1"], want["b2"] = "succeeded", "failed", "succeeded"
				contradicted, settled, failed = 1, 1, 1
			}
			for id, outcome := range want {
				if got[id] != outcome {
					t.Errorf("store %s: %s, want %s", id, got[id], outcome)
				}
			}
			r := s.Resync
			if s.State != job.Completed || r.Contradicted != contradicted || r.Settled != settled || s.Failed != failed ||
				r.Unsteady == steady || s.Total != 220 || s.Succeeded != 220-failed || rounds != 2 {
				t.Errorf("%+v, %+v", s, r)
			}
		})
	}
}
