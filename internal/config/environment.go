package config

import (
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/suggest"
)

// The variables that are no account's.
const (
	envConfig   = "STORELINK_CONFIG"
	envLang     = "STORELINK_LANG" // the commands read it
	envRedis    = "STORELINK_REDIS"
	envRedisURL = "REDIS_URL"

	envRedisCertificate = "STORELINK_REDIS_CERTIFICATE"
	envRedisKey         = "STORELINK_REDIS_KEY"
	envRedisCA          = "STORELINK_REDIS_CA"

	envHTTP         = "STORELINK_HTTP"
	envLogLevel     = "STORELINK_LOG_LEVEL"
	envLogFormat    = "STORELINK_LOG_FORMAT"
	envRetention    = "STORELINK_RETENTION"
	envAccounts     = "STORELINK_ACCOUNTS"
	envAccountsDir  = "STORELINK_ACCOUNTS_DIR"
	envNotifySecret = "STORELINK_NOTIFY_SECRET"
	envNotifyHosts  = "STORELINK_NOTIFY_HOSTS"
	envPrefix       = "STORELINK_"
	envAccount      = "STORELINK_ACCOUNT_"

	envSourcesDirectories = "STORELINK_SOURCES_DIRECTORIES"
	envSourcesHosts       = "STORELINK_SOURCES_HOSTS"
	envSourcesPrivate     = "STORELINK_SOURCES_PRIVATE"
	envSourcesMaxBytes    = "STORELINK_SOURCES_MAX_BYTES"
	envSourcesTimeout     = "STORELINK_SOURCES_TIMEOUT"

	envTracingEndpoint = "STORELINK_TRACING_ENDPOINT"
	envTracingRatio    = "STORELINK_TRACING_RATIO"
	envOTLPEndpoint    = "OTEL_EXPORTER_OTLP_ENDPOINT"

	envPageToken       = "STORELINK_PAGE_TOKEN"
	envPageLogin       = "STORELINK_PAGE_LOGIN"
	envPageHosts       = "STORELINK_PAGE_HOSTS"
	envPageProxies     = "STORELINK_PAGE_TRUSTED_PROXIES"
	envPageCertificate = "STORELINK_PAGE_CERTIFICATE"
	envPagePrivateKey  = "STORELINK_PAGE_PRIVATE_KEY"
)

var envTop = []string{
	envConfig, envLang, envRedis, envRedisCertificate, envRedisKey, envRedisCA, envHTTP, envLogLevel, envLogFormat, envRetention, envAccounts, envAccountsDir,
	envNotifySecret, envNotifyHosts,
	envSourcesDirectories, envSourcesHosts, envSourcesPrivate, envSourcesMaxBytes, envSourcesTimeout,
	envPageToken, envPageLogin, envPageHosts, envPageProxies, envPageCertificate, envPagePrivateKey,
	envTracingEndpoint, envTracingRatio,
}

// environment is a process' variables, and which of them this configuration has used.
type environment struct {
	names  []string // sorted
	values map[string]string
	used   map[string]bool
}

// newEnvironment reads os.Environ(); of a name that stands twice the first counts, as for os.Getenv.
func newEnvironment(environ []string) environment {
	e := environment{values: map[string]string{}, used: map[string]bool{}}
	for _, kv := range environ {
		name, v, ok := strings.Cut(kv, "=")
		if _, twice := e.values[name]; !ok || name == "" || twice {
			continue
		}
		e.values[name] = v
		e.names = append(e.names, name)
	}
	slices.Sort(e.names)
	return e
}

// lookup gives a variable that is set and not empty.
func (e environment) lookup(name string) (string, bool) {
	v := e.values[name]
	if v == "" {
		return "", false
	}
	e.used[name] = true
	return v, true
}

// value is lookup for a variable that stands for a key of the configuration.
func (e environment) value(name string) (value, bool) {
	v, ok := e.lookup(name)
	return value{node: scalar(v), env: name}, ok
}

// expand puts the environment's variables in the place of ${NAME}, and $ in that of $$; any other $ stands for itself.
// What is wrong, if anything, comes back as a sentence, which names variables and shows nothing else of s.
func (e environment) expand(s string) (expanded, wrong string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i == len(s)-1 {
			b.WriteString(s)
			return b.String(), ""
		}
		b.WriteString(s[:i])
		switch s[i+1] {
		case '$':
			b.WriteByte('$')
			s = s[i+2:]
		case '{':
			name, rest, closed := strings.Cut(s[i+2:], "}")
			if !closed || !envName(name) {
				return "", "after ${ there must be an environment variable's name and a } (a ${ that means itself is $${)"
			}
			v, set := e.values[name]
			if !set {
				return "", "the environment variable " + name + " is not set"
			}
			b.WriteString(v)
			s = rest
		default:
			b.WriteByte('$')
			s = s[i+1:]
		}
	}
}

// envName says whether s can be a variable's name, and no secret that was put there by mistake: those are longer.
func envName(s string) bool {
	if s == "" || len(s) > 100 || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return true
}

// accountPrefix is what an account's variables begin with.
func accountPrefix(name string) string {
	return envAccount + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_"
}

// refuseUnknown refuses the variables that were meant for this configuration and fit nothing in it. Where only part of
// the accounts is known, a variable may be that of another.
func (e environment) refuseUnknown(ps *problems, accounts []Account, partial bool) {
	for _, name := range e.names {
		if e.used[name] || e.values[name] == "" || !strings.HasPrefix(name, envPrefix) {
			continue
		}
		at := place{env: name}
		if !strings.HasPrefix(name, envAccount) {
			if near := suggest.Nearest(name, envTop); near != "" && !slices.Contains(envTop, name) && suggest.Distance(name, near) <= 2 {
				ps.addf(at, "it means nothing to storelink; did you mean %s?", near)
			}
			continue
		}
		owner := ""
		for _, a := range accounts {
			if strings.HasPrefix(name, accountPrefix(a.Name)) && len(a.Name) > len(owner) {
				owner = a.Name
			}
		}
		if owner == "" {
			if partial {
				continue
			}
			ps.addf(at, "it belongs to no account: name the account in the file or in %s", envAccounts)
			continue
		}
		rest := strings.ToLower(strings.TrimPrefix(name, accountPrefix(owner)))
		ps.addf(at, "account %s: %s", owner, unknown("key", rest, names(accountKeys)))
	}
}
