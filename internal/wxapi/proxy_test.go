package wxapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func TestAProxyThatFailsIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you", http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refuses.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, at := range map[string]string{"refuses": refuses.URL, "is not there": gone.URL} {
		proxy, err := url.Parse(strings.Replace(at, "http://", "http://me:hunter2@", 1))
		if err != nil {
			t.Fatal(err)
		}
		client, err := wxapi.NewWithProxy(partner("https://wechat.invalid"), proxy)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		f := fail(t, client, call(1))
		want := "no connection to wechat.invalid (through the proxy " + proxy.Host + ", which the environment names): "
		if f.Class != job.ClassPassingCall || f.Sent != 0 || !strings.HasPrefix(f.Message.String(), want) || strings.Contains(f.Message.String(), "hunter2") {
			t.Errorf("a proxy that %s: %q, want %q", name, f.Message, want)
		}
	}
}

func TestAnAnswerWithoutAnOutcomeIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"nothing": "", "a code": `{"code":"PARAM_ERROR","message":"x"}`, "successes": `{"total_count":1,"success_store_list":[{"store_id":"100000001"}]}`} {
		for _, s := range []signing{{}, {none: true}} {
			server := serve(t, func(w http.ResponseWriter, r *seen) { reply(w, http.StatusAccepted, body, s) })
			f := fail(t, newClient(t, partner(server.URL)), call(1))
			if f.Class != job.ClassPassingCall || !f.Unanswered || f.Status != 202 || !strings.Contains(f.Message.String(), "no outcome yet (202)") {
				t.Errorf("202 with %s: %+v", name, f)
			}
		}
	}
}

func TestEveryCallNamesTheKeyThatItsAnswerIsCheckedWith(t *testing.T) {
	t.Parallel()
	var named []string
	server := serve(t, func(w http.ResponseWriter, r *seen) {
		named = append(named, r.Header.Get("Wechatpay-Serial"))
		if r.Method == http.MethodGet {
			reply(w, 200, `{"total_count":0,"store_list":[]}`, signing{})
			return
		}
		succeed(w, r)
	})
	client := newClient(t, partner(server.URL))
	if _, err := client.List(context.Background(), wxapi.ListCall{Target: stock}); err != nil {
		t.Error(err)
	}
	for _, op := range job.Writes() {
		c := call(1)
		c.Operation = op
		if _, err := client.Do(context.Background(), c); err != nil {
			t.Error(err)
		}
	}
	for _, id := range named {
		if id != keyID {
			t.Errorf("named are %q, want %s each time", named, keyID)
		}
	}
	if want := 1 + len(job.Writes()); len(named) != want {
		t.Errorf("%d calls were made, want %d", len(named), want)
	}
}
