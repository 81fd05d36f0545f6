package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/secret"
)

// The headers of a JSON hook.
const (
	SignatureHeader = "Storelink-Signature"
	EventIDHeader   = "Storelink-Event-Id"
)

// Tolerance is how far the time of a signature may be from the receiver's clock, unless the receiver knows better: as
// Stripe's libraries have it.
const Tolerance = 5 * time.Minute

// Sign gives the signature header for a body that is sent at a time.
func Sign(key secret.Text, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(key, t, body))
}

func mac(key secret.Text, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte(t)) // a hash's Write never fails
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}

// Why Verify refuses.
var (
	ErrNoSecret  = errors.New("there is no secret to check the signature with")
	ErrMalformed = errors.New("the signature header is not t=SECONDS,v1=SIGNATURE")
	ErrTime      = errors.New("the signature's time is too far from now: it may be a copy of an older event")
	ErrSignature = errors.New("the signature is not that of this body under this secret")
)

// Verify checks the signature header that came with a body, as a receiver does: nil, or one of the errors above. A
// tolerance of 0 stands for Tolerance.
func Verify(key secret.Text, header string, body []byte, now time.Time, tolerance time.Duration) error {
	if key.Empty() {
		return ErrNoSecret // anybody can sign under an empty one
	}
	if tolerance == 0 {
		tolerance = Tolerance
	}
	t := ""
	var signatures [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok:
			return ErrMalformed
		case name == "t" && t != "":
			return ErrMalformed // which of them was signed is not to be guessed
		case name == "t":
			t = value
		case name == "v1":
			if s, err := hex.DecodeString(value); err == nil { // another one may do
				signatures = append(signatures, s)
			}
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || len(signatures) == 0 {
		return ErrMalformed
	}
	want, good := mac(key, t, body), false
	for _, s := range signatures {
		good = hmac.Equal(s, want) || good
	}
	if !good {
		return ErrSignature
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return ErrTime
	}
	return nil
}
