package wxapi

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"unicode/utf8"
)

// kind is what a key file turns out to hold.
type kind int

const (
	kindOther kind = iota
	kindPrivateKey
	kindPublicKey
	kindCertificate
)

// finding is what identify makes of a file's bytes; it prints as what a person would call it, and never holds more
// than its kind.
type finding struct {
	kind  kind
	block *pem.Block // nil for kindOther
	name  string
}

func (f finding) String() string { return f.name }

// The names of what identify finds: the end of a sentence that begins "but this is".
var blockNames = map[string]finding{
	"PRIVATE KEY":             {kind: kindPrivateKey, name: "a private key"},
	"RSA PRIVATE KEY":         {kind: kindPrivateKey, name: "a private key"},
	"PUBLIC KEY":              {kind: kindPublicKey, name: "a public key"},
	"RSA PUBLIC KEY":          {kind: kindPublicKey, name: "a public key"},
	"CERTIFICATE":             {kind: kindCertificate, name: "a certificate"},
	"EC PRIVATE KEY":          {name: "an EC private key; WeChat Pay's are RSA"},
	"EC PARAMETERS":           {name: "an EC key; WeChat Pay's are RSA"},
	"DSA PRIVATE KEY":         {name: "a DSA private key; WeChat Pay's are RSA"},
	"OPENSSH PRIVATE KEY":     {name: "an SSH key; take apiclient_key.pem"},
	"ENCRYPTED PRIVATE KEY":   {name: encryptedName},
	"CERTIFICATE REQUEST":     {name: "a certificate request (CSR)"},
	"NEW CERTIFICATE REQUEST": {name: "a certificate request (CSR)"},
	"PKCS7":                   {name: "a PKCS #7 bundle; take the .pem file"},
}

const (
	encryptedName = "a private key under a password; take the password off with: openssl pkey -in KEY.pem -out PLAIN.pem"
	p12Name       = "a .p12 file; convert it with: openssl pkcs12 -in apiclient_cert.p12 -nocerts -nodes -out " +
		"apiclient_key.pem"
)

// identify says what a key file holds: the first PEM block in it that is a key or a certificate, or else what the file
// is instead. It takes a byte-order mark, CRLF, and line breaks written as \n, as they end up in environment variables,
// in stride.
func identify(content []byte) finding {
	whole := content // the last byte of a binary file may look like white space
	content = bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	if len(content) == 0 {
		return finding{name: "empty"}
	}
	if !bytes.ContainsAny(content, "\n\r") && bytes.Contains(content, []byte(`\n`)) {
		content = bytes.ReplaceAll(content, []byte(`\n`), []byte("\n"))
	}
	var other *finding
	for rest := content; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		f, known := blockNames[block.Type]
		switch {
		case !known:
			f = finding{name: "a PEM file of another kind"} // its type is not repeated: it may be anything
		case f.kind == kindPrivateKey && strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			f = finding{name: encryptedName}
		}
		if f.kind != kindOther {
			f.block = block
			return f
		}
		if other == nil {
			other = &f
		}
	}
	if other != nil {
		return *other
	}
	var sequence asn1.RawValue
	rest, err := asn1.Unmarshal(whole, &sequence)
	if err == nil && whole[0] == 0x30 && len(whole) > 4 && len(bytes.TrimSpace(rest)) == 0 {
		// A .p12 begins with its version, which is 3 (RFC 7292, 4); a private key with 0.
		if bytes.HasPrefix(sequence.Bytes, []byte{2, 1, 3}) {
			return finding{name: p12Name}
		}
		return finding{name: "in binary (DER) form; convert it to PEM"}
	}
	return finding{name: identifyRaw(content)}
}

// identifyRaw names a file without any PEM block in it that is no DER either.
func identifyRaw(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")):
		return "text in UTF-16; save it as plain text (UTF-8)"
	case bytes.Contains(content, []byte("-----BEGIN")):
		return "damaged PEM; download it again"
	case !utf8.Valid(content):
		return "binary"
	}
	packed := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, string(content))
	if raw, err := base64.StdEncoding.DecodeString(packed); err == nil && len(raw) > 128 {
		return "Base64 without its -----BEGIN and -----END lines; take the file as it was downloaded"
	}
	return "no PEM file (one that begins with -----BEGIN)"
}
