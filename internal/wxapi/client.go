package wxapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Client makes one account's calls. It is safe for use by many goroutines.
type Client struct {
	config     Config
	authorizer *authorizer
	checker    *checker
	hosts      *hosts
	codes      storeCodes

	mu      sync.Mutex
	strange string       // the serial number last logged as not ours
	unknown atomic.Int64 // answers that came under such keys
}

// New checks the configuration whole and makes a client; it opens no connection. Its errors are *job.Error of
// CodeBadConfig and name the configuration's keys.
func New(config Config) (*Client, error) {
	return newClient(config, newTransport((&net.Dialer{}).DialContext))
}

func newClient(config Config, transport *http.Transport) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	codes, err := newStoreCodes(config.PassingCodes, config.AlreadyCodes)
	if err != nil {
		return nil, err
	}
	c := &Client{config: config, authorizer: newAuthorizer(&config), checker: newChecker(config.AnswerKeys, config.Replays),
		codes: codes, hosts: &hosts{clock: config.Clock}}
	if c.hosts.first, err = newPool("base_url", config.BaseURL, transport, &config); err != nil {
		return nil, err
	}
	if config.SpareURL != "" {
		if c.hosts.spare, err = newPool("spare_url", config.SpareURL, transport, &config); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close closes the connections that wait for a call, and those in use when their call has ended.
func (c *Client) Close() {
	c.hosts.first.close()
	if c.hosts.spare != nil {
		c.hosts.spare.close()
	}
}

// String names the account and no key.
func (c *Client) String() string { return c.config.String() }

// GoString is String: %#v would print what the client is made of.
func (c *Client) GoString() string { return "wxapi.Client{" + c.config.String() + "}" }

// Do makes one call that names stores, such as associate-stores (partner/4015781302 and its siblings). The error is always
// a *Failure. A call that could never be right (no stores, more than job.MaxStoresPerCall, another brand's target) is
// not sent and is of ClassJob.
//
// ctx stops the waiting: for a connection and for the pace. One that ends while the call is in flight cuts it off, and
// nobody knows then whether it was carried out; the time of a call in flight is bounded by Config.CallTimeout.
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	if err := c.checkCall(call); err != nil {
		return nil, &Failure{Class: job.ClassJob, Index: -1, Message: i18n.Of(err), Err: err}
	}
	brand := call.Target.BrandID
	if c.config.Mode == job.Brand {
		brand = "" // known from the signature, and refused in the body
	}
	x := &exchange{client: c, ctx: ctx, ready: call.Ready, request: &request{
		method: http.MethodPost,
		path:   storesPath(c.config.Mode, call.Operation, call.Target),
		body:   storesBody(brand, call.StoreIDs),
	}}
	x.run()
	if f := c.judge(x, call.StoreIDs); f != nil {
		return nil, f
	}
	answer, err := c.readStores(x.reply.body, call.StoreIDs)
	if err != nil {
		return nil, x.finish(malformed(err))
	}
	answer.RequestID, answer.Sent, answer.Elapsed, answer.Way = requestID(x.reply.header), x.sent, x.elapsed, x.way
	return answer, nil
}

// ListCall asks for one page of the stores that are associated with a stock (partner/4015781546).
type ListCall struct {
	Target    job.Target // a stock; WeChat Pay has no list for stock bundles
	PageToken string     // of the page before; empty for the first
	PageSize  int        // 1 to MaxPageSize; 0 is WeChat Pay's own default, 20

	Ready func(context.Context) error // as in Call
}

// MaxPageSize is how many stores one page of a list may have (partner/4015781546).
const MaxPageSize = 200

// ListPage is a verified page.
type ListPage struct {
	StoreIDs      []string
	TotalCount    int
	NextPageToken string // empty on the last page

	RequestID string
	Sent      int
	Elapsed   time.Duration
	Way       Way
}

// List asks for one page. The error is always a *Failure, never of ClassStore or ClassPoisoned.
func (c *Client) List(ctx context.Context, call ListCall) (*ListPage, error) {
	err := c.checkTarget(call.Target)
	switch {
	case err != nil:
	case call.Target.StockBundleID != "":
		err = i18n.E("wxapi.list_of_bundle")
	case call.PageSize < 0 || call.PageSize > MaxPageSize:
		err = i18n.E("wxapi.page_size", "n", call.PageSize, "most", MaxPageSize)
	}
	if err != nil {
		return nil, &Failure{Class: job.ClassJob, Index: -1, Message: i18n.Of(err), Err: err}
	}
	x := &exchange{client: c, ctx: ctx, ready: call.Ready,
		request: &request{method: http.MethodGet, path: listPath(c.config.Mode, call)}}
	x.run()
	if f := c.judge(x, nil); f != nil {
		if f.Class == job.ClassPoisoned { // no store is in the request, so it is the request
			f.Class = job.ClassJob
		}
		return nil, f
	}
	page, err := readPage(x.reply.body)
	if err != nil {
		return nil, x.finish(malformed(err))
	}
	page.RequestID, page.Sent, page.Elapsed, page.Way = requestID(x.reply.header), x.sent, x.elapsed, x.way
	return page, nil
}

// checkCall says why a call could never be right. It also keeps anything but IDs out of path, query and body.
func (c *Client) checkCall(call Call) error {
	if _, ok := verbs[call.Operation]; !ok {
		return i18n.E("wxapi.no_write", "operation", string(call.Operation))
	}
	if n := len(call.StoreIDs); n < 1 || n > job.MaxStoresPerCall {
		return i18n.E("wxapi.call_size", "n", n, "most", job.MaxStoresPerCall)
	}
	for _, id := range call.StoreIDs {
		if !job.ValidID(id) {
			return i18n.E("wxapi.no_store_id", "id", cut(id, maxCode))
		}
	}
	return c.checkTarget(call.Target)
}

func (c *Client) checkTarget(t job.Target) error {
	if err := t.Validate(c.config.Mode); err != nil {
		return err
	}
	if c.config.Mode == job.Brand && t.BrandID != "" && t.BrandID != c.config.Identity {
		return i18n.E("wxapi.other_brand", "own", c.config.Identity, "brand", t.BrandID)
	}
	return nil
}

// hostFailed and hostAnswered keep account of which host to try first, and tell when that changes.
func (c *Client) hostFailed(host *pool, err error) {
	if c.hosts.failed(host) && host == c.hosts.first {
		c.config.Logger.Warn("the first host fails; calls go to the spare host first", "host", host.name.String(),
			"spare", c.hosts.spare.name.String(), "error", err.Error())
	}
}

func (c *Client) hostAnswered(host *pool) {
	if c.hosts.answered(host) {
		c.config.Logger.Info("the first host answers again", "host", host.name.String())
	}
}

// note logs what came of a call; at debug level, since its caller tells what matters.
func (c *Client) note(x *exchange, f *Failure) {
	level := slog.LevelDebug
	if !c.config.Logger.Enabled(x.ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("method", x.method), slog.String("path", x.path), slog.Int("sent", x.sent),
		slog.Duration("elapsed", x.elapsed)}
	if x.reply != nil {
		attrs = append(attrs, slog.Int("status", x.reply.status), slog.String("request_id", requestID(x.reply.header)))
	}
	if f != nil {
		attrs = append(attrs, slog.String("class", f.Class.String()), slog.String("failure", f.Error()))
	}
	c.config.Logger.LogAttrs(x.ctx, level, "call", attrs...)
}

// noteStrange logs once that answers come under a key that this account does not hold.
func (c *Client) noteStrange(serial, requestID string) {
	c.unknown.Add(1)
	c.mu.Lock()
	known := c.strange == serial
	c.strange = serial
	c.mu.Unlock()
	if !known {
		c.config.Logger.Error("WeChat Pay's answers are signed under a key that this account does not hold",
			"seen", serial, "held", c.checker.held, "request_id", requestID)
	}
}
