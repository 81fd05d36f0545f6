package wxapi

import (
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/keyfile"
)

// publicKeyPrefix begins the ID of every WeChat Pay public key; a platform certificate's ID is its serial number.
const publicKeyPrefix = "PUB_KEY_ID_"

// minKeyBits is the size of every key of WeChat Pay's (the 2048 in WECHATPAY2-SHA256-RSA2048).
const minKeyBits = 2048

// AnswerKey is a key of WeChat Pay's that answers are checked with: a WeChat Pay public key or a platform certificate.
type AnswerKey struct {
	ID          string            // as it stands in the Wechatpay-Serial header: PUB_KEY_ID_…, or a serial number
	PublicKey   *rsa.PublicKey    // either this
	Certificate *x509.Certificate // or this
}

// key is the public key of either kind; nil where there is none.
func (k AnswerKey) key() *rsa.PublicKey {
	if k.Certificate != nil {
		pub, _ := k.Certificate.PublicKey.(*rsa.PublicKey)
		return pub
	}
	return k.PublicKey
}

// ParseAnswerKey reads one key of WeChat Pay's in any form that package keyfile knows. An ID that begins with PUB_KEY_ID_ goes with a
// public key, any other with a platform certificate, whose serial number it must be; an empty ID takes the
// certificate's own. Errors are *job.Error and never repeat what was read.
func ParseAnswerKey(id string, content []byte, now time.Time) (AnswerKey, error) {
	id = strings.TrimSpace(id)
	if prefix := min(len(id), len(publicKeyPrefix)); strings.EqualFold(id[:prefix], publicKeyPrefix) {
		id = publicKeyPrefix + id[prefix:]
		if !job.ValidID(id) { // it stands in a header
			return AnswerKey{}, job.Fail(job.CodeBadConfig, "key.public_id", "id", shown(id), "prefix", publicKeyPrefix)
		}
		pub, err := ParsePublicKey(content)
		if err != nil {
			return AnswerKey{}, err
		}
		return AnswerKey{ID: id, PublicKey: pub}, nil
	}
	cert, err := ParseCertificate(content, now)
	if err != nil {
		if _, none := keyfile.Find(content, keyfile.PublicKey); none == nil {
			return AnswerKey{}, job.Fail(job.CodeBadConfig, "key.public_without_id", "prefix", publicKeyPrefix)
		}
		return AnswerKey{}, err
	}
	serial := SerialNumber(cert)
	if id != "" && !keyfile.SameSerial(id, serial) {
		return AnswerKey{}, job.Fail(job.CodeBadConfig, "key.serial_differs_from_id", "serial", serial, "id", shown(id))
	}
	return AnswerKey{ID: serial, Certificate: cert}, nil
}

// ParsePrivateKey reads an API certificate's private key (apiclient_key.pem) in any form that package keyfile knows:
// PKCS #8 or PKCS #1, RSA of at least 2048 bits. Errors are *job.Error and never repeat what was read.
func ParsePrivateKey(content []byte) (*rsa.PrivateKey, error) {
	block, err := keyfile.Find(content, keyfile.PrivateKey)
	if err != nil {
		return nil, err
	}
	var parsed any
	if block.Type == keyfile.TypePKCS1 {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok { // the cause is dropped: what parsers say of a private key is not ours to print
		return nil, job.Fail(job.CodeBadConfig, "key.private_damaged")
	}
	if err := checkPrivateKey(key); err != nil {
		return nil, err
	}
	return key, nil
}

// ParsePublicKey reads a WeChat Pay public key (pub_key.pem) in any form that package keyfile knows: PKIX or PKCS #1, RSA
// of at least 2048 bits. Errors are *job.Error.
func ParsePublicKey(content []byte) (*rsa.PublicKey, error) {
	block, err := keyfile.Find(content, keyfile.PublicKey)
	if err != nil {
		return nil, err
	}
	var parsed any
	if block.Type == keyfile.TypePKCS1Public {
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	pub, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, job.Fail(job.CodeBadConfig, "key.public_damaged")
	}
	if err := checkBits(i18n.M("key.public_key"), pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// parseCertificate reads an X.509 certificate; the first one where there are several.
func parseCertificate(content []byte) (*x509.Certificate, error) {
	block, err := keyfile.Find(content, keyfile.Certificate)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, job.Fail(job.CodeBadConfig, "key.certificate_damaged")
	}
	return cert, nil
}

// ParseCertificate reads an X.509 certificate in any form that package keyfile knows; the first one where there are
// several. One that has expired or is not valid yet is refused: either it or this machine's clock is wrong. Errors are
// *job.Error.
func ParseCertificate(content []byte, now time.Time) (*x509.Certificate, error) {
	cert, err := parseCertificate(content)
	if err != nil {
		return nil, err
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return nil, job.Fail(job.CodeBadConfig, "key.certificate_not_rsa")
	case now.After(cert.NotAfter):
		return nil, job.Fail(job.CodeBadConfig, "key.certificate_expired", "serial", SerialNumber(cert),
			"date", cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		return nil, job.Fail(job.CodeBadConfig, "key.certificate_not_yet", "serial", SerialNumber(cert),
			"date", cert.NotBefore.Format(time.DateOnly))
	}
	if err := checkBits(i18n.M("key.certificates_key"), pub); err != nil {
		return nil, err
	}
	return cert, nil
}

// ExpiresSoon is how long before a certificate's end there is a warning: what replaces it takes a person's weeks.
const ExpiresSoon = 60 * 24 * time.Hour

// ParseOwnCertificate reads an account's own API certificate (apiclient_cert.pem), and checks that private key and
// serial number are its. It says nothing of its time: see its NotBefore and NotAfter. Errors are *job.Error.
func ParseOwnCertificate(content []byte, key *rsa.PrivateKey, serial string) (*x509.Certificate, error) {
	cert, err := parseCertificate(content)
	if err != nil {
		return nil, err
	}
	own := SerialNumber(cert)
	_, ok := keyfile.Serial(serial)
	switch pub, isRSA := cert.PublicKey.(*rsa.PublicKey); {
	case !isRSA || !pub.Equal(key.Public()):
		return nil, job.Fail(job.CodeBadConfig, "key.not_the_certificates", "serial", own)
	case !ok:
		return nil, job.Fail(job.CodeBadConfig, "key.serial_no_hex", "given", shown(serial), "serial", own)
	case !keyfile.SameSerial(serial, own):
		return nil, job.Fail(job.CodeBadConfig, "key.serial_differs", "given", shown(serial), "serial", own)
	}
	return cert, nil
}

// SerialNumber is a certificate's serial number as WeChat Pay writes it: upper-case hexadecimal.
func SerialNumber(cert *x509.Certificate) string {
	if cert.SerialNumber == nil {
		return ""
	}
	const digits = "0123456789ABCDEF"
	raw := cert.SerialNumber.Bytes()
	s := make([]byte, 0, 2*len(raw))
	for _, b := range raw {
		s = append(s, digits[b>>4], digits[b&15])
	}
	return string(s)
}

func checkBits(what i18n.Message, key *rsa.PublicKey) error {
	if key.N == nil || key.N.BitLen() < minKeyBits {
		bits := 0
		if key.N != nil {
			bits = key.N.BitLen()
		}
		return job.Fail(job.CodeBadConfig, "key.bits", "key", what, "bits", bits, "least", minKeyBits)
	}
	return nil
}

func checkPrivateKey(key *rsa.PrivateKey) error {
	if err := checkBits(i18n.M("key.private_key"), &key.PublicKey); err != nil {
		return err
	}
	if key.Validate() != nil {
		return job.Fail(job.CodeBadConfig, "key.private_inconsistent")
	}
	return nil
}
