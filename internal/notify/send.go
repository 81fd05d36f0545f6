package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// DefaultTimeout bounds one attempt as a whole.
const DefaultTimeout = 10 * time.Second

// The bounds.
const (
	maxAnswer     = 64 << 10 // bytes of a robot's answer; what a JSON hook answers is not read
	maxRetryAfter = time.Hour
	maxSaid       = 200 // characters of a robot's words that are told
)

// Options are what a Sender may be told. The zero value is good.
type Options struct {
	Named   map[string]Hook  // the hooks that have a name
	Timeout time.Duration    // of one attempt as a whole; 0 for DefaultTimeout
	Clock   func() time.Time // nil for time.Now
}

// Sender sends events. It is safe for use by many goroutines.
type Sender struct {
	policy  *egress.Policy
	named   map[string]Hook
	client  *http.Client
	timeout time.Duration
	clock   func() time.Time
}

// NewSender makes a Sender that sends where the policy allows it.
func NewSender(policy *egress.Policy, o Options) *Sender {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	// No redirect is followed: a hook that has moved is to be told anew, as Stripe has it too.
	client := policy.Client(egress.ClientOptions{MaxRedirects: 0, HeaderTimeout: o.Timeout})
	return &Sender{policy: policy, named: o.Named, client: client, timeout: o.Timeout, clock: o.Clock}
}

// Check refuses a hook that can be seen to be wrong without connecting to it, with a *job.Error of job.CodeUsage.
func (s *Sender) Check(address string, format Format) error {
	_, err := s.check(address, format)
	return err
}

func (s *Sender) check(address string, format Format) (*url.URL, error) {
	u, err := s.policy.Check(address)
	if err != nil {
		return nil, err
	}
	return u, checkShape(u, format)
}

// Send tells a hook of an event, once. key signs it, and is not asked for by a WeCom robot. The error is a *Failure.
func (s *Sender) Send(ctx context.Context, hook Hook, key secret.Text, event Event) error {
	if f := s.send(ctx, hook, key, event); f != nil {
		return f
	}
	return nil
}

func (s *Sender) send(ctx context.Context, hook Hook, key secret.Text, event Event) *Failure {
	if name := hook.Name; name != "" {
		var ok bool
		if hook, ok = s.named[name]; !ok { // another worker may have it, or this one soon
			return &Failure{Passing: true, Message: "no hook of the name " + name + " is configured here (notify.hooks)"}
		}
	}
	u, err := s.check(hook.URL, hook.Format)
	if err != nil {
		return &Failure{Message: "the hook is refused: " + job.AsError(err).Message.String(), Err: err}
	}
	header, body, f := s.message(hook.Format, key, event)
	if f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &Failure{Message: "the hook cannot be asked"} // err shows the address
	}
	req.Header = header
	resp, err := s.client.Do(req)
	if err != nil {
		return broken(u, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return s.judge(u, resp)
	}
	if hook.Format == WeCom {
		return s.judgeRobot(u, resp)
	}
	return nil
}

// message makes what is posted.
func (s *Sender) message(format Format, key secret.Text, event Event) (http.Header, []byte, *Failure) {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"storelink"}}
	if format == WeCom {
		content, err := robotText(event)
		if err != nil {
			return nil, nil, &Failure{Message: "the event cannot be written: " + err.Error(), Err: err}
		}
		body, err := json.Marshal(robotMessage{Type: "markdown", Markdown: robotMarkdown{Content: content}})
		if err != nil {
			return nil, nil, &Failure{Message: "the event cannot be written: " + err.Error(), Err: err}
		}
		return header, body, nil
	}
	if key.Empty() {
		err := job.Errorf(job.CodeBadConfig, "no secret is configured to sign notifications with")
		return nil, nil, &Failure{Message: err.Message.String(), Err: err}
	}
	body, err := json.Marshal(event)
	if err != nil {
		return nil, nil, &Failure{Message: "the event cannot be written: " + err.Error(), Err: err}
	}
	header.Set(EventIDHeader, event.ID)
	header.Set(SignatureHeader, Sign(key, body, s.clock()))
	return header, body, nil
}

// broken is an exchange that came to no answer.
func broken(u *url.URL, err error) *Failure {
	said, cause, passing := egress.Cause(err)
	return &Failure{Passing: passing, Message: "the hook at " + u.Host + " was not told: " + said.String(), Err: cause}
}

// judge is an answer that does not take the event.
func (s *Sender) judge(u *url.URL, resp *http.Response) *Failure {
	f := &Failure{Status: resp.StatusCode, Message: fmt.Sprintf("the hook at %s does not take the event (HTTP %d)", u.Host, resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		f.Passing = true
		f.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), s.clock())
	case code/100 == 3:
		f.Message = fmt.Sprintf("the hook at %s redirects (HTTP %d), which is not followed: give the address that it leads to", u.Host, code)
	}
	return f
}

// retryAfter reads a Retry-After header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// judgeRobot reads what a WeCom robot says of a message.
func (s *Sender) judgeRobot(u *url.URL, resp *http.Response) *Failure {
	passing := func(why string) *Failure {
		return &Failure{Passing: true, Status: resp.StatusCode, Message: "the WeCom robot at " + u.Host + " " + why}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		f := broken(u, err)
		f.Status = resp.StatusCode
		return f
	}
	var answer struct {
		Code *int   `json:"errcode"`
		Text string `json:"errmsg"`
	}
	switch err := json.Unmarshal(body, &answer); {
	case len(body) > maxAnswer:
		return passing("answers with more than it should: it cannot be told whether it took the event")
	case (err != nil || answer.Code == nil) && !isRobot(u):
		return nil // a relay answers as it likes, and has said HTTP 2xx
	case err != nil || answer.Code == nil:
		return passing("answers with something else than an errcode: it cannot be told whether it took the event")
	case *answer.Code == 0:
		return nil
	}
	code := *answer.Code
	f := &Failure{Status: resp.StatusCode, Code: code,
		Message: fmt.Sprintf("the WeCom robot at %s does not take the event (errcode %d: %s)", u.Host, code, said(answer.Text, u))}
	f.Passing, f.RetryAfter = robotPasses(code)
	return f
}

// AsFailure gives the Failure in err's chain, or nil.
func AsFailure(err error) *Failure {
	var f *Failure
	errors.As(err, &f)
	return f
}
