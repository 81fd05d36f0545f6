package sandbox

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// The Authorization schemes of the two modes (docs/wechatpay.md, "Who is calling").
const (
	partnerScheme = "WECHATPAY2-SHA256-RSA2048"
	brandScheme   = "WECHATPAY-BRAND-SHA256-RSA2048"
)

// maxClockSkew is how far a call's timestamp may be from WeChat Pay's clock.
const maxClockSkew = 5 * time.Minute

// authorization is the Authorization header, taken apart.
type authorization struct {
	scheme    string
	identity  string // mchid or brand_id, as the scheme asks for
	nonce     string
	timestamp string // as it was sent, and so as it was signed
	seconds   int64  // the same
	serial    string
	signature []byte
}

// parseAuthorization reads `SCHEME key="value",…`: each field once, in any order, none missing and none unknown.
func parseAuthorization(header string, mode job.Mode) (authorization, *refusal) {
	var a authorization
	var rest string
	a.scheme, rest, _ = strings.Cut(header, " ")
	wantScheme, identityField := partnerScheme, "mchid"
	if mode == job.Brand {
		wantScheme, identityField = brandScheme, "brand_id"
	}
	if a.scheme != wantScheme {
		return a, signError("scheme", a.scheme, "Http头Authorization的认证类型不正确",
			fmt.Sprintf("wrong Authorization scheme: a %s's path takes %s", mode, wantScheme))
	}
	fields := make(map[string]string, 5)
	for rest = strings.Trim(rest, " "); rest != ""; {
		key, after, ok := strings.Cut(rest, `="`)
		value, after, closed := strings.Cut(after, `"`)
		_, repeated := fields[key]
		if !ok || !closed || repeated {
			return a, malformed("it is no list of key=\"value\" with each key once")
		}
		fields[key] = value
		after = strings.TrimLeft(after, " ")
		rest = strings.TrimLeft(strings.TrimPrefix(after, ","), " ")
		if after != "" && (after[0] != ',' || rest == "") {
			return a, malformed("its fields are not separated by commas")
		}
	}
	for _, want := range []string{identityField, "nonce_str", "timestamp", "serial_no", "signature"} {
		if fields[want] == "" {
			return a, malformed(want + " is missing")
		}
	}
	if len(fields) != 5 {
		return a, malformed("it has a field that this scheme does not know")
	}
	var err error
	if a.seconds, err = strconv.ParseInt(fields["timestamp"], 10, 64); err != nil {
		return a, malformed("timestamp is no number of seconds")
	}
	if a.signature, err = base64.StdEncoding.DecodeString(fields["signature"]); err != nil {
		return a, malformed("signature is no Base64")
	}
	a.identity, a.nonce, a.serial = fields[identityField], fields["nonce_str"], fields["serial_no"]
	a.timestamp = fields["timestamp"]
	return a, nil
}

// authenticate finds out who makes a call, or why it cannot be believed: a 401 whose message tells the causes apart.
func (s *Sandbox) authenticate(r *http.Request, mode job.Mode, body []byte, now time.Time) (*account, *refusal) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return nil, signError("scheme", "", "Http头缺少Authorization", "there must be one Authorization header")
	}
	a, refused := parseAuthorization(headers[0], mode)
	if refused != nil {
		return nil, refused
	}
	who := s.byCaller[caller{mode, a.identity}]
	if who == nil {
		return nil, signError("identity", a.identity, "商户号或品牌ID不存在",
			fmt.Sprintf("unknown identity: no %s has this ID", mode))
	}
	if a.serial != who.SerialNo {
		return nil, signError("serial_no", a.serial, "证书序列号有误，请使用签名私钥匹配的证书序列号",
			"wrong serial number: it is not that of the caller's API certificate")
	}
	if skew := now.Sub(time.Unix(a.seconds, 0)); skew > maxClockSkew || skew < -maxClockSkew {
		return nil, signError("timestamp", a.timestamp,
			"Http头Authorization中的timestamp与发起请求的时间不得超过5分钟",
			fmt.Sprintf("wrong timestamp: it is more than 5 minutes from WeChat Pay's clock, %d", now.Unix()))
	}
	digest := sha256.New()
	fmt.Fprintf(digest, "%s\n%s\n%s\n%s\n", r.Method, requestURI(r), a.timestamp, a.nonce)
	digest.Write(body)
	io.WriteString(digest, "\n")
	if rsa.VerifyPKCS1v15(&who.PrivateKey.PublicKey, crypto.SHA256, digest.Sum(nil), a.signature) != nil {
		return nil, signError("signature", "", "错误的签名，验签失败",
			"wrong signature: it does not verify with the caller's certificate over method, path with query, "+
				"timestamp, nonce and body")
	}
	return who, s.checkNamedKey(r, mode)
}

// checkNamedKey checks the Wechatpay-Serial request header: a brand must name a key of WeChat Pay's, a partner may. The
// platform certificate's serial number is taken too, since a caller who has no public key yet has nothing else to name.
func (s *Sandbox) checkNamedKey(r *http.Request, mode job.Mode) *refusal {
	if named := r.Header.Get("Wechatpay-Serial"); named != "" || mode == job.Brand {
		for _, key := range s.keys {
			if key.ID == named {
				return nil
			}
		}
		return signError("Wechatpay-Serial", named, "Http头Wechatpay-Serial错误",
			"wrong Wechatpay-Serial header: it must be the ID of a WeChat Pay public key")
	}
	return nil
}

// requestURI is the path with its query as it stands on the wire.
func requestURI(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI() // the absolute form, as to a proxy; or a request made by a test
}

func malformed(why string) *refusal {
	return signError("Authorization", "", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》",
		"malformed Authorization header: "+why)
}
