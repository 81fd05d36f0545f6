package config

import (
	"encoding/pem"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/keyfile"
	"github.com/storelink/storelink/internal/secret"
)

func setPrivateKey(l *loader, a *Account, v value, name string) {
	if !l.withKeys {
		return
	}
	if text, ok := l.key(v, name, keyfile.PrivateKey); ok && text != "" {
		a.PrivateKey = secret.NewText(text)
	}
}

// setCertificate reads the account's own certificate, which is not needed to call: with it, it can be seen before the
// first call whether the private key and the serial number belong together.
func setCertificate(l *loader, a *Account, v value, name string) {
	if !l.withKeys {
		return
	}
	if text, ok := l.key(v, name, keyfile.Certificate); ok {
		a.Certificate = text
	}
}

// serial reads a certificate's serial number, however WeChat Pay's pages and consoles show it.
func (l *loader) serial(v value, name string, into *string) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	serial, ok := keyfile.Serial(s)
	if !ok {
		l.badf(v, "%s: %s is no serial number: it is up to 40 hexadecimal digits (0-9, A-F), as the merchant platform shows it "+
			"beside the certificate", name, shown(v))
		return
	}
	*into = serial
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
	want := keyfile.PublicKey
	if certificate {
		want = keyfile.Certificate
		l.serial(id, idName, &k.ID)
	} else {
		l.id(id, idName, &k.ID)
	}
	s, ok := l.key(text, textName, want)
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
	case !certificate && !strings.HasPrefix(strings.ToUpper(k.ID), publicKeyID):
		l.badf(id, "%s: %s is no public key's ID, which begins with %s: the merchant platform shows it beside the key", idName,
			shown(id), publicKeyID)
		return
	}
	for _, other := range a.AnswerKeys {
		if other.ID == k.ID || certificate && keyfile.SameSerial(other.ID, k.ID) {
			l.badf(id, "%s: %s stands twice", idName, shown(id))
			return
		}
	}
	k.PEM = s
	a.AnswerKeys = append(a.AnswerKeys, k)
}

// publicKeyID begins the ID of each of WeChat Pay's public keys.
const publicKeyID = "PUB_KEY_ID_"

// key reads a key or certificate in any form that package keyfile knows: the value itself, or the file that it names.
// It returns PEM. A private one must be readable by its owner alone. "" is none given.
func (l *loader) key(v value, name string, want keyfile.Kind) (string, bool) {
	content, from, ok := l.content(v, name, want == keyfile.PrivateKey)
	if !ok || content == nil {
		return "", ok
	}
	block, err := keyfile.Find(content, want)
	if err == nil {
		return string(pem.EncodeToMemory(block)), true
	}
	for _, is := range []keyfile.Kind{keyfile.PrivateKey, keyfile.PublicKey, keyfile.Certificate} {
		if _, wrong := keyfile.Find(content, is); is != want && wrong == nil {
			l.badf(v, "%s is %s: %s", name, is, mustBe(want, is, name))
			return "", false
		}
	}
	l.badf(v, "%s%s: %s", name, from, job.AsError(err).Message.String())
	return "", false
}

// mustBe says what a key should be that is of another kind.
func mustBe(want, is keyfile.Kind, name string) string {
	switch {
	case want == keyfile.PrivateKey:
		return "it must be the RSA private key of the API certificate (apiclient_key.pem)"
	case name == "certificate":
		return "it must be the API certificate (apiclient_cert.pem)"
	case is == keyfile.PrivateKey:
		return "what checks WeChat Pay's answers is WeChat Pay's public key or certificate"
	case want == keyfile.PublicKey:
		return "what goes by an ID (PUB_KEY_ID_…) is WeChat Pay's public key; a certificate goes by its serial_no, in wechatpay_keys"
	}
	return "what goes by a serial_no is WeChat Pay's certificate; a public key goes by its id (PUB_KEY_ID_…)"
}
