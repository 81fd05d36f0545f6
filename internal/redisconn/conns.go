package redisconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conns are the connections of one client, pools and subscriptions alike, so that all which lead to the wrong server can be
// ended at once: behind a fixed address, or with a master that another has replaced, one answer tells of all of them.
type conns struct {
	count *Connections

	mu  sync.Mutex
	all map[*conn]struct{}
}

// Connections counts the connections of a client: of its pools, and those that listen.
type Connections struct {
	Open    atomic.Int64
	Opened  atomic.Int64 // so far
	Dropped atomic.Int64 // of them, those that led to a server that another has replaced
}

// conn is a connection that can be retired: it takes no more commands, and whoever has one for it gets another connection.
type conn struct {
	net.Conn
	of      *conns
	addr    string // as it was dialled
	retired atomic.Bool
	asks    atomic.Bool // the last that was written subscribes
}

// errRetired ends what goes over a retired connection. It is an end of file, so that the client takes another connection.
var errRetired = fmt.Errorf("the connection led to a Redis that another has replaced: %w", io.EOF)

func newConns(count *Connections) *conns {
	if count == nil {
		count = new(Connections)
	}
	return &conns{count: count, all: map[*conn]struct{}{}}
}

func (s *conns) add(raw net.Conn, addr string) *conn {
	c := &conn{Conn: raw, of: s, addr: addr}
	s.mu.Lock()
	s.all[c] = struct{}{}
	s.mu.Unlock()
	s.count.Open.Add(1)
	s.count.Opened.Add(1)
	return c
}

// retire lets no more commands over the connections to addresses that are picked; answers that are under way still come.
func (s *conns) retire(picked func(addr string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.all {
		if picked(c.addr) && !c.retired.Swap(true) {
			s.count.Dropped.Add(1)
		}
	}
}

// cut ends the connections to addresses that are picked, with whatever is under way on them.
func (s *conns) cut(picked func(addr string) bool) {
	s.mu.Lock()
	var found []*conn
	for c := range s.all {
		if picked(c.addr) {
			if !c.retired.Swap(true) {
				s.count.Dropped.Add(1)
			}
			found = append(found, c)
		}
	}
	s.mu.Unlock()
	for _, c := range found {
		_ = c.Conn.Close() // what waits on it is told
	}
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	if c.retired.Load() {
		return 0, errRetired
	}
	c.asks.Store(bytes.Contains(bytes.ToLower(p[:min(len(p), subscribeWithin)]), []byte("subscribe\r\n")))
	return c.Conn.Write(p)
}

// subscribeWithin is where in what is written the word must stand: behind *N, $N and perhaps a p.
const subscribeWithin = 32

// Read implements net.Conn. A subscription that Redis refuses is of no use to anybody, and asynq forgets to close it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.retired.Load() && !errors.Is(err, io.EOF) {
		err = errRetired
	}
	if n > 0 && c.asks.Load() && bytes.HasPrefix(p[:n], []byte("-NOPERM")) {
		c.retired.Store(true)
		_ = c.Close() // what it said is in p
	}
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.of.mu.Lock()
	_, open := c.of.all[c]
	delete(c.of.all, c)
	c.of.mu.Unlock()
	if open {
		c.of.count.Open.Add(-1)
	}
	return c.Conn.Close()
}

// SyscallConn is by what the client's pool looks whether an idle connection is still good: a retired one is not.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if c.retired.Load() {
		return nil, errRetired
	}
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return unseen{}, nil // of one with TLS nothing can be seen from outside
}

// unseen is a connection of which nothing can be told without reading it.
type unseen struct{}

func (unseen) Control(func(uintptr)) error    { return nil }
func (unseen) Read(func(uintptr) bool) error  { return nil }
func (unseen) Write(func(uintptr) bool) error { return nil }

// keepAlive finds a connection whose other end is gone without a word.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// dial connects; with TLS, where there is a configuration for it.
func dial(ctx context.Context, network, addr string, secure *tls.Config, patience time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d := &net.Dialer{KeepAliveConfig: keepAlive}
	if secure == nil {
		return d.DialContext(ctx, network, addr)
	}
	return (&tls.Dialer{NetDialer: d, Config: secure}).DialContext(ctx, network, addr)
}
