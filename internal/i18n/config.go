package i18n

// configTexts are what is said of the configuration.
var configTexts = texts{"config.not_positive": {EN: "{name} is {value}: it must be more than 0", ZH: "{name} 是 {value}：必须大于 0"},
	"config.concurrency": {EN: "concurrency is {n}: it is at least 1", ZH: "concurrency 是 {n}：至少为 1"},
	"config.mode":        {EN: "mode {mode:q}: it is partner or brand", ZH: "mode {mode:q}：应为 partner 或 brand"},
	"config.identity": {
		EN: "{name} {value:q}: it is 1 to {most} characters of 0-9, A-Z, a-z, _ and -",
		ZH: "{name} {value:q}：应为 1 到 {most} 个 0-9、A-Z、a-z、_ 和 - 字符",
	},
	"config.serial_no": {
		EN: "serial_no {value:q}: it is the API certificate's serial number in hexadecimal, such as 3775B6A4…",
		ZH: "serial_no {value:q}：应为 API 证书的十六进制序列号，例如 3775B6A4…",
	},
	"config.no_private_key": {EN: "private_key is missing", ZH: "缺少 private_key"},
	"config.no_answer_key": {
		EN: "no key to check WeChat Pay's answers with: give wechatpay_public_key_id and wechatpay_public_key",
		ZH: "没有用来验证微信支付应答的密钥：请给出 wechatpay_public_key_id 和 wechatpay_public_key",
	},
	"config.answer_key_incomplete": {EN: "a key of WeChat Pay's is incomplete: it needs an ID and a key", ZH: "微信支付的一个密钥不完整：需要 ID 和密钥"},
	"config.certificate_under_id":  {EN: "WeChat Pay's certificate {serial} is given under another ID, {id}", ZH: "微信支付的证书 {serial} 写在了另一个 ID {id} 之下"},
	"config.answer_key_twice":      {EN: "WeChat Pay's key {id} is given twice", ZH: "微信支付的密钥 {id} 给出了两次"},
	"config.answer_key_own": {
		EN: "the key given as WeChat Pay's {id} is the account's own: apiclient_cert.pem is yours, WeChat Pay's is downloaded from the merchant platform as pub_key.pem",
		ZH: "作为微信支付密钥 {id} 给出的其实是本账号自己的：apiclient_cert.pem 是您自己的，微信支付的公钥请从商户平台下载 pub_key.pem",
	},
	"config.no_url":        {EN: "{name} is not a URL such as {example}", ZH: "{name} 不是网址，例如 {example}"},
	"config.url_with_user": {EN: "{name} must not hold a user name or a password", ZH: "{name} 里不能有用户名或密码"},
	"config.url_with_path": {EN: "{name} {value:q}: only a scheme and a host, no path", ZH: "{name} {value:q}：只能有协议和主机，不能有路径"},
	"config.url_http":      {EN: "{name} {value:q}: http is for this very machine only; use https", ZH: "{name} {value:q}：http 只能用于本机，请使用 https"},
	"config.url_scheme":    {EN: "{name} {value:q}: it begins with https://", ZH: "{name} {value:q}：应以 https:// 开头"},
	"config.proxy_no_url": {
		EN: "the proxy that the environment names for {host} (HTTPS_PROXY) is not a URL",
		ZH: "环境变量（HTTPS_PROXY）为 {host} 指定的代理不是网址",
	},
	"config.code_length": {EN: "{list}: a code is 1 to {most} characters", ZH: "{list}：代码应为 1 到 {most} 个字符"},
	"config.code_twice":  {EN: "{code} stands in passing_codes and in already_codes", ZH: "{code} 同时出现在 passing_codes 和 already_codes 中"},
}
