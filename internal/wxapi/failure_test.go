package wxapi_test

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func detail(field, value string) string {
	return `{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"` + field + `","value":"` + value +
		`","issue":"no such store","location":"body"}}`
}

func TestEachFailureHasItsClass(t *testing.T) {
	t.Parallel()
	const store = "/body/store_list/3/store_id"
	for name, tc := range map[string]struct {
		status int
		body   string
		number string
		class  job.Class
		index  int // of ClassPoisoned
	}{
		"open to all":            {400, `{"code":"INVALID_REQUEST","message":"x"}`, "268578813", job.ClassJob, -1},
		"no such stock":          {400, `{"code":"INVALID_REQUEST","message":"x"}`, "268578608", job.ClassJob, -1},
		"another number":         {400, `{"code":"INVALID_REQUEST","message":"x"}`, "268579999", job.ClassJob, -1},
		"no number":              {400, `{"code":"INVALID_REQUEST","message":"x"}`, "0x", job.ClassJob, -1},
		"invalid store":          {400, strings.Replace(detail(store, ""), "PARAM_ERROR", "INVALID_REQUEST", 1), "1", job.ClassPoisoned, 3},
		"open, with a store":     {400, strings.Replace(detail(store, ""), "PARAM_ERROR", "INVALID_REQUEST", 1), "268578813", job.ClassJob, -1},
		"not granted":            {403, `{"code":"NO_AUTH","message":"x"}`, "268579803", job.ClassJob, -1},
		"not found":              {404, `{"code":"NOT_FOUND","message":"x"}`, "", job.ClassJob, -1},
		"too fast":               {429, `{"code":"RATELIMIT_EXCEEDED","message":"x"}`, "270924289", job.ClassPace, -1},
		"too often":              {429, `{"code":"FREQUENCY_LIMITED","message":"x"}`, "", job.ClassPace, -1},
		"key":                    {401, `{"code":"SIGN_ERROR","message":"x"}`, "", job.ClassAccount, -1},
		"system error":           {500, `{"code":"SYSTEM_ERROR","message":"x"}`, "", job.ClassPassingCall, -1},
		"bad gateway":            {502, `{"code":"NOT_FOUND","message":"x"}`, "", job.ClassPassingCall, -1},
		"unavailable":            {503, ``, "", job.ClassPassingCall, -1},
		"page":                   {404, `<html>404 not found</html>`, "", job.ClassPassingCall, -1},
		"forbidden page":         {403, `Blocked by your administrator`, "", job.ClassPassingCall, -1},
		"unknown code":           {404, `{"code":"ROUTE_NOT_FOUND","message":"x"}`, "", job.ClassUnknownRefusal, -1},
		"code of another status": {400, `{"code":"NOT_FOUND","message":"x"}`, "", job.ClassUnknownRefusal, -1},
		"a rule":                 {400, `{"code":"RULE_LIMIT","message":"x"}`, "", job.ClassUnknownRefusal, -1},
		"no resource":            {404, `{"code":"RESOURCE_NOT_EXISTS","message":"x"}`, "", job.ClassUnknownRefusal, -1},
		"unknown to it":          {401, `{"code":"MCH_NOT_EXISTS","message":"x"}`, "", job.ClassAccount, -1},
		"slow request":           {408, `{"code":"TIMED_OUT","message":"x"}`, "", job.ClassPassingCall, -1},
		"prose for a code":       {403, `{"code":"Forbidden by policy","message":"x"}`, "", job.ClassPassingCall, -1},
		"number for a code":      {404, `{"code":404,"message":"x"}`, "", job.ClassPassingCall, -1},
		"other key":              {404, `{"Code":"NOT_FOUND","message":"x"}`, "", job.ClassPassingCall, -1},
		"trailing bytes":         {404, `{"code":"NOT_FOUND","message":"x"} x`, "", job.ClassPassingCall, -1},
		"an array":               {404, `[{"code":"NOT_FOUND"}]`, "", job.ClassPassingCall, -1},
		"no code":                {429, `{"message":"slow down"}`, "", job.ClassPace, -1},
		"429 page":               {429, `slow down`, "", job.ClassPace, -1},
		"429 of another name":    {429, `{"code":"TOO_MANY","message":"x"}`, "", job.ClassPace, -1},
		"429 and nothing":        {429, ``, "", job.ClassPace, -1},
		"a store's code":         {400, `{"code":"FREQUENCY_LIMITED","message":"x"}`, "", job.ClassPassingCall, -1},
		"201":                    {201, `{"total_count":5,"success_store_list":[{"store_id":"100000001"}]}`, "", job.ClassPassingCall, -1},
		"204":                    {204, ``, "", job.ClassPassingCall, -1},
		"redirect":               {302, `{"code":"NOT_FOUND","message":"x"}`, "", job.ClassPassingCall, -1},
		"200 with an error":      {200, `{"code":"NOT_FOUND","message":"x"}`, "", job.ClassPassingCall, -1},
		"200 without a body":     {200, ``, "", job.ClassPassingCall, -1},
		"200 and an array":       {200, `[]`, "", job.ClassPassingCall, -1},
		"200 cut short":          {200, `{"success_store_list":[{"store_id":"100000001"}]`, "", job.ClassPassingCall, -1},
		"200 twice a list":       {200, `{"success_store_list":[{"store_id":"100000001"}],"success_store_list":[]}`, "", job.ClassPassingCall, -1},
		"200 and no strings":     {200, `{"success_store_list":[{"store_id":100000001}]}`, "", job.ClassPassingCall, -1},
		"200 too deep":           {200, `{"total_count":1,"x":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, "", job.ClassPassingCall, -1},

		"a store":              {400, detail(store, ""), "268435461", job.ClassPoisoned, 3},
		"a store and value":    {400, detail(store, "100000004"), "", job.ClassPoisoned, 3},
		"value of none":        {400, detail(store, "abc"), "", job.ClassPoisoned, 3},
		"value of another":     {400, detail(store, "100000001"), "", job.ClassPoisoned, -1},
		"value alone":          {400, detail("", "100000002"), "", job.ClassPoisoned, 1},
		"value for store_id":   {400, detail("store_id", "100000002"), "", job.ClassPoisoned, 1},
		"a number for a value": {400, `{"code":"PARAM_ERROR","detail":{"field":"","value":100000002}}`, "", job.ClassPoisoned, 1},
		"brackets":             {400, detail("store_list[2].store_id", ""), "", job.ClassPoisoned, 2},
		"the last":             {400, detail("/body/store_list/4", ""), "", job.ClassPoisoned, 4},
		"out of bounds":        {400, detail("/body/store_list/5/store_id", ""), "", job.ClassPoisoned, -1},
		"far out of bounds":    {400, detail("/body/store_list/99999999999999999999/store_id", ""), "", job.ClassPoisoned, -1},
		"below bounds":         {400, detail("/body/store_list/-1/store_id", ""), "", job.ClassPoisoned, -1},
		"the whole list":       {400, detail("/body/store_list", ""), "", job.ClassPoisoned, -1},
		"no detail":            {400, `{"code":"PARAM_ERROR","message":"x"}`, "", job.ClassPoisoned, -1},
		"detail is a word":     {400, `{"code":"PARAM_ERROR","message":"x","detail":"store_list/3"}`, "", job.ClassPoisoned, -1},
		"detail is odd":        {400, `{"code":"PARAM_ERROR","message":{},"detail":{"field":[3],"value":{}}}`, "", job.ClassPoisoned, -1},
		"the brand":            {400, detail("/body/brand_id", "120344"), "", job.ClassJob, -1},
		"the stock":            {400, detail("stock_id", "3"), "", job.ClassJob, -1},
		"a header":             {400, `{"code":"PARAM_ERROR","message":"x","detail":{"field":"x","location":"header"}}`, "", job.ClassAccount, -1},
		"our key ID":           {400, `{"code":"PARAM_ERROR","message":"平台证书序列号Wechatpay-Serial错误"}`, "", job.ClassAccount, -1},
	} {
		for _, how := range []string{"signed", "unsigned"} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				server := serve(t, func(w http.ResponseWriter, r *seen) {
					reply(w, tc.status, tc.body, signing{none: how == "unsigned", number: tc.number})
				})
				f := fail(t, newClient(t, partner(server.URL)), call(5))
				if f.Class != tc.class || f.Index != tc.index {
					t.Errorf("class %v index %d, want %v %d: %v", f.Class, f.Index, tc.class, tc.index, f)
				}
				if f.Status != tc.status || f.Sent != 1 || f.Unanswered != (tc.class == job.ClassPassingCall) || f.Elapsed <= 0 {
					t.Errorf("%+v", f)
				}
				if !strings.HasPrefix(f.RequestID, requestID) || f.Code != "" && strings.Contains(tc.number, "2") && f.Number != tc.number {
					t.Errorf("Request-Id %q, number %q", f.RequestID, f.Number)
				}
				if server.requests.Load() != 1 {
					t.Errorf("%d requests", server.requests.Load())
				}
			})
		}
	}
}

func TestErrorAnswersKeepTheirWords(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 400, detail("/body/store_list/3/store_id", ""), signing{number: "268435461"})
	})
	f := fail(t, newClient(t, partner(server.URL)), call(5))
	if f.Code != "PARAM_ERROR" || f.Message.String() != "参数错误 (/body/store_list/3/store_id: no such store)" || f.Number != "268435461" {
		t.Errorf("%+v", f)
	}
	if got, want := f.Error(), "HTTP 400 PARAM_ERROR: 参数错误"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want it to begin with %q", got, want)
	}
}

// Whatever an answer says, it decides nothing unless it is WeChat Pay's.
func TestWrongSignaturesProveNothing(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, s := range map[string]signing{
		"another's key":    {key: testKeys().other},
		"SIGNTEST":         {signature: "WECHATPAY/SIGNTEST/" + strings.Repeat("A", 324) + "=="},
		"no Base64":        {signature: "****"},
		"unknown serial":   {serial: "PUB_KEY_ID_9999"},
		"six minutes old":  {at: now.Add(-6 * time.Minute)},
		"six minutes late": {at: now.Add(6 * time.Minute)},
	} {
		for status, body := range map[int]string{
			200: `{"total_count":1,"success_store_list":[{"store_id":"100000001"}]}`,
			400: `{"code":"INVALID_REQUEST","message":"x"}`,
			403: `{"code":"NO_AUTH","message":"x"}`,
			404: `{"code":"NOT_FOUND","message":"x"}`,
			429: `{"code":"RATELIMIT_EXCEEDED","message":"x"}`,
		} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				server := serve(t, func(w http.ResponseWriter, r *seen) { reply(w, status, body, s) })
				f := fail(t, newClient(t, partner(server.URL)), call(1))
				if f.Class != job.ClassPassingCall || !f.Unanswered || f.Sent != 1 || f.Code != "" || f.Status != status {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}

func TestTestSignatureIsToldFromAForgery(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 200, all(r.stores), signing{signature: "WECHATPAY/SIGNTEST/AAAA"})
	})
	if f := fail(t, newClient(t, partner(server.URL)), call(1)); !strings.Contains(f.Message.String(), "on purpose") {
		t.Errorf("%+v", f)
	}
}

func TestUnsignedSuccessIsNone(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial", "all"} {
		server := serve(t, func(w http.ResponseWriter, r *seen) {
			body := all(r.stores)
			for name, values := range signed(body, signing{}) {
				if name != missing && missing != "all" {
					w.Header()[name] = values
				}
			}
			w.Write([]byte(body))
		})
		if f := fail(t, newClient(t, partner(server.URL)), call(3)); f.Class != job.ClassPassingCall || !f.Unanswered {
			t.Errorf("without %s: %+v", missing, f)
		}
	}
}

func TestChangedBodiesAreNotBelieved(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		for name, values := range signed(all(r.stores), signing{}) {
			w.Header()[name] = values
		}
		w.Write([]byte(all(r.stores) + "\n"))
	})
	if f := fail(t, newClient(t, partner(server.URL)), call(3)); f.Class != job.ClassPassingCall {
		t.Errorf("%+v", f)
	}
}

func TestAnswersUnderEachOfSeveralKeysAreBelieved(t *testing.T) {
	t.Parallel()
	k := testKeys()
	serial := wxapi.SerialNumber(k.certificate)
	answers := map[string]signing{"the first key": {}, "the second key": {serial: "PUB_KEY_ID_2", key: k.other},
		"the certificate": {serial: serial}}
	for name, s := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var announced string
			server := serve(t, func(w http.ResponseWriter, r *seen) {
				announced = r.Header.Get("Wechatpay-Serial")
				reply(w, 200, all(r.stores), s)
			})
			config := partner(server.URL)
			config.AnswerKeys = []wxapi.AnswerKey{{ID: serial, Certificate: k.certificate},
				{ID: keyID, PublicKey: &k.wechat.PublicKey}, {ID: "PUB_KEY_ID_2", PublicKey: &k.other.PublicKey}}
			if _, err := newClient(t, config).Do(t.Context(), call(1)); err != nil {
				t.Error(err)
			}
			if announced != keyID {
				t.Errorf("Wechatpay-Serial: %s, want the first public key's ID", announced)
			}
			config.AnswerKeys = config.AnswerKeys[:1]
			newClient(t, config).Do(t.Context(), call(1))
			if announced != serial {
				t.Errorf("Wechatpay-Serial: %s, want the certificate's serial number", announced)
			}
		})
	}
	// One key's ID with another's signature is no proof.
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 200, all(r.stores), signing{serial: "PUB_KEY_ID_2", key: k.wechat})
	})
	config := partner(server.URL)
	config.AnswerKeys = append(config.AnswerKeys, wxapi.AnswerKey{ID: "PUB_KEY_ID_2", PublicKey: &k.other.PublicKey})
	if f := fail(t, newClient(t, config), call(1)); f.Class != job.ClassPassingCall {
		t.Errorf("%+v", f)
	}
}

func TestUnknownKeyIsNamedAndLoggedOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 200, all(r.stores), signing{serial: "PUB_KEY_ID_NEW"})
	})
	var log bytes.Buffer
	config := partner(server.URL)
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	client := newClient(t, config)
	for range 3 {
		f := fail(t, client, call(1))
		if !strings.Contains(f.Message.String(), "PUB_KEY_ID_NEW") || !strings.Contains(f.Message.String(), keyID) {
			t.Errorf("message %q names not both keys", f.Message)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors logged, want 1:\n%s", n, log.String())
	}
}

func TestRefusedSignaturesNameTheirCause(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, tc := range map[string]struct {
		message string
		ahead   time.Duration // of this machine's clock
		sign    signing
		want    string
	}{
		"clock ahead, signed":    {"签名错误", 10 * time.Minute, signing{}, "this machine's clock is 10 minutes ahead of WeChat Pay's"},
		"clock behind, signed":   {"签名错误", -10 * time.Minute, signing{}, "this machine's clock is 10 minutes behind WeChat Pay's"},
		"clock ahead, unsigned":  {"签名错误", 10 * time.Minute, signing{none: true}, "10 minutes ahead"},
		"clock behind, unsigned": {"签名错误", -8 * time.Hour, signing{none: true}, "8 hours behind"},
		"clock far off":          {"签名错误", 72 * time.Hour, signing{}, "3 days ahead"},
		"clock a little off":     {"签名错误，验签失败", 4 * time.Minute, signing{}, "the private key does not belong"},
		"timestamp by words":     {"timestamp expired", 0, signing{}, "compare this machine's clock"},
		"serial number":          {"商户证书序列号有误。请使用签名私钥匹配的证书序列号", 0, signing{}, "serial_no " + serialNo},
		"serial number, English": {"unknown serial_no", 0, signing{none: true}, "serial_no " + serialNo},
		"scheme":                 {"Http头Authorization认证类型不正确", 0, signing{}, "scheme"},
		"scheme, English":        {"wrong Authorization scheme", 0, signing{}, "check the account's mode"},
		"identity":               {"mchid does not match", 0, signing{}, mchid},
		"key":                    {"the signature does not hold", 0, signing{}, "the private key does not belong to serial_no"},
		"key, at length":         {"错误的签名，验签失败 (over path, timestamp, nonce)", 0, signing{}, "the private key does not belong to serial_no"},
		"form":                   {"Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》", 0, signing{}, "scheme"},
		"our key ID":             {"Http头Wechatpay-Serial错误", 0, signing{}, "wechatpay_public_key_id"},
		"nothing known":          {"?", 0, signing{}, "do not fit together"},
		"nothing said":           {"", 0, signing{}, "do not fit together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *seen) {
				reply(w, 401, `{"code":"SIGN_ERROR","message":"`+tc.message+`"}`, tc.sign)
			})
			config := partner(server.URL)
			config.Clock = func() time.Time { return now.Add(tc.ahead) }
			f := fail(t, newClient(t, config), call(1))
			if f.Class != job.ClassAccount || f.Code != "SIGN_ERROR" || f.Unanswered {
				t.Errorf("%+v", f)
			}
			if !strings.Contains(f.Message.String(), tc.want) || !strings.Contains(f.Message.String(), tc.message) {
				t.Errorf("message %q, want %q and %q in it", f.Message, tc.want, tc.message)
			}
		})
	}
}

// The real shape of WeChat Pay's 401, as its callers post it.
func TestRealSignErrorIsUnderstood(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 401, `{"code":"SIGN_ERROR","detail":{"detail":{"issue":"sign not match"},"field":"signature","location":"authorization",
			"sign_information":{"method":"POST","sign_message_length":348}},"message":"签名错误，请检查后再试"}`, signing{none: true})
	})
	f := fail(t, newClient(t, partner(server.URL)), call(1))
	if f.Class != job.ClassAccount || !strings.Contains(f.Message.String(), "the private key does not belong") {
		t.Errorf("%+v", f)
	}
}

func TestForgedRefusalIsNoRefusal(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]signing{"another's": {key: testKeys().other}, "SIGNTEST": {signature: "WECHATPAY/SIGNTEST/x"},
		"outdated and another's": {key: testKeys().other, at: time.Now().Add(-time.Hour)}} {
		server := serve(t, func(w http.ResponseWriter, r *seen) {
			reply(w, 401, `{"code":"SIGN_ERROR","message":"x"}`, s)
		})
		if f := fail(t, newClient(t, partner(server.URL)), call(1)); f.Class != job.ClassPassingCall {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAnswersAreBoundedInSize(t *testing.T) {
	t.Parallel()
	for _, chunked := range []bool{false, true} {
		server := serve(t, func(w http.ResponseWriter, r *seen) {
			body := `{"total_count":1,"x":"` + strings.Repeat("x", 1<<20) + `"}`
			if !chunked {
				reply(w, 200, body, signing{})
				return
			}
			for name, values := range signed(body, signing{}) {
				w.Header()[name] = values
			}
			for i := 0; i < len(body); i += 1 << 14 {
				fmt.Fprint(w, body[i:min(i+1<<14, len(body))])
				w.(http.Flusher).Flush()
			}
		})
		f := fail(t, newClient(t, partner(server.URL)), call(1))
		if f.Class != job.ClassPassingCall || !f.Unanswered || !strings.Contains(f.Message.String(), "longer than 1 MiB") || f.Status != 200 {
			t.Errorf("%+v", f)
		}
	}
	server := serve(t, func(w http.ResponseWriter, r *seen) { // one that only claims to be large
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n{")
	})
	if f := fail(t, newClient(t, partner(server.URL)), call(1)); !strings.Contains(f.Message.String(), "longer than 1 MiB") {
		t.Errorf("%+v", f)
	}
	server = serve(t, func(w http.ResponseWriter, r *seen) { // a large answer that is within bounds
		reply(w, 200, `{"x":"`+strings.Repeat("x", 1<<20-1000)+`",`+all(r.stores)[1:], signing{})
	})
	if _, err := newClient(t, partner(server.URL)).Do(t.Context(), call(1)); err != nil {
		t.Error(err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := serve(t, succeed)
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *seen) {
			w.Header().Set("Location", other.URL+r.URL.RequestURI())
			reply(w, status, "", signing{})
		})
		if f := fail(t, newClient(t, partner(server.URL)), call(1)); f.Class != job.ClassPassingCall || f.Status != status {
			t.Errorf("%+v", f)
		}
	}
	if other.requests.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestPackedAnswersAreRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		w.Header().Set("Content-Encoding", "gzip")
		succeed(w, r)
	})
	if f := fail(t, newClient(t, partner(server.URL)), call(1)); f.Class != job.ClassPassingCall || !strings.Contains(f.Message.String(), "gzip") {
		t.Errorf("%+v", f)
	}
}

// An account whose private key cannot sign harms no store.
func TestUselessPrivateKeyIsTheAccountsTrouble(t *testing.T) {
	t.Parallel()
	server := serve(t, succeed)
	key := *testKeys().other
	config := partner(server.URL)
	config.PrivateKey = &key
	client := newClient(t, config)
	key = rsa.PrivateKey{} // the client has the pointer
	if f := fail(t, client, call(1)); f.Class != job.ClassAccount || f.Sent != 0 {
		t.Errorf("%+v", f)
	}
}
