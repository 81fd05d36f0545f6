package sandbox_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/signers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// keys are made once for all tests.
var keys = sync.OnceValue(func() sandbox.Keys {
	k, err := sandbox.GenerateKeys()
	if err != nil {
		panic(err)
	}
	return k
})

// otherKey is a key of nobody's.
var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

const (
	partnerBase = "/v3/marketing/partner/product-coupon/product-coupons/coupon-1/"
	brandBase   = "/brand/marketing/product-coupon/product-coupons/coupon-1/"
	associate   = "stocks/stock-1/associate-stores"
)

var (
	stockTarget  = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "coupon-1", StockID: "stock-1"}
	bundleTarget = job.Target{BrandID: sandbox.BrandID, ProductCouponID: "coupon-1", StockBundleID: "bundle-1"}
)

// start starts a sandbox that has no pace unless o says one.
func start(t *testing.T, o sandbox.Options) (*sandbox.Sandbox, string) {
	t.Helper()
	o.Keys = keys()
	if o.Rate == 0 {
		o.Rate = sandbox.NoRate
	}
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, url
}

// request is one call: what a good client sends, unless fields say otherwise.
type request struct {
	method, path, body string // method: POST unless said
	mode               job.Mode

	scheme, identity, serial, timestamp string // instead of the right ones
	key                                 *rsa.PrivateKey
	authorization                       *string // instead of all of it
	sentBody                            *string // instead of the body that is signed
	header                              http.Header
}

// reply is what came back.
type reply struct {
	status   int
	header   http.Header
	body     []byte
	verified bool // the signature is that of the key that Wechatpay-Serial names
	err      error
}

// client calls one sandbox.
type client struct {
	t       *testing.T
	sandbox *sandbox.Sandbox
	url     string
	http    *http.Client
}

func newClient(t *testing.T, o sandbox.Options) client {
	s, url := start(t, o)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return client{t: t, sandbox: s, url: url, http: &http.Client{Transport: transport}}
}

// signed makes the HTTP request of a request.
func (c client) signed(q request) *http.Request {
	c.t.Helper()
	if q.mode == "" {
		q.mode = job.Partner
	}
	name, scheme, field := sandbox.PartnerAccount, "WECHATPAY2-SHA256-RSA2048", "mchid"
	if q.mode == job.Brand {
		name, scheme, field = sandbox.BrandAccount, "WECHATPAY-BRAND-SHA256-RSA2048", "brand_id"
	}
	account, ok := c.sandbox.Account(name)
	if !ok {
		c.t.Fatalf("no account %s", name)
	}
	or := func(s, instead string) string {
		if s != "" {
			return s
		}
		return instead
	}
	q.method = or(q.method, http.MethodPost)
	timestamp := or(q.timestamp, fmt.Sprint(time.Now().Unix()))
	key := account.PrivateKey
	if q.key != nil {
		key = q.key
	}
	signer := signers.SHA256WithRSASigner{MchID: or(q.identity, account.Identity),
		CertificateSerialNo: or(q.serial, account.SerialNo), PrivateKey: key}
	nonce, err := utils.GenerateNonce()
	if err != nil {
		c.t.Fatal(err)
	}
	signature, err := signer.Sign(c.t.Context(), q.method+"\n"+q.path+"\n"+timestamp+"\n"+nonce+"\n"+q.body+"\n")
	if err != nil {
		c.t.Fatal(err)
	}
	body := q.body
	if q.sentBody != nil {
		body = *q.sentBody
	}
	r, err := http.NewRequest(q.method, c.url+q.path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	first, _ := c.sandbox.PublicKeys()
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "test")
	r.Header.Set("Wechatpay-Serial", first.ID)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", fmt.Sprintf(`%s %s="%s",nonce_str="%s",timestamp="%s",serial_no="%s",signature="%s"`,
		or(q.scheme, scheme), field, signature.MchID, nonce, timestamp, signature.CertificateSerialNo,
		signature.Signature))
	if q.authorization != nil {
		r.Header.Set("Authorization", *q.authorization)
	}
	for k, v := range q.header {
		if r.Header[k] = v; v == nil {
			r.Header.Del(k)
		}
	}
	return r
}

// try sends a request and checks the answer's signature; what goes wrong is in the reply.
func (c client) try(q request) reply {
	c.t.Helper()
	response, err := c.http.Do(c.signed(q))
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	out := reply{status: response.StatusCode, header: response.Header}
	out.body, out.err = io.ReadAll(response.Body)
	out.verified = c.verify(out)
	return out
}

func (c client) verify(r reply) bool {
	first, second := c.sandbox.PublicKeys()
	platform := c.sandbox.PlatformCertificate()
	response := &http.Response{Header: r.header, Body: io.NopCloser(strings.NewReader(string(r.body)))}
	for _, k := range []sandbox.AnswerKey{first, second} {
		public, err := utils.LoadPublicKey(string(k.PEM))
		if err != nil {
			c.t.Fatal(err)
		}
		verifier := verifiers.NewSHA256WithRSAPubkeyVerifier(k.ID, *public)
		if validators.NewWechatPayResponseValidator(verifier).Validate(c.t.Context(), response) == nil {
			return true
		}
		response.Body = io.NopCloser(strings.NewReader(string(r.body)))
	}
	certificate, err := utils.LoadCertificate(string(platform.PEM))
	if err != nil {
		c.t.Fatal(err)
	}
	verifier := verifiers.NewSHA256WithRSAVerifier(core.NewCertificateMapWithList([]*x509.Certificate{certificate}))
	return validators.NewWechatPayResponseValidator(verifier).Validate(c.t.Context(), response) == nil
}

// send sends a request that must be answered with a good signature.
func (c client) send(q request) reply {
	c.t.Helper()
	r := c.try(q)
	if r.err != nil {
		c.t.Fatalf("%s %s: %v", q.method, q.path, r.err)
	}
	if !r.verified {
		c.t.Fatalf("%s %s: the answer's signature is wrong: %d %s", q.method, q.path, r.status, r.body)
	}
	return r
}

// stores sends associate-stores for stock-1, as the partner.
func (c client) stores(ids ...string) reply {
	c.t.Helper()
	return c.send(request{path: partnerBase + associate, body: body(sandbox.BrandID, ids...)})
}

// body is a call's body; with an empty brand, one of a brand's own.
func body(brand string, ids ...string) string {
	q := wxapi.StoresRequest{BrandID: brand, StoreList: []wxapi.Store{}}
	for _, id := range ids {
		q.StoreList = append(q.StoreList, wxapi.Store{StoreID: id})
	}
	text, err := json.Marshal(q)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func numbers(from, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%09d", from+i)
	}
	return ids
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return v
}

func (c client) wantStatus(r reply, status int, code string) wxapi.ErrorAnswer {
	c.t.Helper()
	if r.status != status {
		c.t.Fatalf("HTTP %d %s, want %d %s", r.status, r.body, status, code)
	}
	answer := decode[wxapi.ErrorAnswer](c.t, r)
	if answer.Code != code {
		c.t.Fatalf("code %q, want %q: %s", answer.Code, code, r.body)
	}
	return answer
}

func idsOf(list []wxapi.Store) []string {
	ids := []string{}
	for _, s := range list {
		ids = append(ids, s.StoreID)
	}
	return ids
}
