// Package config reads what an operator has configured: one YAML file and the environment, checked whole, so that a
// mistake is told with its line before anything is done. It opens no connection, and it must never print a secret: keys
// and the Redis URL are of package secret's types, and an error names where a value stands instead of showing it.
//
// # What wins
//
// A command-line flag (which the commands apply themselves) wins over the environment, the environment over the file,
// the file over the defaults. An environment variable that is set but empty counts as not set.
//
// # The file
//
// It is the one that --config names, else the one that STORELINK_CONFIG names, else there is none. A path in it is
// relative to its folder. In every value, ${NAME} stands for the environment variable NAME, which must be set, and $$
// for one $. What a variable holds is taken as it is, and not searched again. An unknown key is refused, so that a
// misspelt one cannot be passed over; YAML's anchors and merge keys (<<) may be used.
//
// Accounts may also stand in the *.yaml and *.yml files of the folder accounts_dir: in each either one account's keys,
// or accounts with a list of them. Paths in such a file are relative to that folder, and it is as secret as what stands
// in it. Names must differ over all files.
//
// # The environment
//
//	STORELINK_CONFIG                 the file, where --config does not name it
//	STORELINK_LANG                   what the commands tell people in, where --lang does not say it; not of the configuration
//	STORELINK_REDIS, or REDIS_URL    redis (the first wins)
//	STORELINK_REDIS_CERTIFICATE      redis_certificate
//	STORELINK_REDIS_KEY              redis_key
//	STORELINK_REDIS_CA               redis_ca
//	STORELINK_HTTP                   http
//	STORELINK_LOG_LEVEL              log.level
//	STORELINK_LOG_FORMAT             log.format
//	STORELINK_RETENTION              retention
//	STORELINK_NOTIFY_SECRET          notify.secret
//	STORELINK_NOTIFY_HOSTS           notify.hosts
//	STORELINK_SOURCES_DIRECTORIES    sources.directories
//	STORELINK_SOURCES_HOSTS          sources.hosts
//	STORELINK_SOURCES_PRIVATE        sources.private
//	STORELINK_SOURCES_MAX_BYTES      sources.max_bytes
//	STORELINK_SOURCES_TIMEOUT        sources.timeout
//	STORELINK_PAGE_TOKEN             page.token
//	STORELINK_PAGE_LOGIN             page.login
//	STORELINK_PAGE_HOSTS             page.hosts
//	STORELINK_PAGE_TRUSTED_PROXIES   page.trusted_proxies
//	STORELINK_PAGE_CERTIFICATE       page.certificate
//	STORELINK_PAGE_PRIVATE_KEY       page.private_key
//	STORELINK_TRACING_ENDPOINT       tracing.endpoint (OTEL_EXPORTER_OTLP_ENDPOINT where nothing says it)
//	STORELINK_TRACING_RATIO          tracing.ratio
//	STORELINK_ACCOUNTS_DIR           accounts_dir
//	STORELINK_ACCOUNTS               names of accounts, separated by commas, beside those of the file
//	STORELINK_ACCOUNT_<NAME>_<KEY>   any key of an account but its name: STORELINK_ACCOUNT_ACME_SERIAL_NO
//
// NAME is the account's name in upper case with _ for -. A list is written with commas; wechatpay_keys, whose entries
// have parts, as JSON. A key may be the PEM text itself (with \n for its line breaks, where those cannot be written) or
// a path, relative to the working directory. A STORELINK_ACCOUNT_ variable that fits no account or no key is refused.
// Other variables that begin with STORELINK_ are refused only if they look like one of those above misspelt: container
// platforms set some of their own.
package config

import (
	"log/slog"
	"reflect"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// The defaults.
const (
	DefaultHTTP           = "127.0.0.1:8080"
	DefaultRetention      = 30 * 24 * time.Hour
	DefaultRate           = 20 // calls a second and interface: what WeChat Pay allows (partner/4015781302)
	DefaultConcurrency    = 16
	DefaultBaseURL        = "https://api.mch.weixin.qq.com"
	DefaultSpareURL       = "https://api2.mch.weixin.qq.com"
	DefaultConnectTimeout = 5 * time.Second
	DefaultCallTimeout    = 20 * time.Second
)

// Off is what a key takes that turns its thing off: http and spare_url.
const Off = "off"

// The bounds.
const (
	MinRetention   = time.Hour
	MaxRetention   = 3650 * 24 * time.Hour
	MinRate        = 0.01   // calls a second; or 0, which is no pace at all
	MaxRate        = 10_000 // calls a second
	MaxConcurrency = 1000
	MinTimeout     = 100 * time.Millisecond
	MaxTimeout     = 5 * time.Minute
)

// The forms of a log.
const (
	LogText = "text"
	LogJSON = "json"
)

// Config is everything configured. One without accounts and without Redis is fine: a command that needs them says so.
type Config struct {
	File      string     // the file that was read; empty if there was none
	Redis     secret.URL // as the operator wrote it: package redisconn reads it; empty if Redis is not configured
	RedisTLS  RedisTLS   // of a Redis over TLS
	HTTP      string     // HOST:PORT that the worker serves its health and its page on; empty if it is off
	Page      Page       // the worker's page for people
	Log       Log
	Retention time.Duration // how long an ended job is kept
	Notify    Notify        // completion hooks
	Tracing   Tracing       // where traces go
	Sources   Sources       // where the lists of schedules may come from

	AccountsDir string    // the folder that accounts are read from beside File; empty if there is none
	Accounts    []Account // of File, then of AccountsDir's files, then of STORELINK_ACCOUNTS, in their order; no name twice

	Warnings []string // sentences: what is not wrong, but better otherwise
}

// Log is what is logged and how.
type Log struct {
	Level  slog.Level // debug, info, warn or error
	Format string     // LogText or LogJSON
}

// MinNotifySecret is how long the secret of completion hooks must be, in characters.
const MinNotifySecret = 16

// Notify is what completion hooks may be, and what they are signed with.
type Notify struct {
	Secret  secret.Text // of the HMAC-SHA256 signature; hooks that are JSON need one
	Hosts   []string    // that may be told, as package egress has them
	Private []string    // networks and addresses that may be told although they are private
	Hooks   []Hook      // those that have a name; no name twice, none from LoadWithoutKeys has an address
}

// Hook is a completion hook that has a name, so that its address is nowhere but in the configuration.
type Hook struct {
	Name   string      // 1 to 63 of a-z, 0-9 and -
	URL    secret.Text // https; its host is among those that may be told
	Format string      // HookJSON or HookWeCom
}

// The formats of hooks, as package notify has them.
const (
	HookJSON  = "json"
	HookWeCom = "wecom"
)

// Account is one identity at WeChat Pay with its keys and its allowance.
type Account struct {
	Name     string // 1 to 63 of a-z, 0-9 and -
	Mode     job.Mode
	MchID    string // a partner's; empty for a brand
	BrandID  string // a brand's; empty for a partner
	SerialNo string // of the API certificate whose private key signs

	PrivateKey  secret.Text // PEM, not yet parsed; empty from LoadWithoutKeys
	Certificate string      // the API certificate's PEM, not yet parsed; mostly empty: it is not needed to call
	AnswerKeys  []AnswerKey // those that may check answers, at least one; none from LoadWithoutKeys

	Rate        float64 // calls a second and interface, over all workers; 0 is no pace. The same for one identity
	Concurrency int     // calls at once in one worker

	BaseURL  string // scheme and host, without a slash at its end
	SpareURL string // tried after connection failures; empty if there is none

	PassingCodes []string // store failures that pass, beside those that are known to
	AlreadyCodes []string // store failures that say that the store was so before

	ConnectTimeout time.Duration // to reach WeChat Pay
	CallTimeout    time.Duration // for a whole call; not less than ConnectTimeout

	places map[string]place // where each key was given
	place  place            // where the account was
}

// AnswerKey is a key of WeChat Pay's that its answers are checked with.
type AnswerKey struct {
	ID          string // what the Wechatpay-Serial header names it: PUB_KEY_ID_…, or the certificate's serial number
	PEM         string // not yet parsed; it is public
	Certificate bool   // a platform certificate; otherwise a public key
}

// Identity is who the account is at WeChat Pay: a partner's mchid or a brand's brand_id.
func (a Account) Identity() string {
	if a.Mode == job.Brand {
		return a.BrandID
	}
	return a.MchID
}

// Errorf makes the error that the account's value for key ("private_key") is wrong, for what can only be seen where it
// is used, with the file and line or the environment variable that gave it. What it is given must hold no secret.
func (a Account) Errorf(key, format string, args ...any) *job.Error {
	at, ok := a.places[key]
	if !ok {
		at = a.place
	}
	e := job.Errorf(job.CodeBadConfig, "account "+a.Name+": "+key+": "+format, args...)
	e.File, e.Line = at.file, at.line
	e.Message = i18n.Plain(at.prefix() + e.Message.String())
	return e
}

// Equal says whether the account is configured the same, wherever it stands.
func (a Account) Equal(b Account) bool {
	a.places, b.places = nil, nil
	a.place, b.place = place{}, place{}
	return reflect.DeepEqual(a, b)
}

// Account gives the account of that name.
func (c *Config) Account(name string) (Account, bool) {
	for _, a := range c.Accounts {
		if a.Name == name {
			return a, true
		}
	}
	return Account{}, false
}

// Load reads the configuration: the file at path, else the one that STORELINK_CONFIG names, else none; then environ,
// which is os.Environ(). All that is wrong is told at once, in a *job.Error of job.CodeBadConfig whose File and Line
// are those of the first problem.
func Load(path string, environ []string) (*Config, error) {
	return load(path, environ, true)
}

// LoadWithoutKeys is Load for those who need no keys: it neither reads nor asks for them, so that an operator who may
// not read them, on a machine that does not have them, can still use the worker's own configuration.
func LoadWithoutKeys(path string, environ []string) (*Config, error) {
	return load(path, environ, false)
}
