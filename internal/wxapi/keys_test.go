package wxapi_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func pkcs8(t testing.TB, key any) []byte {
	return encode("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key)))
}

func TestPrivateKeysAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	key := testKeys().account
	plain := pkcs8(t, key)
	cert := encode("CERTIFICATE", testKeys().certificate.Raw)
	for name, content := range map[string][]byte{
		"PKCS #8":          plain,
		"PKCS #1":          encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		"byte-order mark":  append([]byte("\xef\xbb\xbf"), plain...),
		"CRLF":             bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
		"from environment": bytes.ReplaceAll(plain, []byte("\n"), []byte(`\n`)),
		"words around":     append([]byte("Bag Attributes\n    friendlyName: Tenpay\n"), plain...),
		"certificate":      append(append([]byte{}, cert...), plain...)[len(cert):],
	} {
		got, err := wxapi.ParsePrivateKey(content)
		if err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongKeysAreNamed(t *testing.T) {
	t.Parallel()
	k := testKeys()
	small := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024))
	ec := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	private, public := pkcs8(t, k.account), encode("PUBLIC KEY", must[[]byte](t)(x509.MarshalPKIXPublicKey(k.wechat.Public())))
	cert := encode("CERTIFICATE", k.certificate.Raw)
	der, _ := pem.Decode(private)
	p12 := append([]byte{0x30, 0x82, 1, 0, 2, 1, 3}, make([]byte, 0x100-3)...)
	now := time.Now()
	long := func(from, to time.Duration) []byte {
		return encode("CERTIFICATE", certify(k.wechat, big.NewInt(7), now.Add(from), now.Add(to)).Raw)
	}
	const hour = time.Hour
	tests := map[string]struct {
		content []byte
		want    [3]string // what ParsePrivateKey, ParsePublicKey and ParseCertificate say; empty: it is one
	}{ // what is said of the many other forms, package keyfile's tests have
		"empty":         {nil, [3]string{"this is empty", "this is empty", "this is empty"}},
		"private key":   {private, [3]string{"", "this is a private key", "this is a private key"}},
		"public key":    {public, [3]string{"this is a public key", "", "this is a public key"}},
		"certificate":   {cert, [3]string{"this is a certificate", "this is a certificate", ""}},
		".p12":          {p12, [3]string{"openssl pkcs12", "openssl pkcs12", "openssl pkcs12"}},
		"DER":           {der.Bytes, [3]string{"", "this is a private key", "this is a private key"}},
		"EC key":        {pkcs8(t, ec), [3]string{"an EC private key", "an EC private key", "an EC private key"}},
		"1024 bits":     {pkcs8(t, small), [3]string{"1024 bits", "a private key", "a private key"}},
		"damaged":       {encode("PRIVATE KEY", der.Bytes[:600]), [3]string{"damaged", "a private key", "a private key"}},
		"damaged, PUB":  {encode("PUBLIC KEY", der.Bytes[:600]), [3]string{"a public key", "damaged", "a public key"}},
		"damaged, CERT": {encode("CERTIFICATE", der.Bytes[:600]), [3]string{"a certificate", "a certificate", "damaged"}},
		"PKCS #8 as #1": {encode("RSA PRIVATE KEY", der.Bytes), [3]string{"", "a private key", "a private key"}},
		"expired":       {long(-2*hour, -hour), [3]string{"a certificate", "a certificate", "expired on"}},
		"not yet valid": {long(hour, 2*hour), [3]string{"a certificate", "a certificate", "valid only from"}},
		"key and cert":  {append(append([]byte{}, private...), cert...), [3]string{"", "a private key", ""}},
		"1024 bits, PUB": {encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&small.PublicKey)),
			[3]string{"a public key", "1024 bits", "a public key"}},
	}
	for name, tc := range tests {
		_, e1 := wxapi.ParsePrivateKey(tc.content)
		_, e2 := wxapi.ParsePublicKey(tc.content)
		_, e3 := wxapi.ParseCertificate(tc.content, now)
		for i, err := range []error{e1, e2, e3} {
			switch {
			case tc.want[i] == "" && err == nil:
			case tc.want[i] == "" || err == nil:
				t.Errorf("%s, reader %d: error %v, want %q", name, i, err, tc.want[i])
			default:
				var e *job.Error
				if !errors.As(err, &e) || e.Code != job.CodeBadConfig || !strings.Contains(e.Message.String(), tc.want[i]) {
					t.Errorf("%s, reader %d: %q, want %q in it", name, i, err, tc.want[i])
				}
			}
		}
	}
}

func TestAnswerKeysGoWithTheirIDs(t *testing.T) {
	t.Parallel()
	k, now := testKeys(), time.Now()
	public := encode("PUBLIC KEY", must[[]byte](t)(x509.MarshalPKIXPublicKey(k.wechat.Public())))
	cert := encode("CERTIFICATE", k.certificate.Raw)
	for _, tc := range []struct {
		id, want string
		content  []byte
	}{
		{keyID, keyID, public}, {" " + keyID + "\n", keyID, public}, {"pub_key_id_" + keyID[11:], keyID, public},
		{"", "5157F09EFDC096", cert}, {"5157f09efdc096", "5157F09EFDC096", cert},
		{"51:57:F0:9E:FD:C0:96", "5157F09EFDC096", cert}, {"005157F09EFDC096", "5157F09EFDC096", cert},
	} {
		key, err := wxapi.ParseAnswerKey(tc.id, tc.content, now)
		if err != nil || key.ID != tc.want || (key.Certificate != nil) == (key.PublicKey != nil) {
			t.Errorf("%q: %+v, %v; want %s", tc.id, key.ID, err, tc.want)
		}
	}
	for _, tc := range []struct {
		id, want string
		content  []byte
	}{
		{keyID, "a public key is expected, but this is a certificate", cert},
		{"", "goes by its ID", public},
		{"5157F09EFDC096", "this is a public key, which goes by its ID", public},
		{"5157F09EFDC097", "serial number is 5157F09EFDC096", cert},
		{"no serial number", "serial number is 5157F09EFDC096", cert},
		{"PUB_KEY_ID_\"x", "PUB_KEY_ID_", public},
	} {
		if _, err := wxapi.ParseAnswerKey(tc.id, tc.content, now); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.id, err, tc.want)
		}
	}
}

func FuzzKeysAreReadOrRefused(f *testing.F) {
	k := testKeys()
	f.Add(pkcs8(f, k.account))
	f.Add(encode("CERTIFICATE", k.certificate.Raw))
	f.Add(encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.wechat.PublicKey)))
	f.Add([]byte{0x30, 0x82, 1, 0, 2, 1, 3})
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, e1 := wxapi.ParsePrivateKey(content)
		_, e2 := wxapi.ParsePublicKey(content)
		_, e3 := wxapi.ParseAnswerKey("", content, time.Now())
		for _, err := range []error{e1, e2, e3} {
			if err == nil {
				continue
			}
			var e *job.Error
			if !errors.As(err, &e) || e.Code != job.CodeBadConfig || e.Message.IsZero() || strings.Contains(e.Message.String(), "\n") {
				t.Errorf("%q", err)
			}
		}
	})
}
