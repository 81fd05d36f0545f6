package config

import (
	"crypto/tls"
	"net/netip"
	"regexp"
	"strings"

	"github.com/storelink/storelink/internal/secret"
)

// MinPageToken is how long the page's token must be, in characters.
const MinPageToken = 16

// Page is what the worker's page for people lets whom do.
type Page struct {
	Token      secret.Text // who has it may change things; empty: nobody may
	LoginToSee bool        // it takes the token to see anything, too
	Hosts      []string    // names under which the page is reached, beside IP addresses and localhost
	// TrustedProxies are the reverse proxies before the page, whose word is taken for whom a request comes from.
	TrustedProxies []netip.Prefix

	HTTPS       bool        // it has a certificate
	Certificate string      // PEM: the chain that HTTPS is served with; empty for HTTP
	PrivateKey  secret.Text // PEM, of Certificate
}

// pageKeys are page's.
var pageKeys = []key[Page]{
	{"token", []string{envPageToken}, func(l *loader, p *Page, v value, name string) {
		s, ok := l.text(v, name)
		switch {
		case !ok || s == "":
		case len(s) < MinPageToken:
			l.badf(v, "%s is shorter than %d characters: who guesses it can stop jobs", name, MinPageToken)
		case v.env == "" && openToOthers(l.mode) && !strings.Contains(target(v.node).Value, "${"):
			l.badf(v, "%s stands in a file that others than its owner may read: chmod 600 it, or use ${NAME}", name)
		default:
			p.Token = secret.NewText(s)
		}
	}},
	{"login", []string{envPageLogin}, func(l *loader, p *Page, v value, name string) {
		choice(l, v, name, []string{"to-change", "to-see"}, []bool{false, true}, &p.LoginToSee)
	}},
	{"hosts", []string{envPageHosts}, func(l *loader, p *Page, v value, name string) {
		for _, item := range l.list(v, name) {
			s, ok := l.text(item, name)
			switch {
			case !ok || s == "":
			case !hostName.MatchString(s):
				l.badf(item, "%s: %s is no host's name: it is written without scheme, port and path", name, shown(item))
			default:
				p.Hosts = append(p.Hosts, strings.ToLower(s))
			}
		}
	}},
	{"trusted_proxies", []string{envPageProxies}, func(l *loader, p *Page, v value, name string) {
		for _, item := range l.list(v, name) {
			s, ok := l.text(item, name)
			if !ok || s == "" {
				continue
			}
			network, err := parseNetwork(s)
			switch {
			case err != nil:
				l.badf(item, "%s: %s is no address or network, such as 127.0.0.1 or 10.0.0.0/8", name, shown(item))
			case network.Bits() == 0:
				l.badf(item, "%s: %s is everybody: anyone could then say that they are somebody else; name your proxies' own addresses",
					name, shown(item))
			default:
				p.TrustedProxies = append(p.TrustedProxies, network)
			}
		}
	}},
	{"certificate", []string{envPageCertificate}, func(l *loader, p *Page, v value, name string) {
		p.Certificate, _ = l.pem(v, name, false)
	}},
	{"private_key", []string{envPagePrivateKey}, func(l *loader, p *Page, v value, name string) {
		if s, ok := l.pem(v, name, true); ok && s != "" {
			p.PrivateKey = secret.NewText(s)
		}
	}},
}

var hostName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?$`)

// parseNetwork reads an address or a network.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, err
	}
	return p.Masked(), nil
}

// setPage sets what the page is.
func (l *loader) setPage(c *Config, top fields) {
	given := fields{}
	if v, ok := top["page"]; ok {
		given = l.fields(v, "page", names(pageKeys))
	}
	for _, k := range pageKeys {
		if v, ok := l.env.value(k.env[0]); ok {
			given[k.name] = v
		}
		if v, ok := given[k.name]; ok && k.name == "certificate" {
			n := target(v.node)
			c.Page.HTTPS = n.Tag != "!!null" && n.Value != ""
		}
		// Who needs no keys may not read them, nor have them.
		if secret := k.name == "token" || k.name == "certificate" || k.name == "private_key"; secret && !l.withKeys {
			continue
		}
		if v, ok := given[k.name]; ok {
			k.set(l, &c.Page, v, "page."+k.name)
		}
	}
	p := &c.Page
	switch {
	case !l.withKeys:
	case (p.Certificate == "") != p.PrivateKey.Empty():
		for _, name := range []string{"certificate", "private_key"} {
			if v, ok := given[name]; ok {
				l.badf(v, "page.%s needs page.certificate and page.private_key both: HTTPS is served with them", name)
				break
			}
		}
	case p.Certificate != "":
		if _, err := tls.X509KeyPair([]byte(p.Certificate), []byte(p.PrivateKey.Reveal())); err != nil {
			l.badf(given["certificate"], "page.certificate cannot be served with page.private_key: %s",
				strings.TrimPrefix(err.Error(), "tls: "))
		}
	}
	if p.LoginToSee && l.withKeys && p.Token.Empty() {
		l.badf(given["login"], "page.login is to-see, but there is no page.token to log in with")
	}
}
