package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"regexp"
	"strings"
)

// What to do about what is no key of WeChat Pay's.
const (
	onlyRSA = "WeChat Pay's calls are signed with RSA: take apiclient_key.pem of an RSA certificate"
	p12Do   = "take the apiclient_key.pem and apiclient_cert.pem that came with it, or convert it: openssl pkcs12 -in " +
		"apiclient_cert.p12 -nocerts -nodes -out apiclient_key.pem (its password is the mchid)"
	encryptedDo = "a worker cannot type its password; take that off with openssl pkey -in KEY.pem -out PLAIN.pem, and keep that " +
		"file to yourself (chmod 600)"
	notKnown = "in binary (DER) form, and none that is known"
)

var (
	encrypted = item{name: "a private key under a password", do: encryptedDo}
	damaged   = item{name: "damaged PEM", do: "copy the whole file, from its -----BEGIN line to the matching -----END line, or " +
		"download it again"}
	ec  = item{name: "an EC key", do: onlyRSA}
	csr = item{name: "a certificate request (CSR)"}
	p7  = item{name: "a PKCS #7 bundle", do: "take the .pem file instead"}
	p12 = item{name: "a .p12 file", do: p12Do}
	jks = item{name: "a Java keystore", do: "take the .pem file that it was made from"}
)

// labels are the kinds by what stands behind -----BEGIN.
var labels = map[string]item{
	TypePKCS8:                 {kind: PrivateKey, name: "a private key"},
	TypePKCS1:                 {kind: PrivateKey, name: "a private key"},
	TypePKIX:                  {kind: PublicKey, name: "a public key"},
	TypePKCS1Public:           {kind: PublicKey, name: "a public key"},
	TypeCertificate:           {kind: Certificate, name: "a certificate"},
	"X509 CERTIFICATE":        {kind: Certificate, name: "a certificate"},
	"TRUSTED CERTIFICATE":     {kind: Certificate, name: "a certificate"},
	"EC PRIVATE KEY":          {name: "an EC private key", do: onlyRSA},
	"EC PARAMETERS":           ec,
	"DSA PRIVATE KEY":         {name: "a DSA private key", do: onlyRSA},
	"OPENSSH PRIVATE KEY":     {name: "an SSH key", do: "take apiclient_key.pem, which came with the API certificate"},
	"CERTIFICATE REQUEST":     csr,
	"NEW CERTIFICATE REQUEST": csr,
	"PKCS7":                   p7,
	"PKCS12":                  p12,
}

// Object identifiers, as they stand in DER, of algorithms that Go's parsers do not know.
var (
	oidSM2  = []byte{6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d}
	oidPSS  = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a}
	oidPBES = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5} // PKCS #5's, up to the number of the scheme
	oidPKCS = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7} // PKCS #7's content types
)

// fromBinary says what DER, or another binary form, holds; false where content is none.
func fromBinary(content []byte) (item, bool) {
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		return item{name: "a zip archive", do: "unpack it, and take apiclient_key.pem and apiclient_cert.pem out of it"}, true
	case bytes.HasPrefix(content, []byte("\xfe\xed\xfe\xed")), bytes.HasPrefix(content, []byte("\xce\xce\xce\xce")):
		return jks, true
	}
	var sequence asn1.RawValue
	rest, err := asn1.Unmarshal(content, &sequence)
	if err != nil || content[0] != 0x30 || len(content) <= 4 || len(bytes.TrimSpace(rest)) > 0 {
		return item{}, false
	}
	return der(content[:len(content)-len(rest)], sequence.Bytes), true
}

// der says what a whole DER sequence is; inside is what stands in it.
func der(whole, inside []byte) item {
	if it, ok := parsed(whole); ok {
		return it
	}
	head := inside[:min(len(inside), 64)]
	switch {
	case bytes.HasPrefix(inside, []byte{2, 1, 3}): // a .p12's version (RFC 7292, 4); a private key's is 0
		return p12
	case bytes.HasPrefix(inside, oidPKCS):
		return p7
	case bytes.Contains(head, oidSM2):
		return item{name: "an SM2 (国密) key", do: onlyRSA}
	case bytes.Contains(head, oidPSS):
		return item{name: "an RSA key for PSS alone", do: "WeChat Pay's calls are signed with PKCS #1 v1.5: take apiclient_key.pem as it was made"}
	case bytes.HasPrefix(inside, []byte{0x30}) && bytes.Contains(head, oidPBES):
		return encrypted
	}
	if _, err := x509.ParseCertificateRequest(whole); err == nil {
		return csr
	}
	return item{name: notKnown, do: "convert it to PEM, or download it again"}
}

// parsed is what Go's parsers make of DER.
func parsed(whole []byte) (item, bool) {
	if key, err := x509.ParsePKCS8PrivateKey(whole); err == nil {
		switch key.(type) {
		case *rsa.PrivateKey:
			return item{kind: PrivateKey, name: "a private key", typ: TypePKCS8, der: whole}, true
		case *ecdsa.PrivateKey:
			return item{name: "an EC private key", do: onlyRSA}, true
		}
		return item{name: "a private key of another kind than RSA", do: onlyRSA}, true
	}
	if _, err := x509.ParsePKCS1PrivateKey(whole); err == nil {
		return item{kind: PrivateKey, name: "a private key", typ: TypePKCS1, der: whole}, true
	}
	if _, err := x509.ParseCertificate(whole); err == nil {
		return item{kind: Certificate, name: "a certificate", typ: TypeCertificate, der: whole}, true
	}
	if key, err := x509.ParsePKIXPublicKey(whole); err == nil {
		if _, ok := key.(*rsa.PublicKey); !ok {
			return item{name: "a public key of another kind than RSA", do: "WeChat Pay's answers are signed with RSA: " +
				"take pub_key.pem as the merchant platform gives it"}, true
		}
		return item{kind: PublicKey, name: "a public key", typ: TypePKIX, der: whole}, true
	}
	if _, err := x509.ParsePKCS1PublicKey(whole); err == nil {
		return item{kind: PublicKey, name: "a public key", typ: TypePKCS1Public, der: whole}, true
	}
	if _, err := x509.ParseECPrivateKey(whole); err == nil {
		return item{name: "an EC private key", do: onlyRSA}, true
	}
	return item{}, false
}

// publicPart is the public key of an RSA key of either kind; nil where it is none.
func publicPart(whole []byte) *rsa.PublicKey {
	if key, err := x509.ParsePKCS8PrivateKey(whole); err == nil {
		if key, ok := key.(*rsa.PrivateKey); ok {
			return &key.PublicKey
		}
		return nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(whole); err == nil {
		return &key.PublicKey
	}
	if key, err := x509.ParsePKIXPublicKey(whole); err == nil {
		pub, _ := key.(*rsa.PublicKey)
		return pub
	}
	pub, _ := x509.ParsePKCS1PublicKey(whole)
	return pub
}

var apiV3Key = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

// IsAPIv3Key says whether a text looks like an APIv3 key, a secret of 32 letters and digits that is at times given as the
// private key. It must not be shown, nor be taken for a path.
func IsAPIv3Key(text string) bool { return apiV3Key.MatchString(strings.TrimSpace(text)) }

// foreign names a text without any key in it.
func foreign(text string) item {
	trimmed := strings.TrimSpace(text)
	lower := strings.ToLower(trimmed[:min(len(trimmed), 512)])
	switch {
	case strings.Contains(text, "BEGIN ") && strings.Contains(text, "-"):
		return damaged
	case strings.Contains(text, "-END "):
		return item{name: "PEM without its -----BEGIN line", do: "copy the whole file, with its first line"}
	case IsAPIv3Key(text):
		return item{name: "as long as an APIv3 key (32 characters), which these calls do not need"}
	case strings.HasPrefix(lower, "ssh-"), strings.HasPrefix(lower, "putty-user-key-file"):
		return item{name: "an SSH key"}
	case strings.HasPrefix(lower, "<!doctype"), strings.HasPrefix(lower, "<html"), strings.HasPrefix(lower, "<?xml"):
		return item{name: "a web page", do: "download the file again: what was saved is a page, such as one to log in"}
	case strings.HasPrefix(lower, "{"):
		return item{name: "JSON", do: "take the PEM file, or the PEM text that stands in it"}
	}
	return item{name: "no PEM file (one that begins with -----BEGIN)"}
}
