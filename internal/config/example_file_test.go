package config_test

import (
	"os"
	"testing"

	"github.com/storelink/storelink/internal/job"
)

func TestTheExampleLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../storelink.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := newFolder(t)
	f.write("keys/acme/apiclient_key.pem", pemOf("PRIVATE KEY"), 0o600)
	f.write("keys/acme/wxp_pub.pem", pemOf("PUBLIC KEY"), 0o644)
	f.write("keys/my-brand/wxp_pub.pem", pemOf("PUBLIC KEY"), 0o644)
	f.write("keys/my-brand/wechatpay_certificate.pem", pemOf("CERTIFICATE"), 0o644)
	c := f.good(string(text), "MY_BRAND_PRIVATE_KEY="+pemOf("PRIVATE KEY"))
	if len(c.Accounts) != 2 || c.Accounts[0].Mode != job.Partner || c.Accounts[1].Mode != job.Brand {
		t.Errorf("got %+v", c)
	}
}
