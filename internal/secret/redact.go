package secret

import (
	"strconv"
	"strings"
)

// Redact gives a URL without its user and password, and without the values of its parameters: what is left names the
// host and the path. It needs no well-formed URL: where it cannot tell what is what, it shows less.
func Redact(url string) string {
	if url == "" {
		return ""
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || !plain(scheme) {
		return redacted // nothing tells a host from a password here
	}
	// A password may hold any of / ? # and @ unescaped by mistake: all before the last @ goes.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "***" + rest[at:]
	}
	rest, query, ok := strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	hosts, path, slash := strings.Cut(rest, "/")
	if !ports(strings.TrimPrefix(hosts, "***@")) {
		hosts = "***" // a password whose @HOST was forgotten
	}
	if rest = hosts; slash {
		rest += "/" + path
	}
	s := scheme + "://" + rest
	if !ok {
		return s
	}
	query, _, _ = strings.Cut(query, "#")
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		switch name, value, ok := strings.Cut(p, "="); {
		case !ok || !plain(name):
			parameters[i] = "***"
		case !shown(name, value):
			parameters[i] = name + "=***"
		}
	}
	return s + "?" + strings.Join(parameters, "&")
}

// ports says whether what follows the colons of HOST:PORT,HOST:PORT is numbers, or an IPv6 address in brackets.
func ports(hosts string) bool {
	for host := range strings.SplitSeq(hosts, ",") {
		if strings.HasPrefix(host, "[") {
			host = host[strings.LastIndexByte(host, ']')+1:]
		}
		if _, port, ok := strings.Cut(host, ":"); ok {
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return false
			}
		}
	}
	return true
}

// shown says whether a parameter's value may stand: a few that are no secret and help to tell one Redis from another.
func shown(name, value string) bool { return (name == "master" || name == "db") && plain(value) }

// plain says whether s is a short word, as the names in a URL are.
func plain(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '+') {
			return false
		}
	}
	return true
}
