package config_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"strings"
	"testing"
)

// realKey is a private key that a program would take.
func realKey(t *testing.T) (pemText, base64Text string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), base64.StdEncoding.EncodeToString(der)
}

// What package keyfile reads is read from a file, from the configuration itself and from a variable.
func TestKeysAreReadInTheFormsInWhichTheyTurnUp(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	text, bare := realKey(t)
	folded := strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")
	for name, value := range map[string]string{
		"a block, folded by mistake": ">\n      " + folded + "\n",
		"a block":                    "|\n      " + folded + "\n",
		"in one line":                strings.ReplaceAll(strings.TrimSpace(text), "\n", " ") + "\n",
		`with \n, unquoted`:          strings.ReplaceAll(strings.TrimSpace(text), "\n", `\n`) + "\n",
		"bare Base64":                bare + "\n",
		"Base64 around it":           base64.StdEncoding.EncodeToString([]byte(text)) + "\n",
	} {
		got := f.good(strings.Replace(partner, "keys/private.pem\n", value, 1)).Accounts[0].PrivateKey.Reveal()
		if got != text {
			t.Errorf("%s in the configuration is read as %d bytes", name, len(got))
		}
		got = f.good(partner, "STORELINK_ACCOUNT_ACME_PRIVATE_KEY="+value).Accounts[0].PrivateKey.Reveal()
		if name != "a block" && !strings.HasPrefix(name, "a block,") && got != text {
			t.Errorf("%s in a variable is read as %d bytes", name, len(got))
		}
	}
	for name, content := range map[string]string{"CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "a mark": "\ufeff" + text, "bare": bare} {
		f.write("form.pem", content, 0o600)
		if got := f.good(strings.Replace(partner, "keys/private.pem", "form.pem", 1)).Accounts[0].PrivateKey.Reveal(); got != text {
			t.Errorf("%s in a file is read as %d bytes", name, len(got))
		}
	}
	// Base64 in a file that others may read is a key, too.
	path := f.write("open.yaml", strings.Replace(partner, "keys/private.pem", bare, 1), 0o644)
	_, err := loadPath(path)
	if err == nil || !strings.Contains(err.Error(), "private_key stands in this file, which others than its owner may read") ||
		strings.Contains(err.Error(), bare[:20]) {
		t.Errorf("got %v", err)
	}
}

func TestAMountedSecretIsReadWhereItIsRootsForOurGroup(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("mounted.pem", pemOf("PRIVATE KEY"), 0o440)
	_, err := f.load(strings.Replace(partner, "keys/private.pem", "mounted.pem", 1))
	if root := os.Geteuid() == 0; root != (err == nil) { // who is not root has made a file of its own
		t.Errorf("as user %d: %v", os.Geteuid(), err)
	}
	f.write("mounted.pem", pemOf("PRIVATE KEY"), 0o444)
	_, err = f.load(strings.Replace(partner, "keys/private.pem", "mounted.pem", 1))
	wants(t, err, 6, "others than its owner may read", "mode 0440")
}

func TestSerialNumbersAreReadAsTheMerchantPlatformShowsThem(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for given, want := range map[string]string{
		"0012ab":                     "0012AB",
		"00:12:ab":                   "0012AB",
		`"00 12 AB"`:                 "0012AB",
		"serial=0012AB":              "0012AB",
		"0x0012ab":                   "0012AB",
		"1234567890":                 "1234567890",
		"0123456701234567":           "0123456701234567",
		"5157E10":                    "5157E10",
		"12:34:56 # as openssl does": "123456",
	} {
		if got := f.good(strings.Replace(partner, "3775B6A45ACD588826D15E583A95F5DD", given, 1)).Accounts[0].SerialNo; got != want {
			t.Errorf("%s is read as %s, want %s", given, got, want)
		}
	}
	_, err := f.load(partner + "    wechatpay_keys:\n      - {serial_no: 0a:bc, key: keys/certificate.pem}\n      - {serial_no: ABC, key: keys/certificate.pem}\n")
	wants(t, err, 11, "stands twice")
}
