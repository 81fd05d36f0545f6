package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// overlayTop lets the environment's variables win over what the file says at its top.
func (l *loader) overlayTop(top fields) {
	for _, k := range topKeys {
		for _, name := range k.env {
			v, ok := l.env.value(name)
			if !ok {
				continue
			}
			top[k.name] = v
			break
		}
	}
}

// setTop sets all but the accounts.
func (l *loader) setTop(c *Config, top fields) {
	for _, k := range topKeys {
		if v, ok := top[k.name]; ok {
			k.set(l, c, v, k.name)
		}
	}
	l.setRedisTLS(c, top)
	log := fields{}
	if v, ok := top["log"]; ok {
		log = l.fields(v, "log", names(logKeys))
	}
	for _, k := range logKeys {
		if v, ok := l.env.value(k.env[0]); ok {
			log[k.name] = v
		}
		if v, ok := log[k.name]; ok {
			k.set(l, &c.Log, v, k.name)
		}
	}
	told := fields{}
	if v, ok := top["notify"]; ok {
		told = l.fields(v, "notify", names(notifyKeys))
	}
	for _, k := range notifyKeys {
		for _, name := range k.env {
			if v, ok := l.env.value(name); ok {
				told[k.name] = v
			}
		}
		if v, ok := told[k.name]; ok {
			k.set(l, &c.Notify, v, k.name)
		}
	}
	l.setSources(c, top)
	l.setPage(c, top)
	l.setTracing(c, top)
	_, _ = l.env.lookup(envRedisURL) // known, even where STORELINK_REDIS wins
	_, _ = l.env.lookup(envConfig)
	_, _ = l.env.lookup(envLang)
}

// accounts reads the accounts of the file, of the folder and of the environment, checked one by one and against each
// other.
func (l *loader) accounts(top fields) []Account {
	var all []Account
	if list, ok := top["accounts"]; ok {
		l.accountList(&all, list)
	}
	if dir, ok := top["accounts_dir"]; ok {
		l.accountsDir(&all, dir)
	}
	if list, ok := l.env.value(envAccounts); ok {
		for _, item := range l.list(list, envAccounts) {
			name := item.node.Value
			if !ValidName(name) {
				l.badf(item, "%s is no account's name, which is 1 to 63 of a-z, 0-9 and -", shown(item))
			} else if !slices.ContainsFunc(all, func(a Account) bool { return a.Name == name }) {
				l.addAccount(&all, name, fields{}, item)
			}
		}
	}
	l.checkPaces(all)
	return all
}

// accountList reads a list of accounts.
func (l *loader) accountList(all *[]Account, list value) {
	for i, item := range l.list(list, "accounts") {
		l.subject = fmt.Sprintf("account %d of the list: ", i+1)
		l.accountItem(all, item)
		l.subject = ""
	}
}

// accountItem reads one account of a file.
func (l *loader) accountItem(all *[]Account, item value) {
	given := l.fields(item, "an account", append([]string{"name"}, names(accountKeys)...))
	if name, ok := l.accountName(item, given); ok && !taken(l, *all, name, item) {
		l.addAccount(all, name, given, item)
	}
}

// addAccount adds the account with what is given for it, over which the environment wins.
func (l *loader) addAccount(all *[]Account, name string, given fields, at value) {
	l.subject = "account " + name + ": "
	for _, k := range accountKeys {
		if v, ok := l.env.value(accountPrefix(name) + strings.ToUpper(k.name)); ok {
			given[k.name] = v
		}
	}
	*all = append(*all, l.account(name, given, at))
	l.subject = ""
}

// accountName reads an account's name.
func (l *loader) accountName(item value, given fields) (string, bool) {
	v, ok := given["name"]
	if !ok {
		l.badf(item, "name is missing: how you call it, 1 to 63 of a-z, 0-9 and -")
		return "", false
	}
	name, ok := l.text(v, "name")
	if ok && !ValidName(name) {
		l.badf(v, "name: %s is no account's name, which is 1 to 63 of a-z, 0-9 and -", shown(v))
		return "", false
	}
	return name, ok
}

// ValidName says whether s can be an account's name, or a hook's. An account's queues are named after it, so it has neither
// a colon nor a brace in it; nor may it begin or end with -, which would read as a flag.
func ValidName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// taken says, and complains, that there is an account of that name.
func taken(l *loader, all []Account, name string, at value) bool {
	for _, a := range all {
		if a.Name == name {
			first := fmt.Sprintf("in line %d", a.place.line)
			if a.place.file != l.file {
				first += " of " + a.place.file
			}
			l.badf(at, "the name %s stands twice, first %s", name, first)
			return true
		}
	}
	return false
}

// account reads and checks one account; at is where it stands.
func (l *loader) account(name string, given fields, at value) Account {
	a := Account{
		Name: name, Rate: DefaultRate, Concurrency: DefaultConcurrency,
		BaseURL: DefaultBaseURL, ConnectTimeout: DefaultConnectTimeout, CallTimeout: DefaultCallTimeout,
		places: make(map[string]place, len(given)), place: l.at(at),
	}
	before := len(l.problems)
	for _, k := range accountKeys {
		v, ok := given[k.name]
		if !ok {
			continue
		}
		a.places[k.name] = l.at(v)
		if k.set != nil {
			k.set(l, &a, v, k.name)
		}
	}
	if _, said := given["spare_url"]; !said && a.BaseURL == DefaultBaseURL {
		a.SpareURL = DefaultSpareURL // a base of one's own has no spare of WeChat Pay's
	}
	beforeKeys := len(l.problems)
	l.setAnswerKeys(&a, given)
	noKeys := l.withKeys && len(a.AnswerKeys) == 0 && len(l.problems) == beforeKeys
	l.checkAccount(&a, given, at, l.problems[before:])
	if noKeys {
		l.badf(at, "there is no key to check WeChat Pay's answers with: "+
			"give wechatpay_public_key_id and wechatpay_public_key, or wechatpay_keys")
	}
	return a
}

// checkAccount checks what concerns more than one key. What is wrong by itself already is not called missing too.
func (l *loader) checkAccount(a *Account, given fields, at value, wrong problems) {
	missing := func(key string, empty bool, what string) {
		if v, ok := given[key]; ok && slices.ContainsFunc(wrong, func(p problem) bool { return p.at == l.at(v) }) {
			return
		}
		if empty {
			l.badf(at, "%s is missing: %s", key, what)
		}
	}
	missing("mode", a.Mode == "", "partner (for brands, with a mchid) or brand (for itself, with a brand_id)")
	switch a.Mode {
	case job.Partner:
		missing("mchid", a.MchID == "", "the partner's merchant ID")
		if a.BrandID != "" {
			l.badf(given["brand_id"], "brand_id is not for mode partner, which acts for many brands: give --brand with a job")
		}
	case job.Brand:
		missing("brand_id", a.BrandID == "", "the brand's ID")
		if a.MchID != "" {
			l.badf(given["mchid"], "mchid is not for mode brand, which calls with its brand_id")
		}
	}
	missing("serial_no", a.SerialNo == "", "the serial number of the API certificate that private_key belongs to")
	if l.withKeys {
		missing("private_key", a.PrivateKey.Empty(), "the API certificate's private key, a PEM file (apiclient_key.pem)")
	}
	if a.CallTimeout < a.ConnectTimeout {
		v, ok := given["call_timeout"]
		if !ok {
			v = given["connect_timeout"]
		}
		l.badf(v, "call_timeout (%s) is for the whole call and may not be less than connect_timeout (%s)",
			durationText(a.CallTimeout), durationText(a.ConnectTimeout))
	}
	for _, code := range a.AlreadyCodes {
		if slices.Contains(a.PassingCodes, code) || slices.Contains(plainlyPassing, code) {
			l.badf(given["already_codes"], "already_codes: %s is a passing code: it cannot mean that the store was so before",
				code)
		}
	}
}

// plainlyPassing are the codes that are passing without being configured: docs/wechatpay.md, "What nobody has documented".
var plainlyPassing = []string{"SYSTEM_ERROR", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMITED"}

// checkPaces refuses different paces for one identity: WeChat Pay counts them together, so there is but one.
func (l *loader) checkPaces(all []Account) {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Mode != "" && a.Mode == b.Mode && a.Identity() != "" && a.Identity() == b.Identity() && a.Rate != b.Rate {
				l.problems.addf(a.place, "account %s: rate is %v, but account %s is the same at WeChat Pay and has %v: "+
					"they share one pace, so give both the same", a.Name, a.Rate, b.Name, b.Rate)
				break
			}
		}
	}
}
