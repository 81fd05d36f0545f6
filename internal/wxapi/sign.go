package wxapi

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/signers"
)

// signatureLife is how long a signed request may wait for the pace before it is signed anew. WeChat Pay refuses a
// timestamp that is five minutes old; this leaves room for a clock that is a little off.
const signatureLife = time.Minute

// authorizer writes the Authorization header: the official SDK's signer, under the partner's scheme, which the SDK
// knows too, or the brand's, which it does not.
type authorizer struct {
	signer *signers.SHA256WithRSASigner
	prefix string // scheme and identity, up to the nonce
}

func newAuthorizer(c *Config) *authorizer {
	c.PrivateKey.Precompute() // speeds signing up several times; done already for keys that were parsed
	a := &authorizer{signer: &signers.SHA256WithRSASigner{
		MchID:               c.Identity,
		CertificateSerialNo: c.SerialNo,
		PrivateKey:          c.PrivateKey,
	}}
	scheme, field := "WECHATPAY2-", "mchid"
	if c.Mode == job.Brand {
		scheme, field = "WECHATPAY-BRAND-", "brand_id"
	}
	a.prefix = scheme + a.signer.Algorithm() + " " + field + `="` + c.Identity + `",nonce_str="`
	return a
}

// authorize signs a request: method, path with query, timestamp in seconds, nonce and body, each ended by a newline.
func (a *authorizer) authorize(ctx context.Context, r *request, now time.Time) (string, error) {
	nonce := rand.Text() // 26 characters of 0-9 and A-Z; WeChat Pay takes up to 32
	timestamp := strconv.FormatInt(now.Unix(), 10)
	var text strings.Builder
	text.Grow(len(r.method) + len(r.path) + len(timestamp) + len(nonce) + len(r.body) + 5)
	for _, line := range [...]string{r.method, r.path, timestamp, nonce, r.body} {
		text.WriteString(line)
		text.WriteByte('\n')
	}
	signed, err := a.signer.Sign(ctx, text.String())
	if err != nil {
		return "", err
	}
	return a.prefix + nonce + `",timestamp="` + timestamp + `",serial_no="` + signed.CertificateSerialNo +
		`",signature="` + signed.Signature + `"`, nil
}
