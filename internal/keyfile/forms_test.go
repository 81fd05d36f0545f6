package keyfile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/keyfile"
)

// keys are made once for all tests.
type keys struct {
	key, another *rsa.PrivateKey
	certificate  []byte // DER, over key
}

var testKeys = sync.OnceValue(func() keys {
	var k keys
	for _, into := range []**rsa.PrivateKey{&k.key, &k.another} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*into = key
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Tenpay.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.key.Public(), k.key)
	if err != nil {
		panic(err)
	}
	k.certificate = der
	return k
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func swap(s, old, new string) string { return strings.ReplaceAll(s, old, new) }

func inUTF16(s string, big bool) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.WriteByte(byte(u >> 8))
		}
		b.WriteByte(byte(u))
		if !big {
			b.WriteByte(byte(u >> 8))
		}
	}
	return b.String()
}

// form is one form in which keys turn up.
type form struct {
	content string
	want    keyfile.Kind
	refused string // what is told instead; empty where it is read
}

// forms are all forms that are known, by what a person would call them.
func forms() map[string]form {
	k := testKeys()
	pkcs8, pkcs1 := must(x509.MarshalPKCS8PrivateKey(k.key)), x509.MarshalPKCS1PrivateKey(k.key)
	spki, pkcs1Public := must(x509.MarshalPKIXPublicKey(k.key.Public())), x509.MarshalPKCS1PublicKey(&k.key.PublicKey)
	plain, certificate, public := pemOf("PRIVATE KEY", pkcs8), pemOf("CERTIFICATE", k.certificate), pemOf("PUBLIC KEY", spki)
	elliptic := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	bare := base64.StdEncoding.EncodeToString(pkcs8)
	all := map[string]form{}
	for name, content := range map[string]string{
		"PKCS #8":                           plain,
		"PKCS #1":                           pemOf("RSA PRIVATE KEY", pkcs1),
		"PKCS #8 under PKCS #1's header":    pemOf("RSA PRIVATE KEY", pkcs8),
		"PKCS #1 under PKCS #8's header":    pemOf("PRIVATE KEY", pkcs1),
		"byte-order mark":                   "\ufeff" + plain,
		"a mark within, of joined files":    certificate + "\ufeff" + plain,
		"UTF-16 LE with mark":               "\xff\xfe" + inUTF16(plain, false),
		"UTF-16 BE with mark":               "\xfe\xff" + inUTF16(plain, true),
		"UTF-16 LE without mark":            inUTF16(plain, false),
		"UTF-16 BE without mark":            inUTF16(plain, true),
		"CRLF":                              swap(plain, "\n", "\r\n"),
		"CR":                                swap(plain, "\n", "\r"),
		"blank lines":                       swap(plain, "\n", "\n\n"),
		"without the last line's end":       strings.TrimSpace(plain),
		"spaces at the lines' ends":         swap(plain, "\n", "  \n"),
		`literal \n`:                        swap(plain, "\n", `\n`),
		`literal \n and a last line's end`:  swap(plain, "\n", `\n`) + "\n",
		`literal \r\n`:                      swap(plain, "\n", `\r\n`),
		`literal \\n, quoted twice`:         swap(plain, "\n", `\\n`),
		"as a JSON string":                  `"` + swap(swap(plain, "\n", `\n`), "/", `\/`) + `"`,
		"as JSON for web pages":             swap(swap(swap(plain, "\n", `\n`), "+", `\u002b`), "=", `\u003d`),
		"YAML's indentation":                "  " + swap(plain, "\n", "\n  "),
		"tabs":                              "\t" + swap(plain, "\n", "\n\t"),
		"YAML's folding, in one line":       swap(plain, "\n", " "),
		"all lines joined":                  swap(plain, "\n", ""),
		"quotation marks around":            "'" + plain + "'",
		"dashes of a word processor":        swap(plain, "--", "—"),
		"spaces that do not break":          swap(plain, " ", "\u00a0"),
		"zero-width spaces":                 swap(plain, "\n", "\u200b\n"),
		"words before, as openssl's":        "Bag Attributes\n    friendlyName: Tenpay\nKey Attributes: <No Attributes>\n" + plain,
		"certificate before the key":        certificate + plain,
		"key before the certificate":        plain + certificate,
		"the same key twice":                plain + pemOf("RSA PRIVATE KEY", pkcs1),
		"bare Base64":                       bare,
		"bare Base64 in lines":              swap(strings.TrimSpace(strings.Join(strings.Split(plain, "\n")[1:len(strings.Split(plain, "\n"))-2], "\n")), "\n", "\r\n"),
		"bare Base64 without its padding":   strings.TrimRight(bare, "="),
		"bare Base64 of PKCS #1":            base64.StdEncoding.EncodeToString(pkcs1),
		"Base64 around the file":            base64.StdEncoding.EncodeToString([]byte(plain)),
		"Base64 around the file in UTF-16":  base64.StdEncoding.EncodeToString([]byte(inUTF16(plain, false))),
		"DER, PKCS #8":                      string(pkcs8),
		"DER, PKCS #1":                      string(pkcs1),
		"DER and a line's end":              string(pkcs8) + "\n",
		"headers that are none of a cipher": strings.Replace(plain, "\n", "\nComment: made by hand\n\n", 1),
	} {
		all[name] = form{content, keyfile.PrivateKey, ""}
	}
	for name, content := range map[string]string{
		"public key":                    public,
		"public, PKCS #1":               pemOf("RSA PUBLIC KEY", pkcs1Public),
		"public, PKCS #1 under PKIX'":   pemOf("PUBLIC KEY", pkcs1Public),
		"public, PKIX under PKCS #1's":  pemOf("RSA PUBLIC KEY", spki),
		"public, DER":                   string(spki),
		"public, DER, PKCS #1":          string(pkcs1Public),
		"public, bare Base64":           base64.StdEncoding.EncodeToString(spki),
		"public, in one line":           swap(public, "\n", " "),
		"public, beside the own key":    plain + public,
		"public, byte-order mark, CRLF": "\ufeff" + swap(public, "\n", "\r\n"),
	} {
		all[name] = form{content, keyfile.PublicKey, ""}
	}
	for name, content := range map[string]string{
		"certificate":                  certificate,
		"certificate, DER (.cer)":      string(k.certificate),
		"certificate, bare Base64":     base64.StdEncoding.EncodeToString(k.certificate),
		"certificate, key before it":   plain + certificate,
		"certificate, with its chain":  certificate + certificate,
		"certificate, the old header":  pemOf("X509 CERTIFICATE", k.certificate),
		"certificate, in UTF-16, CRLF": "\xff\xfe" + inUTF16(swap(certificate, "\n", "\r\n"), false),
	} {
		all[name] = form{content, keyfile.Certificate, ""}
	}
	locked := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + strings.SplitN(plain, "\n", 2)[1]
	locked = strings.Replace(locked, "END PRIVATE", "END RSA PRIVATE", 1)
	// EncryptedPrivateKeyInfo: PBES2, whatever is in it.
	pbes2 := append([]byte{0x30, 0x82, 1, 0, 0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 0x0d, 4, 0x81, 240}, make([]byte, 240)...)
	type pkcs8Key struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	curve := must(asn1.Marshal(asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}))
	sm2 := must(asn1.Marshal(pkcs8Key{0, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1},
		Parameters: asn1.RawValue{FullBytes: curve}}, make([]byte, 100)}))
	pss := must(asn1.Marshal(pkcs8Key{0, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}},
		make([]byte, 100)}))
	for name, f := range map[string]form{
		"nothing":                     {"", keyfile.PrivateKey, "empty"},
		"blank":                       {" \r\n\t\n", keyfile.PrivateKey, "empty"},
		"a mark alone":                {"\xff\xfe\r\x00\n\x00", keyfile.PrivateKey, "empty"},
		".p12":                        {string(append([]byte{0x30, 0x82, 1, 0, 2, 1, 3}, make([]byte, 0x100-3)...)), keyfile.PrivateKey, "openssl pkcs12"},
		".p12 in Base64":              {base64.StdEncoding.EncodeToString(append([]byte{0x30, 0x82, 1, 0, 2, 1, 3}, make([]byte, 0x100-3)...)), keyfile.PrivateKey, "openssl pkcs12"},
		"the zip of the download":     {"PK\x03\x04\x14\x00" + strings.Repeat("\x00\xff", 90), keyfile.PrivateKey, "unpack it"},
		"a Java keystore":             {"\xfe\xed\xfe\xed\x00\x00\x00\x02\xff", keyfile.PrivateKey, "Java keystore"},
		"under a password, PKCS #8":   {pemOf("ENCRYPTED PRIVATE KEY", pbes2), keyfile.PrivateKey, "openssl pkey"},
		"under a password, PKCS #1":   {locked, keyfile.PrivateKey, "openssl pkey"},
		"under a password, DER":       {string(pbes2), keyfile.PrivateKey, "openssl pkey"},
		"EC, PKCS #8":                 {pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(elliptic))), keyfile.PrivateKey, "an EC private key: WeChat Pay's calls are signed with RSA"},
		"EC, SEC 1":                   {pemOf("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(elliptic))), keyfile.PrivateKey, "signed with RSA"},
		"EC, public":                  {pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(elliptic.Public()))), keyfile.PublicKey, "another kind than RSA"},
		"Ed25519":                     {pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(edwards))), keyfile.PrivateKey, "another kind than RSA"},
		"SM2":                         {pemOf("PRIVATE KEY", sm2), keyfile.PrivateKey, "SM2"},
		"RSA for PSS alone":           {pemOf("PRIVATE KEY", pss), keyfile.PrivateKey, "PSS"},
		"SSH, OpenSSH's":              {pemOf("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), keyfile.PrivateKey, "an SSH key: take apiclient_key.pem"},
		"SSH, public":                 {"ssh-rsa AAAAB3NzaC1yc2E= me@here\n", keyfile.PublicKey, "an SSH key"},
		"SSH, PuTTY's":                {"PuTTY-User-Key-File-3: ssh-rsa\n", keyfile.PrivateKey, "an SSH key"},
		"a certificate request":       {pemOf("CERTIFICATE REQUEST", must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, k.key))), keyfile.Certificate, "CSR"},
		"PKCS #7":                     {pemOf("PKCS7", []byte{0x30, 3, 2, 1, 1}), keyfile.Certificate, "PKCS #7"},
		"a public key for a private":  {public, keyfile.PrivateKey, "this is a public key: take apiclient_key.pem"},
		"a certificate for a private": {certificate, keyfile.PrivateKey, "this is a certificate: take apiclient_key.pem"},
		"a private key for a public":  {plain, keyfile.PublicKey, "this is a private key: take pub_key.pem"},
		"a certificate for a public":  {certificate, keyfile.PublicKey, "this is a certificate: take pub_key.pem"},
		"a key for a certificate":     {plain, keyfile.Certificate, "this is a private key: take the certificate's own file"},
		"two keys":                    {plain + pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(k.another))), keyfile.PrivateKey, "two different keys"},
		"cut short":                   {plain[:400], keyfile.PrivateKey, "damaged PEM: copy the whole file"},
		"its first line lost":         {strings.SplitN(plain, "\n", 2)[1], keyfile.PrivateKey, "without its -----BEGIN line"},
		"ends as something else":      {strings.Replace(plain, "END PRIVATE", "END PUBLIC", 1), keyfile.PrivateKey, "damaged PEM"},
		"Base64 cut short":            {bare[:600], keyfile.PrivateKey, "Base64 that holds no whole key"},
		"an APIv3 key":                {"0123456789abcdefghijABCDEFGHIJ01", keyfile.PrivateKey, "APIv3 key"},
		"a web page":                  {"<!DOCTYPE html><title>Log in</title>", keyfile.PrivateKey, "a web page"},
		"a JSON web key":              {`{"kty":"RSA","n":"AQAB"}`, keyfile.PrivateKey, "JSON"},
		"some text":                   {"see the safe in the office", keyfile.PrivateKey, "no PEM file"},
		"binary":                      {"\x80\x01\xfe", keyfile.PrivateKey, "binary"},
		"PEM of another kind":         {pemOf("X509 CRL", []byte{0x30, 3, 2, 1, 1}), keyfile.Certificate, "another kind"},
	} {
		all[name] = f
	}
	return all
}

func TestEveryFormIsReadOrToldWhatItIs(t *testing.T) {
	t.Parallel()
	k := testKeys()
	all := forms()
	if len(all) < 90 {
		t.Errorf("there are %d forms", len(all))
	}
	for name, f := range all {
		block, err := keyfile.Find([]byte(f.content), f.want)
		switch {
		case f.refused == "" && err != nil:
			t.Errorf("%s is refused: %v", name, err)
		case f.refused == "":
			if !isKey(block, k) {
				t.Errorf("%s is read as another %s", name, block.Type)
			}
		case err == nil:
			t.Errorf("%s is read as a %s", name, block.Type)
		case !strings.Contains(err.Error(), f.refused) || job.AsError(err).Code != job.CodeBadConfig || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: %q, want %q in it", name, err, f.refused)
		}
	}
}

// isKey says whether a block is the tests' key or certificate, in the form that its type says.
func isKey(block *pem.Block, k keys) bool {
	switch block.Type {
	case keyfile.TypePKCS8:
		got, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		return err == nil && k.key.Equal(got.(*rsa.PrivateKey))
	case keyfile.TypePKCS1:
		got, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		return err == nil && k.key.Equal(got)
	case keyfile.TypePKIX:
		got, err := x509.ParsePKIXPublicKey(block.Bytes)
		return err == nil && k.key.PublicKey.Equal(got.(*rsa.PublicKey))
	case keyfile.TypePKCS1Public:
		got, err := x509.ParsePKCS1PublicKey(block.Bytes)
		return err == nil && k.key.PublicKey.Equal(got)
	}
	return block.Type == keyfile.TypeCertificate && bytes.Equal(block.Bytes, k.certificate)
}

func TestNothingOfAKeyIsRepeated(t *testing.T) {
	t.Parallel()
	for name, f := range forms() {
		for _, want := range []keyfile.Kind{keyfile.PrivateKey, keyfile.PublicKey, keyfile.Certificate} {
			_, err := keyfile.Find([]byte(f.content), want)
			if err == nil {
				continue
			}
			for i := 0; i+12 < len(f.content); i += 12 {
				part := f.content[i : i+12]
				if strings.Trim(part, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ \n") != "" && strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q repeats %q", name, err, part)
				}
			}
		}
	}
}

func TestSerialNumbersAreReadAsTheyAreShown(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"5157F09EFDC096DE15EBE81A47057A7232F1B8E1": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
		"5157f09efdc096de15ebe81a47057a7232f1b8e1": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
		"51:57:F0:9E":          "5157F09E",
		"51 57 F0 9E\n":        "5157F09E",
		"00:0a:bc":             "000ABC",
		"0ABC":                 "0ABC",
		"serial=0ABC":          "0ABC",
		"Serial Number: 0a:bc": "0ABC",
		"0x0abc":               "0ABC",
		"\u200b0ABC\u00a0":     "0ABC",
		"005157F09EFDC096DE15EBE81A47057A7232F1B8E1": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
		"":                "",
		"0xyz":            "",
		"PUB_KEY_ID_0119": "",
		"15157F09EFDC096DE15EBE81A47057A7232F1B8E1": "",
		"5157F09E-FDC0":               "",
		"-----BEGIN PRIVATE KEY-----": "",
		"1234.5E+10":                  "",
		"5157F09EFDC096DE15EBE81A47057A7232F1B8E1, 77": "",
	} {
		if got, ok := keyfile.Serial(given); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", given, got, ok, want)
		}
	}
	if !keyfile.SameSerial("00:0a:bc", "ABC") || keyfile.SameSerial("ABC0", "ABC") || keyfile.SameSerial("", "0") {
		t.Error("zeros at the beginning, case and colons do not count; all else does")
	}
}

func FuzzFindReadsOrRefuses(f *testing.F) {
	for _, one := range forms() {
		f.Add([]byte(one.content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, want := range []keyfile.Kind{keyfile.PrivateKey, keyfile.PublicKey, keyfile.Certificate} {
			block, err := keyfile.Find(content, want)
			if (block == nil) == (err == nil) || err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, %v", block, err)
			}
		}
	})
}

func TestWhatIsToldOfAKeyIsToldInChineseToo(t *testing.T) {
	t.Parallel()
	for name, f := range forms() {
		_, err := keyfile.Find([]byte(f.content), f.want)
		if err == nil {
			continue
		}
		said := catalogue.Sentence(err.Error(), catalogue.Chinese)
		for _, english := range []string{" is ", " the ", "take ", "with "} {
			if strings.Contains(said, english) {
				t.Errorf("%s: %s", name, said)
				break
			}
		}
	}
}
