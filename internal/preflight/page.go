package preflight

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/storelink/storelink/internal/config"
)

// windowsAddrInUse is Windows' own number for EADDRINUSE, which package syscall does not know; it is none anywhere
// else.
const windowsAddrInUse = syscall.Errno(10048)

// page looks whether the worker's page can be served, to whom, and until when its certificate is good.
func (l *look) page(ctx context.Context) {
	if l.Config == nil || l.Wrong != nil || l.Config.HTTP == "" {
		return
	}
	addr, p := l.Config.HTTP, l.Config.Page
	secure := p.Certificate != ""
	if secure {
		l.pageCertificate(addr, p)
	}
	host, _, err := net.SplitHostPort(addr)
	if err == nil && !loopback(host) {
		switch {
		case !secure && !p.Token.Empty():
			l.warn(CheckPage, addr, CodePageOpen,
				"other machines reach it without TLS, and whoever listens learns its token: give "+
					"page.certificate and page.private_key, or serve it on 127.0.0.1 behind a proxy")
		case !p.LoginToSee:
			l.warn(CheckPage, addr, CodePageOpen,
				"everybody who reaches this address sees all jobs: set page.login to to-see with a "+
					"page.token, or serve it on 127.0.0.1")
		}
	}
	l.address(ctx, addr)
}

func (l *look) pageCertificate(addr string, p config.Page) {
	pair, err := tls.X509KeyPair([]byte(p.Certificate), []byte(p.PrivateKey.Reveal()))
	if err == nil && pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil { // the configuration has refused it already
		l.fail(CheckPage, addr, CodeBadConfig, "page.certificate cannot be served with page.private_key")
		return
	}
	if l.validity(addr, "page.certificate", pair.Leaf, pageExpiresSoon, "renew it") {
		l.ok(CheckPage, addr,
			"it is served over TLS, with a certificate that is valid until "+pair.Leaf.NotAfter.Format(time.DateOnly))
	}
}

// address tries to listen. One that is taken is most likely the running worker's.
func (l *look) address(ctx context.Context, addr string) {
	var c net.ListenConfig
	ln, err := c.Listen(ctx, "tcp", addr)
	var op *net.OpError
	switch {
	case err == nil:
		ln.Close()
		l.ok(CheckPage, addr, "the address can be listened on")
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, windowsAddrInUse):
		l.warn(CheckPage, addr, CodeAddressInUse,
			"something listens there already: if it is not the worker that runs with this "+
				"configuration, choose another by http or --http")
	case errors.As(err, &op):
		l.fail(CheckPage, addr, CodeAddress,
			"it cannot be listened on ("+op.Err.Error()+"): choose another by http or --http")
	default:
		l.fail(CheckPage, addr, CodeAddress, "it cannot be listened on ("+err.Error()+"): choose another by http or --http")
	}
}

// pageExpiresSoon is less than wxapi.ExpiresSoon: such certificates live for 90 days or fewer, and are renewed by machines.
const pageExpiresSoon = 14 * 24 * time.Hour
