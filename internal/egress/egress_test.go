package egress_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

func TestAddressesAreRefusedBeforeAnythingIsConnectedTo(t *testing.T) {
	t.Parallel()
	p := policy(t, egress.Rules{
		Hosts:   []string{"files.example.com", "Files.Example.com:8443", "*.cdn.example.com", "10.1.2.3", "10.9.9.9", "[::1]:99", "8.8.8.8"},
		Private: []string{"10.1.0.0/16"},
	})
	for address, says := range map[string]string{
		"https://files.example.com/a.csv?sig=x":                  "",
		"https://FILES.example.COM/a.csv":                        "",
		"HTTPS://files.example.com:443/":                         "",
		"https://files.example.com:8443/":                        "",
		"https://a.cdn.example.com/":                             "",
		"https://a.b.cdn.example.com/":                           "",
		"https://10.1.2.3/":                                      "",
		"https://8.8.8.8/":                                       "",
		"http://files.example.com/a.csv":                         "http is refused",
		"HTTP://files.example.com/a.csv":                         "http is refused",
		"ftp://files.example.com/a.csv":                          "https://",
		"file:///etc/passwd":                                     "https://",
		"files.example.com/a.csv":                                "https://",
		"":                                                       "https://",
		"https:///a.csv":                                         "names no host",
		"https:files.example.com":                                "names no host",
		"https://user:pass@files.example.com/":                   "user or password",
		"https://user@files.example.com/":                        "user or password",
		"https://files.example.com:444/":                         "not on the configuration's list",
		"https://other.example.com/":                             "not on the configuration's list",
		"https://files.example.com.evil.com/":                    "not on the configuration's list",
		"https://evilfiles.example.com/":                         "not on the configuration's list",
		"https://files.example.com./":                            "not on the configuration's list",
		"https://cdn.example.com/":                               "not on the configuration's list",
		"https://.cdn.example.com/":                              "not on the configuration's list",
		"https://acdn.example.com/":                              "not on the configuration's list",
		"https://a.cdn.example.com:8443/":                        "not on the configuration's list",
		"https://2130706433/":                                    "not on the configuration's list",
		"https://10.9.9.9/":                                      "RFC 1918",
		"https://[::1]:99/":                                      "loopback",
		"https://[::ffff:10.1.2.3]/":                             "hidden in an IPv6",
		"https://files.example.com/\x00":                         "understood",
		"https://files.example.com:x/":                           "understood",
		"https://files.example.com/" + strings.Repeat("x", 9000): "longer",
	} {
		u, err := p.Check(address)
		if says == "" {
			if err != nil || u.Hostname() == "" {
				t.Errorf("%s: %v", address, err)
			}
			continue
		}
		var e *job.Error
		if !errors.As(err, &e) || e.Code != job.CodeUsage || job.ExitStatus(err) != 2 || !strings.Contains(e.Message.String(), says) {
			t.Errorf("%.80s: %v; want %q", address, err, says)
		} else if strings.Contains(err.Error(), "pass") && !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "a.csv") {
			t.Errorf("%s: more than the host is shown: %v", address, err)
		}
	}
}

func TestNothingIsAllowedUnlessListed(t *testing.T) {
	t.Parallel()
	p := policy(t, egress.Rules{})
	if _, err := p.Check("https://example.com/"); err == nil {
		t.Fatal("allowed")
	}
}

func TestRulesThatMeanSomethingElseAreRefused(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "*", "*.com", "*.", "a.*.com", "https://example.com", "example.com/", "example.com:", "example.com:0",
		"example.com:65536", "example.com:080", "exa mple.com", "门店.example.com", "user@example.com", "-a.com", "a..com", "fe80::1%eth0",
		"example.com.", "a:b:c", "*.example.com:"} {
		if _, err := egress.New(egress.Rules{Hosts: []string{host}}); err == nil || job.AsError(err).Code != job.CodeBadConfig {
			t.Errorf("host %q: %v", host, err)
		}
	}
	for _, network := range []string{"", "10.1.2.3/16", "10.0.0.0/33", "intranet", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0"} {
		if _, err := egress.New(egress.Rules{Private: []string{network}}); err == nil || job.AsError(err).Code != job.CodeBadConfig {
			t.Errorf("network %q: %v", network, err)
		}
	}
}

func TestSpecialAddressesAreRefusedAsSuch(t *testing.T) {
	t.Parallel()
	for address, says := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "10.0.0.1": "private", "100.64.0.1": "provider", "100.100.100.200": "provider",
		"127.0.0.1": "loopback", "127.255.255.254": "loopback", "168.63.129.16": "cloud", "169.254.169.254": "link-local",
		"172.16.0.1": "private", "172.31.255.255": "private", "192.0.0.192": "protocols", "192.0.2.1": "documentation",
		"192.88.99.1": "6to4", "192.168.1.1": "private", "198.18.0.1": "benchmarks", "198.19.255.255": "benchmarks",
		"198.51.100.1": "documentation", "203.0.113.1": "documentation", "224.0.0.1": "multicast", "239.255.255.250": "multicast",
		"240.0.0.1": "reserved", "255.255.255.255": "reserved",
		"::": "unspecified", "::1": "loopback", "::ffff:8.8.8.8": "hidden", "::ffff:127.0.0.1": "hidden", "::127.0.0.1": "hidden",
		"64:ff9b::7f00:1": "NAT64", "64:ff9b:1::1": "NAT64", "100::1": "discards", "2001::1": "Teredo", "2001:20::1": "protocols",
		"2001:db8::1": "documentation", "2002:7f00:1::1": "6to4", "3fff::1": "documentation", "5f00::1": "segment",
		"fc00::1": "private", "fd12::1": "private", "fe80::1": "link-local", "fec0::1": "site-local", "ff02::1": "multicast",
		"4000::1": "public Internet", "1::1": "public Internet",
		"8.8.8.8": "", "1.1.1.1": "", "100.63.255.255": "", "100.128.0.0": "", "172.32.0.1": "", "223.255.255.255": "",
		"2606:4700::1111": "", "2400:3200::1": "",
	} {
		// Go reads an IPv4 address that is mapped into IPv6 as IPv4 where a host is listed; it is judged as it stands.
		p := policy(t, egress.Rules{Hosts: []string{address}})
		host := address
		if strings.Contains(address, ":") {
			host = "[" + address + "]"
		}
		_, err := p.Check("https://" + host + "/")
		if says == "" {
			if err != nil {
				t.Errorf("%s: %v", address, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", address, err, says)
		}
	}
}

func TestAddressesAreShownWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("https://u:secret1@example.com:8443/lists/%E9%97%A8%2F.csv?sig=secret2#secret3")
	if err != nil {
		t.Fatal(err)
	}
	if s := egress.Shown(u); s != "https://example.com:8443/lists/%E9%97%A8%2F.csv" {
		t.Errorf("Shown is %s", s)
	}
	if s := egress.ShownHost(u); s != "https://example.com:8443/…" {
		t.Errorf("ShownHost is %s", s)
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"https://example.com/", "https://a.example.org:8443/x?y#z", "http://example.com", "https://u:p@example.com",
		"https://[::1%25eth0]/", "https://127.1/", "https://example.com%00/", "//example.com", "https://exa\tmple.com", "https://[::ffff:1.2.3.4]"} {
		f.Add(s)
	}
	p, err := egress.New(egress.Rules{Hosts: []string{"example.com", "*.example.org:8443"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := p.Check(address)
		if err != nil {
			if job.ExitStatus(err) != 2 {
				t.Fatalf("%q: %v", address, err)
			}
			return
		}
		host := strings.ToLower(u.Host)
		if u.Scheme != "https" || u.User != nil ||
			host != "example.com" && host != "example.com:443" && host != "example.com:" && !strings.HasSuffix(host, ".example.org:8443") {
			t.Fatalf("%q passed as %+v", address, u)
		}
	})
}
