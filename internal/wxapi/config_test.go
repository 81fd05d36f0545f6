package wxapi_test

import (
	"crypto/rsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func TestConfigurationIsCheckedWhole(t *testing.T) {
	t.Parallel()
	k := testKeys()
	for name, tc := range map[string]struct {
		change func(*wxapi.Config)
		want   string
	}{
		"mode":             {func(c *wxapi.Config) { c.Mode = "both" }, "mode"},
		"no identity":      {func(c *wxapi.Config) { c.Identity = "" }, "mchid"},
		"quoted identity":  {func(c *wxapi.Config) { c.Identity = `19",x="` }, "mchid"},
		"no brand":         {func(c *wxapi.Config) { c.Mode, c.Identity = job.Brand, "" }, "brand_id"},
		"no serial number": {func(c *wxapi.Config) { c.SerialNo = "" }, "serial_no"},
		"odd serial":       {func(c *wxapi.Config) { c.SerialNo = "3775X" }, "serial_no"},
		"no private key":   {func(c *wxapi.Config) { c.PrivateKey = nil }, "private_key"},
		"empty key":        {func(c *wxapi.Config) { c.PrivateKey = &rsa.PrivateKey{} }, "0 bits"},
		"no answer key":    {func(c *wxapi.Config) { c.AnswerKeys = nil }, "wechatpay_public_key"},
		"key without ID":   {func(c *wxapi.Config) { c.AnswerKeys[0].ID = "" }, "incomplete"},
		"ID without key":   {func(c *wxapi.Config) { c.AnswerKeys[0].PublicKey = nil }, "incomplete"},
		"ID of two lines":  {func(c *wxapi.Config) { c.AnswerKeys[0].ID += "\nX: y" }, "incomplete"},
		"another's ID": {func(c *wxapi.Config) { c.AnswerKeys[0] = wxapi.AnswerKey{ID: keyID, Certificate: k.certificate} },
			"under another ID"},
		"no numbers":      {func(c *wxapi.Config) { c.AnswerKeys[0].PublicKey = &rsa.PublicKey{} }, "0 bits"},
		"key twice":       {func(c *wxapi.Config) { c.AnswerKeys = append(c.AnswerKeys, c.AnswerKeys[0]) }, "twice"},
		"our own key":     {func(c *wxapi.Config) { c.AnswerKeys[0].PublicKey = &k.account.PublicKey }, "the account's own"},
		"http":            {func(c *wxapi.Config) { c.BaseURL = "http://api.mch.weixin.qq.com" }, "use https"},
		"http to another": {func(c *wxapi.Config) { c.SpareURL = "http://10.0.0.1:80" }, "spare_url"},
		"no scheme":       {func(c *wxapi.Config) { c.BaseURL = "api.mch.weixin.qq.com" }, "base_url is not a URL"},
		"ftp":             {func(c *wxapi.Config) { c.BaseURL = "ftp://127.0.0.1" }, "https://"},
		"with a path":     {func(c *wxapi.Config) { c.BaseURL = "https://gateway.example/wechat" }, "no path"},
		"with a query":    {func(c *wxapi.Config) { c.BaseURL = "https://gateway.example?" }, "no path"},
		"connect time":    {func(c *wxapi.Config) { c.ConnectTimeout = -time.Second }, "connect_timeout"},
		"call time":       {func(c *wxapi.Config) { c.CallTimeout = -time.Second }, "call_timeout"},
		"concurrency":     {func(c *wxapi.Config) { c.Concurrency = -1 }, "concurrency"},
		"blank code":      {func(c *wxapi.Config) { c.PassingCodes = []string{" "} }, "passing_codes"},
		"contradiction": {func(c *wxapi.Config) { c.PassingCodes, c.AlreadyCodes = []string{"X"}, []string{"Y", "X"} },
			"X stands in passing_codes and in already_codes"},
	} {
		config := partner("http://127.0.0.1:1")
		tc.change(&config)
		client, err := wxapi.New(config)
		var e *job.Error
		if client != nil || !errors.As(err, &e) || e.Code != job.CodeBadConfig || !strings.Contains(e.Message.String(), tc.want) {
			t.Errorf("%s: %v, want %q in it", name, err, tc.want)
		}
	}
	for name, change := range map[string]func(*wxapi.Config){
		"WeChat Pay":     func(c *wxapi.Config) { c.BaseURL = "" },
		"a slash":        func(c *wxapi.Config) { c.BaseURL += "/" },
		"localhost":      func(c *wxapi.Config) { c.BaseURL = "http://localhost:8080" },
		"IPv6":           func(c *wxapi.Config) { c.BaseURL = "http://[::1]:8080" },
		"serial, colons": func(c *wxapi.Config) { c.SerialNo = "37:75:b6:a4" },
		"the same twice": func(c *wxapi.Config) { c.SpareURL = c.BaseURL },
		"codes":          func(c *wxapi.Config) { c.PassingCodes, c.AlreadyCodes = []string{"X", "X"}, []string{"Y"} },
	} {
		config := partner("http://127.0.0.1:1")
		change(&config)
		if _, err := wxapi.New(config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A row of the table that an earlier row hides would never be used.
func TestTableHasNoDeadRows(t *testing.T) {
	t.Parallel()
	type key struct {
		status       int
		code, number string
	}
	seen := map[key]bool{}
	wxapi.Rules(func(status int, code, number string, class job.Class) {
		for _, k := range []key{{status, code, number}, {status, code, ""}, {status, "", ""}} {
			if seen[k] {
				t.Errorf("%d %s %s is hidden by %v", status, code, number, k)
			}
		}
		seen[key{status, code, number}] = true
		if class == job.ClassNone || class == job.ClassNotSent {
			t.Errorf("%d %s means %v", status, code, class)
		}
	})
}
