package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
)

// FuzzLoad: whatever the file holds, loading it never panics, gives a checked configuration or a *job.Error with a line
// that the file has, and shows nothing of what the environment holds.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../../storelink.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", partner, string(example),
		"redis: redis://:${SECRET}@h/0\nhttp: ${SECRET}\nlog: {level: '${SECRET}'}\n",
		"redis: ${SECRET}\nretention: ${SECRET}d\naccounts: [{name: '${SECRET}'}, {name: a, mode: '${SECRET}', mchid: ${SECRET}}]\n",
		"accounts: [{name: a, mode: brand, brand_id: 1, serial_no: 1, private_key: ${SECRET}, wechatpay_keys: [{id: '${SECRET}', key: x}]}]\n",
		"accounts: [{name: a, rate: ${SECRET}, base_url: 'http://${SECRET}', passing_codes: ['${SECRET}']}]\n",
		"accounts: [&a {<<: *a}, {<<: [*a, *a]}]\n", "accounts: &a [*a]\n", "*a", "? [a]\n: b\n", "!!binary x: y\n",
		"a: |\n  -----BEGIN PRIVATE KEY-----\n", "\x00", "\xff\xfe", "{{{{", "- - - -", "$${${", "log:\n\tx", "&a &b",
		"#\n\n\t#x\n-  [", "a:\n  - b:\n # c\n  -", "'", "%YAML 9.9\n---\n", "---\n---\n", "x: !<tag:yaml.org,2002:str> y",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		f.Fatal(err)
	}
	for name, kind := range map[string]string{"private": "PRIVATE KEY", "wechatpay": "PUBLIC KEY", "certificate": "CERTIFICATE"} {
		if err := os.WriteFile(filepath.Join(dir, "keys", name+".pem"), []byte(pemOf(kind)), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	const secret = "Ex!Horse@7/battery"
	environ := []string{
		"SECRET=" + secret, "MY_BRAND_PRIVATE_KEY=" + pemOf("PRIVATE KEY"),
		"STORELINK_ACCOUNTS=fuzz", "STORELINK_ACCOUNT_FUZZ_MODE=brand", "STORELINK_ACCOUNT_FUZZ_BRAND_ID=7",
		"STORELINK_ACCOUNT_FUZZ_SERIAL_NO=7", "STORELINK_ACCOUNT_FUZZ_PRIVATE_KEY=" + pemOf("PRIVATE KEY"),
		"STORELINK_ACCOUNT_FUZZ_WECHATPAY_PUBLIC_KEY=" + pemOf("PUBLIC KEY"), "STORELINK_ACCOUNT_FUZZ_WECHATPAY_PUBLIC_KEY_ID=7",
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "storelink.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, load := range []func(string, []string) (*config.Config, error){config.Load, config.LoadWithoutKeys} {
			c, err := load(path, environ)
			if err != nil {
				e, ok := err.(*job.Error)
				if !ok || e.Code != job.CodeBadConfig || e.Message.IsZero() || c != nil {
					t.Fatalf("got %v and %v", c, err)
				}
				if e.Line < 0 || e.Line > 2+strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+
					strings.Count(string(text), "\u0085")+strings.Count(string(text), "\u2028")+strings.Count(string(text), "\u2029") {
					t.Errorf("line %d is told of %q", e.Line, text)
				}
				if s := fmt.Sprintf("%v %+v", err, *e); strings.Contains(s, secret) ||
					strings.Contains(s, marker) && !strings.Contains(string(text), marker) {
					t.Errorf("a secret is shown: %s", s)
				}
				continue
			}
			names := map[string]bool{}
			for _, a := range c.Accounts {
				if names[a.Name] || a.Identity() == "" || a.SerialNo == "" || a.Concurrency < 1 || !(a.Rate >= 0) {
					t.Errorf("account %+v of %q", a, text)
				}
				names[a.Name] = true
			}
			if s := fmt.Sprintf("%+v", c.Redis); strings.Contains(s, secret) {
				t.Errorf("the Redis URL shows its password: %s", s)
			}
		}
	})
}
