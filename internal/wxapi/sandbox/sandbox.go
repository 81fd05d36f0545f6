// Package sandbox stands in for WeChat Pay: the ten product-coupon store endpoints, as strict as docs/wechatpay.md says
// WeChat Pay is, with a signature checked on every call and put on every answer. It keeps the truth (which stores are
// associated with what) for tests to compare with, and misbehaves by seed where it is told to.
//
// It is the only thing that checks this project's fidelity to the API, so it must never accept what the documentation
// says is refused, never learn from the client that it checks (of wxapi it uses the wire types alone), and never be
// reachable from another machine unless that was asked for: its debugging endpoints under /sandbox/ need no signature.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// DefaultRate is how many calls WeChat Pay accepts in any second, for each identity and interface (partner/4015781302).
const DefaultRate = 20

// NoRate, as Options.Rate, lets every call through.
const NoRate = -1

// Options say what a sandbox is like. The zero value is WeChat Pay as documented, on a good day.
type Options struct {
	// Accounts are the identities that may call. Empty means DefaultAccounts.
	Accounts []Account

	// Keys are the RSA keys; those that are nil are made anew. Making four takes some 200 ms on two cores, so a test
	// binary that starts many sandboxes makes them once with GenerateKeys.
	Keys Keys

	// Rate is how many calls are accepted in any sliding second, for each account and interface: 0 means DefaultRate,
	// NoRate (or anything below 0) no limit.
	Rate int

	// CountRefused makes calls that were refused with 429 count towards the window as well, so that a caller who
	// hammers stays shut out. Nobody has documented whether they do; unset, they do not.
	CountRefused bool

	// Faults are those in force from the start; SetFaults changes them.
	Faults Faults

	// AllowRemote lets Start listen on an address that is no loopback address.
	AllowRemote bool

	// KeepArrivals is how many of the latest arrivals Arrivals can tell; 0 keeps none. Each costs some 64 bytes.
	KeepArrivals int

	// Now is the clock; nil means time.Now. Waits (latency, jitter) always take real time.
	Now func() time.Time

	// Log gets a line, at level debug, for every answer that is no 200. Nil means none.
	Log *slog.Logger
}

// Sandbox is one stand-in for WeChat Pay. All of its methods may be called at any time, by many at once.
type Sandbox struct {
	rate         int
	countRefused bool
	allowRemote  bool
	now          func() time.Time
	log          *slog.Logger

	accounts []*account
	byCaller map[caller]*account
	keys     [3]AnswerKey // first, second, platform

	plan     atomic.Pointer[plan]
	changing sync.Mutex    // held while the plan is replaced
	dialled  atomic.Uint64 // connections: the number that a connection's jitter is drawn with
	calls    atomic.Uint64 // admitted calls: the number that a call's faults are drawn with
	answers  atomic.Uint64 // signed answers: their Request-Id, and which key is due
	truth    truth
	stats    stats
	arrivals arrivalLog
	scratch  sync.Pool // of *scratch

	mu      sync.Mutex
	running *running
}

// caller is how a call names who makes it.
type caller struct {
	mode     job.Mode
	identity string
}

// New makes a sandbox. It serves nothing until Start is called or its Handler is used.
func New(o Options) (*Sandbox, error) {
	if err := o.Keys.Complete(); err != nil {
		return nil, err
	}
	s := &Sandbox{
		rate: o.Rate, countRefused: o.CountRefused, allowRemote: o.AllowRemote, now: o.Now, log: o.Log,
		byCaller: make(map[caller]*account),
		arrivals: arrivalLog{keep: o.KeepArrivals},
		scratch:  sync.Pool{New: func() any { return new(scratch) }},
	}
	switch {
	case s.rate == 0:
		s.rate = DefaultRate
	case s.rate < 0:
		s.rate = 0
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.keys, err = answerKeys(o.Keys); err != nil {
		return nil, err
	}
	if len(o.Accounts) == 0 {
		o.Accounts = DefaultAccounts()
	}
	for _, a := range o.Accounts {
		if err := s.addAccount(a, o.Keys); err != nil {
			return nil, err
		}
	}
	if err := s.SetFaults(o.Faults); err != nil {
		return nil, err
	}
	return s, nil
}

// running is one life of the server, between Start and Close.
type running struct {
	server  *http.Server
	closing chan struct{} // closed when Close begins: waits end early, hanging calls are cut
	served  chan error    // what Serve returned
}

// Start listens on addr ("127.0.0.1:0", and the same for "") and serves in the background until Close. It gives the
// base URL. After Close it may be called again, on the same address too: what happened before is remembered.
func (s *Sandbox) Start(addr string) (string, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if !s.allowRemote && !IsLoopback(addr) {
		return "", job.Errorf(job.CodeUsage,
			"the sandbox does not listen on %s: it is no loopback address, and its debugging endpoints are open", addr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return "", job.Errorf(job.CodeInternal, "the sandbox is listening already")
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", job.Errorf(job.CodeIO, "the sandbox cannot listen on %s: %w", addr, err)
	}
	r := &running{closing: make(chan struct{}), served: make(chan error, 1)}
	r.server = &http.Server{
		Handler:           s.handler(r.closing),
		ConnContext:       s.numberConnection,
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.running = r
	go func() { r.served <- r.server.Serve(listener) }()
	return "http://" + reachable(listener.Addr()), nil
}

// connectionNumber is the key of a connection's number in the contexts of its requests.
type connectionNumber struct{}

func (s *Sandbox) numberConnection(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionNumber{}, s.dialled.Add(1))
}

// connectionOf is the number of a request's connection, 0 without a listener.
func connectionOf(r *http.Request) uint64 {
	n, _ := r.Context().Value(connectionNumber{}).(uint64)
	return n
}

// Close stops listening, lets the calls in flight be answered without further delay, and waits for them; once ctx is
// done it cuts them. A sandbox that is not listening closes at once.
func (s *Sandbox) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running
	if r == nil {
		return nil
	}
	s.running = nil
	close(r.closing)
	err := r.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("closing the sandbox: %w", err), r.server.Close())
	}
	if served := <-r.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serving: %w", served))
	}
	return err
}

// Handler serves the endpoints and /sandbox/ without a listener of the sandbox's own, for httptest. It panics with
// http.ErrAbortHandler where it cuts a connection, as net/http has it.
func (s *Sandbox) Handler() http.Handler { return s.handler(nil) }

// IsLoopback says whether a listening address ("127.0.0.1:8080", "[::1]:0", "localhost:0") is reached from this
// machine alone. An address without a host is not.
func IsLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// reachable is the address to dial for a listener's: one that listens everywhere is dialled on loopback.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}).String()
}
