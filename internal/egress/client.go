package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// What a connection may take. The rest of an exchange is bounded by its context.
const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	maxHeader        = 64 << 10 // bytes of an answer's header
)

// DefaultHeaderTimeout is how long an answer may take to begin: one that is made up for the request may take a while.
const DefaultHeaderTimeout = time.Minute

// ClientOptions say how a client goes on.
type ClientOptions struct {
	// MaxRedirects is how many redirects are followed; one more is an error. At 0 none is followed, and the answer that
	// asks for one is given to the caller.
	MaxRedirects int
	// HeaderTimeout is how long an answer may take to begin; 0 for DefaultHeaderTimeout.
	HeaderTimeout time.Duration
}

// Client gives a client that keeps to the policy. What it refuses is a *job.Error of job.CodeUsage in its error's chain;
// the error itself shows the whole address, so callers tell Cause of it. The body of an answer is as it came: it is not
// unpacked. Nothing needs to be closed but bodies: no connection is kept.
func (p *Policy) Client(o ClientOptions) *http.Client {
	if o.HeaderTimeout <= 0 {
		o.HeaderTimeout = DefaultHeaderTimeout
	}
	return &http.Client{
		Transport: &transport{policy: p, next: &http.Transport{
			Proxy:                  nil, // one from the environment would connect in our stead, unchecked
			DialContext:            p.dial,
			TLSClientConfig:        &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    handshakeTimeout,
			ResponseHeaderTimeout:  o.HeaderTimeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true,
			DisableCompression:     true, // an unpacked answer's length could not be checked
			ForceAttemptHTTP2:      false,
		}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if o.MaxRedirects == 0 {
				return http.ErrUseLastResponse
			}
			if len(via) > o.MaxRedirects {
				return refuse("address.many_redirects", "most", o.MaxRedirects)
			}
			req.Header.Del("Referer") // it has the query of the address that redirects
			return nil
		},
	}
}

// transport checks each request of a client, the first and those of redirects.
type transport struct {
	policy *Policy
	next   http.RoundTripper
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.policy.check(req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper must; nothing was read from it
		}
		if req.Response != nil { // this is a redirect
			err = refuse("address.redirect", "error", err)
		}
		return nil, err
	}
	return t.next.RoundTrip(req)
}

// dial connects, and checks the very address that it is about to connect to.
func (p *Policy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{
		Timeout:  dialTimeout,
		Resolver: p.resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return refuse("address.bad_lookup", "host", name)
			}
			if err := p.checkAddress(at.Addr()); err != nil {
				return refuse("address.leads", "host", name, "error", err)
			}
			return nil
		},
	}
	return d.DialContext(ctx, network, address)
}

// Cause says why an exchange failed, so that it can be shown: without any of the address but its host. Where it was
// refused, that is the *job.Error of it; otherwise said is the reason, with what caused it, as far as that can be
// shown; passing says that it may go well another time.
func Cause(err error) (said i18n.Message, cause error, passing bool) {
	var refused *job.Error
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var op *net.OpError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &refused):
		return refused.Message, refused, false
	case errors.Is(err, context.Canceled):
		return i18n.M("address.not_waited"), context.Canceled, true
	case errors.As(err, &lookup):
		return i18n.M("address.no_host", "error", lookup.Err), lookup, true
	case errors.As(err, &certificate):
		return i18n.M("address.certificate", "error", certificate.Err), certificate, true
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return i18n.M("address.no_tls"), nil, true
	case errors.As(err, &alert):
		return i18n.M("address.tls_alert", "error", alert), alert, true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return i18n.M("address.slow"), context.DeadlineExceeded, true
	case errors.As(err, &op):
		return i18n.M("address.unreachable", "error", op.Err), op, true
	}
	return i18n.M("address.broke_off"), nil, true
}
