package worker

import (
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
			Concurrency: a.Concurrency, Client: client, configured: &a})
	}
	return out, errors.Join(errs...)
}

func newClient(a config.Account, log *slog.Logger) (*wxapi.Client, error) {
	key, err := wxapi.ParsePrivateKey([]byte(a.PrivateKey.Reveal()))
	if err != nil {
		return nil, a.Errorf("private_key", "%w", err)
	}
	if a.Certificate != "" {
		if _, err := wxapi.ParseOwnCertificate([]byte(a.Certificate), key, a.SerialNo); err != nil {
			return nil, a.Errorf("certificate", "%w", err)
		}
	}
	now := time.Now()
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
		Logger: log.With("account", a.Name),
	})
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "account %s: %w", a.Name, err)
	}
	return client, nil
}
