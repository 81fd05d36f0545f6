package config

import (
	"slices"

	"github.com/storelink/storelink/internal/secret"
)

// RedisTLS is by what Redis and this process know each other where its URL is over TLS: package redisconn reads it.
type RedisTLS struct {
	RedisFiles

	// Wrong is why a file of these cannot be used, where no keys were asked for: who does not connect does not need it.
	Wrong error
}

// RedisFiles are what the files say, or the texts in their place.
type RedisFiles struct {
	Certificate string      // PEM: what is shown to a Redis that asks for a certificate; empty for none
	Key         secret.Text // PEM, of Certificate
	CA          string      // PEM: the authorities that are believed instead of the system's; empty for those
}

// Files are the files, without what may be wrong with them.
func (r RedisTLS) Files() RedisFiles { return r.RedisFiles }

// WithRedisFiles puts files that a command line names before what the environment and the configuration say; an empty name
// is none.
func WithRedisFiles(environ []string, certificate, key, ca string) []string {
	for name, file := range map[string]string{envRedisCertificate: certificate, envRedisKey: key, envRedisCA: ca} {
		if file != "" {
			environ = slices.Insert(slices.Clone(environ), 0, name+"="+file) // the first of a name counts
		}
	}
	return environ
}

// redisKeys are those of Redis' TLS, at the top.
var redisKeys = []key[RedisTLS]{
	{"redis_certificate", []string{envRedisCertificate}, func(l *loader, r *RedisTLS, v value, name string) {
		r.Certificate, _ = l.pem(v, name, false)
	}},
	{"redis_key", []string{envRedisKey}, func(l *loader, r *RedisTLS, v value, name string) {
		if s, ok := l.pem(v, name, true); ok && s != "" {
			r.Key = secret.NewText(s)
		}
	}},
	{"redis_ca", []string{envRedisCA}, func(l *loader, r *RedisTLS, v value, name string) {
		r.CA, _ = l.pem(v, name, false)
	}},
}

// setRedisTLS sets what a Redis over TLS is known by.
func (l *loader) setRedisTLS(c *Config, top fields) {
	before := len(l.problems)
	given := fields{}
	for _, k := range redisKeys {
		v, ok := l.env.value(k.env[0])
		if !ok {
			v, ok = top[k.name]
		}
		if ok {
			given[k.name] = v
			k.set(l, &c.RedisTLS, v, k.name)
		}
	}
	if r := &c.RedisTLS; len(l.problems) == before && (r.Certificate == "") != r.Key.Empty() {
		for _, name := range []string{"redis_certificate", "redis_key"} {
			if v, ok := given[name]; ok {
				l.badf(v, "%s needs redis_certificate and redis_key both: Redis is shown the one, and the other proves it", name)
				break
			}
		}
	}
	if !l.withKeys && len(l.problems) > before {
		wrong := append(problems(nil), l.problems[before:]...)
		c.RedisTLS.Wrong, l.problems = wrong.err(), l.problems[:before]
	}
}
