package wxapi_test

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

const (
	first = "127.0.0.1:1001"
	spare = "127.0.0.1:1002"
)

// network is two hosts in memory, in a bubble of time of its own: what waits thirty seconds takes none.
type network struct {
	t  *testing.T
	mu sync.Mutex
	// How each host behaves: it answers with its handler, or dials to it fail with its error.
	answers map[string]handler
	refuses map[string]error
	dialled []string // hosts, in order
	asked   int      // how often the pace was asked
	open    map[net.Conn]bool
	alive   atomic.Int64 // connections that the hosts' side holds open
}

// hosts runs a test on a network whose hosts both answer, unless told otherwise.
func hosts(t *testing.T, test func(t *testing.T, n *network)) {
	t.Helper()
	t.Parallel()
	testKeys() // outside of the bubble, since others use them too
	synctest.Test(t, func(t *testing.T) {
		n := &network{t: t, answers: map[string]handler{first: succeed, spare: succeed}, refuses: map[string]error{},
			open: map[net.Conn]bool{}}
		test(t, n)
		n.cut()
	})
}

func (n *network) client(change func(*wxapi.Config)) *wxapi.Client {
	config := partner("http://" + first)
	config.SpareURL = "http://" + spare
	if change != nil {
		change(&config)
	}
	c, err := wxapi.NewWithDial(config, n.dial)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Close)
	return c
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, address)
	err := n.refuses[address]
	n.mu.Unlock()
	if errors.Is(err, errBlackHole) {
		<-ctx.Done()
		err = ctx.Err()
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	near, far := net.Pipe()
	n.mu.Lock()
	n.open[far] = true
	n.mu.Unlock()
	server := &http.Server{ConnState: func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			n.alive.Add(1)
		case http.StateClosed, http.StateHijacked:
			n.alive.Add(-1)
		}
	}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		answer := n.answers[address]
		n.mu.Unlock()
		answer(w, read(n.t, r))
	})}
	server.Serve(&oneConn{conn: far}) // ends once the one connection has its goroutine
	return near, nil
}

// errBlackHole is a host that takes packets and says nothing.
var errBlackHole = errors.New("black hole")

// oneConn is a listener that gives one connection.
type oneConn struct{ conn net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// cut closes every connection from the hosts' side, and waits until the client has seen it.
func (n *network) cut() {
	n.mu.Lock()
	for c := range n.open {
		c.Close()
	}
	clear(n.open)
	n.mu.Unlock()
	synctest.Wait()
}

func (n *network) set(host string, h handler, refuse error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuses[host] = refuse
	if h != nil {
		n.answers[host] = h
	}
}

func (n *network) dials() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dialled
	n.dialled = nil
	return d
}

// paced is a call that counts how often the pace was asked.
func (n *network) paced(count int) wxapi.Call {
	c := call(count)
	n.asked = 0
	c.Ready = func(context.Context) error { n.asked++; return nil }
	return c
}

// cutOff takes a request and closes the connection without a word.
func cutOff(w http.ResponseWriter, r *seen) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}

// silent takes a request and answers nothing until its caller has gone.
func silent(w http.ResponseWriter, r *seen) { <-r.Context().Done() }

func TestUnreachableHostSendsCallsToTheSpare(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, nil, syscall.ECONNREFUSED)
		answer, err := client.Do(t.Context(), n.paced(3))
		if err != nil || answer.Sent != 1 || len(answer.Succeeded) != 3 {
			t.Fatalf("%+v, %v", answer, err)
		}
		if n.asked != 1 {
			t.Errorf("the pace was asked %d times for one request", n.asked)
		}
		if d := n.dials(); !slices.Equal(d, []string{first, spare}) {
			t.Errorf("dialled %v", d)
		}
		n.set(first, nil, nil)
		for range 3 { // for a while the first host is left alone, though it would answer again
			if _, err := client.Do(t.Context(), call(1)); err != nil {
				t.Error(err)
			}
		}
		if d := n.dials(); len(d) != 0 {
			t.Errorf("dialled %v, want the spare's open connection to be used", d)
		}
		time.Sleep(31 * time.Second)
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if d := n.dials(); !slices.Equal(d, []string{first}) {
			t.Errorf("dialled %v after a while, want the first host again", d)
		}
	})
}

func TestOneCallTriesTheFirstHostAgain(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, nil, errBlackHole)
		for range 2 {
			start := time.Now()
			if _, err := client.Do(t.Context(), call(1)); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("a black hole was given up after %v, want 3s", took)
			}
			time.Sleep(20 * time.Second) // within the hold: the spare host at once
			start = time.Now()
			if _, err := client.Do(t.Context(), call(1)); err != nil || time.Since(start) != 0 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			time.Sleep(20 * time.Second) // the hold is over: several calls at once, one of them tries the first host
			var wg sync.WaitGroup
			n.dials()
			for range 5 {
				wg.Go(func() {
					if _, err := client.Do(t.Context(), call(1)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			tried := slices.DeleteFunc(n.dials(), func(h string) bool { return h == spare })
			if len(tried) != 1 {
				t.Errorf("%d calls tried the first host again, want 1", len(tried))
			}
			time.Sleep(31 * time.Second)
		}
	})
}

func TestNoHostReachableSendsNothing(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, nil, syscall.ECONNREFUSED)
		n.set(spare, nil, errBlackHole)
		f := fail(t, client, n.paced(1))
		if f.Class != job.ClassPassingCall || f.Sent != 0 || f.Unanswered || f.Status != 0 || f.Elapsed != 0 {
			t.Errorf("%+v", f)
		}
		if n.asked != 0 {
			t.Errorf("the pace was asked %d times for nothing", n.asked)
		}
		if !errors.Is(f, syscall.ECONNREFUSED) || !strings.Contains(f.Message.String(), first) || !strings.Contains(f.Message.String(), spare) {
			t.Errorf("message %q", f.Message)
		}
	})
}

func TestCutConnectionIsSentAgainToTheSpare(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, cutOff, nil)
		answer, err := client.Do(t.Context(), n.paced(2))
		if err != nil || answer.Sent != 2 || n.asked != 2 {
			t.Fatalf("%+v, %v; the pace asked %d times", answer, err, n.asked)
		}
		if _, err := client.Do(t.Context(), n.paced(2)); err != nil || n.asked != 1 {
			t.Errorf("%v; the next call should go to the spare host at once", err)
		}
	})
}

func TestRequestSentAgainHasANonceOfItsOwn(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		var nonces []string
		n.set(first, func(w http.ResponseWriter, r *seen) { nonces = append(nonces, r.auth["nonce_str"]); cutOff(w, r) }, nil)
		n.set(spare, func(w http.ResponseWriter, r *seen) { nonces = append(nonces, r.auth["nonce_str"]); succeed(w, r) }, nil)
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if len(nonces) != 2 || nonces[0] == nonces[1] {
			t.Errorf("nonces %v", nonces)
		}
	})
}

func TestFailingSpareGivesWayToTheFirstHost(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, nil, syscall.ECONNREFUSED)
		n.set(spare, nil, syscall.ECONNREFUSED)
		fail(t, client, call(1))
		n.set(first, nil, nil)
		n.dials()
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if d := n.dials(); !slices.Equal(d, []string{first}) {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestConnectionOfACallThatWasStoppedIsKept(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		c := call(1)
		c.Ready = func(context.Context) error { return errors.New("paused") }
		for range 3 {
			fail(t, client, c)
		}
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if d := n.dials(); len(d) != 1 {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestConnectionThatWaitedLongIsReplaced(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		c := call(1)
		c.Ready = func(context.Context) error { time.Sleep(8 * time.Second); return nil }
		answer, err := client.Do(t.Context(), c)
		if err != nil || answer.Sent != 1 {
			t.Errorf("%+v, %v", answer, err)
		}
		if d := n.dials(); !slices.Equal(d, []string{first, first}) {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestHostWithAForeignCertificateIsSentNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/1.1" {
			t.Errorf("spoke %s", r.Proto)
		}
		succeed(w, read(t, r))
	}))
	var connections atomic.Int64
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	client := newClient(t, partner(server.URL))
	c := call(1)
	c.Ready = func(context.Context) error { t.Error("the pace was asked"); return nil }
	if f := fail(t, client, c); f.Class != job.ClassPassingCall || f.Sent != 0 || f.Unanswered || !strings.Contains(f.Message.String(), "x509") {
		t.Errorf("%+v", f)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client.Trust(roots)
	connections.Store(0)
	for range 3 {
		if answer, err := client.Do(t.Context(), call(200)); err != nil || answer.Sent != 1 {
			t.Errorf("%+v, %v", answer, err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("3 calls took %d connections", n)
	}
}

func TestWhatWasCutOffStaysUnknown(t *testing.T) {
	notFound := func(w http.ResponseWriter, r *seen) { reply(w, 404, `{"code":"NOT_FOUND","message":"x"}`, signing{}) }
	refused := errors.New("the job was cancelled")
	for name, tc := range map[string]struct {
		set   func(n *network)
		ready error // for the second request
		class job.Class
		sent  int
	}{
		"no spare within reach":    {func(n *network) { n.set(spare, nil, syscall.ECONNREFUSED) }, nil, job.ClassPassingCall, 1},
		"the spare cuts too":       {func(n *network) { n.set(spare, cutOff, nil) }, nil, job.ClassPassingCall, 2},
		"the spare says no":        {func(n *network) { n.set(spare, notFound, nil) }, nil, job.ClassJob, 2},
		"stopped before the spare": {func(n *network) {}, refused, job.ClassPassingCall, 1},
	} {
		t.Run(name, func(t *testing.T) {
			hosts(t, func(t *testing.T, n *network) {
				client := n.client(nil)
				n.set(first, cutOff, nil)
				tc.set(n)
				c := n.paced(1)
				c.Ready = func(context.Context) error {
					if n.asked++; n.asked == 2 {
						return tc.ready
					}
					return nil
				}
				f := fail(t, client, c)
				if f.Class != tc.class || f.Sent != tc.sent || !f.Unanswered {
					t.Errorf("%+v", f)
				}
				if tc.ready != nil && !errors.Is(f, tc.ready) {
					t.Errorf("%v does not tell of %v", f, tc.ready)
				}
			})
		})
	}
}

func TestWithoutSpareHostACutConnectionFailsTheCall(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(func(c *wxapi.Config) { c.SpareURL = "" })
		n.set(first, cutOff, nil)
		if f := fail(t, client, call(1)); f.Class != job.ClassPassingCall || f.Sent != 1 || !f.Unanswered {
			t.Errorf("%+v", f)
		}
		n.set(first, succeed, nil)
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if d := n.dials(); slices.Contains(d, spare) {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestSilentHostEndsTheCallInTime(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(func(c *wxapi.Config) { c.CallTimeout = 0 })
		n.set(first, silent, nil)
		c := n.paced(1)
		waited := c.Ready
		c.Ready = func(ctx context.Context) error {
			time.Sleep(20 * time.Second) // the wait for the pace is not in the call's time
			return waited(ctx)
		}
		start := time.Now()
		f := fail(t, client, c)
		if took := time.Since(start); took != 30*time.Second || f.Elapsed != 10*time.Second {
			t.Errorf("took %v, elapsed %v; want 30s, 10s", took, f.Elapsed)
		}
		if f.Class != job.ClassPassingCall || f.Sent != 1 || !f.Unanswered || !errors.Is(f, context.DeadlineExceeded) {
			t.Errorf("%+v", f)
		}
		n.dials()
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Error(err)
		}
		if d := n.dials(); !slices.Equal(d, []string{spare}) {
			t.Errorf("the next call dialled %v, want the spare host", d)
		}
	})
}

func TestAnswerThatStopsHalfwayIsNone(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		stop := make(chan bool)
		n.set(first, func(w http.ResponseWriter, r *seen) {
			w.Header().Set("Request-Id", "R-1")
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte(all(r.stores)))
			w.(http.Flusher).Flush()
			if <-stop {
				panic(http.ErrAbortHandler)
			}
			<-r.Context().Done()
		}, nil)
		for _, abort := range []bool{true, false} {
			go func() { stop <- abort }()
			n.dials()
			f := fail(t, client, n.paced(1))
			if f.Class != job.ClassPassingCall || f.Sent != 1 || !f.Unanswered || f.Status != 200 || f.RequestID != "R-1" || n.asked != 1 {
				t.Errorf("%+v", f)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestCallerWhoLeavesInFlightLearnsThatNothingIsKnown(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		ctx, cancel := context.WithCancel(t.Context())
		n.set(first, func(w http.ResponseWriter, r *seen) { cancel(); silent(w, r) }, nil)
		_, err := client.Do(ctx, call(1))
		f := err.(*wxapi.Failure)
		if f.Class != job.ClassPassingCall || f.Sent != 1 || !f.Unanswered || !errors.Is(f, context.Canceled) {
			t.Errorf("%+v", f)
		}
		if d := n.dials(); !slices.Equal(d, []string{first}) {
			t.Errorf("dialled %v after the caller had left", d)
		}
	})
}

func TestCallerWhoLeavesWhileConnectingSendsNothing(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		n.set(first, nil, errBlackHole)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Do(ctx, call(1))
		if f := err.(*wxapi.Failure); f.Class != job.ClassNotSent || f.Sent != 0 || f.Unanswered {
			t.Errorf("%+v", f)
		}
		if d := n.dials(); !slices.Equal(d, []string{first}) {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestConnectionClosedWhileIdleIsReplaced(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		for _, when := range []string{"at first", "closed between calls", "closed while waiting for the turn"} {
			if when == "closed between calls" {
				n.cut()
			}
			c := n.paced(1)
			ask := c.Ready
			c.Ready = func(ctx context.Context) error {
				if when == "closed while waiting for the turn" {
					n.cut()
				}
				return ask(ctx)
			}
			answer, err := client.Do(t.Context(), c)
			if err != nil || answer.Sent != 1 || n.asked != 1 {
				t.Errorf("%s: %+v, %v; the pace asked %d times", when, answer, err, n.asked)
			}
		}
		if d := n.dials(); !slices.Equal(d, []string{first, first, first}) {
			t.Errorf("dialled %v", d)
		}
	})
}

func TestHostThatVanishesDuringTheWaitSendsTheCallToTheSpare(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		c := n.paced(1)
		ask := c.Ready
		c.Ready = func(ctx context.Context) error {
			if n.asked == 0 {
				n.set(first, nil, syscall.ECONNREFUSED)
				n.cut()
			}
			return ask(ctx)
		}
		answer, err := client.Do(t.Context(), c)
		if err != nil || answer.Sent != 1 || n.asked != 2 {
			t.Errorf("%+v, %v; the pace asked %d times", answer, err, n.asked)
		}
	})
}

func TestIdleConnectionsAreClosedAfterAWhile(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if n.alive.Load() != 1 {
			t.Error("closed before its time")
		}
		time.Sleep(2*time.Second - time.Millisecond) // WeChat Pay closes at eight
		synctest.Wait()
		if n.alive.Load() != 0 {
			t.Error("an idle connection is kept for ever")
		}
	})
}

func TestCloseClosesIdleConnections(t *testing.T) {
	hosts(t, func(t *testing.T, n *network) {
		client := n.client(nil)
		inFlight, finish := make(chan struct{}), make(chan struct{})
		if _, err := client.Do(t.Context(), call(1)); err != nil {
			t.Fatal(err)
		}
		n.set(first, func(w http.ResponseWriter, r *seen) { close(inFlight); <-finish; succeed(w, r) }, nil)
		done := make(chan error)
		go func() { _, err := client.Do(t.Context(), call(1)); done <- err }()
		<-inFlight
		client.Close()
		close(finish)
		if err := <-done; err != nil {
			t.Errorf("a call in flight was cut off by Close: %v", err)
		}
		synctest.Wait()
		if open := n.alive.Load(); open != 0 {
			t.Errorf("%d connections are open after Close", open)
		}
	})
}
