package egress

import (
	"net/netip"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// special is a range of addresses that lead elsewhere than to a host of the public Internet.
type special struct {
	network netip.Prefix
	what    i18n.Message
}

// specials are the ranges of the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) that are not globally
// reachable, or reach another address that is hidden in them, and multicast. The first that holds an address names it.
var specials = []special{
	{netip.MustParsePrefix("0.0.0.0/8"), i18n.M("address.unspecified", "by", "RFC 1122")},
	{netip.MustParsePrefix("10.0.0.0/8"), i18n.M("address.private", "by", "RFC 1918")},
	{netip.MustParsePrefix("100.64.0.0/10"), i18n.M("address.provider", "by", "RFC 6598")},
	{netip.MustParsePrefix("127.0.0.0/8"), i18n.M("address.loopback", "by", "RFC 1122")},
	{netip.MustParsePrefix("168.63.129.16/32"), i18n.M("address.cloud", "by", "Azure")},
	{netip.MustParsePrefix("169.254.0.0/16"), i18n.M("address.credentials", "by", "RFC 3927")},
	{netip.MustParsePrefix("172.16.0.0/12"), i18n.M("address.private", "by", "RFC 1918")},
	{netip.MustParsePrefix("192.0.0.0/24"), i18n.M("address.protocols", "by", "RFC 6890")},
	{netip.MustParsePrefix("192.0.2.0/24"), i18n.M("address.documentation", "by", "RFC 5737")},
	{netip.MustParsePrefix("192.88.99.0/24"), i18n.M("address.relay", "by", "RFC 7526")},
	{netip.MustParsePrefix("192.168.0.0/16"), i18n.M("address.private", "by", "RFC 1918")},
	{netip.MustParsePrefix("198.18.0.0/15"), i18n.M("address.benchmarks", "by", "RFC 2544")},
	{netip.MustParsePrefix("198.51.100.0/24"), i18n.M("address.documentation", "by", "RFC 5737")},
	{netip.MustParsePrefix("203.0.113.0/24"), i18n.M("address.documentation", "by", "RFC 5737")},
	{netip.MustParsePrefix("224.0.0.0/4"), i18n.M("address.multicast", "by", "RFC 5771")},
	{netip.MustParsePrefix("240.0.0.0/4"), i18n.M("address.reserved", "by", "RFC 1112")},

	{netip.MustParsePrefix("::/128"), i18n.M("address.unspecified", "by", "RFC 4291")},
	{netip.MustParsePrefix("::1/128"), i18n.M("address.loopback", "by", "RFC 4291")},
	{netip.MustParsePrefix("::ffff:0:0/96"), i18n.M("address.ipv4_in_ipv6", "by", "RFC 4291")},
	{netip.MustParsePrefix("::/96"), i18n.M("address.ipv4_in_ipv6", "by", "RFC 4291")},
	{netip.MustParsePrefix("64:ff9b::/96"), i18n.M("address.nat64", "by", "RFC 6052")},
	{netip.MustParsePrefix("64:ff9b:1::/48"), i18n.M("address.nat64", "by", "RFC 8215")},
	{netip.MustParsePrefix("100::/64"), i18n.M("address.discard", "by", "RFC 6666")},
	{netip.MustParsePrefix("2001::/23"), i18n.M("address.teredo", "by", "RFC 2928, RFC 4380")},
	{netip.MustParsePrefix("2001:db8::/32"), i18n.M("address.documentation", "by", "RFC 3849")},
	{netip.MustParsePrefix("2002::/16"), i18n.M("address.6to4", "by", "RFC 3056")},
	{netip.MustParsePrefix("3fff::/20"), i18n.M("address.documentation", "by", "RFC 9637")},
	{netip.MustParsePrefix("5f00::/16"), i18n.M("address.segment_routing", "by", "RFC 9602")},
	{netip.MustParsePrefix("fc00::/7"), i18n.M("address.private", "by", "RFC 4193")},
	{netip.MustParsePrefix("fe80::/10"), i18n.M("address.link_local", "by", "RFC 4291")},
	{netip.MustParsePrefix("fec0::/10"), i18n.M("address.site_local", "by", "RFC 3879")},
	{netip.MustParsePrefix("ff00::/8"), i18n.M("address.multicast", "by", "RFC 4291")},
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
	if what := whatIs(a); !what.IsZero() {
		return refuse("address.refused", "address", a, "what", what)
	}
	return nil
}

// whatIs names what is special about an address; nothing for one of the public Internet.
func whatIs(a netip.Addr) i18n.Message {
	for _, s := range specials {
		if s.network.Contains(a) {
			return s.what
		}
	}
	if a.Is6() && !global.Contains(a) {
		return i18n.M("address.not_public", "by", "RFC 4291")
	}
	return i18n.Message{}
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
		return n, job.Fail(job.CodeBadConfig, "address.bad_network", "network", s)
	case n != n.Masked():
		return n, job.Fail(job.CodeBadConfig, "address.host_bits", "network", s, "masked", n.Masked())
	case n.Addr().Is4In6():
		return n, job.Fail(job.CodeBadConfig, "address.mapped_network", "network", s)
	}
	return n, nil
}
