// Package preflight tries a worker's set-up before it is relied on: configuration, keys, clock, Redis, WeChat Pay's
// hosts, the folders and hosts of lists and hooks, the page, and, where it is asked for, one harmless call. Of each it
// says in one sentence how it is and, where it is not well, why and what to do.
//
// It must never change anything: of WeChat Pay it asks nothing but one page of a list, and what it writes to Redis, to
// see whether it can, has a name of its own and is gone again. It shows no secret.
package preflight

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
)

// Level says how something is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // works, but can lose something, or will not work one day
	Fail Level = "fail"
)

// The checks, by what they are about.
const (
	CheckConfiguration = "configuration"
	CheckKeys          = "keys"
	CheckCertificate   = "certificate"
	CheckPace          = "pace"
	CheckWeChatPay     = "wechatpay"
	CheckClock         = "clock"
	CheckRedis         = "redis"
	CheckInstallation  = "installation"
	CheckSources       = "sources"
	CheckHooks         = "hooks"
	CheckPage          = "page"
	CheckCall          = "call"
)

// Result is what one check found.
type Result struct {
	Check   string `json:"check"`             // one of the Check constants
	Subject string `json:"subject,omitempty"` // what of it was looked at: an account, a host, a folder
	Level   Level  `json:"level"`
	Code    string `json:"code,omitempty"` // what is not well: a Code constant, or one of WeChat Pay's; empty for OK
	Message string `json:"message"`        // a sentence: how it is, why, and what to do
	File    string `json:"file,omitempty"` // of the configuration, where it is about a place in it
	Line    int    `json:"line,omitempty"` // 1-based; 0 where it is about none

	// Passing: a failure that may be over when the check is made again, with nothing mended.
	Passing bool `json:"passing,omitempty"`
}

// The codes of what is not well.
const (
	CodeBadConfig          = job.CodeBadConfig
	CodeOpenFile           = "open_file"           // others may read or change it
	CodeCertificateExpired = "certificate_expired" // or is not valid yet
	CodeCertificateExpires = "certificate_expires" // soon
	CodeNoPace             = "no_pace"
	CodeFastPace           = "fast_pace"
	CodeFewCalls           = "few_calls" // at a time, for the pace
	CodeForeignHost        = "foreign_host"
	CodeUnknownHost        = "unknown_host"
	CodeUnreachable        = "unreachable"
	CodeUntrusted          = "untrusted_host" // its TLS certificate
	CodeNotAnAPI           = "not_wechatpay"
	CodeClock              = "clock_off"
	CodeClockUnknown       = "clock_unknown"
	CodeNoRedis            = "no_redis"
	CodeRedisAway          = "redis_away"
	CodeNotRedis           = "not_redis"
	CodeRedisRefuses       = "redis_refuses"
	CodeRedisMayForget     = "redis_may_forget"
	CodeRedisMayEvict      = "redis_may_evict"
	CodeRedisFull          = "redis_full"
	CodeRedisVersion       = "redis_version"
	CodeRedisCluster       = "redis_cluster"
	CodeFolder             = "folder_unreadable"
	CodePrivateHost        = "private_host"
	CodeNoSecret           = "no_secret"
	CodeAddressInUse       = "address_in_use"
	CodeAddress            = "address_not_here"
	CodePageOpen           = "page_open"
	CodeWrongAnswerKey     = "wrong_answer_key"
	CodeOtherInstallation  = "other_installation"
)

// Status is the exit status for what was found: 0 where there is nothing but warnings, 2 where something must be
// mended, 1 where what failed may pass.
func Status(all []Result) (status int) {
	for _, r := range all {
		switch {
		case r.Level != Fail:
		case r.Passing:
			status = max(status, 1)
		default:
			status = 2
		}
	}
	return status
}

// Setup is what is tried.
type Setup struct {
	// with keys, unless Wrong says why it could not be read with them; nil where it cannot be read at all
	Config *config.Config
	Wrong  error // what is wrong with the configuration; nil for nothing

	RedisURL string // Config's, or the command line's
	Account  string // the only one to look at; empty for all
	// Target is a stock whose stores are asked for with Account, one page of one store; the zero value for no call.
	Target job.Target
	Lang   catalogue.Lang // of what WeChat Pay's failures mean

	Now func() time.Time // this machine's clock; nil for time.Now
}

// look is one run of all checks.
type look struct {
	Setup
	tell func(Result)

	accounts []config.Account
	rdb      redis.UniversalClient // nil where Redis is not reached
	shown    bool                  // Redis is shown a certificate
	compared bool                  // the clock, with one of WeChat Pay's hosts
}

// Run makes all checks, one after another, and tells the result of each as it comes. Every check has its own patience,
// of seconds; ctx ends them all. The error is that ctx has ended.
func Run(ctx context.Context, s Setup, tell func(Result)) error {
	if s.Now == nil {
		s.Now = time.Now
	}
	l := &look{Setup: s, tell: tell}
	for _, check := range []func(context.Context){
		l.configuration, l.keys, l.paces, l.redis, l.installations, l.hosts, l.clock, l.sources, l.hooks, l.page, l.call,
	} {
		if ctx.Err() != nil {
			break
		}
		check(ctx)
	}
	if l.rdb != nil {
		_ = l.rdb.Close() // nothing waits on it
	}
	return ctx.Err()
}

func (l *look) ok(check, subject, message string) {
	l.tell(Result{Check: check, Subject: subject, Level: OK, Message: message})
}

func (l *look) warn(check, subject, code, message string) {
	l.tell(Result{Check: check, Subject: subject, Level: Warn, Code: code, Message: message})
}

func (l *look) fail(check, subject, code, message string) {
	l.tell(Result{Check: check, Subject: subject, Level: Fail, Code: code, Message: message})
}

func (l *look) failPassing(check, subject, code, message string) {
	l.tell(Result{Check: check, Subject: subject, Level: Fail, Code: code, Message: message, Passing: true})
}

// wrong tells an error of the configuration, with its place.
func (l *look) wrong(check, subject string, err error) {
	r := Result{Check: check, Subject: subject, Level: Fail, Code: CodeBadConfig, Message: err.Error()}
	if e := (*job.Error)(nil); errors.As(err, &e) {
		r.File, r.Line = e.File, e.Line
	}
	l.tell(r)
}
