package wxapi_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/wxapi"
)

// material is what a private key may leak as: pieces of its PEM, and its numbers in hexadecimal and decimal.
func material(keys ...*rsa.PrivateKey) []string {
	var pieces []string
	for _, key := range keys {
		der, _ := x509.MarshalPKCS8PrivateKey(key)
		texts := []string{base64.StdEncoding.EncodeToString(der), base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key)),
			hex.EncodeToString(der), strings.Trim(strings.ReplaceAll(fmt.Sprint(der), " ", ", "), "[]")}
		for _, n := range append(key.Primes, key.D, key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv) {
			texts = append(texts, n.String(), n.Text(16))
		}
		for _, text := range texts {
			// The beginning of a DER is the same for all keys, and its modulus is public.
			for i := len(text) / 2; i+12 <= len(text); i += 12 {
				pieces = append(pieces, text[i:i+12])
			}
		}
	}
	return pieces
}

func TestNoKeyMaterialIsEverShown(t *testing.T) {
	t.Parallel()
	k := testKeys()
	var shown bytes.Buffer
	config := partner("")
	config.Logger = slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))

	// Every failure and log line of calls, whatever comes back.
	number := 0
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		switch number++; number {
		case 1:
			succeed(w, r)
		case 2:
			reply(w, 401, `{"code":"SIGN_ERROR","message":"x"}`, signing{})
		case 3:
			reply(w, 200, all(r.stores), signing{serial: "PUB_KEY_ID_2"})
		case 4: // a proxy that shows the request
			fmt.Fprintf(w, "%s %s\n%v", r.Method, r.URL, r.Header)
		case 5:
			cutOff(w, r)
		default:
			reply(w, 400, `{"code":"PARAM_ERROR","message":"x"}`, signing{key: k.other})
		}
	})
	config.BaseURL = server.URL
	client := newClient(t, config)
	for range 6 {
		answer, err := client.Do(t.Context(), call(3))
		fmt.Fprintf(&shown, "%v %+v %#v\n%+v %#v\n", err, err, err, answer, answer)
	}

	// Configuration and client, however they are printed.
	for _, v := range []any{config, &config, client, struct{ C wxapi.Config }{config}, []any{&config}} {
		fmt.Fprintf(&shown, "%v\n%+v\n%#v\n%s\n", v, v, v, v)
		config.Logger.Info("shown", "value", v)
	}
	asJSON, err := json.Marshal(config)
	if err != nil {
		t.Error(err)
	}
	shown.Write(asJSON)

	// Every error of reading and checking keys, with the private key in each wrong place and form.
	plain := pkcs8(t, k.account)
	block, _ := pem.Decode(plain)
	body := base64.StdEncoding.EncodeToString(block.Bytes)
	wrong := [][]byte{plain, block.Bytes, []byte(body), []byte("private_key: " + string(plain)), plain[:len(plain)/2], plain[40:],
		[]byte("-----BEGIN " + body + "-----\nAAAA\n-----END " + body + "-----"),
		[]byte("-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PUBLIC KEY-----"),
		encode("PRIVATE KEY", block.Bytes[:len(block.Bytes)-9]), encode("PUBLIC KEY", block.Bytes), encode("CERTIFICATE", block.Bytes),
		encode("RSA PRIVATE KEY", block.Bytes), encode("ENCRYPTED PRIVATE KEY", block.Bytes), encode("X", block.Bytes),
		bytes.ReplaceAll(plain, []byte("\n"), []byte(`\n`)), bytes.ReplaceAll(plain, []byte("\n"), []byte(" "))}
	for i := 0; i < len(block.Bytes); i += 7 {
		damaged := bytes.Clone(block.Bytes)
		damaged[i] ^= 0x55
		wrong = append(wrong, encode("PRIVATE KEY", damaged))
	}
	for _, content := range wrong {
		_, e1 := wxapi.ParsePrivateKey(content)
		_, e2 := wxapi.ParsePublicKey(content)
		_, e3 := wxapi.ParseCertificate(content, time.Now())
		_, e4 := wxapi.ParseAnswerKey(string(content), content, time.Now())
		_, e5 := wxapi.ParseAnswerKey("PUB_KEY_ID_"+string(content), content, time.Now())
		for _, err := range []error{e1, e2, e3, e4, e5} {
			if err != nil {
				fmt.Fprintf(&shown, "%v %+v %#v\n", err, err, err)
			}
		}
		for _, change := range []func(*wxapi.Config){
			func(c *wxapi.Config) { c.SerialNo = string(content) }, func(c *wxapi.Config) { c.Identity = string(content) },
			func(c *wxapi.Config) { c.BaseURL = string(content) }, func(c *wxapi.Config) { c.BaseURL = "https://" + string(content) },
			func(c *wxapi.Config) { c.AnswerKeys = append(c.AnswerKeys, wxapi.AnswerKey{ID: string(content)}) },
			func(c *wxapi.Config) { c.Mode = "x" + c.Mode }, func(c *wxapi.Config) { c.BaseURL = "https://a:" + body[:60] + "@b" },
		} {
			c := partner(server.URL)
			change(&c)
			if _, err := wxapi.New(c); err != nil {
				fmt.Fprintf(&shown, "%v %+v\n", err, err)
			}
		}
	}

	text := shown.String()
	for _, piece := range material(k.account) {
		if i := strings.Index(text, piece); i >= 0 {
			t.Fatalf("key material is shown: …%s…", text[max(0, i-200):min(len(text), i+60)])
		}
	}
	if !strings.Contains(text, "SIGN_ERROR") || !strings.Contains(text, "a private key") || len(text) < 10000 {
		t.Errorf("only %d bytes were looked at", len(text))
	}
}
