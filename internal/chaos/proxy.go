package chaos

import (
	"net"
	"sync"
	"time"
)

// proxy stands between the workers and a server, and can be cut, slowed, and made to swallow what goes through it. Servers
// of the same deployment pass undisturbed.
type proxy struct {
	addr, to string
	ln       net.Listener
	all      sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]*way
	cut   bool
	over  bool          // nobody is let through any more
	deaf  bool          // new connections are taken and never answered
	far   time.Duration // one way, for good
	delay time.Duration // one way, for now
}

// way is a connection from one side to the other.
type way struct {
	clients bool // it is a worker's, not a server's
	deaf    bool // what comes is read and dropped, on both sides, for ever
}

func startProxy(to string) (*proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{addr: ln.Addr().String(), to: to, ln: ln, conns: map[net.Conn]*way{}}
	p.all.Go(p.accept)
	return p, nil
}

func (p *proxy) accept() {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return // closed
		}
		p.all.Go(func() { p.join(in) })
	}
}

func (p *proxy) join(in net.Conn) {
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = in.Close()
		return
	}
	host, _, _ := net.SplitHostPort(in.RemoteAddr().String())
	w := &way{clients: host != infrastructure}
	if !p.keep(w, in, out) {
		_, _ = in.Close(), out.Close()
		return
	}
	p.all.Go(func() { p.copy(w, out, in) })
	p.copy(w, in, out)
}

// keep notes a pair of connections, unless all are cut.
func (p *proxy) keep(w *way, conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.cut && w.clients {
		return false
	}
	w.deaf = p.deaf && w.clients
	for _, c := range conns {
		p.conns[c] = w
	}
	return true
}

// parcel is something on its way; due is when it arrives.
type parcel struct {
	data []byte
	due  time.Time
}

// copy brings what comes from one side to the other, in order, each piece as much later as the way is long.
func (p *proxy) copy(w *way, to, from net.Conn) {
	under := make(chan parcel, 1024)
	var delivered sync.WaitGroup
	delivered.Go(func() {
		for one := range under {
			if d := time.Until(one.due); d > 0 {
				time.Sleep(d)
			}
			if _, err := to.Write(one.data); err != nil {
				_ = from.Close() // the reader ends, and closes under
			}
		}
	})
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			if delay, deaf := p.treats(w); !deaf {
				under <- parcel{append([]byte(nil), b[:n]...), time.Now().Add(delay)}
			}
		}
		if err != nil {
			break
		}
	}
	close(under)
	delivered.Wait()
	_, _ = to.Close(), from.Close()
	p.mu.Lock()
	delete(p.conns, to)
	delete(p.conns, from)
	p.mu.Unlock()
}

func (p *proxy) treats(w *way) (delay time.Duration, deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !w.clients {
		return 0, false
	}
	return p.far + p.delay, w.deaf
}

// sever cuts all workers' connections and takes no new ones.
func (p *proxy) sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	p.closeAll(true)
}

func (p *proxy) closeAll(clients bool) {
	for c, w := range p.conns {
		if w.clients || !clients {
			_ = c.Close()
		}
	}
}

// swallow drops what comes over all workers' connections from now on, those that come later too, and closes none of them.
func (p *proxy) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
	for _, w := range p.conns {
		w.deaf = w.clients
	}
}

// slow delays everything of the workers', each way, until mend.
func (p *proxy) slow(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

// stretch makes a round trip take so long for good.
func (p *proxy) stretch(rtt time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.far = rtt / 2
}

// mend ends what ends. What was swallowed stays so: its connections are dead, and nobody says so.
func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.deaf, p.delay = false, false, 0
}

func (p *proxy) close() {
	_ = p.ln.Close()
	p.mu.Lock()
	p.over = true
	p.closeAll(false)
	p.mu.Unlock()
	p.all.Wait()
}
