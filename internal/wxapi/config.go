package wxapi

import (
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/keyfile"
)

// WeChat Pay's two sites (partner/4015781302): the second is for when the first cannot be reached.
const (
	DefaultBaseURL  = "https://api.mch.weixin.qq.com"
	DefaultSpareURL = "https://api2.mch.weixin.qq.com"
)

// The defaults of Config's bounds.
const (
	DefaultConnectTimeout = 3 * time.Second
	DefaultCallTimeout    = 10 * time.Second
	DefaultConcurrency    = 16
)

// Config is one account's identity and how to reach WeChat Pay with it. It holds a private key: it prints and marshals
// without it.
type Config struct {
	Mode       job.Mode        // job.Partner or job.Brand
	Identity   string          // the partner's mchid, or the brand's brand_id
	SerialNo   string          // of the API certificate that belongs to PrivateKey, in hexadecimal
	PrivateKey *rsa.PrivateKey `json:"-"` // of the API certificate; see ParsePrivateKey

	// AnswerKeys are the keys that answers may be signed with, at least one: more than one in the weeks in which WeChat
	// Pay changes from one to another. See ParseAnswerKey.
	AnswerKeys []AnswerKey

	BaseURL  string // scheme and host; http only towards this very machine. Empty: DefaultBaseURL
	SpareURL string // tried where BaseURL cannot be reached. Empty: DefaultSpareURL beside DefaultBaseURL, else none

	// ConnectTimeout bounds the making of one connection: name, TCP, proxy and TLS together. 0: DefaultConnectTimeout.
	ConnectTimeout time.Duration

	// CallTimeout bounds one request from the moment that Call.Ready lets it pass to the last byte of its answer; the
	// waiting for the pace is not in it. Where the spare host is used after a cut connection, each of the two requests
	// has its own. 0: DefaultCallTimeout.
	CallTimeout time.Duration

	// PassingCodes are codes in failed_store_list after which the store is sent again, beside those in the table of
	// classify.go; AlreadyCodes those that say that the store was so before, which is a success. WeChat Pay documents
	// none of either.
	PassingCodes []string
	AlreadyCodes []string

	// Replays is what tells an old answer from a new one, of all the clients that share it. nil: the client's own.
	Replays *Replays `json:"-"`

	Concurrency int              // calls at a time, and so the connections kept open to a host. 0: DefaultConcurrency
	Clock       func() time.Time `json:"-"` // this machine's clock. nil: time.Now
	Logger      *slog.Logger     `json:"-"` // nil: silent
}

// String names the account and no key.
func (c Config) String() string {
	return fmt.Sprintf("%s %s, serial number %s, at %s", c.Mode, c.Identity, c.SerialNo, c.BaseURL)
}

// GoString is String: %#v would print the private key.
func (c Config) GoString() string { return "wxapi.Config{" + c.String() + "}" }

// LogValue is String, for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// check fills the defaults in and tells what is wrong, as a *job.Error that names the configuration's keys.
func (c *Config) check() error {
	if err := c.checkIdentity(); err != nil {
		return err
	}
	c.fillHosts()
	for _, b := range []struct {
		value    *time.Duration
		fallback time.Duration
		name     string
	}{
		{&c.ConnectTimeout, DefaultConnectTimeout, "connect_timeout"},
		{&c.CallTimeout, DefaultCallTimeout, "call_timeout"},
	} {
		switch {
		case *b.value < 0:
			return job.Fail(job.CodeBadConfig, "config.not_positive", "name", b.name, "value", *b.value)
		case *b.value == 0:
			*b.value = b.fallback
		}
	}
	switch {
	case c.Concurrency < 0:
		return job.Fail(job.CodeBadConfig, "config.concurrency", "n", c.Concurrency)
	case c.Concurrency == 0:
		c.Concurrency = DefaultConcurrency
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Replays == nil {
		c.Replays = NewReplays()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// checkIdentity checks who calls and with which keys.
func (c *Config) checkIdentity() error {
	name := "mchid"
	switch c.Mode {
	case job.Partner:
	case job.Brand:
		name = "brand_id"
	default:
		return job.Fail(job.CodeBadConfig, "config.mode", "mode", shown(string(c.Mode)))
	}
	if !job.ValidID(c.Identity) { // it stands in a header between quotes
		return job.Fail(job.CodeBadConfig, "config.identity", "name", name, "value", shown(c.Identity), "most", job.MaxIDLength)
	}
	serial, ok := keyfile.Serial(c.SerialNo)
	if !ok {
		return job.Fail(job.CodeBadConfig, "config.serial_no", "value", shown(c.SerialNo))
	}
	c.SerialNo = serial
	if c.PrivateKey == nil {
		return job.Fail(job.CodeBadConfig, "config.no_private_key")
	}
	if err := checkPrivateKey(c.PrivateKey); err != nil {
		return err
	}
	return c.checkAnswerKeys()
}

// checkAnswerKeys also catches the commonest mistake with them: the account's own certificate or public key given as
// WeChat Pay's.
func (c *Config) checkAnswerKeys() error {
	if len(c.AnswerKeys) == 0 {
		return job.Fail(job.CodeBadConfig, "config.no_answer_key")
	}
	seen := make(map[string]bool, len(c.AnswerKeys))
	for _, k := range c.AnswerKeys {
		if !job.ValidID(k.ID) || k.key() == nil { // the ID stands in a header
			return job.Fail(job.CodeBadConfig, "config.answer_key_incomplete")
		}
		if err := checkBits(i18n.M("key.key_of_id", "id", k.ID), k.key()); err != nil {
			return err
		}
		switch {
		case k.Certificate != nil && k.ID != SerialNumber(k.Certificate):
			return job.Fail(job.CodeBadConfig, "config.certificate_under_id",
				"serial", SerialNumber(k.Certificate), "id", k.ID)
		case seen[k.ID]:
			return job.Fail(job.CodeBadConfig, "config.answer_key_twice", "id", k.ID)
		case k.key().Equal(c.PrivateKey.Public()):
			return job.Fail(job.CodeBadConfig, "config.answer_key_own", "id", k.ID)
		}
		seen[k.ID] = true
	}
	return nil
}

// fillHosts fills base and spare URL in; newPool checks them.
func (c *Config) fillHosts() {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.SpareURL == "" && c.BaseURL == DefaultBaseURL {
		c.SpareURL = DefaultSpareURL
	}
	if c.SpareURL = strings.TrimSuffix(c.SpareURL, "/"); c.SpareURL == c.BaseURL {
		c.SpareURL = ""
	}
}

// parseHost reads the URL of a host. A path is refused: the signature is over the path that WeChat Pay sees, so a
// gateway that takes a prefix away would make every signature wrong.
func parseHost(name, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		// What does not parse may be anything, a password too: it is not repeated.
		return nil, job.Fail(job.CodeBadConfig, "config.no_url", "name", name, "example", DefaultBaseURL)
	case u.User != nil:
		return nil, job.Fail(job.CodeBadConfig, "config.url_with_user", "name", name)
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, job.Fail(job.CodeBadConfig, "config.url_with_path", "name", name, "value", shown(s))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, job.Fail(job.CodeBadConfig, "config.url_http", "name", name, "value", shown(s))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, job.Fail(job.CodeBadConfig, "config.url_scheme", "name", name, "value", shown(s))
	}
	if _, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err != nil {
		// The error itself quotes the proxy's URL, which may hold a password.
		return nil, job.Fail(job.CodeBadConfig, "config.proxy_no_url", "host", shown(u.Host))
	}
	return u, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// shown cuts what an operator gave down to what is worth repeating: a key pasted into the wrong place is not repeated.
func shown(s string) string {
	if len(s) > job.MaxIDLength || strings.ContainsAny(s, "\n\r") {
		return fmt.Sprintf("(%d bytes)", len(s))
	}
	return s
}
