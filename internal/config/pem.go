package config

import (
	"encoding/pem"
	"io/fs"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/secret"
)

// maxKey bounds a key's file, in bytes; a 4096-bit key's PEM has some 3,300.
const maxKey = 64 << 10

const pemBegin = "-----BEGIN"

func setPrivateKey(l *loader, a *Account, v value, name string) {
	if !l.withKeys {
		return
	}
	text, ok := l.pem(v, name, true)
	if !ok || text == "" {
		return
	}
	block, _ := pem.Decode([]byte(text))
	switch t := block.Type; {
	case t == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		l.badf(v, "%s is protected by a passphrase, which a worker cannot type: "+
			"write it without one (openssl pkey -in KEY -out PLAIN) and keep that file to yourself (chmod 600)", name)
	case t == "PRIVATE KEY" || t == "RSA PRIVATE KEY":
		a.PrivateKey = secret.NewText(text)
	default:
		l.badf(v, "%s is %s: it must be the RSA private key of the API certificate (apiclient_key.pem)", name, blockName(t))
	}
}

// setCertificate reads the account's own certificate, which is not needed to call: with it, it can be seen before the
// first call whether the private key and the serial number belong together.
func setCertificate(l *loader, a *Account, v value, name string) {
	if !l.withKeys {
		return
	}
	text, ok := l.pem(v, name, false)
	if !ok || text == "" {
		return
	}
	if block, _ := pem.Decode([]byte(text)); block.Type != "CERTIFICATE" {
		l.badf(v, "%s is %s: it must be the API certificate (apiclient_cert.pem)", name, blockName(block.Type))
		return
	}
	a.Certificate = text
}

// setAnswerKeys reads the keys that check answers, in their short form and in the list.
func (l *loader) setAnswerKeys(a *Account, given fields) {
	if !l.withKeys {
		return
	}
	id, hasID := given["wechatpay_public_key_id"]
	text, hasKey := given["wechatpay_public_key"]
	switch {
	case hasID && hasKey:
		l.answerKey(a, id, text, "wechatpay_public_key_id", "wechatpay_public_key", false)
	case hasID:
		l.badf(id, "wechatpay_public_key is missing beside wechatpay_public_key_id: the PEM file of that public key")
	case hasKey:
		l.badf(text, "wechatpay_public_key_id is missing beside wechatpay_public_key: its ID (PUB_KEY_ID_…)")
	}
	if list, ok := given["wechatpay_keys"]; ok {
		for _, item := range l.list(list, "wechatpay_keys") {
			one := l.fields(item, "an entry of wechatpay_keys", []string{"id", "serial_no", "key"})
			id, hasID := one["id"]
			serial, hasSerial := one["serial_no"]
			text, hasKey := one["key"]
			switch {
			case hasID == hasSerial:
				l.badf(item, "wechatpay_keys: an entry has either the id of a public key or the serial_no of a certificate")
			case !hasKey:
				l.badf(item, "wechatpay_keys: key is missing: the PEM file")
			case hasID:
				l.answerKey(a, id, text, "wechatpay_keys: id", "wechatpay_keys: key", false)
			default:
				l.answerKey(a, serial, text, "wechatpay_keys: serial_no", "wechatpay_keys: key", true)
			}
		}
	}
}

// answerKey reads one key that checks answers.
func (l *loader) answerKey(a *Account, id, text value, idName, textName string, certificate bool) {
	k := AnswerKey{Certificate: certificate}
	l.id(id, idName, &k.ID)
	s, ok := l.pem(text, textName, false)
	if !ok {
		return
	}
	switch {
	case k.ID == "":
		if v, ok := l.text(id, idName); ok && v == "" {
			l.badf(id, "%s is missing: what the key is called at WeChat Pay", idName)
		}
		return
	case s == "":
		l.badf(text, "%s is missing: a PEM file", textName)
		return
	}
	for _, other := range a.AnswerKeys {
		if other.ID == k.ID {
			l.badf(id, "%s: %s stands twice", idName, shown(id))
			return
		}
	}
	block, _ := pem.Decode([]byte(s))
	switch t := block.Type; {
	case strings.HasSuffix(t, "PRIVATE KEY"):
		l.badf(text, "%s is a private key: what checks WeChat Pay's answers is WeChat Pay's public key or certificate", textName)
	case certificate && t != "CERTIFICATE":
		l.badf(text, "%s is %s: what goes by a serial_no is WeChat Pay's certificate", textName, blockName(t))
	case !certificate && t != "PUBLIC KEY":
		l.badf(text, "%s is %s: what goes by an ID (PUB_KEY_ID_…) is WeChat Pay's public key", textName, blockName(t))
	default:
		k.PEM = s
		a.AnswerKeys = append(a.AnswerKeys, k)
	}
}

// blockName names a PEM's type for a person; an unheard-of one may be anything, and is not shown.
func blockName(t string) string {
	switch t {
	case "CERTIFICATE":
		return "a certificate"
	case "PRIVATE KEY", "RSA PRIVATE KEY":
		return "a private key"
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return "a public key"
	case "CERTIFICATE REQUEST":
		return "a certificate request"
	case "EC PRIVATE KEY":
		return "a key for elliptic curves"
	case "OPENSSH PRIVATE KEY":
		return "a key for SSH"
	}
	return "something else"
}

// pem gives a PEM text: the value itself, or what stands in the file that it names. A private one must be readable by
// its owner alone. "" is none given.
func (l *loader) pem(v value, name string, private bool) (string, bool) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return "", ok
	}
	if !strings.Contains(s, pemBegin) {
		if s, ok = l.pemFile(v, name, s, private); !ok {
			return "", false
		}
	} else {
		if !strings.Contains(s, "\n") {
			s = strings.ReplaceAll(s, `\n`, "\n") // as .env files and many consoles write it
		}
		if private && v.env == "" && strings.Contains(target(v.node).Value, pemBegin) && openToOthers(l.mode) {
			l.badf(v, "%s stands in this file, which others than its owner may read (mode %04o): run chmod 600 %s",
				name, l.mode.Perm(), quotePath(l.file))
			return "", false
		}
	}
	if block, _ := pem.Decode([]byte(s)); block == nil {
		l.badf(v, "%s holds no whole PEM text, from its -----BEGIN line to its -----END line, each on a line of its own "+
			"(in YAML, write it after a |)", name)
		return "", false
	}
	return s, true
}

// pemFile reads a key's file. A path from the environment is not shown: it may be a key that lost its first line.
func (l *loader) pemFile(v value, name, path string, private bool) (string, bool) {
	if len(path) > 1000 || strings.ContainsAny(path, "\n\r\x00") || strings.HasPrefix(path, "MII") {
		l.badf(v, "%s is neither a file's path nor a PEM text with its -----BEGIN line", name)
		return "", false
	}
	what := "the file that it names"
	if v.env == "" {
		what = shown(v)
	}
	full := l.resolve(path, l.at(v))
	text, mode, err := readBounded(full, maxKey)
	mode = l.ownMode(full, mode)
	switch {
	case err != nil:
		l.badf(v, "%s: %s cannot be read: %s", name, what, cause(err))
	case private && openToOthers(mode):
		fix := "chmod 600 on it"
		if v.env == "" && !strings.Contains(target(v.node).Value, "$") {
			fix = "chmod 600 " + quotePath(full)
		}
		l.badf(v, "%s: others than its owner may read %s (mode %04o): run %s", name, what, mode.Perm(), fix)
	case !strings.Contains(string(text), pemBegin):
		l.badf(v, "%s: %s is no PEM file: it has no -----BEGIN line", name, what)
	default:
		l.checkWritable(full, mode)
		return string(text), true
	}
	return "", false
}

// openToOthers says whether others than its owner may do anything with a file of that mode. Windows has no such bits.
func openToOthers(mode fs.FileMode) bool { return runtime.GOOS != "windows" && mode&0o077 != 0 }

// quotePath makes a path one word of a shell's.
func quotePath(path string) string {
	path = filepath.Clean(path)
	if strings.ContainsFunc(path, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+", r))
	}) {
		return strconv.Quote(path)
	}
	return path
}
