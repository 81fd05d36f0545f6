package preflight

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/worker"
	"github.com/storelink/storelink/internal/wxapi"
)

// configuration tells what is wrong with the configuration as a whole, a result for each problem.
func (l *look) configuration(context.Context) {
	if l.Wrong != nil {
		e := job.AsError(l.Wrong)
		for i, line := range strings.Split(l.Wrong.Error(), "\n") {
			r := Result{Check: CheckConfiguration, Level: Fail, Code: CodeBadConfig, Message: line}
			if i == 0 {
				r.File, r.Line = e.File, e.Line
			}
			l.tell(r)
		}
	}
	if l.Config == nil {
		return
	}
	for _, w := range l.Config.Warnings {
		l.warn(CheckConfiguration, "", CodeOpenFile, w)
	}
	for _, a := range l.Config.Accounts {
		if l.Account == "" || a.Name == l.Account {
			l.accounts = append(l.accounts, a)
		}
	}
	file := l.Config.File
	if file == "" {
		file = "the environment"
	}
	switch {
	case l.Wrong != nil:
	case len(l.Config.Accounts) == 0:
		l.fail(CheckConfiguration, "", CodeBadConfig,
			file+" has no account: a worker has nothing to serve (accounts, accounts_dir, or --config for another file)")
	case len(l.accounts) == 0:
		l.fail(CheckConfiguration, "", CodeBadConfig,
			"account "+l.Account+" is not in "+file+": see to its name, or --config")
	default:
		l.ok(CheckConfiguration, "", fmt.Sprintf("%s is understood, and has %s", file, count(len(l.Config.Accounts),
			"account")))
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// keys tries each account's keys. Where the configuration is wrong, there are none to try.
func (l *look) keys(context.Context) {
	if l.Wrong != nil {
		return
	}
	for _, a := range l.accounts {
		if _, err := worker.Accounts([]config.Account{a}, slog.New(slog.DiscardHandler)); err != nil {
			for _, err := range each(err) {
				l.wrong(CheckKeys, a.Name, err)
			}
			continue
		}
		// They have just been parsed.
		key, _ := wxapi.ParsePrivateKey([]byte(a.PrivateKey.Reveal()))
		var answers []string
		for _, k := range a.AnswerKeys {
			answers = append(answers, k.ID)
			if parsed, _ := wxapi.ParseAnswerKey(k.ID, []byte(k.PEM), l.Now()); parsed.Certificate != nil {
				l.validity(a.Name, "WeChat Pay's certificate "+k.ID, parsed.Certificate, wxapi.ExpiresSoon,
					"take WeChat Pay's present key or certificate")
			}
		}
		l.ok(CheckKeys, a.Name,
			fmt.Sprintf("%s %s calls with serial number %s and a private key of %d bits, and checks answers with %s",
				a.Mode, a.Identity(), a.SerialNo, key.N.BitLen(), strings.Join(answers, ", ")))
		l.ownCertificate(a, key)
	}
}

// each gives the errors that were joined into one.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// ownCertificate looks at the account's certificate, that it fits having been seen.
func (l *look) ownCertificate(a config.Account, key *rsa.PrivateKey) {
	if a.Certificate == "" {
		return
	}
	cert, err := wxapi.ParseOwnCertificate([]byte(a.Certificate), key, a.SerialNo)
	if err != nil {
		l.wrong(CheckCertificate, a.Name, a.Errorf("certificate", "%w", err))
		return
	}
	if l.validity(a.Name, "the API certificate "+a.SerialNo, cert, wxapi.ExpiresSoon,
		"make a new one on the merchant platform, and configure its serial_no and private_key") {
		l.ok(CheckCertificate, a.Name, "private key and serial number belong together; the API certificate is valid until "+
			cert.NotAfter.Format(time.DateOnly))
	}
}

// validity tells where a certificate is not valid, or will not be before soon is over.
func (l *look) validity(subject, what string, cert *x509.Certificate, soon time.Duration, do string) bool {
	switch now := l.Now(); {
	case now.After(cert.NotAfter):
		l.fail(CheckCertificate, subject, CodeCertificateExpired,
			what+" expired on "+cert.NotAfter.Format(time.DateOnly)+": "+do)
	case now.Before(cert.NotBefore):
		l.fail(CheckCertificate, subject, CodeCertificateExpired,
			what+" is valid only from "+cert.NotBefore.Format(time.DateOnly)+" on: compare this machine's clock with the "+
				"true time")
	case now.Add(soon).After(cert.NotAfter):
		l.warn(CheckCertificate, subject, CodeCertificateExpires,
			what+" expires on "+cert.NotAfter.Format(time.DateOnly)+": "+do+" before that")
	default:
		return true
	}
	return false
}

// paces tells of a pace that WeChat Pay does not allow, or that cannot be reached.
func (l *look) paces(context.Context) {
	for _, a := range l.accounts {
		enough := a.Rate * slowCall.Seconds()
		switch {
		case a.Rate == 0:
			l.warn(CheckPace, a.Name, CodeNoPace, "rate is 0, no pace at all, which is for benchmarks: WeChat Pay refuses what "+
				"is beyond its allowance; take the line out, or set it to 20")
		case a.Rate > config.DefaultRate:
			l.warn(CheckPace, a.Name, CodeFastPace,
				fmt.Sprintf("rate is %v, and WeChat Pay allows 20 calls a second unless it has "+
					"agreed to more: calls will be refused (429), and all workers wait then", a.Rate))
		case float64(a.Concurrency) < enough:
			l.warn(CheckPace, a.Name, CodeFewCalls, fmt.Sprintf("concurrency is %d: where a call takes %v, rate %v needs %.0f",
				a.Concurrency, slowCall, a.Rate, enough))
		default:
			l.ok(CheckPace, a.Name, fmt.Sprintf("%v calls a second for each interface, %d at a time", a.Rate, a.Concurrency))
		}
		if u, err := url.Parse(a.BaseURL); err == nil && !wechatPay(u.Hostname()) && !loopback(u.Hostname()) {
			l.warn(CheckWeChatPay, a.Name, CodeForeignHost,
				"base_url leads to "+u.Host+", which is none of WeChat Pay's hosts: "+
					"take the line out, unless that is a gateway of your own")
		}
	}
}

// slowCall is what a call takes on a slow day.
const slowCall = 200 * time.Millisecond

// wechatPay says whether a host is one of WeChat Pay's (partner/4015781302).
func wechatPay(host string) bool {
	host = strings.ToLower(host)
	switch host {
	case "api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "api.wechatpay.cn", "api2.wechatpay.cn":
		return true
	}
	return false
}
