package wxapi

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/internal/i18n"
)

// idleLife is how long a connection may wait for its next call. WeChat Pay gives up what has been idle for eight seconds: a
// call must not meet a connection that the other side has just given up.
const idleLife = 7 * time.Second

// bufferSize holds a whole request of 200 stores, headers included, so that it leaves in one write.
const bufferSize = 16 << 10

// maxHeaders bounds an answer's headers, in bytes.
const maxHeaders = 64 << 10

// pool keeps the connections to one host.
//
// It stands on http.ClientConn, and not on http.Transport's own pool, for three reasons that all come from the pace: a
// connection is made before the pace is asked, so that no slot is wasted on a host that cannot be reached, nor used
// late; a request that was not put on the wire is told from one that may have been; and nothing is sent again behind
// our back. For the same reasons it speaks HTTP/1.1 only: a few long-lived connections carry twenty calls a second,
// and a cut one takes a single call with it.
type pool struct {
	name      i18n.Message // of the host, for messages, and of the proxy on the way there
	url       *url.URL
	address   string // host:port
	transport *http.Transport
	timeout   time.Duration
	most      int // idle connections kept

	mu     sync.Mutex
	idle   []*conn     // the most recently used last
	timer  *time.Timer // closes what has been idle for too long; nil while nothing is
	closed bool
}

// conn is one connection of a pool, used by one call at a time.
type conn struct {
	*http.ClientConn
	wire  *wire
	used  bool      // it has carried a call before
	since time.Time // when it became idle
}

// wire counts what is written to a connection: the one sure sign of whether a request may have been seen.
type wire struct {
	net.Conn
	written atomic.Int64              // bytes
	first   atomic.Pointer[time.Time] // when the first of the last request's left
}

func (w *wire) Write(p []byte) (int, error) {
	w.left()
	n, err := w.Conn.Write(p)
	w.written.Add(int64(n))
	return n, err
}

// wireKey is the context key under which dial finds the place for the connection that it makes.
type wireKey struct{}

// newTransport makes connections for both hosts; its own pool is not used. Proxies come from the environment, as
// everywhere in Go; a proxy sees no more than the host's name, and none is asked for this very machine.
func newTransport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			w := &wire{Conn: c}
			if place, ok := ctx.Value(wireKey{}).(**wire); ok {
				*place = w
			}
			return w, nil
		},
		// An answer's signature is over its body, so it is asked for as it was signed.
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
		WriteBufferSize:        bufferSize,
		ReadBufferSize:         bufferSize,
		Protocols:              new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(true)
	return transport
}

// newPool makes the pool of the host that the configuration's key name gives.
func newPool(name, host string, transport *http.Transport, c *Config) (*pool, error) {
	u, err := parseHost(name, host)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	shown := i18n.Plain(u.Host)
	if via := proxyOf(transport.Proxy, u); via != "" {
		shown = i18n.M("wxapi.host_via_proxy", "host", u.Host, "proxy", via)
	}
	return &pool{name: shown, url: u, address: net.JoinHostPort(u.Hostname(), port), transport: transport,
		timeout: c.ConnectTimeout, most: c.Concurrency}, nil
}

// get gives a connection that is ready to carry a call: the one used last, or a new one.
func (p *pool) get(ctx context.Context) (*conn, error) {
	if c := p.take(); c != nil {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var w *wire
	cc, err := p.transport.NewClientConn(context.WithValue(ctx, wireKey{}, &w), p.url.Scheme, p.address)
	if err != nil {
		return nil, err
	}
	return &conn{ClientConn: cc, wire: w}, nil
}

// take gives an idle connection, or nil. Those that the other side has closed are dropped on the way.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle[len(p.idle)-1] = nil
		p.idle = p.idle[:len(p.idle)-1]
		if c.usable() {
			return c
		}
		c.Close()
	}
	return nil
}

// usable says whether a connection can carry a call, as far as this side knows.
func (c *conn) usable() bool {
	return c.Available() == 1 && (c.since.IsZero() || time.Since(c.since) < idleLife)
}

// put takes a connection back for the next call, or closes it.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.since = time.Now()
	if p.closed || len(p.idle) >= p.most || !c.usable() {
		c.Close()
		return
	}
	p.idle = append(p.idle, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(idleLife, p.sweep)
	}
}

// sweep closes what has been idle for too long, and comes again while anything is left.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = nil
	kept := p.idle[:0]
	for _, c := range p.idle {
		if c.usable() {
			kept = append(kept, c)
		} else {
			c.Close()
		}
	}
	clear(p.idle[len(kept):])
	p.idle = kept
	if len(kept) > 0 {
		p.timer = time.AfterFunc(idleLife-time.Since(kept[0].since), p.sweep)
	}
}

// flush closes the idle connections: one of them turned out to be dead, so the others may be.
func (p *pool) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	clear(p.idle)
	p.idle = p.idle[:0]
}

// close closes the idle connections now, and those in use when their call has ended.
func (p *pool) close() {
	p.flush()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
