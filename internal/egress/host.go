package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// defaultPort is that of https.
const defaultPort = "443"

// host is one entry of the list of hosts.
type host struct {
	name  string // lower case; an IP address as netip writes it
	port  string
	below bool // any host below name, and not name itself
}

// parseHost reads an entry of the list of hosts.
func parseHost(s string) (host, error) {
	bad := func(why i18n.Message) (host, error) {
		return host{}, job.Fail(job.CodeBadConfig, "address.bad_host", "host", s, "why", why)
	}
	if strings.Contains(s, "://") || strings.ContainsAny(s, "/@?#") {
		return bad(i18n.M("address.host_alone"))
	}
	// An IPv6 address alone has colons, and none of them parts a port from it.
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return host{name: a.Unmap().String(), port: defaultPort}, nil
	}
	h := host{}
	rest, below := strings.CutPrefix(s, "*.")
	h.below = below
	u := url.URL{Host: rest}
	h.name, h.port = strings.ToLower(u.Hostname()), u.Port()
	if h.port == "" {
		if strings.HasSuffix(rest, ":") {
			return bad(i18n.M("address.no_port"))
		}
		h.port = defaultPort
	}
	if n, err := strconv.ParseUint(h.port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != h.port {
		return bad(i18n.M("address.bad_port"))
	}
	if a, err := netip.ParseAddr(h.name); err == nil && a.Zone() == "" && !h.below {
		h.name = a.Unmap().String()
		return h, nil
	}
	switch {
	case strings.Contains(h.name, "*"):
		return bad(i18n.M("address.star"))
	case !validName(h.name):
		return bad(i18n.M("address.no_name"))
	case h.below && !strings.Contains(h.name, "."):
		return bad(i18n.M("address.top_level"))
	}
	return h, nil
}

// validName says whether s can be a host's name: labels of 1 to 63 of a-z, 0-9, - and _ (RFC 1123; _ is in use).
func validName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// listed says whether an address's host and port are on the list.
func (p *Policy) listed(u *url.URL) bool {
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = defaultPort
	}
	if a, err := netip.ParseAddr(name); err == nil {
		name = a.Unmap().String()
	}
	for _, h := range p.hosts {
		if h.port != port {
			continue
		}
		if name == h.name && !h.below {
			return true
		}
		if above, ok := strings.CutSuffix(name, "."+h.name); ok && h.below && validName(above) {
			return true
		}
	}
	return false
}
