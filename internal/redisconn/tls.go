package redisconn

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// TLS is by what Redis and this process know each other; its zero value is that Redis has a certificate of one of the
// system's authorities, and asks for none.
type TLS struct {
	Certificate string      // PEM: what this process shows, with what is between it and its authority; needs Key
	Key         secret.Text // PEM, of Certificate
	CA          string      // PEM: the authorities that are believed, instead of the system's
}

// empty says whether nothing is said.
func (t TLS) empty() bool { return t.Certificate == "" && t.Key.Empty() && t.CA == "" }

// config makes what connections are made with; nil where they are not over TLS.
func (t TLS) config(secure bool) (*tls.Config, error) {
	switch {
	case !secure && t.empty():
		return nil, nil
	case !secure:
		return nil, job.Errorf(job.CodeBadConfig, "redis_certificate, redis_key and redis_ca are for a Redis over TLS: write "+
			"rediss, rediss-sentinel or rediss-cluster in its URL")
	case (t.Certificate == "") != t.Key.Empty():
		return nil, job.Errorf(job.CodeBadConfig, "redis_certificate and redis_key belong together: give both, or none")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12} // the server's name is each host's
	if t.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key.Reveal()))
		if err != nil {
			return nil, job.Errorf(job.CodeBadConfig, "redis_certificate cannot be shown with redis_key: %s",
				strings.TrimPrefix(err.Error(), "tls: "))
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if t.CA != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, job.Errorf(job.CodeBadConfig, "redis_ca has no certificate that can be read: it is a PEM file of authorities")
		}
	}
	return c, nil
}
