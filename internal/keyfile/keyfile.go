// Package keyfile reads keys and certificates in the forms in which they turn up: PEM, and what editors, consoles, YAML,
// .env files and secret stores make of it; UTF-16; Base64 without its lines, or around a whole file; DER. It is the one
// reader of keys: what the configuration takes, the client and the check take too.
//
// It must never repeat a byte of what it reads: its errors name what was found, in words of its own.
package keyfile

import (
	"bytes"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Kind is what is looked for in a file.
type Kind int

// The kinds.
const (
	other Kind = iota
	PrivateKey
	PublicKey
	Certificate
)

// The PEM types of what Find returns.
const (
	TypePKCS8       = "PRIVATE KEY"
	TypePKCS1       = "RSA PRIVATE KEY"
	TypePKIX        = "PUBLIC KEY"
	TypePKCS1Public = "RSA PUBLIC KEY"
	TypeCertificate = "CERTIFICATE"
)

// wanted is how each kind is called, and which file it is.
var wanted = map[Kind]struct{ name, file string }{
	PrivateKey:  {"a private key", "take apiclient_key.pem, which came with the API certificate"},
	PublicKey:   {"a public key", "take pub_key.pem, WeChat Pay's public key, from the merchant platform"},
	Certificate: {"a certificate", "take the certificate's own file (apiclient_cert.pem, or WeChat Pay's certificate)"},
}

// item is one thing that was found in a file.
type item struct {
	kind Kind
	name string // for a person, after "this is"
	do   string // what to do about it; empty where taking the right file is all
	typ  string // PEM type by what the bytes are, or by what the file says where they are not understood
	der  []byte
}

// Find returns the first private key, public key or certificate in content as a PEM block without headers, its type by what
// its bytes are and not by what its header says. Bytes that are not understood are returned under the type that the file
// gives them: whoever parses them says that they are damaged. Two different keys of the wanted kind are refused; of several
// certificates, which are a chain, the first is returned. Errors are *job.Error of CodeBadConfig, one line each.
func Find(content []byte, want Kind) (*pem.Block, error) {
	items := read(content, 0)
	var found *item
	for i := range items {
		switch it := &items[i]; {
		case it.kind != want:
		case found == nil:
			found = it
		case want != Certificate && !same(found.der, it.der):
			return nil, job.Errorf(job.CodeBadConfig, "there are two different keys in it, and only one can be the account's: "+
				"keep the one that belongs to the serial number")
		}
	}
	if found != nil {
		return &pem.Block{Type: found.typ, Bytes: found.der}, nil
	}
	return nil, refusal(items, want)
}

// refusal says what is there instead of what is wanted, and what to do.
func refusal(items []item, want Kind) error {
	first := items[0]
	for _, it := range items[1:] { // EC PARAMETERS stand before the key that they are of
		if first.kind == other && (it.kind != other || it.do != "") {
			first = it
		}
	}
	do := first.do
	if do == "" {
		do = wanted[want].file
	}
	return job.Errorf(job.CodeBadConfig, "%s is expected, but this is %s: %s", wanted[want].name, first.name, do)
}

// same says whether two DER texts are one key, in whatever forms.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, y := publicPart(a), publicPart(b)
	return x != nil && y != nil && x.Equal(y)
}

// maxItems bounds what is looked at in one file.
const maxItems = 32

// read returns what is in content, at least one item. depth is how often it was Base64 around the whole.
func read(content []byte, depth int) []item {
	if it, ok := fromBinary(content); ok {
		return []item{it}
	}
	text, ok := decode(content)
	switch {
	case !ok:
		return []item{{name: "binary, and no key that is known", do: "download it again, in binary mode, or as a .pem file"}}
	case strings.TrimSpace(text) == "":
		return []item{{name: "empty", do: "the file or the value has nothing in it"}}
	}
	text = unescape(text)
	if items := blocks(text); len(items) > 0 {
		return items
	}
	if raw, ok := unbase64(text); ok && len(raw) >= minBare {
		if it, ok := fromBinary(raw); ok {
			return []item{it}
		}
		if depth == 0 && (bytes.Contains(raw, []byte("BEGIN")) || bytes.Contains(raw, []byte("B\x00E\x00G\x00I\x00N"))) {
			return read(raw, depth+1) // a secret store's Base64 around the whole file
		}
		return []item{{name: "Base64 that holds no whole key", do: "copy the whole file, from its first line to its last"}}
	}
	return []item{foreign(text)}
}

// blocks returns the PEM blocks of a text.
func blocks(text string) (items []item) {
	for _, m := range block.FindAllStringSubmatch(text, maxItems) {
		begin, body, end := strings.Join(strings.Fields(m[1]), " "), m[2], strings.Join(strings.Fields(m[3]), " ")
		if begin != end {
			items = append(items, damaged)
			continue
		}
		if strings.Contains(body, "Proc-Type") && strings.Contains(body, "ENCRYPTED") || begin == "ENCRYPTED PRIVATE KEY" {
			items = append(items, encrypted)
			continue
		}
		der, err := base64Body(body)
		if err != nil || len(der) == 0 {
			items = append(items, damaged)
			continue
		}
		items = append(items, labelled(begin, der))
	}
	return items
}

// labelled names a block by its bytes, or by its label where these are not understood.
func labelled(label string, der []byte) item {
	if it, ok := fromBinary(der); ok && (it.kind != other || it.name != notKnown) {
		return it
	}
	it, ok := labels[label]
	if !ok {
		return item{name: "a PEM file of another kind"} // its label is not repeated: it may be anything
	}
	it.der, it.typ = der, label
	return it
}

var errNoBase64 = errors.New("no Base64")

// String is what a person calls it, with its article.
func (k Kind) String() string { return wanted[k].name }
