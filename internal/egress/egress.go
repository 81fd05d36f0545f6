// Package egress decides where this program may connect on behalf of an address that somebody has typed: the source of a
// store list, a completion hook. It gives an HTTP client that goes nowhere else, whatever a redirect or a name server
// says. The rules:
//
//   - https alone, to hosts that the configuration lists, without a user or password in the address;
//   - the very address that is connected to is checked as the connection is made, after the name was looked up, so that
//     a name that points elsewhere a moment later (DNS rebinding) gains nothing: no private, loopback, link-local or
//     otherwise special address (addresses.go), unless the configuration lists its network;
//   - every redirect is checked as the first address was, and there are at most as many as the caller allows;
//   - no proxy, no cookies, no Referer, no kept connections.
//
// An address may hold a secret in its query, or even in its path (a robot's key, a signed link). So errors of this
// package name its host and nothing else of it.
package egress

import (
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Rules are what the configuration allows. The zero value allows nothing.
type Rules struct {
	// Hosts are those that may be connected to: "files.example.com" (at 443, the port of https), "files.example.com:8443",
	// "*.example.com" (every host below example.com, not itself; at least two labels), or an IP address.
	Hosts []string
	// Private are the networks ("10.1.0.0/16") and single addresses ("127.0.0.1") that may be connected to although they
	// are private or otherwise special. A host with such an address must be listed among Hosts all the same.
	Private []string
	// Roots are the certificate authorities that are believed; nil for the system's.
	Roots *x509.CertPool
	// Resolver looks names up; nil for the system's.
	Resolver *net.Resolver
}

// Policy is Rules that were read. It is safe for use by many goroutines.
type Policy struct {
	hosts    []host
	private  []netip.Prefix
	roots    *x509.CertPool
	resolver *net.Resolver
}

// New reads rules; a wrong one is a *job.Error of job.CodeBadConfig that shows it.
func New(rules Rules) (*Policy, error) {
	p := &Policy{roots: rules.Roots, resolver: rules.Resolver}
	for _, s := range rules.Hosts {
		h, err := parseHost(s)
		if err != nil {
			return nil, err
		}
		p.hosts = append(p.hosts, h)
	}
	for _, s := range rules.Private {
		network, err := parseNetwork(s)
		if err != nil {
			return nil, err
		}
		p.private = append(p.private, network)
	}
	return p, nil
}

// maxAddress bounds an address, in bytes: a signed link of any cloud is far below.
const maxAddress = 8 << 10

// Check reads an address and refuses what can be refused without connecting to it, with a *job.Error of job.CodeUsage.
// That it passes does not say that it may be connected to: that is seen when its name has been looked up.
func (p *Policy) Check(address string) (*url.URL, error) {
	if len(address) > maxAddress {
		return nil, refuse("address.too_long", "most", maxAddress)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, refuse("address.unknown") // err shows all of it
	}
	if err := p.check(u); err != nil {
		return nil, err
	}
	return u, nil
}

// check is what holds for every address, a redirect's too.
func (p *Policy) check(u *url.URL) error {
	switch {
	case strings.EqualFold(u.Scheme, "http"):
		return refuse("address.http")
	case !strings.EqualFold(u.Scheme, "https"):
		return refuse("address.no_https")
	case u.Opaque != "" || u.Hostname() == "":
		return refuse("address.hostless")
	case u.User != nil:
		return refuse("address.user", "host", u.Hostname())
	}
	if !p.listed(u) {
		return refuse("address.unlisted", "host", u.Host)
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return p.checkAddress(a)
	}
	return nil
}

// refuse makes the error for an address that is refused.
func refuse(message string, args ...any) *job.Error {
	return job.Fail(job.CodeUsage, message, args...)
}

// Shown is an address as it may be shown where its path is no secret: scheme, host and path, without user and query.
func Shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// ShownHost is an address as it may be shown where its path may be a secret: scheme and host.
func ShownHost(u *url.URL) string { return u.Scheme + "://" + u.Host + "/…" }
