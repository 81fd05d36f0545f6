package wxapi_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// The names that the tests' account and WeChat Pay go by.
const (
	mchid     = "1900000001"
	brandID   = "120344"
	serialNo  = "3775B6A45ACD588826D15E583A95F5DD"
	keyID     = "PUB_KEY_ID_0114232134912410000000000000"
	requestID = "08CFCBF1930610C20518C6B5C05520DC9A012898E905-"
)

// keys are made once for all tests: each takes a good part of a second.
type keys struct {
	account, wechat, other *rsa.PrivateKey
	certificate            *x509.Certificate // of WeChat Pay's, over wechat
}

var testKeys = sync.OnceValue(func() keys {
	var k keys
	for _, key := range []**rsa.PrivateKey{&k.account, &k.wechat, &k.other} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*key = made
	}
	k.certificate = certify(k.wechat, big.NewInt(0x5157F09EFDC096), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	return k
})

func certify(key *rsa.PrivateKey, serial *big.Int, from, to time.Time) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Tenpay.com"}, NotBefore: from,
		NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// fake is a WeChat Pay that answers as each test says.
type fake struct {
	*httptest.Server
	connections atomic.Int64
	requests    atomic.Int64
}

// seen is one request as the fake received it, its signature already checked.
type seen struct {
	*http.Request
	body   []byte
	auth   map[string]string // the Authorization header's fields
	scheme string
	stores []string
}

type handler func(w http.ResponseWriter, r *seen)

func serve(t testing.TB, h handler) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		h(w, read(t, r))
	}))
	f.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	f.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			f.connections.Add(1)
		}
	}
	f.Start()
	t.Cleanup(f.Close)
	return f
}

var authField = regexp.MustCompile(`(\w+)="([^"]*)"`)

// read takes a request in and checks its signature as WeChat Pay would.
func read(t testing.TB, r *http.Request) *seen {
	s := &seen{Request: r, auth: map[string]string{}}
	s.body, _ = io.ReadAll(r.Body)
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s.scheme = scheme
	for _, m := range authField.FindAllStringSubmatch(rest, -1) {
		s.auth[m[1]] = m[2]
	}
	message := r.Method + "\n" + r.URL.RequestURI() + "\n" + s.auth["timestamp"] + "\n" + s.auth["nonce_str"] + "\n" +
		string(s.body) + "\n"
	signature, err := base64.StdEncoding.DecodeString(s.auth["signature"])
	hash := sha256.Sum256([]byte(message))
	if err != nil || rsa.VerifyPKCS1v15(&testKeys().account.PublicKey, crypto.SHA256, hash[:], signature) != nil {
		t.Errorf("%s %s: the request's signature does not hold", r.Method, r.URL)
	}
	var body wxapi.StoresRequest
	if len(s.body) > 0 {
		if err := json.Unmarshal(s.body, &body); err != nil {
			t.Errorf("the request's body: %v", err)
		}
	}
	for _, store := range body.StoreList {
		s.stores = append(s.stores, store.StoreID)
	}
	return s
}

// signing says how an answer is signed; its zero value is as WeChat Pay does it.
type signing struct {
	key       *rsa.PrivateKey
	serial    string
	at        time.Time
	nonce     string
	signature string // instead of the true one
	none      bool   // no signature headers at all
	number    string // the error number at the end of Request-Id
}

func reply(w http.ResponseWriter, status int, body string, s signing) {
	if s.number == "" {
		s.number = "0"
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Request-Id", requestID+s.number)
	if !s.none {
		for name, values := range signed(body, s) {
			h[name] = values
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// signed gives the headers of an answer's signature.
func signed(body string, s signing) http.Header {
	if s.key == nil {
		s.key = testKeys().wechat
	}
	if s.serial == "" {
		s.serial = keyID
	}
	if s.at.IsZero() {
		s.at = time.Now()
	}
	if s.nonce == "" {
		s.nonce = rand.Text()
	}
	timestamp := strconv.FormatInt(s.at.Unix(), 10)
	if s.signature == "" {
		hash := sha256.Sum256([]byte(timestamp + "\n" + s.nonce + "\n" + body + "\n"))
		raw, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, hash[:])
		if err != nil {
			panic(err)
		}
		s.signature = base64.StdEncoding.EncodeToString(raw)
	}
	return http.Header{"Wechatpay-Timestamp": {timestamp}, "Wechatpay-Nonce": {s.nonce},
		"Wechatpay-Signature": {s.signature}, "Wechatpay-Serial": {s.serial}}
}

// succeed answers that all stores of the request succeeded.
func succeed(w http.ResponseWriter, r *seen) { reply(w, 200, all(r.stores), signing{}) }

func all(stores []string) string {
	answer := wxapi.StoresAnswer{TotalCount: len(stores)}
	for _, id := range stores {
		answer.SuccessStoreList = append(answer.SuccessStoreList, wxapi.Store{StoreID: id})
	}
	body, _ := json.Marshal(answer)
	return string(body)
}

// partner is the configuration of a partner's account at the given host.
func partner(url string) wxapi.Config {
	return wxapi.Config{Mode: job.Partner, Identity: mchid, SerialNo: serialNo, PrivateKey: testKeys().account,
		AnswerKeys: []wxapi.AnswerKey{{ID: keyID, PublicKey: &testKeys().wechat.PublicKey}}, BaseURL: url,
		CallTimeout: 5 * time.Second}
}

func newClient(t testing.TB, config wxapi.Config) *wxapi.Client {
	t.Helper()
	c, err := wxapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var stock = job.Target{BrandID: brandID, ProductCouponID: "200000001", StockID: "300000001"}

// call is a call of n stores.
func call(n int) wxapi.Call {
	c := wxapi.Call{Operation: job.Associate, Target: stock}
	for i := range n {
		c.StoreIDs = append(c.StoreIDs, fmt.Sprint(100000001+i))
	}
	return c
}

// fail makes a call that must fail.
func fail(t testing.TB, c *wxapi.Client, call wxapi.Call) *wxapi.Failure {
	t.Helper()
	answer, err := c.Do(t.Context(), call)
	f, ok := err.(*wxapi.Failure)
	if !ok {
		t.Fatalf("Do = %+v, %v; want a *Failure", answer, err)
	}
	if answer != nil {
		t.Errorf("Do gave an answer beside the failure %v", err)
	}
	return f
}
