package worker_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/worker"
)

func TestAnAccountsCertificateThatEndsSoonIsWarnedOf(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for left, says := range map[time.Duration]string{
		61 * 24 * time.Hour: "", 59 * 24 * time.Hour: "the API certificate expires soon", -time.Hour: "the API certificate has expired",
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(0xabc), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(left)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		_, err = worker.Accounts([]config.Account{{Name: "acme", Mode: job.Partner, MchID: "1900000001", SerialNo: "00ABC",
			PrivateKey:  secret.NewText(text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))),
			Certificate: text("CERTIFICATE", der), ConnectTimeout: time.Second, CallTimeout: time.Second,
			AnswerKeys: []config.AnswerKey{{ID: "PUB_KEY_ID_1", PEM: text("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&other.PublicKey))}}}},
			slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(log.String(), "level=WARN"); said != (says != "") || !strings.Contains(log.String(), says) {
			t.Errorf("with %v left: %q", left, log.String())
		}
	}
}
