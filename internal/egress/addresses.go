package egress

import (
	"net/netip"

	"github.com/storelink/storelink/internal/job"
)

// special is a range of addresses that lead elsewhere than to a host of the public Internet.
type special struct {
	network netip.Prefix
	what    string
}

// specials are the ranges of the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) that are not globally
// reachable, or reach another address that is hidden in them, and multicast. The first that holds an address names it.
var specials = []special{
	{netip.MustParsePrefix("0.0.0.0/8"), "an unspecified address, which means this very machine (RFC 1122)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address of a provider's own network (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address, this very machine (RFC 1122)"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's own address for its machines (Azure)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address, where clouds keep their machines' credentials (RFC 3927)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "an address for protocols' own use (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay's address (RFC 7526)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address (RFC 5771)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved or broadcast address (RFC 1112)"},

	{netip.MustParsePrefix("::/128"), "an unspecified address, which means this very machine (RFC 4291)"},
	{netip.MustParsePrefix("::1/128"), "a loopback address, this very machine (RFC 4291)"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "an IPv4 address hidden in an IPv6 one (RFC 4291)"},
	{netip.MustParsePrefix("::/96"), "an IPv4 address hidden in an IPv6 one (RFC 4291)"},
	{netip.MustParsePrefix("64:ff9b::/96"), "an IPv4 address hidden in an IPv6 one by NAT64 (RFC 6052)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an IPv4 address hidden in an IPv6 one by NAT64 (RFC 8215)"},
	{netip.MustParsePrefix("100::/64"), "an address that discards what it gets (RFC 6666)"},
	{netip.MustParsePrefix("2001::/23"), "an address for protocols' own use, as Teredo (RFC 2928, RFC 4380)"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation (RFC 3849)"},
	{netip.MustParsePrefix("2002::/16"), "an IPv4 address hidden in an IPv6 one by 6to4 (RFC 3056)"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation (RFC 9637)"},
	{netip.MustParsePrefix("5f00::/16"), "a segment routing address (RFC 9602)"},
	{netip.MustParsePrefix("fc00::/7"), "a private address (RFC 4193)"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address (RFC 4291)"},
	{netip.MustParsePrefix("fec0::/10"), "a site-local address (RFC 3879)"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address (RFC 4291)"},
}

// global is all that IANA gives out as global unicast IPv6 addresses (RFC 4291, section 2.4, and IANA's registry): what
// is outside is none today.
var global = netip.MustParsePrefix("2000::/3")

// checkAddress refuses an address that is special, unless its network is listed.
func (p *Policy) checkAddress(a netip.Addr) error {
	a = a.WithZone("") // netip holds no address with a zone to be in a network
	for _, network := range p.private {
		if network.Contains(a) {
			return nil
		}
	}
	if what := whatIs(a); what != "" {
		return refusef("the address %s is refused: it is %s, and the configuration does not list its network", a, what)
	}
	return nil
}

// whatIs names what is special about an address; empty for one of the public Internet.
func whatIs(a netip.Addr) string {
	for _, s := range specials {
		if s.network.Contains(a) {
			return s.what
		}
	}
	if a.Is6() && !global.Contains(a) {
		return "no address of the public Internet (RFC 4291)"
	}
	return ""
}

// parseNetwork reads an entry of the list of networks.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return n, job.Errorf(job.CodeBadConfig, "the network %q cannot be listed: write it as 10.1.0.0/16, or one address", s)
	case n != n.Masked():
		return n, job.Errorf(job.CodeBadConfig, "the network %q has an address within it: write %s for the network", s, n.Masked())
	case n.Addr().Is4In6():
		return n, job.Errorf(job.CodeBadConfig, "the network %q cannot be listed: write it as IPv4", s)
	}
	return n, nil
}
