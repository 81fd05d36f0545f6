package wxapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// clockCause says how wrong this machine's clock is, given how far it is ahead of WeChat Pay's (negative: behind).
func clockCause(ahead time.Duration) i18n.Message {
	behind := ahead < 0
	ahead = ahead.Abs()
	var amount i18n.Message
	switch {
	case ahead < 2*time.Hour:
		amount = i18n.M("wxapi.minutes", "n", int(ahead.Round(time.Minute)/time.Minute))
	case ahead < 48*time.Hour:
		amount = i18n.M("wxapi.hours", "n", int(ahead.Round(time.Hour)/time.Hour))
	default:
		amount = i18n.M("wxapi.days", "n", int(ahead.Round(24*time.Hour)/(24*time.Hour)))
	}
	if behind {
		return i18n.M("wxapi.clock_behind", "amount", amount)
	}
	return i18n.M("wxapi.clock_ahead", "amount", amount)
}

// signatureHints are the words by which a 401's message tells what it is about: WeChat Pay's messages are Chinese, those
// of gateways and of the stand-in English too. The word that comes first in the message decides, as what is wrong is
// said before what should be done about it.
var signatureHints = []struct {
	words []string
	cause func(c *Config) i18n.Message
}{
	{[]string{"wechatpay-serial", "平台证书", "公钥id"}, func(*Config) i18n.Message {
		return i18n.M("wxapi.cause_public_key")
	}},
	{[]string{"timestamp", "时间戳", "clock"}, func(*Config) i18n.Message {
		return i18n.M("wxapi.cause_time")
	}},
	{[]string{"scheme", "认证类型", "格式"}, schemeCause},
	{[]string{"serial", "序列号", "证书"}, func(c *Config) i18n.Message {
		return i18n.M("wxapi.cause_serial", "serial", c.SerialNo, "identity", c.Identity)
	}},
	{[]string{"mchid", "商户号", "brand_id"}, schemeCause},
	{[]string{"sign", "签名", "验签"}, func(c *Config) i18n.Message {
		return i18n.M("wxapi.cause_key", "serial", c.SerialNo, "identity", c.Identity)
	}},
}

func schemeCause(c *Config) i18n.Message {
	if c.Mode == job.Brand {
		return i18n.M("wxapi.cause_brand_scheme", "identity", c.Identity)
	}
	return i18n.M("wxapi.cause_partner_scheme", "identity", c.Identity)
}

// signatureCause names the likely cause of a 401: the clock, where the answer's own time shows it, or else what the
// answer's words point at.
func signatureCause(c *Config, h http.Header, words string, now time.Time) i18n.Message {
	if ahead, ok := skewOf(h, now); ok && (ahead > maxSkew || ahead < -maxSkew) {
		return clockCause(ahead)
	}
	words = strings.ToLower(words)
	cause, at := i18n.M("wxapi.cause_any"), len(words)
	for _, hint := range signatureHints {
		for _, word := range hint.words {
			if i := strings.Index(words, word); i >= 0 && i < at {
				cause, at = hint.cause(c), i
			}
		}
	}
	return cause
}
