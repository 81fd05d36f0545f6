package sandbox

import (
	"crypto/rsa"
	"fmt"

	"github.com/storelink/storelink/internal/job"
)

// The accounts that a sandbox has unless it is given others.
const (
	PartnerAccount = "sandbox-partner"
	BrandAccount   = "sandbox-brand"

	PartnerMchID = "1900000001"
	BrandID      = "120344"
)

// Account is one identity that may call.
type Account struct {
	Name       string          // what a configuration calls it
	Mode       job.Mode        //
	Identity   string          // a partner's mchid, a brand's brand_id
	SerialNo   string          // of its API certificate; empty means one that follows from key and identity
	PrivateKey *rsa.PrivateKey // of that certificate; nil means its mode's key in Options.Keys
}

// PrivateKeyPEM is the account's private key as a file holds it (apiclient_key.pem).
func (a Account) PrivateKeyPEM() ([]byte, error) { return PrivateKeyPEM(a.PrivateKey) }

// DefaultAccounts are one partner, who may act for every brand, and one brand.
func DefaultAccounts() []Account {
	return []Account{
		{Name: PartnerAccount, Mode: job.Partner, Identity: PartnerMchID},
		{Name: BrandAccount, Mode: job.Brand, Identity: BrandID},
	}
}

// account is an Account with what the sandbox counts about it.
type account struct {
	Account
	windows [interfaceCount]window
}

func (s *Sandbox) addAccount(a Account, keys Keys) error {
	key := keys.Partner
	switch a.Mode {
	case job.Partner:
	case job.Brand:
		key = keys.Brand
	default:
		return fmt.Errorf("sandbox account %q: mode %q is neither partner nor brand", a.Name, a.Mode)
	}
	if a.PrivateKey == nil {
		a.PrivateKey = key
	}
	if a.SerialNo == "" {
		a.SerialNo = serialNumber(a.PrivateKey, a.Identity)
	}
	who := caller{a.Mode, a.Identity}
	if !job.ValidID(a.Identity) {
		return fmt.Errorf("sandbox account %q: identity %q is no ID", a.Name, a.Identity)
	}
	if s.byCaller[who] != nil {
		return fmt.Errorf("sandbox account %q: there is a %s %s already", a.Name, a.Mode, a.Identity)
	}
	if _, taken := s.Account(a.Name); taken {
		return fmt.Errorf("sandbox account %q: the name is taken", a.Name)
	}
	added := &account{Account: a}
	for i := range added.windows {
		added.windows[i].init(s.rate, s.countRefused)
	}
	s.accounts = append(s.accounts, added)
	s.byCaller[who] = added
	return nil
}

// Account is the account of that name, complete with serial number and key.
func (s *Sandbox) Account(name string) (Account, bool) {
	for _, a := range s.accounts {
		if a.Name == name {
			return a.Account, true
		}
	}
	return Account{}, false
}

// Accounts are all accounts, complete with serial numbers and keys.
func (s *Sandbox) Accounts() []Account {
	all := make([]Account, len(s.accounts))
	for i, a := range s.accounts {
		all[i] = a.Account
	}
	return all
}
