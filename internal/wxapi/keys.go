package wxapi

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
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

// ParseAnswerKey reads one key of WeChat Pay's from a PEM file's bytes. An ID that begins with PUB_KEY_ID_ goes with a
// public key, any other with a platform certificate, whose serial number it must be; an empty ID takes the
// certificate's own. Errors are *job.Error and never repeat what was read.
func ParseAnswerKey(id string, pem []byte, now time.Time) (AnswerKey, error) {
	id = strings.TrimSpace(id)
	if strings.HasPrefix(id, publicKeyPrefix) {
		if !job.ValidID(id) { // it stands in a header
			return AnswerKey{}, job.Errorf(job.CodeBadConfig, "WeChat Pay public key ID %q: it is %s and digits",
				shown(id), publicKeyPrefix)
		}
		pub, err := ParsePublicKey(pem)
		if err != nil {
			return AnswerKey{}, err
		}
		return AnswerKey{ID: id, PublicKey: pub}, nil
	}
	if id == "" {
		if found := identify(pem); found.kind == kindPublicKey {
			return AnswerKey{}, job.Errorf(job.CodeBadConfig,
				"a WeChat Pay public key needs its ID (%s…): the merchant platform shows it beside the key",
				publicKeyPrefix)
		}
	}
	cert, err := ParseCertificate(pem, now)
	if err != nil {
		return AnswerKey{}, err
	}
	serial := SerialNumber(cert)
	if id != "" {
		if given, ok := normalSerial(id); !ok || strings.TrimLeft(given, "0") != strings.TrimLeft(serial, "0") {
			return AnswerKey{}, job.Errorf(job.CodeBadConfig,
				"the certificate's serial number is %s, but %s is given as its ID", serial, shown(id))
		}
	}
	return AnswerKey{ID: serial, Certificate: cert}, nil
}

// ParsePrivateKey reads an API certificate's private key (apiclient_key.pem) from its bytes: PEM, PKCS #8 or PKCS #1,
// RSA of at least 2048 bits. Errors are *job.Error and never repeat what was read.
func ParsePrivateKey(pem []byte) (*rsa.PrivateKey, error) {
	found := identify(pem)
	if found.kind != kindPrivateKey {
		return nil, job.Errorf(job.CodeBadConfig, "a private key is expected, but this is %s", found)
	}
	var key any
	var err error
	if found.block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(found.block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(found.block.Bytes)
	}
	if err != nil { // the cause is dropped: what parsers say of a private key is not ours to print
		return nil, job.Errorf(job.CodeBadConfig, "this private key is damaged: download or convert it again")
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if err := checkPrivateKey(k); err != nil {
			return nil, err
		}
		return k, nil
	case *ecdsa.PrivateKey:
		return nil, job.Errorf(job.CodeBadConfig, "an RSA private key is expected, but this is an EC private key")
	}
	return nil, job.Errorf(job.CodeBadConfig, "an RSA private key is expected, but this is one of another kind")
}

// ParsePublicKey reads a WeChat Pay public key (pub_key.pem) from its bytes: PEM, PKIX or PKCS #1, RSA of at least 2048
// bits. Errors are *job.Error.
func ParsePublicKey(pem []byte) (*rsa.PublicKey, error) {
	found := identify(pem)
	if found.kind != kindPublicKey {
		return nil, job.Errorf(job.CodeBadConfig, "a public key is expected, but this is %s", found)
	}
	var key any
	var err error
	if found.block.Type == "RSA PUBLIC KEY" {
		key, err = x509.ParsePKCS1PublicKey(found.block.Bytes)
	} else {
		key, err = x509.ParsePKIXPublicKey(found.block.Bytes)
	}
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "this public key is damaged: download it again")
	}
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, job.Errorf(job.CodeBadConfig, "an RSA public key is expected, but this is one of another kind")
	}
	if err := checkBits("public key", pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// ParseCertificate reads an X.509 certificate from PEM bytes; the first one where there are several. One that has
// expired or is not valid yet is refused: either it or this machine's clock is wrong. Errors are *job.Error.
func ParseCertificate(pem []byte, now time.Time) (*x509.Certificate, error) {
	found := identify(pem)
	if found.kind != kindCertificate {
		return nil, job.Errorf(job.CodeBadConfig, "a certificate is expected, but this is %s", found)
	}
	cert, err := x509.ParseCertificate(found.block.Bytes)
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "this certificate is damaged: download it again")
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return nil, job.Errorf(job.CodeBadConfig, "the certificate's key is expected to be RSA, but is of another kind")
	case now.After(cert.NotAfter):
		return nil, job.Errorf(job.CodeBadConfig, "the certificate %s expired on %s: take WeChat Pay's present one",
			SerialNumber(cert), cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		return nil, job.Errorf(job.CodeBadConfig,
			"the certificate %s is valid only from %s on: is this machine's clock right?", SerialNumber(cert),
			cert.NotBefore.Format(time.DateOnly))
	}
	if err := checkBits("certificate's key", pub); err != nil {
		return nil, err
	}
	return cert, nil
}

// ParseOwnCertificate reads an account's own API certificate (apiclient_cert.pem), and checks that private key and
// serial number are its. It says nothing of its time: see its NotBefore and NotAfter. Errors are *job.Error.
func ParseOwnCertificate(pem []byte, key *rsa.PrivateKey, serial string) (*x509.Certificate, error) {
	found := identify(pem)
	if found.kind != kindCertificate {
		return nil, job.Errorf(job.CodeBadConfig, "a certificate is expected, but this is %s", found)
	}
	cert, err := x509.ParseCertificate(found.block.Bytes)
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "this certificate is damaged: download it again")
	}
	own := SerialNumber(cert)
	given, ok := normalSerial(serial)
	switch pub, isRSA := cert.PublicKey.(*rsa.PublicKey); {
	case !isRSA || !pub.Equal(key.Public()):
		return nil, job.Errorf(job.CodeBadConfig,
			"the private key is not that of this certificate, %s: take apiclient_key.pem and apiclient_cert.pem of the same "+
				"download", own)
	case !ok:
		return nil, job.Errorf(job.CodeBadConfig, "serial_no %s is no serial number in hexadecimal: this certificate's is %s",
			shown(serial), own)
	case strings.TrimLeft(given, "0") != strings.TrimLeft(own, "0"):
		return nil, job.Errorf(job.CodeBadConfig, "serial_no is %s, but this certificate's is %s", shown(serial), own)
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

func checkBits(what string, key *rsa.PublicKey) error {
	if key.N == nil || key.N.BitLen() < minKeyBits {
		bits := 0
		if key.N != nil {
			bits = key.N.BitLen()
		}
		return job.Errorf(job.CodeBadConfig, "the %s has %d bits, but WeChat Pay's keys have %d", what, bits, minKeyBits)
	}
	return nil
}

func checkPrivateKey(key *rsa.PrivateKey) error {
	if err := checkBits("private key", &key.PublicKey); err != nil {
		return err
	}
	if key.Validate() != nil {
		return job.Errorf(job.CodeBadConfig, "this private key is damaged: its numbers do not fit together")
	}
	return nil
}
