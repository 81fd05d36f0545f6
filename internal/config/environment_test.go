package config_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
)

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	c := f.good("redis: redis://file/0\nhttp: 127.0.0.1:1\nlog: {level: error, format: text}\nretention: 1d\n"+partner,
		"REDIS_URL=redis://environment/0", "STORELINK_HTTP=[::]:2", "STORELINK_LOG_LEVEL=warn", "STORELINK_LOG_FORMAT=json",
		"STORELINK_RETENTION=48h", "STORELINK_ACCOUNT_ACME_MCHID=1900000009", "STORELINK_ACCOUNT_ACME_RATE=5",
		"STORELINK_ACCOUNT_ACME_PASSING_CODES= BUSY, LATER ,", `STORELINK_ACCOUNT_ACME_ALREADY_CODES=["THERE"]`,
		"STORELINK_ACCOUNT_ACME_SPARE_URL=off", "STORELINK_ACCOUNT_ACME_CONCURRENCY=")
	a := c.Accounts[0]
	if c.Redis.Reveal() != "redis://environment/0" || c.HTTP != "[::]:2" || c.Log.Level != slog.LevelWarn ||
		c.Log.Format != "json" || c.Retention != 48*time.Hour {
		t.Errorf("got %+v", c)
	}
	if a.MchID != "1900000009" || a.Rate != 5 || strings.Join(a.PassingCodes, "+") != "BUSY+LATER" ||
		strings.Join(a.AlreadyCodes, "+") != "THERE" || a.SpareURL != "" || a.Concurrency != 16 {
		t.Errorf("got %+v", a)
	}
	both := []string{"REDIS_URL=redis://b/0", "STORELINK_REDIS=redis://a/0"}
	if c := f.good("", both...); c.Redis.Reveal() != "redis://a/0" {
		t.Errorf("of both, %s is taken", c.Redis)
	}
}

func TestAnAccountMayStandInTheEnvironmentAlone(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	environ := []string{
		"STORELINK_ACCOUNTS=my-shop, acme",
		"STORELINK_ACCOUNT_MY_SHOP_MODE=brand",
		"STORELINK_ACCOUNT_MY_SHOP_BRAND_ID=120344",
		"STORELINK_ACCOUNT_MY_SHOP_SERIAL_NO=5157",
		"STORELINK_ACCOUNT_MY_SHOP_PRIVATE_KEY=" + strings.ReplaceAll(pemOf("PRIVATE KEY"), "\n", `\n`),
		"STORELINK_ACCOUNT_MY_SHOP_WECHATPAY_KEYS=" +
			`[{"id": "PUB_KEY_ID_1", "key": "` + strings.ReplaceAll(pemOf("PUBLIC KEY"), "\n", `\n`) + `"},` +
			` {"serial_no": "77", "key": "` + f.dir + `/keys/certificate.pem"}]`,
	}
	c := f.good(partner, environ...) // acme is in the file
	if len(c.Accounts) != 2 || c.Accounts[0].Name != "acme" || c.Accounts[1].Name != "my-shop" {
		t.Fatalf("got %+v", c.Accounts)
	}
	a := c.Accounts[1]
	if a.Mode != job.Brand || a.BrandID != "120344" || a.PrivateKey.Reveal() != strings.TrimSpace(pemOf("PRIVATE KEY"))+"\n" ||
		len(a.AnswerKeys) != 2 || a.AnswerKeys[0].PEM == "" {
		t.Errorf("got %+v", a)
	}
}

func TestAccountsWhoseNamesBeginAlikeKeepTheirOwnVariables(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	both := partner + strings.ReplaceAll(strings.TrimPrefix(partner, "accounts:\n"), "acme", "acme-eu")
	both = strings.Replace(both, `"1900000001"`, "1900000002", 1)
	c := f.good(both, "STORELINK_ACCOUNT_ACME_EU_RATE=7")
	if a, b := c.Accounts[0], c.Accounts[1]; a.Rate != 20 || b.Rate != 7 {
		t.Errorf("the rates are %v and %v", a.Rate, b.Rate)
	}
}

func TestVariablesStandInValues(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	text := `
redis: redis://:${P}@h/0?x=$$${P}$y
` + strings.Replace(strings.Replace(partner, "keys/private.pem", "${KEY}", 1), `"1900000001"`, "19${ID}1", 1) + `
    rate: ${RATE}
    passing_codes: ["${CODE}", $$]
`
	text = strings.Replace(text, `, $$]`, `]`, 1)
	c := f.good(text, "P=${a}$$b", "KEY="+pemOf("PRIVATE KEY"), "ID=0000000", "RATE=2.5", "CODE=BUSY")
	if got := c.Redis.Reveal(); got != "redis://:${a}$$b@h/0?x=$${a}$$b$y" {
		t.Errorf("redis is %s", got)
	}
	if a := c.Accounts[0]; a.Rate != 2.5 || a.MchID != "1900000001" || a.PassingCodes[0] != "BUSY" || a.PrivateKey.Empty() {
		t.Errorf("got %+v", a)
	}
	for value, says := range map[string]string{
		"redis://${MISSING}/0": "the environment variable MISSING is not set",
		"redis://${":           "must be an environment variable's name",
		"redis://${A B}/":      "must be an environment variable's name",
		"redis://${}/":         "must be an environment variable's name",
	} {
		_, err := f.load("http: off\nredis: \"" + value + "\"\n")
		wants(t, err, 2, says)
	}
}

func TestVariablesThatFitNothingAreRefused(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for variable, says := range map[string]string{
		"STORELINK_ACCOUNT_ACME_RAET=5":           `account acme: the key "raet" is not known; did you mean "rate"?`,
		"STORELINK_ACCOUNT_ACME_NAME=x":           `the key "name" is not known`,
		"STORELINK_ACCOUNT_AMCE_RATE=5":           "it belongs to no account",
		"STORELINK_ACCOUNT_RATE=5":                "it belongs to no account",
		"STORELINK_REDDIS=x":                      "did you mean STORELINK_REDIS?",
		"STORELINK_ACCOUNT=acme":                  "did you mean STORELINK_ACCOUNTS?",
		"STORELINK_LOGLEVEL=debug":                "did you mean STORELINK_LOG_LEVEL?",
		"STORELINK_ACCOUNTS=acme,Bad Name":        `"Bad Name" is no account's name`,
		"STORELINK_ACCOUNTS=other":                "STORELINK_ACCOUNTS: account other: mode is missing",
		"STORELINK_HTTP=8080":                     "STORELINK_HTTP: http: \"8080\" is no address",
		"STORELINK_LOG_LEVEL=loud":                "log.level: \"loud\" is not debug, info, warn or error",
		"STORELINK_ACCOUNT_ACME_PRIVATE_KEY=x":    "STORELINK_ACCOUNT_ACME_PRIVATE_KEY: account acme: private_key: the file that it names cannot be read",
		"STORELINK_ACCOUNT_ACME_WECHATPAY_KEYS=[": "wechatpay_keys is no JSON list",
	} {
		_, err := f.load(partner, variable)
		wants(t, err, 0, says)
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s is not named first: %v", name, err)
		}
	}
	// What container platforms set for a service that is called storelink, and the tests' own.
	f.good(partner, "STORELINK_PORT=tcp://10.0.0.1:80", "STORELINK_SERVICE_HOST=10.0.0.1", "STORELINK_REDIS_PORT=tcp://10.0.0.1:6379",
		"STORELINK_PORT_8080_TCP_ADDR=10.0.0.1", "STORELINK_REQUIRE_REDIS=1", "STORELINK_REQUIRE_PYTHON=1", "STORELINK_ACCOUNT_ACME_RAET=", "=x", "nonsense")
}

func TestAKeyInTheEnvironmentIsNeverShown(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	body := marker + strings.Repeat("A", 40)
	for _, v := range []string{
		body, "MII" + body, pemOf("EC PRIVATE KEY"), pemOf("PUBLIC KEY"), pemOf(marker), strings.ReplaceAll(pemOf("PRIVATE KEY"), "-----END", "---- END")[:40],
		"-----BEGIN PRIVATE KEY-----\n" + body, pemOf("ENCRYPTED PRIVATE KEY"),
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + marker + "AA\n-----END RSA PRIVATE KEY-----\n",
	} {
		for _, key := range []string{"PRIVATE_KEY", "WECHATPAY_PUBLIC_KEY", "SERIAL_NO", "RATE", "BASE_URL", "MODE", "WECHATPAY_KEYS", "PASSING_CODES"} {
			if key == "WECHATPAY_PUBLIC_KEY" && strings.Contains(v, "BEGIN PUBLIC KEY") {
				continue
			}
			if key != "PRIVATE_KEY" && key != "WECHATPAY_PUBLIC_KEY" && !strings.Contains(v, "-----") {
				continue // no key that a program could know for one
			}
			_, err := f.load(partner, "STORELINK_ACCOUNT_ACME_"+key+"="+v)
			wants(t, err, 0, "STORELINK_ACCOUNT_ACME_"+key)
		}
	}
}
