package config

import (
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// key is one key of a T: the tables below say all there is to know about the keys, for the file and the environment.
type key[T any] struct {
	name string
	env  []string // for a top-level key: its variables, the first of which wins
	set  func(l *loader, into *T, v value, name string)
}

// topKeys are the single values at the top. log and accounts have keys of their own.
var topKeys = []key[Config]{
	{"redis", []string{envRedis, envRedisURL}, setRedis},
	{"http", []string{envHTTP}, setHTTP},
	{"accounts_dir", []string{envAccountsDir}, func(l *loader, c *Config, v value, name string) {
		if s, ok := l.text(v, name); ok && s != "" {
			c.AccountsDir = l.resolve(s, l.at(v))
		}
	}},
	{"retention", []string{envRetention}, func(l *loader, c *Config, v value, name string) {
		l.duration(v, name, MinRetention, MaxRetention, &c.Retention)
	}},
}

var topLists = []string{"log", "notify", "sources", "page", "tracing", "accounts"}

// logKeys are log's.
var logKeys = []key[Log]{
	{"level", []string{envLogLevel}, func(l *loader, c *Log, v value, name string) {
		choice(l, v, "log."+name, []string{"debug", "info", "warn", "error"},
			[]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}, &c.Level)
	}},
	{"format", []string{envLogFormat}, func(l *loader, c *Log, v value, name string) {
		formats := []string{LogText, LogJSON}
		choice(l, v, "log."+name, formats, formats, &c.Format)
	}},
}

// notifyKeys are notify's. What the lists hold is checked where it is used.
var notifyKeys = []key[Notify]{
	{"secret", []string{envNotifySecret}, func(l *loader, n *Notify, v value, name string) {
		s, ok := l.text(v, "notify."+name)
		switch {
		case !ok || s == "":
		case len(s) < MinNotifySecret:
			l.badf(v, "notify.%s is shorter than %d characters: who guesses it can forge what is told", name, MinNotifySecret)
		case l.readable(v):
			l.badf(v, "notify.%s stands in a file that others than its owner may read: chmod 600 it, or use ${NAME}", name)
		default:
			n.Secret = secret.NewText(s)
		}
	}},
	{"hosts", []string{envNotifyHosts}, func(l *loader, n *Notify, v value, name string) { n.Hosts = l.texts(v, "notify."+name) }},
	{"private", nil, func(l *loader, n *Notify, v value, name string) { n.Private = l.texts(v, "notify."+name) }},
	{"hooks", nil, func(l *loader, n *Notify, v value, name string) { l.hooks(v, "notify."+name, &n.Hooks) }},
}

// texts reads a list of texts.
func (l *loader) texts(v value, name string) (all []string) {
	for _, item := range l.list(v, name) {
		if s, ok := l.text(item, name); ok && s != "" {
			all = append(all, s)
		}
	}
	return all
}

// accountKeys are an account's, besides its name. No key may be the end of another after a _: then the variables of
// account a-b could be those of account a.
var accountKeys = []key[Account]{
	{"mode", nil, func(l *loader, a *Account, v value, name string) {
		choice(l, v, name, []string{"partner", "brand"}, []job.Mode{job.Partner, job.Brand}, &a.Mode)
	}},
	{"mchid", nil, func(l *loader, a *Account, v value, name string) { l.id(v, name, &a.MchID) }},
	{"brand_id", nil, func(l *loader, a *Account, v value, name string) { l.id(v, name, &a.BrandID) }},
	{"serial_no", nil, func(l *loader, a *Account, v value, name string) { l.serial(v, name, &a.SerialNo) }},
	{"private_key", nil, setPrivateKey},
	{"certificate", nil, setCertificate},
	{"wechatpay_public_key_id", nil, nil}, // these three together: setAnswerKeys
	{"wechatpay_public_key", nil, nil},
	{"wechatpay_keys", nil, nil},
	{"rate", nil, func(l *loader, a *Account, v value, name string) { l.number(v, name, &a.Rate) }},
	{"concurrency", nil, func(l *loader, a *Account, v value, name string) {
		l.integer(v, name, 1, MaxConcurrency, &a.Concurrency)
	}},
	{"base_url", nil, func(l *loader, a *Account, v value, name string) { l.base(v, name, &a.BaseURL) }},
	{"spare_url", nil, setSpareURL},
	{"passing_codes", nil, func(l *loader, a *Account, v value, name string) { l.codes(v, name, &a.PassingCodes) }},
	{"already_codes", nil, func(l *loader, a *Account, v value, name string) { l.codes(v, name, &a.AlreadyCodes) }},
	{"connect_timeout", nil, func(l *loader, a *Account, v value, name string) {
		l.duration(v, name, MinTimeout, MaxTimeout, &a.ConnectTimeout)
	}},
	{"call_timeout", nil, func(l *loader, a *Account, v value, name string) {
		l.duration(v, name, MinTimeout, MaxTimeout, &a.CallTimeout)
	}},
}

// redisSchemes are those that package redisconn can open.
var redisSchemes = []string{
	"redis", "rediss", "unix", "redis-socket", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster",
}

// setRedis looks only at the scheme: the rest is read, and complained of, where Redis is connected to.
func setRedis(l *loader, c *Config, v value, name string) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	scheme, _, found := strings.Cut(s, "://")
	if !found || !slices.Contains(redisSchemes, scheme) {
		l.badf(v, "%s is no URL that is understood: write redis://HOST:PORT/DB, or one with %s", name,
			orList(redisSchemes[1:]))
		return
	}
	c.Redis = secret.NewURL(s)
	u, err := url.Parse(s)
	if err != nil || u.User == nil || v.env != "" || l.mode&0o004 == 0 || runtime.GOOS == "windows" {
		return
	}
	if _, given := u.User.Password(); given && !strings.Contains(target(v.node).Value, "${") {
		l.warnf("%s has Redis' password in it and everybody on this machine may read it: run chmod 600 %s, or use ${NAME}",
			l.file, quotePath(l.file))
	}
}

func setHTTP(l *loader, c *Config, v value, name string) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	if s == Off {
		c.HTTP = ""
		return
	}
	if _, port, err := net.SplitHostPort(s); err != nil || port == "" || !goodPort(port) {
		l.badf(v, "%s: %s is no address: write HOST:PORT, such as %s, or %s", name, shown(v), DefaultHTTP, Off)
		return
	}
	c.HTTP = s
}

// id reads an ID.
func (l *loader) id(v value, name string, into *string) {
	s, ok := l.text(v, name)
	switch {
	case !ok || s == "":
	case !job.ValidID(s):
		l.badf(v, "%s: %s is no ID: it is 1 to %d of 0-9, A-Z, a-z, _ and -", name, shown(v), job.MaxIDLength)
	default:
		*into = s
	}
}

// codes reads failure codes.
func (l *loader) codes(v value, name string, into *[]string) {
	var codes []string
	for _, item := range l.list(v, name) {
		s, ok := l.text(item, name)
		switch {
		case !ok:
		case !job.ValidID(s):
			l.badf(item, "%s: %s is no failure code, which looks like SYSTEM_ERROR", name, shown(item))
		case slices.Contains(codes, s):
			l.badf(item, "%s: %s stands twice", name, shown(item))
		default:
			codes = append(codes, s)
		}
	}
	*into = codes
}

func setSpareURL(l *loader, a *Account, v value, name string) {
	a.SpareURL = "" // given empty, there is none
	if s, ok := l.text(v, name); ok && s != Off && s != "" {
		l.base(v, name, &a.SpareURL)
	}
}

// base reads where the calls go: https, or http where they cannot leave this machine, since they carry no secret but a
// signature that anybody on the way could replay.
func (l *loader) base(v value, name string, into *string) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || !goodPort(u.Port()) || u.Scheme != "https" && u.Scheme != "http":
		l.badf(v, "%s: %s is no base URL: write https://HOST", name, shown(v))
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		l.badf(v, "%s: %s has more than a scheme and a host: the paths of the calls are put behind it", name, shown(v))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		l.badf(v, "%s: %s: http is only for this very machine (127.0.0.1, ::1, localhost); write https", name, shown(v))
	default:
		*into = u.Scheme + "://" + u.Host
	}
}

// goodPort says whether s is a port's number, or empty for the usual one.
func goodPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
