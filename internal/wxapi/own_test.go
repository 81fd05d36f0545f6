package wxapi_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func TestAnAccountsCertificateMustFitItsKeyAndSerialNumber(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(0x0abc), NotBefore: time.Now().Add(-2 * time.Hour),
		NotAfter: time.Now().Add(-time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if _, err := wxapi.ParseOwnCertificate(text, key, "0a:bc"); err != nil { // that it has expired is the caller's to see
		t.Error(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pem    []byte
		key    *rsa.PrivateKey
		serial string
		says   string
	}{
		"another key":    {text, other, "ABC", "the private key is not that of this certificate"},
		"another number": {text, key, "ABD", "serial_no is ABD, but this certificate's is 0ABC"},
		"no number":      {text, key, "xyz", "not a hexadecimal serial number"},
		"a public key": {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), key, "ABC",
			"but this is a public key"},
		"a damaged one":     {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[:99]}), key, "ABC", "damaged"},
		"nothing like this": {[]byte("x"), key, "ABC", "a certificate is expected"},
	} {
		if _, err := wxapi.ParseOwnCertificate(c.pem, c.key, c.serial); err == nil ||
			job.AsError(err).Code != job.CodeBadConfig ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
