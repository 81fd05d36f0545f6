package job

import (
	"net/url"
	"slices"
	"strings"
)

// Installation is what an account's name stands for in one worker: who it is at WeChat Pay, and where its calls go. Two
// workers that serve one name as different installations must never work on the same job. The key that signs is no
// part of it: a key that is being rotated is another for a while. The zero value is an installation that is not known.
type Installation struct {
	Mode     Mode
	Identity string   // mchid or brand_id
	Hosts    []string // SCHEME://HOST[:PORT] where its calls go: the first, and the spare one; none where that is not known
}

// ownHosts are WeChat Pay's hosts, which are one place.
var ownHosts = []string{"https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com", "https://api.wechatpay.cn",
	"https://api2.wechatpay.cn"}

// NewInstallation makes an installation of an account's base and spare URL; either may be empty. All of WeChat Pay's own
// hosts are its first one.
func NewInstallation(mode Mode, identity, baseURL, spareURL string) Installation {
	i := Installation{Mode: mode, Identity: identity}
	for _, raw := range []string{baseURL, spareURL} {
		if host := hostOf(raw); host != "" && !slices.Contains(i.Hosts, host) {
			i.Hosts = append(i.Hosts, host)
		}
	}
	return i
}

// hostOf is a URL without all but its scheme and host, with the port only where it is not the scheme's.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if usual := map[string]string{"https": ":443", "http": ":80"}[scheme]; usual != "" {
		host = strings.TrimSuffix(host, usual)
	}
	if at := scheme + "://" + host; !slices.Contains(ownHosts, at) {
		return at
	}
	return ownHosts[0]
}

// Known says whether it is known who it is.
func (i Installation) Known() bool { return i.Identity != "" }

// Same says whether two are one installation: who is the same, and the hosts have one in common, so that one whose calls go
// to the spare host is no other. Where hosts are not known, who decides alone.
func (i Installation) Same(o Installation) bool {
	if i.Mode != o.Mode || i.Identity != o.Identity {
		return false
	}
	return len(i.Hosts) == 0 || len(o.Hosts) == 0 ||
		slices.ContainsFunc(i.Hosts, func(h string) bool { return slices.Contains(o.Hosts, h) })
}

// String is the installation for a person: "partner 1900000001 at https://api.mch.weixin.qq.com".
func (i Installation) String() string {
	s := string(i.Mode) + " " + i.Identity
	if len(i.Hosts) > 0 {
		s += " at " + i.Hosts[0]
	}
	return s
}

// MarshalText gives what UnmarshalText reads: mode, identity and hosts with blanks between them.
func (i Installation) MarshalText() ([]byte, error) {
	return []byte(strings.Join(append([]string{string(i.Mode), i.Identity}, i.Hosts...), " ")), nil
}

// UnmarshalText reads what MarshalText gave; of what is no installation it makes the zero value.
func (i *Installation) UnmarshalText(text []byte) error {
	*i = Installation{}
	if parts := strings.Fields(string(text)); len(parts) >= 2 {
		i.Mode, i.Identity, i.Hosts = Mode(parts[0]), parts[1], parts[2:]
	}
	return nil
}
