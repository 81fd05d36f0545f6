package config_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
)

// An account's lines: name 2, mode 3, mchid 4, serial_no 5, private_key 6, public key's ID 7, public key 8.
func TestEachMistakeIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	with := func(old, new string) string { return strings.Replace(partner, old, new, 1) }
	without := func(key string) string {
		var kept []string
		for _, l := range strings.Split(partner, "\n") {
			if !strings.Contains(l, key+":") {
				kept = append(kept, l)
			}
		}
		return strings.Join(kept, "\n")
	}
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"a mapping that is none":       {"just text\n", 1, "the configuration must be keys with values"},
		"a list at the top":            {"- a\n- b\n", 1, "not a list"},
		"no YAML":                      {"http: off\nlog: [\n", 2, "it is no YAML"},
		"a tab":                        {"log:\n\tlevel: info\n", 2, "it is no YAML"},
		"an anchor that is not there":  {"http: off\nredis: *correct-horse\n", 0, "put it in quotes"},
		"a second document":            {"http: off\n---\nhttp: off\n", 2, "a second document"},
		"an unknown key":               {"http: off\nredsi: x\n", 2, `the key "redsi" is not known; did you mean "redis"?`},
		"a key of another form":        {partner + "    baseUrl: x\n", 9, `did you mean "base_url"?`},
		"a key's beginning":            {partner + "    serial: x\n", 9, `did you mean "serial_no"?`},
		"a far-off key":                {partner + "    colour: x\n", 9, `the key "colour" is not known; the known ones are name, mode`},
		"a key that may be a secret":   {partner + "    " + marker + marker + marker + ": x\n", 9, "a key that is not known"},
		"a key twice":                  {partner + "    mode: brand\n", 9, "mode stands twice, first in line 3"},
		"a list for a value":           {"http: [a]\n", 1, "http must be a single value, not a list"},
		"a mapping for a list":         {"accounts: {a: b}\n", 1, "accounts must be a list, not keys"},
		"a value for a mapping":        {"log: debug\n", 1, "log must be keys with values (key: value), not a single value"},
		"an account that is a word":    {"accounts:\n  - acme\n", 2, "account 1 of the list: an account must be keys"},
		"a tag":                        {"http: !!binary aGk=\n", 1, "YAML tag"},
		"a strange tag":                {"http: !secret x\n", 1, "YAML tag"},
		"a merge of itself":            {"accounts:\n  - &a {name: x, <<: *a}\n", 2, "merges"},
		"a merge of a word":            {"accounts:\n  - {<<: x, name: y}\n", 2, "<< takes a mapping"},
		"no Redis URL":                 {"redis: 127.0.0.1:6379\n", 1, "redis is no URL that is understood"},
		"a Redis URL with a password":  {"redis: redsi://:correct-horse@h\n", 1, "redis is no URL"},
		"a bad address":                {"http: localhost\n", 1, `"localhost" is no address`},
		"a bad port":                   {"http: :99999\n", 1, "is no address"},
		"a bad level":                  {"http: off\nlog:\n  level: verbose\n", 3, `log.level: "verbose" is not debug, info, warn or error`},
		"a bad format":                 {"log: {format: xml}\n", 1, "is not text or json"},
		"a retention without a unit":   {"retention: 30\n", 1, "is no duration"},
		"a retention that is too long": {"retention: 99999d\n", 1, "is no duration"},
		"a retention below bounds":     {"retention: 1s\n", 1, "it is 1h to 3650d"},
		"a source's host":              {"sources:\n  hosts:\n    - ok.example.com\n    - http://x/\n", 4, "sources.hosts"},
		"a source's network":           {"sources: {private: [10.0.0.0/33]}\n", 1, "sources.private"},
		"a source's size":              {"sources:\n  max_bytes: 1GB\n", 2, `sources.max_bytes: "1GB" is no number of bytes`},
		"a source's time":              {"sources:\n  timeout: 2h\n", 2, "it is 1s to 1h"},
		"a source's unknown key":       {"sources:\n  dirs: []\n", 2, `the key "dirs"`},
		"a negative retention":         {"retention: -1h\n", 1, "out of bounds"},

		"no name":                {with("name: acme", "rate: 1"), 2, "account 1 of the list: name is missing"},
		"a name with a colon":    {with("acme", `"a:b"`), 2, `name: "a:b" is no account's name`},
		"a name in upper case":   {with("acme", "Acme"), 2, "is no account's name"},
		"a name too long":        {with("acme", strings.Repeat("a", 64)), 2, "is no account's name"},
		"a name like a flag":     {with("acme", "-acme"), 2, "is no account's name"},
		"a name twice":           {partner + strings.TrimPrefix(partner, "accounts:\n"), 9, "the name acme stands twice, first in line 2"},
		"no mode":                {without("mode"), 2, "mode is missing: partner"},
		"a bad mode":             {with("mode: partner", "mode: merchant"), 3, `mode: "merchant" is not partner or brand`},
		"a partner without ID":   {without("mchid"), 2, "mchid is missing"},
		"a partner with a brand": {partner + "    brand_id: 1\n", 9, "brand_id is not for mode partner"},
		"a brand without ID":     {with("mode: partner\n    mchid: \"1900000001\"", "mode: brand"), 2, "brand_id is missing"},
		"a brand with an mchid":  {with("mode: partner", "mode: brand\n    brand_id: 7"), 5, "mchid is not for mode brand"},
		"an mchid that is none":  {with(`"1900000001"`, `"19 00"`), 4, `mchid: "19 00" is no ID`},
		"no serial number":       {without("serial_no"), 2, "serial_no is missing"},
		"a serial that is none":  {with("3775B6", "37:75:BX"), 5, "is no serial number"},
		"no private key":         {without("private_key"), 2, "private_key is missing"},
		"an empty private key":   {with("keys/private.pem", `""`), 2, "private_key is missing"},
		"no such file":           {with("keys/private.pem", "keys/none.pem"), 6, `"keys/none.pem" cannot be read: no such file or directory`},
		"a folder":               {with("keys/private.pem", "keys"), 6, `"keys" cannot be read: it is a folder`},
		"a certificate for a private key": {with("keys/private.pem", "keys/certificate.pem"), 6,
			"others than its owner may read"},
		"a private key for a public one": {with("keys/wechatpay.pem", "keys/private.pem"), 8, "is a private key"},
		"a certificate for a public key": {with("keys/wechatpay.pem", "keys/certificate.pem"), 8, "is a certificate: what goes by an ID"},
		"no PEM":                         {with("keys/private.pem", "storelink.yaml"), 6, "no PEM file"},
		"a key without its first line":   {with("keys/private.pem", "MII"+marker), 6, "neither a file's path nor a PEM text"},
		"an APIv3 key for a private one": {with("keys/private.pem", "0123456789abcdefghijABCDEFGHIJ01"), 6, "as long as an APIv3 key"},
		"another ID for a public key":    {with("PUB_KEY_ID_", "MCHID_"), 7, "is no public key's ID"},
		"no key for answers":             {strings.Split(partner, "    wechatpay_public_key_id")[0] + "    wechatpay_keys: []\n", 2, "there is no key to check"},
		"an ID without its key":          {without("wechatpay_public_key"), 7, "wechatpay_public_key is missing beside"},
		"a rate below zero":              {partner + "    rate: -1\n", 9, `rate: "-1" is out of bounds: it is 0, or 0.01 to 10000`},
		"a rate that is NaN":             {partner + "    rate: NaN\n", 9, "out of bounds"},
		"a rate that is no end":          {partner + "    rate: +Inf\n", 9, "out of bounds"},
		"a rate in words":                {partner + "    rate: twenty\n", 9, `"twenty" is no number`},
		"a rate too small":               {partner + "    rate: 1e-300\n", 9, "out of bounds"},
		"no concurrency":                 {partner + "    concurrency: 0\n", 9, "it is 1 to 1000"},
		"a broken concurrency":           {partner + "    concurrency: 1.5\n", 9, "no whole number"},
		"http to anywhere":               {partner + "    base_url: http://10.0.0.1\n", 9, "http is only for this very machine"},
		"http to a name":                 {partner + "    base_url: http://localhost.example\n", 9, "http is only for this very machine"},
		"a base without scheme":          {partner + "    base_url: api.example\n", 9, "is no base URL"},
		"a base with a path":             {partner + "    base_url: https://api.example/v3\n", 9, "more than a scheme and a host"},
		"a base with a user":             {partner + "    base_url: https://u@api.example\n", 9, "more than a scheme and a host"},
		"a bad spare":                    {partner + "    spare_url: ftp://api.example\n", 9, "spare_url"},
		"a bad code":                     {partner + "    passing_codes: [OK, \"no code\"]\n", 9, `"no code" is no failure code`},
		"a code twice":                   {partner + "    passing_codes: [A, A]\n", 9, "stands twice"},
		"codes that are no list":         {partner + "    passing_codes: A\n", 9, "must be a list"},
		"a code of two minds":            {partner + "    passing_codes: [A]\n    already_codes: [A]\n", 10, "A is a passing code"},
		"a passing code already":         {partner + "    already_codes: [SYSTEM_ERROR]\n", 9, "SYSTEM_ERROR is a passing code"},
		"a time-out of nothing":          {partner + "    call_timeout: 0s\n", 9, "it is 100ms to 5m"},
		"time-outs crosswise":            {partner + "    connect_timeout: 30s\n", 9, "call_timeout (20s) is for the whole call"},
		"a key entry of both":            {partner + "    wechatpay_keys: [{id: A, serial_no: B, key: keys/wechatpay.pem}]\n", 9, "either the id"},
		"a key entry of none":            {partner + "    wechatpay_keys: [{key: keys/wechatpay.pem}]\n", 9, "either the id"},
		"a key entry without":            {partner + "    wechatpay_keys: [{id: A}]\n", 9, "key is missing"},
		"a key entry misspelt":           {partner + "    wechatpay_keys:\n      - {ID: A, key: keys/wechatpay.pem}\n", 10, `did you mean "id"?`},
		"a key's ID twice": {partner + "    wechatpay_keys: [{id: PUB_KEY_ID_0119000000012026, key: keys/wechatpay.pem}]\n", 9,
			"stands twice"},
		"a public key by a serial number": {partner + "    wechatpay_keys: [{serial_no: A, key: keys/wechatpay.pem}]\n", 9,
			"is a public key: what goes by a serial_no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newFolder(t).load(c.text)
			wants(t, err, c.line, c.says)
		})
	}
}

func TestAllMistakesAreToldAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := newFolder(t).load("redis: nonsense\nhttp: nowhere\naccounts:\n  - name: acme\n    mode: partner\n    rate: -2\n",
		"STORELINK_ACCOUNT_ACME_CONCURRENCY=0")
	wants(t, err, 1, "redis is no URL", "\n")
	lines := strings.Split(err.Error(), "\n")
	for i, says := range []string{":1: redis", ":2: http", ":4: account acme: mchid is missing", ":4: account acme: serial_no is missing",
		":4: account acme: private_key is missing", ":4: account acme: there is no key to check", ":6: account acme: rate",
		"STORELINK_ACCOUNT_ACME_CONCURRENCY: account acme: concurrency"} {
		if i >= len(lines) || !strings.Contains(lines[i], says) {
			t.Fatalf("problem %d does not say %q:\n%s", i+1, says, err)
		}
	}
	if len(lines) != 8 {
		t.Errorf("there are %d lines:\n%s", len(lines), err)
	}
}

func TestManyMistakesAreCounted(t *testing.T) {
	t.Parallel()
	_, err := newFolder(t).load("accounts:\n" + strings.Repeat("  - {}\n", 50))
	wants(t, err, 2, "and 30 more problems")
	if n := strings.Count(err.Error(), "\n"); n != 20 {
		t.Errorf("%d problems are told", n)
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for mode, ok := range map[uint32]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o660: false, 0o610: false} {
		f.write("a key.pem", pemOf("PRIVATE KEY"), 0)
		path := f.write("a key.pem", pemOf("PRIVATE KEY"), fileMode(mode))
		_, err := f.load(strings.Replace(partner, "keys/private.pem", "a key.pem", 1))
		if ok {
			if err != nil {
				t.Errorf("mode %o: %v", mode, err)
			}
			continue
		}
		wants(t, err, 6, "others than its owner may read", `run chmod 600 "`+path+`"`)
	}
	inline := strings.Replace(partner, "keys/private.pem", "|\n      "+strings.ReplaceAll(pemOf("PRIVATE KEY"), "\n", "\n      "), 1)
	path := f.write("storelink.yaml", inline, 0o644)
	_, err := loadPath(path)
	wants(t, err, 6, "private_key stands in this file, which others than its owner may read (mode 0644): run chmod 600 "+path)
	f.good(inline)
}

func TestAccountsOfOneIdentityShareOnePace(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	second := strings.Replace(strings.TrimPrefix(partner, "accounts:\n"), "acme", "other", 1)
	c := f.good(partner + second)
	if a, b := c.Accounts[0], c.Accounts[1]; a.Identity() != b.Identity() || a.Rate != b.Rate {
		t.Errorf("got %+v", c.Accounts)
	}
	_, err := f.load(partner + second + "    rate: 10\n")
	wants(t, err, 9, "account other: rate is 10, but account acme is the same at WeChat Pay and has 20")
	brand := strings.Replace(second, "mode: partner\n    mchid: \"1900000001\"", "mode: brand\n    brand_id: 1900000001", 1)
	if c := f.good(partner + brand + "    rate: 10\n"); c.Accounts[1].Mode != job.Brand {
		t.Error("a brand is no partner, whatever its number")
	}
}
