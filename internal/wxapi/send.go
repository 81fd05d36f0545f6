package wxapi

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/version"
)

// maxBody bounds an answer's body, in bytes. Two hundred stores with a code and a sentence each are a tenth of it.
const maxBody = 1 << 20

// send puts the request on a connection and reads the answer. A connection that took not a byte of the request, since
// the other side had given it up, is replaced by a new one, once: nothing was sent, so the pace is not asked again.
func (x *exchange) send(host *pool, cn *conn) (*reply, error) {
	ctx, cancel := context.WithTimeout(x.ctx, x.client.config.CallTimeout)
	defer cancel()
	for first := true; ; first = false {
		before := cn.wire.written.Load()
		cn.wire.began()
		res, err := cn.RoundTrip(x.newRequest(ctx, host))
		x.way = cn.wire.way()
		if err == nil {
			x.sent++
			rep, err := read(host, cn, res)
			if err != nil {
				x.unknown = true
				err = x.interrupted(ctx, host, i18n.E("wxapi.unreadable", "host", host.name, "error", err))
			}
			return rep, err
		}
		cn.Close()
		if cn.wire.written.Load() == before {
			if first && ctx.Err() == nil {
				host.flush()
				if cn, err = host.get(ctx); err == nil {
					continue
				}
			}
			return nil, x.interrupted(ctx, host, x.unreached(host, err))
		}
		x.sent++
		x.unknown = true
		if !cn.used && x.ctx.Err() == nil { // one that had been used before may only have been idle for too long
			x.client.hostFailed(host, err)
		}
		return nil, x.interrupted(ctx, host, &hostError{i18n.M("wxapi.cut", "host", host.name, "error", err), err})
	}
}

// interrupted tells a time-out, and the caller's own stop, from a failure of the host.
func (x *exchange) interrupted(ctx context.Context, host *pool, otherwise error) error {
	switch {
	case x.ctx.Err() != nil:
		return i18n.E("wxapi.stopped_waiting", "host", host.name, "error", x.ctx.Err())
	case ctx.Err() != nil:
		x.client.hostFailed(host, ctx.Err())
		return i18n.E("wxapi.no_answer", "host", host.name, "within", x.client.config.CallTimeout, "error", ctx.Err())
	}
	return otherwise
}

// newRequest makes the HTTP request. It is made by hand, and not by http.NewRequest, which would parse the URL anew
// for every call.
func (x *exchange) newRequest(ctx context.Context, host *pool) *http.Request {
	path, query, _ := strings.Cut(x.path, "?")
	header := make(http.Header, 8)
	header["Authorization"] = []string{x.auth}
	header["Accept"] = []string{"application/json"}
	header["Accept-Encoding"] = []string{"identity"}
	header["User-Agent"] = []string{version.UserAgent()} // WeChat Pay refuses requests without one
	header[headerSerial] = []string{x.client.checker.announced}
	r := &http.Request{
		Method: x.method, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Host: host.url.Host,
		URL: &url.URL{Scheme: host.url.Scheme, Host: host.url.Host, Path: path, RawQuery: query},
	}
	if x.body != "" {
		header["Content-Type"] = []string{"application/json"}
		r.Body = io.NopCloser(strings.NewReader(x.body))
		r.ContentLength = int64(len(x.body))
	}
	return r.WithContext(ctx)
}

// read takes an answer in, wholly, so that the connection can carry the next call, and gives the connection back. The
// reply has at least its status and headers.
func read(host *pool, cn *conn, res *http.Response) (*reply, error) {
	body, err := readBody(res)
	res.Body.Close()
	if err != nil || res.Close {
		cn.Close()
	} else {
		cn.used = true
		host.put(cn)
	}
	return &reply{status: res.StatusCode, header: res.Header, body: body}, err
}

func readBody(res *http.Response) ([]byte, error) {
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, i18n.E("wxapi.packed", "encoding", cut(encoding, 20))
	}
	if res.ContentLength > maxBody {
		return nil, errTooLong
	}
	size := res.ContentLength
	if size < 0 {
		size = 8 << 10
	}
	// One byte more than the body, so that its end is met without growing.
	body := make([]byte, 0, size+1)
	for {
		n, err := res.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, errTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// errTooLong is an answer beyond maxBody.
var errTooLong = i18n.E("wxapi.too_long")
