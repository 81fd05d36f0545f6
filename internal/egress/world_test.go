package egress_test

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/egress"
)

// serve starts an HTTPS server on loopback; its certificate is that of 127.0.0.1, example.com and *.example.com.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return s
}

func roots(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func policy(t *testing.T, r egress.Rules) *egress.Policy {
	t.Helper()
	p, err := egress.New(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// names is a name server in memory that answers the nth question for an IPv4 address with the nth set of addresses, and
// with the last for ever.
type names struct {
	answers chan []string
	last    []string
}

func newNames(answers ...[]string) *net.Resolver {
	n := &names{answers: make(chan []string, len(answers))}
	for _, a := range answers {
		n.answers <- a
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve answers one question and hangs up.
func (n *names) serve(c net.Conn) {
	defer c.Close()
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	q := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, q); err != nil {
		return
	}
	end := 12
	for q[end] != 0 {
		end += int(q[end]) + 1
	}
	end += 5
	kind := binary.BigEndian.Uint16(q[end-4:])
	out := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end]...)
	if kind == 1 {
		select {
		case n.last = <-n.answers:
		default:
		}
		for _, a := range n.last {
			ip := netip.MustParseAddr(a).As4()
			out = append(out, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
			out = append(out, ip[:]...)
			out[7]++
		}
	}
	binary.BigEndian.PutUint16(length[:], uint16(len(out)))
	_, _ = c.Write(append(length[:], out...)) // whoever asked sees that nothing comes
}

// get makes one request and gives the answer's body.
func get(t *testing.T, p *egress.Policy, o egress.ClientOptions, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.Client(o).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func contains(t *testing.T, s string, all ...string) {
	t.Helper()
	for _, a := range all {
		if !strings.Contains(s, a) {
			t.Errorf("%q does not say %q", s, a)
		}
	}
}
