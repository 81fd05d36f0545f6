// Package testkit holds what tests and the bench put around a program: a network that is slow, a clock that is wrong. It
// must never be part of a program that is shipped.
package testkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Link is a way to a TCP server, on an address of its own, that takes time: what is sent comes through in order, each
// byte as much later as the way was long when it set out. All of its methods may be called at any time.
type Link struct {
	listener    net.Listener
	target      string
	there, back atomic.Int64 // in ns

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // every goroutine

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// NewLink makes a way to a server at target (host:port), without delay until SetRTT or SetDelays.
func NewLink(target string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a link cannot listen: %w", err)
	}
	l := &Link{listener: listener, target: target, conns: make(map[net.Conn]bool)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.wg.Go(l.accept)
	return l, nil
}

// Addr is where clients find it.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// SetRTT has a round trip take d more than it does, one half each way, for what is sent from now on.
func (l *Link) SetRTT(d time.Duration) { l.SetDelays(d/2, d-d/2) }

// SetDelays is SetRTT for a way that is not as long there as it is back.
func (l *Link) SetDelays(there, back time.Duration) {
	l.there.Store(int64(there))
	l.back.Store(int64(back))
}

// Cut closes all connections that there are; new ones are taken.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close() // its pipes notice
	}
}

// Close ends the link and its connections, and waits for them.
func (l *Link) Close() error {
	l.cancel()
	err := l.listener.Close()
	l.Cut()
	l.wg.Wait()
	return err
}

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.wg.Go(func() { l.join(client) })
	}
}

// join connects a client to the server until both directions have ended.
func (l *Link) join(client net.Conn) {
	var d net.Dialer
	server, err := d.DialContext(l.ctx, "tcp", l.target)
	if err != nil {
		_ = client.Close() // the server is away: so is its link
		return
	}
	if !l.keep(client, server) {
		return
	}
	defer l.forget(client, server)
	ctx, cut := context.WithCancel(l.ctx) // cut: what is on its way is lost
	defer cut()
	var both sync.WaitGroup
	both.Go(func() { pipe(ctx, cut, server, client, &l.there) })
	both.Go(func() { pipe(ctx, cut, client, server, &l.back) })
	both.Wait()
}

func (l *Link) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
		if l.ctx.Err() != nil {
			_ = c.Close() // Close has been called, and may not have seen it
		}
	}
	return l.ctx.Err() == nil
}

func (l *Link) forget(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
		_ = c.Close() // both directions have ended
	}
}

// parcel is something on its way.
type parcel struct {
	data []byte
	due  time.Time
}

// parcels is how many may be on their way in one direction of a connection; a sender of more waits.
const parcels = 4096

// pipe brings what one side sends to the other, and its end too.
func pipe(ctx context.Context, cut func(), to, from net.Conn, delay *atomic.Int64) {
	way := make(chan parcel, parcels)
	var delivered sync.WaitGroup
	delivered.Go(func() {
		if err := deliver(ctx, to, way); err != nil {
			_, _ = to.Close(), from.Close() // nobody is there any more
		}
		for range way { // the sender is not left standing
		}
	})
	for {
		data := make([]byte, 16<<10)
		n, err := from.Read(data)
		if n > 0 {
			way <- parcel{data[:n:n], time.Now().Add(time.Duration(delay.Load()))}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				cut()
				_ = to.Close() // a reset is passed on at once
			}
			break
		}
	}
	close(way)
	delivered.Wait()
}

// deliver writes each parcel when it is due and those before it have been written, and after the last one the end.
func deliver(ctx context.Context, to net.Conn, way <-chan parcel) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p := range way {
		if d := time.Until(p.due); d > 0 {
			timer.Reset(d)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if _, err := to.Write(p.data); err != nil {
			return err
		}
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return nil
}
