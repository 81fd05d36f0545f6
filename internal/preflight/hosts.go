package preflight

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/version"
	"github.com/storelink/storelink/internal/wxapi"
)

// WeChat Pay refuses a call whose time is more than five minutes from its own (brand/4015736339), and its answers' time
// is held against this machine's the same way. A clock that is off by less is on its way there.
const (
	maxSkew  = 5 * time.Minute
	fineSkew = 30 * time.Second
)

// hosts tries each host that accounts lead to, once. The Date of its answer tells how right this machine's clock is.
func (l *look) hosts(ctx context.Context) {
	type site struct {
		url   string
		spare bool
	}
	seen := map[string]bool{}
	for _, a := range l.accounts {
		for _, s := range []site{{a.BaseURL, false}, {a.SpareURL, true}} {
			if s.url == "" || seen[s.url] {
				continue
			}
			seen[s.url] = true
			l.host(ctx, s.url, s.spare, a.ConnectTimeout, a.CallTimeout)
		}
	}
}

// host asks a host for nothing in particular, as the calls would: unsigned, so that it is no call.
func (l *look) host(ctx context.Context, site string, spare bool, connect, whole time.Duration) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request,
		[]*http.Request) error {
		return http.ErrUseLastResponse
	}}
	ctx, cancel := context.WithTimeout(ctx, min(whole, 2*connect))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, site+"/", nil)
	if err != nil {
		l.fail(CheckWeChatPay, site, CodeBadConfig, "this is no URL: write https://HOST")
		return
	}
	req.Header.Set("User-Agent", version.UserAgent())
	req.Header.Set("Accept", "application/json")
	began, start := l.Now(), time.Now()
	res, err := client.Do(req)
	took := time.Since(start)
	via := ""
	if proxy := wxapi.Proxy(site); proxy != "" {
		via = ", through the proxy " + proxy + " that the environment names (HTTPS_PROXY)"
	}
	if err != nil {
		code, message, passing := unreached(err)
		if via != "" {
			message += "; it was asked" + strings.TrimPrefix(via, ",") + ": see to that first, or except the host by NO_PROXY"
		}
		if spare {
			l.warn(CheckWeChatPay, site, code, "the spare host cannot be used where the first one fails: "+message)
			return
		}
		l.tell(Result{Check: CheckWeChatPay, Subject: site, Level: Fail, Code: code, Message: message, Passing: passing})
		return
	}
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // whatever it is
	res.Body.Close()
	l.ok(CheckWeChatPay, site, fmt.Sprintf("it answers in %d ms%s", took.Milliseconds(), via))
	told, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil || spare && l.compared {
		return
	}
	l.compared = true
	// Date has no fractions of a second: it is of the second that was half over, on average, half of the way back.
	l.skew("WeChat Pay's", site, began.Add(took/2).Sub(told.Add(time.Second/2)), true)
}

// unreached says why a host was not reached.
func unreached(err error) (code, message string, passing bool) {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case unknownHost(err):
		return CodeUnknownHost,
			"there is no host of that name: see to base_url or spare_url, and to this machine's name servers", false
	case errors.As(err, &certificate):
		return CodeUntrusted, "its TLS certificate is not good for it (" + certificate.Err.Error() +
			"): see to base_url, to this machine's clock and authorities (ca-certificates), and to proxies on the way", false
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return CodeUntrusted, "it does not speak TLS: https or its port is wrong in base_url or spare_url", false
	case errors.Is(err, context.DeadlineExceeded):
		return CodeUnreachable, "it does not answer in time: see to firewall, proxy (HTTPS_PROXY) and network", true
	case errors.As(err, &op):
		return CodeUnreachable, "it cannot be reached (" + op.Err.Error() +
			"): see to firewall, proxy (HTTPS_PROXY) and network", true
	}
	return CodeUnreachable, "it cannot be reached (" + err.Error() + ")", true
}

// skew tells how far this machine's clock is ahead of another (negative: behind), whose word counts if it is WeChat
// Pay's.
func (l *look) skew(whose, subject string, ahead time.Duration, counts bool) {
	off, side := ahead, "ahead of"
	if off < 0 {
		off, side = -off, "behind"
	}
	shown := off.Round(time.Second)
	switch {
	case off > maxSkew && counts:
		l.fail(CheckClock, subject, CodeClock,
			fmt.Sprintf("this machine's clock is %v %s %s, which refuses calls that are more than "+
				"5 minutes off: set it right, and keep it so (timedatectl set-ntp true)", shown, side, whose))
	case off > fineSkew && counts:
		l.warn(CheckClock, subject, CodeClock,
			fmt.Sprintf("this machine's clock is %v %s %s, and at 5 minutes calls are refused: "+
				"set it right, and keep it so (timedatectl set-ntp true)", shown, side, whose))
	case off > fineSkew:
		l.warn(CheckClock, subject, CodeClock,
			fmt.Sprintf("this machine's clock is %v %s %s: one of them is wrong; set both right, "+
				"and keep them so (timedatectl set-ntp true)", shown, side, whose))
	default:
		l.ok(CheckClock, subject, fmt.Sprintf("this machine's clock is within %v of %s", max(time.Second, shown), whose))
	}
}

// clock compares this machine's clock with Redis', and says where it could not be compared with WeChat Pay's.
func (l *look) clock(ctx context.Context) {
	if l.rdb != nil {
		ctx, cancel := context.WithTimeout(ctx, redisPatience)
		defer cancel()
		began := l.Now()
		if told, err := l.rdb.Time(ctx).Result(); err == nil { // a Redis that does not tell its time was told of above
			took := l.Now().Sub(began)
			l.skew("Redis'", "Redis", began.Add(took/2).Sub(told), false)
		}
	}
	if !l.compared && len(l.accounts) > 0 {
		l.warn(CheckClock, "", CodeClockUnknown,
			"this machine's clock could not be compared with WeChat Pay's, which refuses calls "+
				"that are more than 5 minutes off: see that it is kept right (timedatectl)")
	}
}

// unknownHost says whether a name leads nowhere, which no patience mends.
func unknownHost(err error) bool {
	var lookup *net.DNSError
	var address *net.AddrError // a name that nobody may be asked for has no address
	return errors.As(err, &lookup) && lookup.IsNotFound || errors.As(err, &address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
