package web

import (
	"crypto/tls"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// Certificate is what HTTPS is served with. It can be replaced at any time: connections that are made from then on get
// the new one.
type Certificate struct {
	pair atomic.Pointer[tls.Certificate]
}

// NewCertificate takes a certificate's chain and its key, both PEM.
func NewCertificate(chain string, key secret.Text) (*Certificate, error) {
	c := &Certificate{}
	return c, c.Replace(chain, key)
}

// Replace takes another one; where that is not good, the one before stays.
func (c *Certificate) Replace(chain string, key secret.Text) error {
	pair, err := tls.X509KeyPair([]byte(chain), []byte(key.Reveal()))
	if err != nil {
		return job.Errorf(job.CodeBadConfig, "page.certificate cannot be served with page.private_key: %w", err)
	}
	c.pair.Store(&pair)
	return nil
}

// NotAfter is until when it is good.
func (c *Certificate) NotAfter() time.Time { return c.pair.Load().Leaf.NotAfter }

// TLS gives the settings for HTTPS.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.Load(), nil }}
}
