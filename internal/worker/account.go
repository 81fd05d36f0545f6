package worker

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// same says whether two accounts are served the same: then a lane that serves the one need not be disturbed for the
// other. Of accounts that did not come from a configuration, the clients must be the same.
func (a Account) same(b Account) bool {
	if a.Name != b.Name || a.Mode != b.Mode || a.Identity != b.Identity || a.Rate != b.Rate || a.Concurrency != b.Concurrency {
		return false
	}
	if a.configured == nil || b.configured == nil {
		return a.Client == b.Client
	}
	return a.configured.Equal(*b.configured)
}

// Accounts makes of what is configured what a worker serves: keys parsed, clients ready. Every account's mistake is in
// the error, with where it stands.
func Accounts(configured []config.Account, log *slog.Logger) ([]Account, error) {
	var out []Account
	var errs []error
	for _, a := range configured {
		client, err := newClient(a, log)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, Account{Name: a.Name, Mode: a.Mode, Identity: a.Identity(), Rate: a.Rate,
			Hosts:  InstallationOf(a).Hosts,
			Serial: a.SerialNo, Concurrency: a.Concurrency, Client: client, configured: &a})
	}
	return out, errors.Join(errs...)
}

// InstallationOf is what an account's name stands for in its configuration.
func InstallationOf(a config.Account) job.Installation {
	return job.NewInstallation(a.Mode, a.Identity(), a.BaseURL, a.SpareURL)
}

// replays is the process' own: an answer that any of its accounts has seen, before a reload too, proves nothing to another.
var replays = wxapi.NewReplays()

func newClient(a config.Account, log *slog.Logger) (*wxapi.Client, error) {
	key, err := wxapi.ParsePrivateKey([]byte(a.PrivateKey.Reveal()))
	if err != nil {
		return nil, a.Errorf("private_key", "%w", err)
	}
	now := time.Now()
	if a.Certificate != "" {
		cert, err := wxapi.ParseOwnCertificate([]byte(a.Certificate), key, a.SerialNo)
		if err != nil {
			return nil, a.Errorf("certificate", "%w", err)
		}
		warnOfEnd(a.Name, cert, now, log)
	}
	var answerKeys []wxapi.AnswerKey
	for _, k := range a.AnswerKeys {
		answerKey, err := wxapi.ParseAnswerKey(k.ID, []byte(k.PEM), now)
		if err != nil {
			return nil, a.Errorf("wechatpay_keys", "%w", err)
		}
		answerKeys = append(answerKeys, answerKey)
	}
	client, err := wxapi.New(wxapi.Config{
		Mode: a.Mode, Identity: a.Identity(), SerialNo: a.SerialNo, PrivateKey: key, AnswerKeys: answerKeys,
		BaseURL: a.BaseURL, SpareURL: a.SpareURL, ConnectTimeout: a.ConnectTimeout, CallTimeout: a.CallTimeout,
		PassingCodes: a.PassingCodes, AlreadyCodes: a.AlreadyCodes, Concurrency: a.Concurrency,
		Replays: replays, Logger: log.With("account", a.Name),
	})
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "account %s: %w", a.Name, err)
	}
	return client, nil
}

// warnOfEnd warns of an account's own certificate that will expire, or has: WeChat Pay refuses its signatures then.
func warnOfEnd(account string, cert *x509.Certificate, now time.Time, log *slog.Logger) {
	switch left := cert.NotAfter.Sub(now); {
	case left <= 0:
		log.Warn("the API certificate has expired: make a new one on the merchant platform, and configure its serial_no and private_key",
			"account", account, "expired", cert.NotAfter.Format(time.DateOnly))
	case left < wxapi.ExpiresSoon:
		log.Warn("the API certificate expires soon: make a new one on the merchant platform, and configure its serial_no and private_key",
			"account", account, "expires", cert.NotAfter.Format(time.DateOnly), "days", int(left/(24*time.Hour)))
	}
}
