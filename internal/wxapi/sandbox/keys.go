package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/sync/errgroup"
)

// keyBits is the size of every key: the schemes are named ...-RSA2048.
const keyBits = 2048

// Keys are the private keys of a sandbox's world. Serial numbers and key IDs follow from them, so that a sandbox that
// is given the same keys again is the same WeChat Pay.
type Keys struct {
	Partner *rsa.PrivateKey // of every partner account that brings none of its own
	Brand   *rsa.PrivateKey // of every brand account that brings none of its own

	Wechatpay     *rsa.PrivateKey // WeChat Pay's own: signs the answers
	WechatpayNext *rsa.PrivateKey // WeChat Pay's second public key, and its platform certificate
}

// GenerateKeys makes all four keys, in parallel.
func GenerateKeys() (Keys, error) {
	var k Keys
	err := k.Complete()
	return k, err
}

// Complete makes the keys that are nil.
func (k *Keys) Complete() error {
	var g errgroup.Group
	for _, key := range []**rsa.PrivateKey{&k.Partner, &k.Brand, &k.Wechatpay, &k.WechatpayNext} {
		if *key != nil {
			continue
		}
		g.Go(func() (err error) {
			if *key, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
				return fmt.Errorf("making an RSA key: %w", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// PrivateKeyPEM is a private key as WeChat Pay's certificate tool writes it (PKCS #8, apiclient_key.pem).
func PrivateKeyPEM(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// AnswerKey is a key that WeChat Pay signs its answers with.
type AnswerKey struct {
	ID  string // what Wechatpay-Serial says: PUB_KEY_ID_… or, of a platform certificate, its serial number
	PEM []byte // what checks it: a public key, or a certificate

	private *rsa.PrivateKey
}

// The places of the answer keys in Sandbox.keys.
const (
	firstKey = iota
	secondKey
	platformKey
)

// answerKeys gives the two public keys and the platform certificate of a set of keys.
func answerKeys(k Keys) (keys [3]AnswerKey, err error) {
	if keys[firstKey], err = publicAnswerKey(k.Wechatpay); err != nil {
		return keys, err
	}
	if keys[secondKey], err = publicAnswerKey(k.WechatpayNext); err != nil {
		return keys, err
	}
	keys[platformKey], err = platformCertificate(k.WechatpayNext)
	return keys, err
}

func publicAnswerKey(key *rsa.PrivateKey) (AnswerKey, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return AnswerKey{}, fmt.Errorf("encoding a public key: %w", err)
	}
	// PUB_KEY_ID_ and 34 digits, as real ones have them.
	const digits17 = 1e17
	sum := sha256.Sum256(der)
	high, low := binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])
	return AnswerKey{
		ID:      fmt.Sprintf("PUB_KEY_ID_%017d%017d", high%digits17, low%digits17),
		PEM:     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		private: key,
	}, nil
}

func platformCertificate(key *rsa.PrivateKey) (AnswerKey, error) {
	serial := serialNumber(key, "platform")
	number, ok := new(big.Int).SetString(serial, 16)
	if !ok {
		return AnswerKey{}, fmt.Errorf("serial number %q is not hexadecimal", serial)
	}
	template := &x509.Certificate{
		SerialNumber: number,
		Subject:      pkix.Name{CommonName: "storelink sandbox platform certificate"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().AddDate(5, 0, 0), // as long as a real one lasts
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return AnswerKey{}, fmt.Errorf("making the platform certificate: %w", err)
	}
	return AnswerKey{
		ID:      serial,
		PEM:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		private: key,
	}, nil
}

// serialNumber is the serial number of the certificate that owner has for key: 40 hexadecimal digits, in capitals, as
// WeChat Pay shows them, the first of them 1 to 7 so that it is a certificate's positive number of 20 bytes.
func serialNumber(key *rsa.PrivateKey, owner string) string {
	sum := sha256.Sum256(append(x509.MarshalPKCS1PublicKey(&key.PublicKey), owner...))
	sum[0] = sum[0]&0x6F | 0x10
	return fmt.Sprintf("%X", sum[:20])
}

// PublicKeys are the two public keys that answers may be signed with: the one in use, and the one that Faults.AnswerKey
// "second" or "alternate" brings in.
func (s *Sandbox) PublicKeys() (first, second AnswerKey) { return s.keys[firstKey], s.keys[secondKey] }

// PlatformCertificate is what Faults.AnswerKey "platform" signs with: the way from before there were public keys.
func (s *Sandbox) PlatformCertificate() AnswerKey { return s.keys[platformKey] }
