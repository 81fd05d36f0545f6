package wxapi

import (
	"context"
	"crypto/x509"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/keyfile"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
)

// The headers of an answer that its signature is made of, as http.Header writes them.
const (
	headerTimestamp = "Wechatpay-Timestamp"
	headerNonce     = "Wechatpay-Nonce"
	headerSignature = "Wechatpay-Signature"
	headerSerial    = "Wechatpay-Serial"
	headerRequestID = "Request-Id"
)

// maxSkew is how far an answer's timestamp may be from this machine's clock, either way.
const maxSkew = 5 * time.Minute

// testSignature begins the signatures that WeChat Pay makes wrong on purpose, to see whether its callers check.
const testSignature = "WECHATPAY/SIGNTEST/"

// standing is what an answer's signature makes of it.
type standing int

const (
	unproven standing = iota // it has a signature that does not hold
	unsigned                 // it has none
	outdated                 // its signature holds, but its time is not this machine's
	proven                   // it is WeChat Pay's, and of now
)

// proof is the result of checking one answer.
type proof struct {
	standing standing
	reason   i18n.Message // for a person: why it is not proven
	unknown  string       // the serial number that it was signed under, where no such key is held
}

// checker checks answers with the official SDK's verifiers. The SDK's combined verifier takes one public key; several
// may be held at once here, so each ID has its verifier.
type checker struct {
	verifiers map[string]auth.Verifier
	replays   *Replays
	held      string // the IDs, for messages
	announced string // the ID to send in the Wechatpay-Serial request header
}

func newChecker(keys []AnswerKey, replays *Replays) *checker {
	c := &checker{replays: replays, verifiers: make(map[string]auth.Verifier, len(keys))}
	ids := make([]string, 0, len(keys))
	var certificates []*x509.Certificate
	for _, k := range keys {
		ids = append(ids, k.ID)
		if k.Certificate != nil {
			certificates = append(certificates, k.Certificate)
			continue
		}
		c.verifiers[k.ID] = verifiers.NewSHA256WithRSAPubkeyVerifier(k.ID, *k.PublicKey)
		if c.announced == "" {
			c.announced = k.ID
		}
	}
	if len(certificates) > 0 {
		known := core.NewCertificateMapWithList(certificates)
		verifier := verifiers.NewSHA256WithRSAVerifier(known)
		for _, cert := range certificates {
			c.verifiers[SerialNumber(cert)] = verifier
		}
		if c.announced == "" {
			c.announced = known.GetNewestSerial(context.Background())
		}
	}
	c.held = strings.Join(ids, ", ")
	return c
}

// check says what an answer is worth. The signature is over the body as it stands on the wire.
func (c *checker) check(ctx context.Context, h http.Header, body []byte, now time.Time) proof {
	values, ok := h[headerSignature]
	if !ok {
		return proof{standing: unsigned, reason: i18n.M("wxapi.no_signature")}
	}
	signature, serial, timestamp, nonce := values[0], h.Get(headerSerial), h.Get(headerTimestamp), h.Get(headerNonce)
	switch {
	case len(values) != 1 || signature == "" || serial == "" || timestamp == "" || nonce == "":
		return proof{reason: i18n.M("wxapi.signature_incomplete")}
	case strings.HasPrefix(signature, testSignature):
		return proof{reason: i18n.M("wxapi.signature_test")}
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds < 0 {
		return proof{reason: i18n.M("wxapi.signature_time")}
	}
	held, ok := c.holds(serial)
	if !ok {
		serial = cut(serial, maxCode)
		return proof{unknown: serial, reason: i18n.M("wxapi.signed_under", "serial", serial, "held", c.held)}
	}
	var text strings.Builder
	text.Grow(len(timestamp) + len(nonce) + len(body) + 3)
	text.WriteString(timestamp)
	text.WriteByte('\n')
	text.WriteString(nonce)
	text.WriteByte('\n')
	text.Write(body)
	text.WriteByte('\n')
	if err := c.verifiers[held].Verify(ctx, held, text.String(), signature); err != nil {
		return proof{reason: i18n.M("wxapi.signature_wrong", "key", held)}
	}
	if skew := now.Sub(time.Unix(seconds, 0)); skew > maxSkew || skew < -maxSkew {
		return proof{standing: outdated, reason: i18n.M("wxapi.outdated", "clock", clockCause(skew))}
	}
	if c.replays.again(serial, timestamp, nonce) {
		return proof{reason: i18n.M("wxapi.replayed")}
	}
	return proof{standing: proven}
}

// holds returns the ID under which the key is held that an answer names: a certificate's serial number may come in another
// case, and with zeros before it.
func (c *checker) holds(named string) (string, bool) {
	if _, ok := c.verifiers[named]; ok {
		return named, true
	}
	for id := range c.verifiers {
		if keyfile.SameSerial(id, named) {
			return id, true
		}
	}
	return "", false
}

// skewOf is how far this machine's clock is ahead of the answer's; false where the answer has no time.
func skewOf(h http.Header, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(h.Get(headerTimestamp), 10, 64); err == nil && seconds > 0 {
		return now.Sub(time.Unix(seconds, 0)), true
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return now.Sub(date), true
	}
	return 0, false
}
