package wxapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"

	"github.com/storelink/storelink/internal/job"
)

// NewWithDial makes a client over a network of the test's own.
func NewWithDial(config Config, dial func(context.Context, string, string) (net.Conn, error)) (*Client, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	transport := newTransport(dial)
	c.hosts.first.transport = transport
	if c.hosts.spare != nil {
		c.hosts.spare.transport = transport
	}
	return c, nil
}

// NewWithProxy makes a client whose calls take a proxy.
func NewWithProxy(config Config, proxy *url.URL) (*Client, error) {
	transport := newTransport((&net.Dialer{}).DialContext)
	transport.Proxy = http.ProxyURL(proxy)
	return newClient(config, transport)
}

// Trust makes the client take certificates that roots has signed.
func (c *Client) Trust(roots *x509.CertPool) {
	c.hosts.first.transport.TLSClientConfig = &tls.Config{RootCAs: roots}
}

// Judge says what an answer means, without a network.
func (c *Client) Judge(status int, h http.Header, body []byte, ids []string) (*Answer, *Failure) {
	x := &exchange{client: c, ctx: context.Background(), request: &request{}, sent: 1,
		reply: &reply{status: status, header: h, body: body}}
	if f := c.judge(x, ids); f != nil {
		return nil, f
	}
	a, err := c.readStores(body, ids)
	if err != nil {
		return nil, x.finish(malformed(err))
	}
	return a, nil
}

// ReadStores reads a body as that of a verified 200.
func (c *Client) ReadStores(body []byte, ids []string) (*Answer, error) {
	return c.readStores(body, ids)
}

// Valid says whether the decoder takes b for JSON.
func Valid(b []byte) bool {
	d := decoder{b: b}
	return d.skip(0) && d.end()
}

// Rules calls f with each row of the table.
func Rules(f func(status int, code, number string, class job.Class)) {
	for _, r := range rules {
		f(r.status, r.code, r.number, r.class)
	}
}

// Authorize signs a request of the given body.
func (c *Client) Authorize(ctx context.Context, body string) (string, error) {
	return c.authorizer.authorize(ctx, &request{method: "POST", path: "/v3/x", body: body}, c.config.Clock())
}
