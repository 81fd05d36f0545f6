package main

import (
	"cmp"
	"errors"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// What --sandbox takes for a target where none is given: IDs as long as real ones.
const (
	sandboxBrand  = sandbox.BrandID
	sandboxCoupon = "1000000013"
	sandboxStock  = "1000000013001"
)

// sandboxFaults make the trial like a day at WeChat Pay: some calls and stores fail in passing and are sent again. Every
// store succeeds in the end.
var sandboxFaults = sandbox.Faults{
	Seed:          3, // which meets 500s among its first fifty calls
	Latency:       20 * time.Millisecond,
	JitterOut:     20 * time.Millisecond,
	ServerErrors:  0.02,
	PassingStores: 0.01,
}

// fillForSandbox gives the flags that --sandbox does without. Those that are given are honoured.
func (f *submitFlags) fillForSandbox() {
	f.account = cmp.Or(f.account, sandbox.PartnerAccount)
	f.brand = cmp.Or(f.brand, sandboxBrand)
	f.coupon = cmp.Or(f.coupon, sandboxCoupon)
	if f.bundle == "" {
		f.stock = cmp.Or(f.stock, sandboxStock)
	}
}

// startSandbox starts the sandbox on loopback and gives the accounts of those names as a configuration would.
func (h *here) startSandbox(names []string) ([]config.Account, error) {
	s, err := sandbox.New(sandbox.Options{Faults: sandboxFaults})
	if err != nil {
		return nil, err
	}
	var chosen []sandbox.Account
	for _, name := range names {
		account, ok := s.Account(name)
		if !ok {
			var names []string
			for _, a := range s.Accounts() {
				names = append(names, a.Name)
			}
			return nil, job.Fail(job.CodeUnknownAccount, "cmd.sandbox_accounts", "account", name, "accounts", names)
		}
		chosen = append(chosen, account)
	}
	url, err := s.Start("")
	if err != nil {
		return nil, err
	}
	h.sandbox = s
	var out []config.Account
	for _, account := range chosen {
		c, err := sandboxAccount(s, account, url)
		if err != nil {
			return nil, errors.Join(err, h.closeSandbox())
		}
		out = append(out, c)
	}
	return out, nil
}

func sandboxAccount(s *sandbox.Sandbox, account sandbox.Account, url string) (config.Account, error) {
	key, err := account.PrivateKeyPEM()
	if err != nil {
		return config.Account{}, err
	}
	answers, _ := s.PublicKeys()
	c := config.Account{Name: account.Name, Mode: account.Mode, SerialNo: account.SerialNo, PrivateKey: secret.NewText(string(key)),
		AnswerKeys: []config.AnswerKey{{ID: answers.ID, PEM: string(answers.PEM)}},
		Rate:       sandbox.DefaultRate, Concurrency: config.DefaultConcurrency, BaseURL: url,
		ConnectTimeout: config.DefaultConnectTimeout, CallTimeout: config.DefaultCallTimeout}
	if account.Mode == job.Brand {
		c.BrandID = account.Identity
	} else {
		c.MchID = account.Identity
	}
	return c, nil
}
