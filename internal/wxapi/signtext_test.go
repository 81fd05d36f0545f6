package wxapi_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// refuse answers as WeChat Pay does where a signature does not hold: with the text that it checked, the body cut short.
func refuse(w http.ResponseWriter, r *seen, change func(lines []string)) {
	lines := []string{r.Method, r.URL.RequestURI(), r.auth["timestamp"], r.auth["nonce_str"], string(r.body)}
	change(lines)
	length := len(strings.Join(lines, "\n")) + 1
	lines[4] = lines[4][:min(len(lines[4]), 9)]
	body, _ := json.Marshal(map[string]any{"code": "SIGN_ERROR", "message": "签名错误", "detail": map[string]any{
		"detail": map[string]any{"issue": "sign not match"}, "field": "signature", "location": "authorization",
		"sign_information": map[string]any{"method": lines[0], "url": lines[1], "sign_message_length": length,
			"truncated_sign_message": strings.Join(lines, "\n") + "\n"}}})
	reply(w, 401, string(body), signing{none: true})
}

func TestARefusedSignatureNamesTheLineThatWasChangedOnTheWay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(lines []string)
		want   string
	}{
		"nothing":   {func([]string) {}, "the private key does not belong to serial_no " + serialNo + " of " + mchid + " (WeChat Pay checked the very text"},
		"method":    {func(l []string) { l[0] = "PUT" }, `the method (line 1 of what is signed) was changed on the way: signed was "POST", and WeChat Pay got "PUT"`},
		"path":      {func(l []string) { l[1] = "/gateway" + l[1] }, `the path (line 2 of what is signed)`},
		"query":     {func(l []string) { l[1] += "?trace=1" }, `WeChat Pay got "/v3/marketing`},
		"timestamp": {func(l []string) { l[2] = "1" }, "the timestamp (line 3"},
		"nonce":     {func(l []string) { l[3] = "x" }, "the nonce (line 4"},
		"body":      {func(l []string) { l[4] = `{"store_list":[]}` }, "the body (line 5"},
		"its end":   {func(l []string) { l[4] += "  " }, "the body (line 5 of what is signed) was changed on the way: signed was a text of "},
		"no body":   {func(l []string) { l[4] = "" }, "the body (line 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *seen) { refuse(w, r, tc.change) })
			f := fail(t, newClient(t, partner(server.URL)), call(3))
			if f.Class != job.ClassAccount || !strings.Contains(f.Message.String(), tc.want) || !strings.Contains(f.Message.String(), "WeChat Pay says: 签名错误") {
				t.Errorf("%v: %q, want %q", f.Class, f.Message, tc.want)
			}
		})
	}
}

func TestAnAnswersSerialNumberMayHaveZerosAndAnyCase(t *testing.T) {
	t.Parallel()
	k := testKeys()
	cert := certify(k.wechat, big.NewInt(0x0abcdef), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	for _, serial := range []string{"ABCDEF", "abcdef", "00ABCDEF", "0aBcDeF"} {
		server := serve(t, func(w http.ResponseWriter, r *seen) { reply(w, 200, all(r.stores), signing{serial: serial}) })
		config := partner(server.URL)
		config.AnswerKeys = []wxapi.AnswerKey{{ID: wxapi.SerialNumber(cert), Certificate: cert}}
		if _, err := newClient(t, config).Do(t.Context(), call(1)); err != nil {
			t.Errorf("%s: %v", serial, err)
		}
	}
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		reply(w, 200, all(r.stores), signing{serial: "ABCDEF0"})
	})
	config := partner(server.URL)
	config.AnswerKeys = []wxapi.AnswerKey{{ID: wxapi.SerialNumber(cert), Certificate: cert}}
	if f := fail(t, newClient(t, config), call(1)); !f.Unproven {
		t.Errorf("zeros at the end count: %+v", f)
	}
}
