package wxapi_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

var fuzzStores = []string{"100000001", "100000002", "007", "7", "A-b_9"}

// fuzzClient is a client that is never used on a network.
func fuzzClient(f *testing.F) *wxapi.Client {
	config := partner("http://127.0.0.1:1")
	config.PassingCodes, config.AlreadyCodes = []string{"BUSY"}, []string{"ALREADY"}
	return newClient(f, config)
}

// listed reads a list as encoding/json does, names being exact.
func listed(body []byte, name string) (ids map[string]bool) {
	var top map[string]json.RawMessage
	json.Unmarshal(body, &top)
	var list []map[string]json.RawMessage
	json.Unmarshal(top[name], &list)
	ids = map[string]bool{}
	for _, store := range list {
		var id *string
		if json.Unmarshal(store["store_id"], &id) == nil && id != nil {
			ids[*id] = true
		}
	}
	return ids
}

func FuzzAnswersInventNothing(f *testing.F) {
	for _, seed := range []string{
		all(fuzzStores), `{}`, `{"total_count":5}`, `[]`, `null`, ``, `{"success_store_list":null}`,
		`{"success_store_list":[{"store_id":"7"}],"failed_store_list":[{"store_id":"007","code":"X","message":"门店"}]}`,
		`{"success_store_list":[{"store_id":"7"}],"failed_store_list":[{"store_id":"7","code":"ALREADY"}]}`,
		`{"success_store_list":[{"store_id":"\u0037"},{"store_id":"7","store_id":"007"}],"x":[1,-2.5e+3,true,{"a":null}]}`,
		`{"success_store_list":[],"success_store_list":[{"store_id":"7"}]}`,
		`{"failed_store_list":[{"store_id":"7","code":"BUSY"},{"store_id":"A-b_9","code":"\ud800","message":"\"\\\n"}]}`,
		`{"total_count":01}`, `{"total_count":1.}`, `{"success_store_list":[{"store_id":7}]}`, `{"success_store_list":{}} `,
		"{\"total_count\":\"\x01\"}", `{"total_count":"\x"}`, `{"total_count":"`, `{"total_count":-}`, `{"total_count":1e}`, `{"x":tru}`,
	} {
		f.Add([]byte(seed))
	}
	client := fuzzClient(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, want := wxapi.Valid(body), json.Valid(body); got != want && len(body) < 100 {
			t.Errorf("the decoder takes it for valid: %v; encoding/json: %v", got, want)
		}
		answer, err := client.ReadStores(body, fuzzStores)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Error("an answer was read from what is no JSON")
		}
		all := append(slices.Clone(answer.Succeeded), answer.Missing...)
		succeeded, failed := listed(body, "success_store_list"), listed(body, "failed_store_list")
		for _, s := range answer.Failed {
			all = append(all, s.Index)
			if id := fuzzStores[s.Index]; !failed[id] || succeeded[id] {
				t.Errorf("%s is failed, but stands in the lists as %v, %v", id, succeeded[id], failed[id])
			}
			if s.Class != job.ClassStore && s.Class != job.ClassPassingStore || len(s.Code) > 128 || len(s.Message) > 1024 {
				t.Errorf("%+v", s)
			}
		}
		for _, i := range answer.Succeeded {
			if id := fuzzStores[i]; succeeded[id] == failed[id] || failed[id] && !strings.Contains(string(body), "A") {
				t.Errorf("%s is succeeded, but stands in the lists as %v, %v", id, succeeded[id], failed[id])
			}
		}
		for _, i := range answer.Missing {
			if id := fuzzStores[i]; succeeded[id] != failed[id] {
				t.Errorf("%s is missing, but stands in the lists as %v, %v", id, succeeded[id], failed[id])
			}
		}
		slices.Sort(all)
		if !slices.Equal(all, []int{0, 1, 2, 3, 4}) {
			t.Errorf("the stores are in the answer's lists as %v", all)
		}
	})
}

func FuzzOnlyBelievedAnswersDecide(f *testing.F) {
	for _, body := range []string{`{"code":"INVALID_REQUEST","message":"x"}`, `{"code":"SIGN_ERROR"}`, `{"code":"NOT_FOUND"}`,
		`{"code":"PARAM_ERROR","detail":{"field":"/body/store_list/3/store_id","value":"7"}}`, `<html>`, all(fuzzStores),
		`{"code":"PARAM_ERROR","detail":{"field":"store_list[4","value":7,"location":"header"}}`, `{"code":"RATELIMIT_EXCEEDED"}`} {
		for i, status := range []int{200, 400, 401, 403, 404, 429, 500} {
			f.Add(status, []byte(body), requestID+"268578813", byte(i), "WECHATPAY/SIGNTEST/AAAA", keyID, "1700000000")
		}
	}
	config := partner("http://127.0.0.1:1")
	config.Logger = slog.New(slog.DiscardHandler)
	client := newClient(f, config)
	f.Fuzz(func(t *testing.T, status int, body []byte, id string, how byte, signature, serial, at string) {
		h := http.Header{"Request-Id": {id}}
		switch how % 3 {
		case 0: // a signature that cannot be right
			h["Wechatpay-Signature"], h["Wechatpay-Serial"] = []string{signature}, []string{serial}
			h["Wechatpay-Timestamp"], h["Wechatpay-Nonce"] = []string{at}, []string{"n"}
		case 1: // a true one, over another body
			for name, values := range signed(string(body)+" ", signing{}) {
				h[name] = values
			}
		}
		answer, failure := client.Judge(status, h, body, fuzzStores)
		if answer != nil {
			t.Fatalf("an answer that is not proven was believed: %+v", answer)
		}
		if how%3 != 2 && failure.Class != job.ClassPassingCall && (failure.Class != job.ClassPace || json.Valid(body)) {
			t.Errorf("an answer with a wrong signature decided: %+v", failure)
		}
		if failure.Class == job.ClassPace && status == 429 {
			return // whoever it is that says so: it decides no store
		}
		if failure.Class == job.ClassPassingCall != failure.Unanswered {
			t.Errorf("%+v", failure)
		}
		if failure.Class != job.ClassPassingCall && (!json.Valid(body) || status == 200 || status >= 500) {
			t.Errorf("status %d, %q decided: %+v", status, body, failure)
		}
		if failure.Index < -1 || failure.Index >= len(fuzzStores) || failure.Index >= 0 && failure.Class != job.ClassPoisoned {
			t.Errorf("%+v", failure)
		}
		if strings.Trim(failure.Number, "0123456789") != "" || len(failure.Message.String()) > 4096 || failure.Error() == "" {
			t.Errorf("%+v", failure)
		}
	})
}
