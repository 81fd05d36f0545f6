package i18n

// keyTexts are what is said of keys and certificates.
var keyTexts = texts{"key.public_id": {EN: "WeChat Pay public key ID {id:q}: it is {prefix} and digits", ZH: "微信支付公钥 ID {id:q}：应为 {prefix} 加数字"},
	"key.public_without_id": {
		EN: "this is a public key, which goes by its ID ({prefix}…): the merchant platform shows it beside the key",
		ZH: "这是公钥，要写明它的 ID（{prefix}…），商户平台在公钥旁边有显示",
	},
	"key.serial_differs_from_id": {
		EN: "the certificate's serial number is {serial}, but {id} is given as its ID",
		ZH: "证书的序列号是 {serial}，而给出的 ID 是 {id}",
	},
	"key.private_damaged":      {EN: "this private key is damaged: download or convert it again", ZH: "这个私钥已损坏：请重新下载或转换"},
	"key.private_inconsistent": {EN: "this private key is damaged: its numbers do not fit together", ZH: "这个私钥已损坏：其中的数值互不相符"},
	"key.public_damaged":       {EN: "this public key is damaged: download it again", ZH: "这个公钥已损坏：请重新下载"},
	"key.certificate_damaged":  {EN: "this certificate is damaged: download it again", ZH: "这个证书已损坏：请重新下载"},
	"key.certificate_not_rsa":  {EN: "the certificate's key is not an RSA key", ZH: "证书的密钥不是 RSA 密钥"},
	"key.certificate_expired": {
		EN: "the certificate {serial} expired on {date}: use WeChat Pay's present one",
		ZH: "证书 {serial} 已于 {date} 过期：请使用微信支付当前的证书",
	},
	"key.certificate_not_yet": {
		EN: "the certificate {serial} is valid only from {date} on: is this machine's clock right?",
		ZH: "证书 {serial} 从 {date} 起才有效：本机时钟是否正确？",
	},
	"key.not_the_certificates": {
		EN: "the private key is not that of this certificate, {serial}: use apiclient_key.pem and apiclient_cert.pem of the same download",
		ZH: "私钥与这个证书（{serial}）不匹配：请使用同一次下载的 apiclient_key.pem 和 apiclient_cert.pem",
	},
	"key.serial_no_hex": {
		EN: "serial_no {given} is not a hexadecimal serial number: this certificate's is {serial}",
		ZH: "serial_no {given} 不是十六进制序列号：这个证书的是 {serial}",
	},
	"key.serial_differs":   {EN: "serial_no is {given}, but this certificate's is {serial}", ZH: "serial_no 是 {given}，而这个证书的是 {serial}"},
	"key.bits":             {EN: "the {key} has {bits} bits, but WeChat Pay's keys have {least}", ZH: "{key}只有 {bits} 位，而微信支付的密钥是 {least} 位"},
	"key.public_key":       {EN: "public key", ZH: "公钥"},
	"key.private_key":      {EN: "private key", ZH: "私钥"},
	"key.certificates_key": {EN: "certificate's key", ZH: "证书的密钥"},
	"key.key_of_id":        {EN: "key {id}", ZH: "密钥 {id}"},
}
