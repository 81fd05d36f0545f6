package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the addresses whose word is taken for whom a request comes from: the reverse proxies of page.trusted_proxies.
type proxies []netip.Prefix

func (t proxies) has(a netip.Addr) bool {
	return slices.ContainsFunc(t, func(p netip.Prefix) bool { return p.Contains(a) })
}

// peer is the other end of a request's connection; the zero value where that has no address.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// client is who makes a request: the other end of its connection or, where that is a trusted proxy, whom it names in
// X-Forwarded-For. That is read from its end, since each proxy adds the address that it sees: what stands before the first
// address that is none of ours may have been made up.
func (t proxies) client(r *http.Request) netip.Addr {
	from := peer(r)
	named := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(named) - 1; i >= 0 && t.has(from); i-- {
		a, ok := parseHop(named[i])
		if !ok {
			break
		}
		from = a
	}
	return from
}

// parseHop reads one address of X-Forwarded-For, which some proxies write with its port.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		at, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		a = at.Addr()
	}
	return a.Unmap().WithZone(""), true
}

// secure says whether the browser reaches the page by HTTPS: with us, or with a trusted proxy that says so.
func (t proxies) secure(r *http.Request) bool {
	return r.TLS != nil || t.has(peer(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// counted is who asks, as far as attempts to log in are counted: this machine is one, whichever of its addresses it takes,
// and so is an IPv6 network of 64 bits.
func counted(a netip.Addr) (who string, here bool) {
	switch {
	case !a.IsValid():
		return "nobody", false
	case a.IsLoopback():
		return "this machine", true
	case a.Is6():
		if p, err := a.Prefix(64); err == nil {
			return p.String(), false
		}
	}
	return a.String(), false
}
