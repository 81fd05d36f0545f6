package redisconn

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// kind is what stands behind a URL.
type kind int

const (
	single kind = iota
	socket
	sentinel
	cluster
)

// schemes are the kinds of URLs, and whether they go over TLS.
var schemes = map[string]struct {
	kind kind
	tls  bool
}{
	"redis": {single, false}, "rediss": {single, true},
	"unix": {socket, false}, "redis-socket": {socket, false},
	"redis-sentinel": {sentinel, false}, "rediss-sentinel": {sentinel, true},
	"redis-cluster": {cluster, false}, "rediss-cluster": {cluster, true},
}

// The ports that a host without one means.
const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// maxDB is beyond any database number in use; Redis has 16 unless it is told otherwise.
const maxDB = 1 << 20

// address is a URL taken apart.
type address struct {
	kind           kind
	tls            bool
	hosts          []string // HOST:PORT; for a socket, its path
	user, password string
	db             int

	master, sentinelUser, sentinelPassword string // of a sentinel
}

// parse takes a URL apart by hand: url.Parse takes neither several hosts with ports nor a password with a slash, and
// quotes what it refuses.
func parse(raw string) (address, error) {
	fail := func(format string, args ...any) (address, error) {
		e := job.Errorf(job.CodeBadConfig, format, args...)
		e.Message = i18n.Plain("the Redis URL " + secret.Redact(raw) + ": " + e.Message.String())
		return address{}, e
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	s, known := schemes[scheme]
	if !ok || !known {
		return fail("its kind is not understood; write redis://HOST:PORT/DB, or one with rediss, unix, redis-sentinel, " +
			"rediss-sentinel, redis-cluster or rediss-cluster")
	}
	a := address{kind: s.kind, tls: s.tls}

	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if strings.Contains(rest, "@") {
		return fail("there is an @ after its host: percent-encode / ? # and @ in a password (%%2F %%3F %%23 %%40)")
	}
	if strings.Contains(rest, "#") {
		return fail("a # has no meaning in it")
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, ok := strings.Cut(authority[:at], ":")
		if !ok || password == "" && user != "" {
			return fail("there is no password before its @: write USER:PASSWORD@, or :PASSWORD@ for the default user")
		}
		var errs [2]error
		a.user, errs[0] = url.PathUnescape(user)
		a.password, errs[1] = url.PathUnescape(password)
		if errs[0] != nil || errs[1] != nil {
			return fail("its user or password is not percent-encoded as it should be (a %% is %%25)")
		}
		authority = authority[at+1:]
	}
	path, query, _ := strings.Cut(rest, "?")
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return fail("what follows its ? is not NAME=VALUE with & between them")
	}
	take := func(name string) string {
		v := parameters.Get(name)
		parameters.Del(name)
		return v
	}

	db := strings.Trim(path, "/")
	if a.kind == socket {
		if authority != "" || path == "" || path == "/" {
			return fail("it needs the path of a socket, which begins with a slash: unix:///run/redis.sock")
		}
		if path, err = url.PathUnescape(path); err != nil {
			return fail("its path is not percent-encoded as it should be")
		}
		a.hosts, db = []string{path}, take("db")
	} else if wrong := a.setHosts(authority); wrong != "" {
		return fail("%s", wrong)
	}
	if db != "" {
		if a.db, err = strconv.Atoi(db); err != nil || a.db < 0 || a.db > maxDB {
			return fail("its database is no number")
		}
	}
	switch a.kind {
	case cluster:
		if a.db != 0 {
			return fail("a cluster has no database but 0")
		}
	case sentinel:
		a.master, a.sentinelUser, a.sentinelPassword = take("master"), take("sentinel_username"), take("sentinel_password")
		if a.master == "" {
			return fail("it must say which master the Sentinels are asked for: ?master=NAME")
		}
	}
	if len(parameters) > 0 {
		return fail("it has a parameter that is not understood; those that are: db for a socket, " +
			"master, sentinel_username and sentinel_password for Sentinels")
	}
	return a, nil
}

// setHosts reads HOST:PORT,HOST:PORT,…; what is wrong comes back as a sentence.
func (a *address) setHosts(authority string) (wrong string) {
	usual := redisPort
	if a.kind == sentinel {
		usual = sentinelPort
	}
	for one := range strings.SplitSeq(authority, ",") {
		host, port := one, usual
		if !strings.HasSuffix(one, "]") && strings.Contains(one, ":") || strings.Contains(one, "]:") {
			var err error
			if host, port, err = net.SplitHostPort(one); err != nil {
				return "a host is not HOST:PORT (an IPv6 address stands in brackets)"
			}
		} else if strings.HasPrefix(host, "[") {
			host = strings.TrimSuffix(host[1:], "]")
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil || port == "0" {
			return "a port is no number from 1 to 65535"
		}
		if host == "" || strings.ContainsAny(host, "%[] \t\r\n") {
			return "a host is missing, or is none"
		}
		a.hosts = append(a.hosts, net.JoinHostPort(host, port))
	}
	if a.kind == single && len(a.hosts) > 1 {
		return "there are several hosts: write redis-cluster:// for a cluster's, redis-sentinel:// for Sentinels"
	}
	return ""
}
