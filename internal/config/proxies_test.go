package config_test

import (
	"fmt"
	"testing"
)

func TestTrustedProxiesAreAddressesOrNetworks(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	c := f.good("page: {trusted_proxies: [127.0.0.1, \"::1\", 10.1.2.3/8, \"fd00::/8\", \"::ffff:192.0.2.1\"]}\n")
	if got := fmt.Sprint(c.Page.TrustedProxies); got != "[127.0.0.1/32 ::1/128 10.0.0.0/8 fd00::/8 192.0.2.1/32]" {
		t.Errorf("got %s", got)
	}
	c = f.good("http: off\n", "STORELINK_PAGE_TRUSTED_PROXIES=10.0.0.1,10.0.0.2")
	if got := fmt.Sprint(c.Page.TrustedProxies); got != "[10.0.0.1/32 10.0.0.2/32]" {
		t.Errorf("of the environment: %s", got)
	}
	for _, s := range []string{"proxy.example.com", "10.0.0.0/33", "10.0.0"} {
		_, err := f.load("page:\n  trusted_proxies: [" + s + "]\n")
		wants(t, err, 2, "page.trusted_proxies: ", "is no address or network")
	}
	for _, s := range []string{"0.0.0.0/0", "\"::/0\""} {
		_, err := f.load("page:\n  trusted_proxies: [" + s + "]\n")
		wants(t, err, 2, "is everybody")
	}
}
