package wxapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// clockCause says how wrong this machine's clock is, given how far it is ahead of WeChat Pay's (negative: behind).
func clockCause(ahead time.Duration) string {
	side := "ahead of"
	if ahead < 0 {
		ahead, side = -ahead, "behind"
	}
	amount := ""
	switch {
	case ahead < 2*time.Hour:
		amount = fmt.Sprintf("%d minutes", int(ahead.Round(time.Minute)/time.Minute))
	case ahead < 48*time.Hour:
		amount = fmt.Sprintf("%d hours", int(ahead.Round(time.Hour)/time.Hour))
	default:
		amount = fmt.Sprintf("%d days", int(ahead.Round(24*time.Hour)/(24*time.Hour)))
	}
	return fmt.Sprintf("this machine's clock is %s %s WeChat Pay's; set it right", amount, side)
}

// signatureHints are the words by which a 401's message tells what it is about: WeChat Pay's messages are Chinese, those
// of gateways and of the stand-in English too. The word that comes first in the message decides, as what is wrong is
// said before what should be done about it.
var signatureHints = []struct {
	words []string
	cause func(c *Config) string
}{
	{[]string{"wechatpay-serial", "平台证书", "公钥id"}, func(c *Config) string {
		return "WeChat Pay does not know the key that this account holds as WeChat Pay's; check wechatpay_public_key_id"
	}},
	{[]string{"timestamp", "时间戳", "clock"}, func(*Config) string {
		return "the time of the request was refused; compare this machine's clock with the true time"
	}},
	{[]string{"scheme", "认证类型", "格式"}, schemeCause},
	{[]string{"serial", "序列号", "证书"}, func(c *Config) string {
		return "serial_no " + c.SerialNo + " is not that of an API certificate of " + c.Identity +
			", or not that of the private key"
	}},
	{[]string{"mchid", "商户号", "brand_id"}, schemeCause},
	{[]string{"sign", "签名", "验签"}, func(c *Config) string {
		return "the private key does not belong to serial_no " + c.SerialNo + " of " + c.Identity
	}},
}

func schemeCause(c *Config) string {
	scheme := "a partner's scheme (WECHATPAY2-SHA256-RSA2048) for mchid "
	if c.Mode == job.Brand {
		scheme = "a brand's scheme (WECHATPAY-BRAND-SHA256-RSA2048) for brand_id "
	}
	return "the request was signed in " + scheme + c.Identity + "; check the account's mode and identity"
}

// signatureCause names the likely cause of a 401: the clock, where the answer's own time shows it, or else what the
// answer's words point at.
func signatureCause(c *Config, h http.Header, words string, now time.Time) string {
	if ahead, ok := skewOf(h, now); ok && (ahead > maxSkew || ahead < -maxSkew) {
		return clockCause(ahead)
	}
	words = strings.ToLower(words)
	cause, at := "private key, serial_no, mode and identity of the account do not fit together", len(words)
	for _, hint := range signatureHints {
		for _, word := range hint.words {
			if i := strings.Index(words, word); i >= 0 && i < at {
				cause, at = hint.cause(c), i
			}
		}
	}
	return cause
}
