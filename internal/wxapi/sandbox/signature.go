package sandbox

import (
	"crypto"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// signTest begins the signatures that are wrong on purpose (docs/wechatpay.md, "Who is calling").
const signTest = "WECHATPAY/SIGNTEST/"

// requestID makes a Request-Id of the form that WeChat Pay's have: a small protobuf message in hexadecimal (the second,
// and some numbers that mean nothing outside), a dash, and the finer error number.
func (s *Sandbox) requestID(now time.Time, sequence uint64, number int) string {
	b := make([]byte, 0, 32)
	for i, v := range []uint64{uint64(max(now.Unix(), 0)), rand.Uint64N(1000), rand.Uint64N(100), sequence,
		rand.Uint64N(1 << 20)} {
		b = binary.AppendUvarint(append(b, byte(i+1)<<3), v)
	}
	return fmt.Sprintf("%X-%d", b, number)
}

// answerKey is the key that an answer is signed with.
func (s *Sandbox) answerKey(which, named string, sequence uint64) AnswerKey {
	switch which {
	case AnswerKeyFirst:
		return s.keys[firstKey]
	case AnswerKeySecond:
		return s.keys[secondKey]
	case AnswerKeyPlatform:
		return s.keys[platformKey]
	case AnswerKeyAlternate:
		return s.keys[sequence%2]
	}
	for _, key := range s.keys {
		if key.ID == named {
			return key
		}
	}
	return s.keys[firstKey]
}

// sign puts the signature headers on an answer: over timestamp, nonce and body, a line each.
func sign(h http.Header, key AnswerKey, now time.Time, wrong bool, body func(hash.Hash)) error {
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), crand.Text()
	var signature string
	if wrong {
		noise := make([]byte, keyBits/8)
		crand.Read(noise) // it never fails
		length := base64.StdEncoding.EncodedLen(keyBits / 8)
		signature = (signTest + base64.StdEncoding.EncodeToString(noise))[:length-2] + "=="
	} else {
		digest := sha256.New()
		digest.Write([]byte(timestamp + "\n" + nonce + "\n"))
		body(digest)
		digest.Write([]byte("\n"))
		raw, err := rsa.SignPKCS1v15(nil, key.private, crypto.SHA256, digest.Sum(nil))
		if err != nil {
			return fmt.Errorf("signing an answer: %w", err)
		}
		signature = base64.StdEncoding.EncodeToString(raw)
	}
	h.Set("Wechatpay-Timestamp", timestamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", key.ID)
	h.Set("Wechatpay-Signature", signature)
	h.Set("Wechatpay-Signature-Type", partnerScheme)
	return nil
}

// proxyPage is what a proxy says when it speaks for a server that it cannot reach: the status is all that differs.
func proxyPage(status int) []byte {
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	return []byte("<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}
