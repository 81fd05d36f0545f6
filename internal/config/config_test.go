package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
)

func TestNoFileAndNoEnvironmentIsTheDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Redis.Empty() || len(c.Accounts) != 0 || c.File != "" || c.HTTP != "127.0.0.1:8080" ||
		c.Retention != 30*24*time.Hour || c.Log.Level != slog.LevelInfo || c.Log.Format != config.LogText {
		t.Errorf("got %+v", c)
	}
}

func TestAnAccountNeedsLittle(t *testing.T) {
	t.Parallel()
	c := newFolder(t).good(partner)
	a, ok := c.Account("acme")
	if !ok || len(c.Accounts) != 1 {
		t.Fatalf("got %+v", c)
	}
	if a.Mode != job.Partner || a.MchID != "1900000001" || a.Identity() != "1900000001" || a.BrandID != "" ||
		a.SerialNo != "3775B6A45ACD588826D15E583A95F5DD" || a.PrivateKey.Reveal() != pemOf("PRIVATE KEY") {
		t.Errorf("got %+v", a)
	}
	if a.Rate != 20 || a.Concurrency != 16 || a.BaseURL != config.DefaultBaseURL || a.SpareURL != config.DefaultSpareURL ||
		a.ConnectTimeout != 5*time.Second || a.CallTimeout != 20*time.Second || a.PassingCodes != nil || a.AlreadyCodes != nil {
		t.Errorf("the defaults are %+v", a)
	}
	want := []config.AnswerKey{{ID: "PUB_KEY_ID_0119000000012026", PEM: pemOf("PUBLIC KEY")}}
	if !reflect.DeepEqual(a.AnswerKeys, want) {
		t.Errorf("the keys that check answers are %+v", a.AnswerKeys)
	}
	if _, ok := c.Account("other"); ok {
		t.Error("an account that is not there is found")
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	t.Parallel()
	c := newFolder(t).good(`
redis: rediss://:${REDIS_PASSWORD}@db.example:6380/2
http: off
log: {level: debug, format: json}
retention: 90d
sources: {directories: [lists, /srv/lists], hosts: ["*.example.com", 10.1.2.3], private: [10.0.0.0/8], max_bytes: 4096, timeout: 30s}
accounts:
  - name: shop-1
    mode: brand
    brand_id: 0120344
    serial_no: 5157F09EFDC096DE15EBE81A47057A72
    private_key: |
      `+strings.ReplaceAll(pemOf("RSA PRIVATE KEY"), "\n", "\n      ")+`
    wechatpay_keys:
      - {id: PUB_KEY_ID_1, key: keys/wechatpay.pem}
      - {serial_no: 7ABC, key: keys/certificate.pem}
    rate: 0
    concurrency: 1000
    base_url: http://127.0.0.1:18443/
    spare_url: https://spare.example
    passing_codes: [BUSY, "LATER"]
    already_codes: [ALREADY_EXISTS]
    connect_timeout: 1s
    call_timeout: 1m
`, "REDIS_PASSWORD="+password)
	a := c.Accounts[0]
	if c.Redis.Reveal() != "rediss://:correct-horse@db.example:6380/2" || c.HTTP != "" || c.Log.Level != slog.LevelDebug ||
		c.Log.Format != config.LogJSON || c.Retention != 90*24*time.Hour {
		t.Errorf("got %+v", c)
	}
	if s := c.Sources; len(s.Directories) != 2 || s.Directories[0] != filepath.Join(filepath.Dir(c.File), "lists") ||
		s.Directories[1] != "/srv/lists" || fmt.Sprint(s.Hosts, s.Private) != "[*.example.com 10.1.2.3] [10.0.0.0/8]" ||
		s.MaxBytes != 4096 || s.Timeout != 30*time.Second || !s.Any() {
		t.Errorf("got %+v", s)
	}
	if a.Mode != job.Brand || a.Identity() != "0120344" || a.Rate != 0 || a.Concurrency != 1000 ||
		a.BaseURL != "http://127.0.0.1:18443" || a.SpareURL != "https://spare.example" ||
		fmt.Sprint(a.PassingCodes, a.AlreadyCodes) != "[BUSY LATER] [ALREADY_EXISTS]" ||
		a.ConnectTimeout != time.Second || a.CallTimeout != time.Minute ||
		strings.TrimSpace(a.PrivateKey.Reveal()) != strings.TrimSpace(pemOf("RSA PRIVATE KEY")) {
		t.Errorf("got %+v", a)
	}
	if len(a.AnswerKeys) != 2 || a.AnswerKeys[0].Certificate || !a.AnswerKeys[1].Certificate || a.AnswerKeys[1].ID != "7ABC" {
		t.Errorf("got %+v", a.AnswerKeys)
	}
}

func TestABaseURLOfOnesOwnHasNoSpareOfWeChatPays(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for more, want := range map[string]string{
		"":                                   config.DefaultSpareURL,
		"    base_url: http://[::1]:1\n":     "",
		"    spare_url: \"\"\n":              "",
		"    spare_url:\n":                   "",
		"    spare_url: off\n":               "",
		"    spare_url: https://b.example\n": "https://b.example",
	} {
		if got := f.good(partner + more).Accounts[0].SpareURL; got != want {
			t.Errorf("with %q the spare is %q, want %q", more, got, want)
		}
	}
}

func TestTheFileIsNamedByTheEnvironmentWhereNoFlagNamesIt(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	one := f.write("one.yaml", "http: 127.0.0.1:1\n", 0o600)
	two := f.write("two.yaml", "http: 127.0.0.1:2\n", 0o600)
	environ := []string{"STORELINK_CONFIG=" + two}
	if c, err := config.Load("", environ); err != nil || c.HTTP != "127.0.0.1:2" || c.File != two {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err := config.Load(one, environ); err != nil || c.HTTP != "127.0.0.1:1" {
		t.Errorf("got %+v, %v", c, err)
	}
	_, err := config.Load("", []string{"STORELINK_CONFIG=" + f.dir + "/none.yaml"})
	wants(t, err, 0, "none.yaml: ", "STORELINK_CONFIG", "cannot be read: no such file or directory")
	_, err = config.Load(f.dir, nil)
	wants(t, err, 0, "it is a folder")
}

func TestMergesAndAliasesShareValues(t *testing.T) {
	t.Parallel()
	c := newFolder(t).good(`
accounts:
  - &acme
    name: acme
    mode: partner
    mchid: &id "1900000001"
    serial_no: 3775
    private_key: keys/private.pem
    wechatpay_public_key_id: PUB_KEY_ID_1
    wechatpay_public_key: keys/wechatpay.pem
    concurrency: 3
  - <<: *acme
    name: again
    concurrency: 4
  - {<<: [*acme], name: third, mode: partner, mchid: *id}
`)
	if len(c.Accounts) != 3 || c.Accounts[1].MchID != "1900000001" || c.Accounts[1].Concurrency != 4 || c.Accounts[2].Concurrency != 3 {
		t.Errorf("got %+v", c.Accounts)
	}
}

func TestOnlyCommentsIsAnEmptyConfiguration(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "{}", "\ufeff# a byte-order mark\n", "accounts:\nlog:\nredis:\nretention:\n"} {
		if c := f.good(text); len(c.Accounts) != 0 || c.Retention != config.DefaultRetention {
			t.Errorf("%q gives %+v", text, c)
		}
	}
}

func TestWithoutKeysNoneIsReadOrAskedFor(t *testing.T) {
	t.Parallel()
	path := newFolder(t).write("storelink.yaml", `accounts:
  - name: acme
    mode: partner
    mchid: 1900000001
    serial_no: 3775
    private_key: ${NOT_ON_THIS_MACHINE}
    wechatpay_public_key_id: PUB_KEY_ID_1
    wechatpay_public_key: /not/on/this/machine
  - {name: bare, mode: brand, brand_id: 7, serial_no: 1}
`, 0o644)
	c, err := config.LoadWithoutKeys(path, nil)
	if err != nil || len(c.Accounts) != 2 || !c.Accounts[0].PrivateKey.Empty() || c.Accounts[0].AnswerKeys != nil {
		t.Fatalf("got %+v, %v", c, err)
	}
	_, err = config.LoadWithoutKeys(path, []string{"STORELINK_ACCOUNT_BARE_RATE=many"})
	wants(t, err, 0, `STORELINK_ACCOUNT_BARE_RATE: account bare: rate: "many" is no number`)
}

func TestAnErrorOfAKeyTellsWhereItWasGiven(t *testing.T) {
	t.Parallel()
	a := newFolder(t).good(partner, "STORELINK_ACCOUNT_ACME_SERIAL_NO=77").Accounts[0]
	e := a.Errorf("private_key", "it does not belong to the certificate: %w", os.ErrInvalid)
	wants(t, e, 6, "account acme: private_key: it does not belong")
	if e = a.Errorf("serial_no", "it is another's"); e.Line != 0 || e.Error() != "STORELINK_ACCOUNT_ACME_SERIAL_NO: account acme: serial_no: it is another's" {
		t.Errorf("got %v", e)
	}
	wants(t, a.Errorf("rate", "a default of ours is wrong"), 2)
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c := newFolder(t).good("redis: redis://:"+password+"@db/0\n"+partner, "STORELINK_ACCOUNT_ACME_PRIVATE_KEY="+pemOf("PRIVATE KEY"))
	for i := range c.Accounts {
		c.Accounts[i].AnswerKeys = nil // these are public
	}
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("configured", "config", c, "account", c.Accounts[0])
	slog.New(slog.NewTextHandler(&log, nil)).Info("configured", "config", *c, "key", c.Accounts[0].PrivateKey)
	printed := []string{string(j), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		printed = append(printed, fmt.Sprintf(verb, c))
	}
	for _, s := range printed {
		if strings.Contains(s, marker) || strings.Contains(s, password) || strings.Contains(s, fmt.Sprintf("%x", marker)) {
			t.Errorf("a secret shows: %s", s)
		}
	}
}

func TestAFileIsReadOnlyIfItIsOne(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero here")
	}
	_, err := config.Load("/dev/zero", nil)
	wants(t, err, 0, "it is no regular file")
	if err := os.Symlink("/dev/zero", filepath.Join(f.dir, "link.pem")); err != nil {
		t.Fatal(err)
	}
	_, err = f.load(strings.Replace(partner, "keys/private.pem", "link.pem", 1))
	wants(t, err, 6, "it is no regular file")
	f.write("large.pem", strings.Repeat("x", 70<<10), 0o600)
	_, err = f.load(strings.Replace(partner, "keys/private.pem", "large.pem", 1))
	wants(t, err, 6, "too large")
}
