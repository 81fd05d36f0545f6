package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/preflight"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// broken is a set-up that is, and how check names it: the exit status, what was checked, the code and words of the
// message.
type broken struct {
	redis  []string
	faults sandbox.Faults
	spoil  func(*setup)
	args   []string

	status int
	check  string
	code   string
	says   []string
}

// tlsServer listens over TLS, with a certificate that nobody knows, and gives its address.
func tlsServer(c *setup) string {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	c.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

var brokenSetUps = map[string]broken{
	"the key's file is the certificate": {
		spoil: func(c *setup) {
			c.certificate("key.pem", c.account.PrivateKey, time.Now().Add(time.Hour))
			c.write("key.pem", read(c, "key.pem"), 0o600)
		},
		status: 2, check: preflight.CheckConfiguration, code: preflight.CodeBadConfig,
		says: []string{"private_key is a certificate", "apiclient_key.pem"},
	},
	"the key's file is not there": {
		spoil:  func(c *setup) { c.lines["private_key"] = "no-such-key.pem" },
		status: 2, check: preflight.CheckConfiguration, code: preflight.CodeBadConfig,
		says: []string{"storelink.yaml:7:", "private_key", "cannot be read", "no such file"},
	},
	"the key's file cannot be read": {
		spoil:  func(c *setup) { c.lines["private_key"] = "." },
		status: 2, check: preflight.CheckConfiguration, code: preflight.CodeBadConfig, says: []string{"private_key",
			"it is a folder"},
	},
	"the key can be read by everybody": {
		spoil:  func(c *setup) { c.write("key.pem", read(c, "key.pem"), 0o644) },
		status: 2, check: preflight.CheckConfiguration, code: preflight.CodeBadConfig, says: []string{"mode 0644",
			"chmod 600"},
	},
	"the key is too short": {
		spoil: func(c *setup) {
			key, err := rsa.GenerateKey(rand.Reader, 1024)
			c.key("key.pem", key, err)
		},
		status: 2, check: preflight.CheckKeys, code: preflight.CodeBadConfig, says: []string{"1024 bits", "2048"},
	},
	"the key is another merchant's": {
		spoil: func(c *setup) {
			key, err := otherKey()
			c.key("key.pem", key, err)
		},
		status: 2, check: preflight.CheckCall, code: "SIGN_ERROR", says: []string{"private key does not belong to serial_no"},
	},
	"the key is not that of the certificate": {
		spoil: func(c *setup) {
			key, err := otherKey()
			if err != nil {
				c.Fatal(err)
			}
			c.lines["certificate"] = "cert.pem"
			c.certificate("cert.pem", key, time.Now().Add(time.Hour))
		},
		status: 2, check: preflight.CheckKeys, code: preflight.CodeBadConfig,
		says: []string{"the private key is not that of this certificate", "the same download"},
	},
	"the serial number is another's": {
		spoil:  func(c *setup) { c.lines["serial_no"] = "3775B6A45ACD588826D15E583A95F5DD" },
		status: 2, check: preflight.CheckCall, code: "SIGN_ERROR",
		says: []string{"serial_no 3775B6A45ACD588826D15E583A95F5DD is not that of an API certificate of"},
	},
	"the account is unknown to WeChat Pay": {
		spoil:  func(c *setup) { c.lines["mchid"] = `"1999999999"` },
		status: 2, check: preflight.CheckCall, code: "SIGN_ERROR", says: []string{"check the account's mode and identity"},
	},
	"WeChat Pay's certificate has expired": {
		spoil: func(c *setup) {
			key, err := otherKey()
			if err != nil {
				c.Fatal(err)
			}
			serial := c.certificate("old.pem", key, time.Now().Add(-time.Hour))
			c.lines["wechatpay_keys"] = "[{serial_no: " + serial + ", key: old.pem}]"
		},
		status: 2, check: preflight.CheckKeys, code: preflight.CodeBadConfig, says: []string{"expired on", "present one"},
	},
	"the public key's ID is another": {
		spoil:  func(c *setup) { c.lines["wechatpay_public_key_id"] = "PUB_KEY_ID_0000000000000000000000000000000001" },
		status: 2, check: preflight.CheckCall, code: preflight.CodeWrongAnswerKey,
		says: []string{"PUB_KEY_ID_0000000000000000000000000000000001", "signed under"},
	},
	"the public key is another under the right ID": {
		spoil: func(c *setup) {
			key, err := otherKey()
			if err != nil {
				c.Fatal(err)
			}
			der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
			if err != nil {
				c.Fatal(err)
			}
			c.write("pub.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644)
		},
		status: 2, check: preflight.CheckCall, code: preflight.CodeWrongAnswerKey, says: []string{"cannot be believed",
			"wechatpay_public_key"},
	},
	"Redis' password is wrong": {
		spoil: func(c *setup) {
			c.password("right")
			c.redis = strings.Replace(c.redis, "redis://", "redis://:hunter2@", 1)
		},
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses,
		says: []string{"refuses the user or password"},
	},
	"Redis wants a password": {
		spoil:  func(c *setup) { c.password("right") },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"wants a password"},
	},
	"Redis' user may not write": {
		spoil:  func(c *setup) { c.user("bob", "on", ">hunter2", "~storelink:*", "&*", "+@all") },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"NOPERM"},
	},
	"Redis' user may not listen": {
		spoil:  func(c *setup) { c.user("bob", "on", ">hunter2", "~*", "resetchannels", "+@all") },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses,
		says: []string{"does not let its user listen to storelink:1:wake", "&storelink:*"},
	},
	"Redis asks for a certificate": {
		spoil: func(c *setup) {
			url, files := redistest.RealTLS(c.T)
			c.redis, c.top = url, append(c.top, "redis_ca: "+files.CA)
		},
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"redis_certificate"},
	},
	"Redis is not there": {
		spoil:  func(c *setup) { c.redis = "redis://127.0.0.1:1" },
		status: 1, check: preflight.CheckRedis, code: preflight.CodeRedisAway, says: []string{"127.0.0.1:1",
			"connection refused"},
	},
	"Redis' host is unknown": { // Go looks no .onion name up (RFC 7686)
		spoil:  func(c *setup) { c.redis = "redis://redis.onion" },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeUnknownHost, says: []string{"see to its URL"},
	},
	"Redis speaks TLS and is not asked to": {
		spoil:  func(c *setup) { c.redis = "redis://" + tlsServer(c) },
		status: 1, check: preflight.CheckRedis, code: preflight.CodeRedisAway, says: []string{"write rediss instead"},
	},
	"Redis' certificate is not good": {
		spoil:  func(c *setup) { c.redis = "rediss://" + tlsServer(c) },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeUntrusted, says: []string{"verify certificate",
			"authorities"},
	},
	"Redis is asked for TLS and speaks none": {
		spoil:  func(c *setup) { c.redis = strings.Replace(c.redis, "redis://", "rediss://", 1) },
		status: 1, check: preflight.CheckRedis, code: preflight.CodeRedisAway, says: []string{"speaks TLS",
			"redis instead of rediss"},
	},
	"Redis is a web server": {
		spoil:  func(c *setup) { c.redis = "redis://" + strings.TrimPrefix(c.lines["base_url"], "http://") },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeNotRedis, says: []string{"no Redis"},
	},
	"Redis is no cluster": {
		spoil:  func(c *setup) { c.redis = strings.Replace(c.redis, "redis://", "redis-cluster://", 1) },
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"cluster support disabled"},
	},
	"Redis is a replica": {
		spoil: func(c *setup) {
			if err := c.server.Client.ReplicaOf(c.Context(), "127.0.0.1", "1").Err(); err != nil {
				c.Fatal(err)
			}
		},
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"is a replica",
			"name its master"},
	},
	"the account is of another mode": {
		spoil: func(c *setup) {
			c.lines["mode"], c.lines["mchid"], c.lines["brand_id"] = "brand", "", `"`+sandbox.BrandID+`"`
		},
		status: 2, check: preflight.CheckCall, code: "SIGN_ERROR", says: []string{"HTTP 401", "serial_no",
			"is not that of an API certificate of " + sandbox.BrandID},
	},
	"Redis evicts": {
		redis:  append(slices.Clone(redistest.Durable), "--maxmemory-policy", "allkeys-lru"),
		status: 0, check: preflight.CheckRedis, code: preflight.CodeRedisMayEvict, says: []string{"allkeys-lru",
			"set noeviction"},
	},
	"Redis keeps nothing": {
		redis:  []string{"--appendonly", "no"},
		status: 0, check: preflight.CheckRedis, code: preflight.CodeRedisMayForget,
		says: []string{"keeps no append-only file", "set appendonly yes"},
	},
	"Redis takes no writes": {
		redis:  append(slices.Clone(durable), "--maxmemory", "1"),
		status: 2, check: preflight.CheckRedis, code: preflight.CodeRedisRefuses, says: []string{"OOM"},
	},
	"the clock is ten minutes off": {
		faults: sandbox.Faults{ClockOffset: 10 * time.Minute},
		status: 2, check: preflight.CheckClock, code: preflight.CodeClock, says: []string{"clock is", "behind WeChat Pay's",
			"5 minutes", "set it right"},
	},
	"the host is unknown": {
		spoil:  func(c *setup) { c.lines["base_url"] = "https://api.mch.weixin.onion" },
		status: 2, check: preflight.CheckWeChatPay, code: preflight.CodeUnknownHost, says: []string{"no host of that name",
			"base_url"},
	},
	"the host does not listen": {
		spoil:  func(c *setup) { c.lines["base_url"] = "http://127.0.0.1:1" },
		status: 1, check: preflight.CheckWeChatPay, code: preflight.CodeUnreachable, says: []string{"connection refused",
			"firewall"},
	},
	"the host is somebody else's": {
		spoil: func(c *setup) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, "<h1>Not here</h1>")
			}))
			c.Cleanup(s.Close)
			c.lines["base_url"] = s.URL
		},
		status: 2, check: preflight.CheckCall, code: preflight.CodeNotAnAPI, says: []string{"not WeChat Pay", "base_url"},
	},
	"the host's certificate is not good": {
		spoil: func(c *setup) {
			c.lines["base_url"] = "https://" + tlsServer(c)
		},
		status: 2, check: preflight.CheckWeChatPay, code: preflight.CodeUntrusted,
		says: []string{"TLS certificate is not good"},
	},
	"the brand has not granted the partner": {
		faults: sandbox.Faults{UngrantedBrands: []string{sandbox.BrandID}},
		status: 2, check: preflight.CheckCall, code: "NO_AUTH", says: []string{"HTTP 403", "has not granted", "Request-Id"},
	},
	"the stock does not exist": {
		faults: sandbox.Faults{UnknownStocks: []string{"98065001"}},
		status: 2, check: preflight.CheckCall, code: "INVALID_REQUEST", says: []string{"HTTP 400", "Request-Id"},
	},
	"WeChat Pay is down": {
		faults: sandbox.Faults{Outage: sandbox.OutageErrors},
		status: 1, check: preflight.CheckCall, code: "SYSTEM_ERROR", says: []string{"HTTP 500"},
	},
	"a folder of lists is not there": {
		spoil:  func(c *setup) { c.top = []string{"sources: {directories: [no-such-folder]}"} },
		status: 2, check: preflight.CheckSources, code: preflight.CodeFolder, says: []string{"no such file",
			"sources.directories"},
	},
	"a hook's host is unknown": {
		spoil:  func(c *setup) { c.top = []string{"notify: {hosts: [hooks.onion]}"} },
		status: 0, check: preflight.CheckHooks, code: preflight.CodeUnknownHost, says: []string{"notify.hosts"},
	},
	"a hook's host is private": {
		spoil:  func(c *setup) { c.top = []string{"notify: {hosts: [localhost]}"} },
		status: 0, check: preflight.CheckHooks, code: preflight.CodePrivateHost, says: []string{"notify.private"},
	},
	"there is no pace": {
		spoil:  func(c *setup) { c.lines["rate"] = "0" },
		status: 0, check: preflight.CheckPace, code: preflight.CodeNoPace, says: []string{"benchmarks"},
	},
	"the pace is beyond what is allowed": {
		spoil:  func(c *setup) { c.lines["rate"] = "50" },
		status: 0, check: preflight.CheckPace, code: preflight.CodeFastPace, says: []string{"rate is 50", "allows 20"},
	},
	"the page's address is not this machine's": {
		args:   []string{"--http", "192.0.2.1:80"}, // an address for documents (RFC 5737)
		status: 2, check: preflight.CheckPage, code: preflight.CodeAddress, says: []string{"cannot be listened on"},
	},
	"the page is open to everybody": {
		args:   []string{"--http", "0.0.0.0:0"},
		status: 0, check: preflight.CheckPage, code: preflight.CodePageOpen, says: []string{"everybody", "page.login"},
	},
	"the page's token goes over the net unprotected": {
		spoil:  func(c *setup) { c.top = []string{"page: {token: correct-horse-battery}"} },
		args:   []string{"--http", "0.0.0.0:0"},
		status: 0, check: preflight.CheckPage, code: preflight.CodePageOpen, says: []string{"without TLS",
			"page.certificate"},
	},
	"the page's certificate has expired": {
		spoil: func(c *setup) {
			key, err := otherKey()
			c.key("page.key", key, err)
			c.certificate("page.crt", key, time.Now().Add(-time.Hour))
			c.top = []string{"page: {certificate: page.crt, private_key: page.key}"}
		},
		args:   []string{"--http", "127.0.0.1:0"},
		status: 2, check: preflight.CheckCertificate, code: preflight.CodeCertificateExpired,
		says: []string{"page.certificate expired on", "renew it"},
	},
	"the API certificate has expired": {
		spoil: func(c *setup) {
			c.lines["certificate"] = "cert.pem"
			c.lines["serial_no"] = c.certificate("cert.pem", c.account.PrivateKey, time.Now().Add(-time.Hour))
		},
		status: 2, check: preflight.CheckCertificate, code: preflight.CodeCertificateExpired,
		says: []string{"expired on", "merchant platform"},
	},
	"the API certificate expires soon": { // and is none that the sandbox knows
		spoil: func(c *setup) {
			c.lines["certificate"] = "cert.pem"
			c.lines["serial_no"] = c.certificate("cert.pem", c.account.PrivateKey, time.Now().Add(59*24*time.Hour))
		},
		status: 2, check: preflight.CheckCertificate, code: preflight.CodeCertificateExpires, says: []string{"expires on",
			"before that"},
	},
	"a proxy of the environment refuses": {
		spoil: func(c *setup) {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "who are you", http.StatusProxyAuthRequired)
			}))
			c.Cleanup(proxy.Close)
			c.environ = []string{"HTTPS_PROXY=" + strings.Replace(proxy.URL, "://", "://me:hunter2@", 1)}
			c.lines["base_url"] = "https://wechat.invalid"
		},
		status: 1, check: preflight.CheckWeChatPay, code: preflight.CodeUnreachable,
		says: []string{"Proxy Authentication Required", "through the proxy 127.0.0.1:", "that the environment names (HTTPS_PROXY)", "NO_PROXY"},
	},
	"the clock is a minute off": {
		faults: sandbox.Faults{ClockOffset: -time.Minute},
		status: 0, check: preflight.CheckClock, code: preflight.CodeClock, says: []string{"ahead of WeChat Pay's",
			"set it right"},
	},
	"the configuration has a key that is not known": {
		spoil:  func(c *setup) { c.top = []string{"colour: red"} },
		status: 2, check: preflight.CheckConfiguration, code: preflight.CodeBadConfig, says: []string{"storelink.yaml:2:",
			"colour"},
	},
}
