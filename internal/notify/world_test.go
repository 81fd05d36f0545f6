package notify_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/secret"
)

var (
	key = secret.NewText("whsec_test")
	now = time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC)
)

// robot is how the address of a WeCom robot ends.
const robot = "/cgi-bin/webhook/send?key=secret-693a91f6"

// status is that of a job that has ended with failures.
func status() *job.Status {
	started, ended := now.Add(-time.Minute), now
	return &job.Status{Job: "20261123-182754-h5z6sle3", State: job.Completed, Operation: job.Associate, Account: "acme", BrandID: "120344",
		ProductCouponID: "1000000013", StockID: "98065001", Label: "春季，华北", Priority: job.Default, Total: 50000, Succeeded: 49988, Failed: 12,
		Failures: map[string]int64{"STORE_NOT_FOUND": 11, "RETRIES_EXHAUSTED": 1}, CreatedAt: started, StartedAt: &started, EndedAt: &ended}
}

func event() notify.Event {
	return notify.Event{ID: "20261123-182754-h5z6sle3.ended", Type: "job.ended", At: now, Attempt: 2, Job: status()}
}

// got is a request as a hook saw it.
type got struct {
	path   string
	header http.Header
	body   []byte
}

// world is a hook that answers as it is told, and a sender that may reach it.
type world struct {
	*httptest.Server
	sender *notify.Sender
	got    chan got
}

func newWorld(t *testing.T, answer http.HandlerFunc) *world {
	t.Helper()
	w := &world{got: make(chan got, 10)}
	w.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.got <- got{r.URL.RequestURI(), r.Header, body}
		answer(rw, r)
	}))
	t.Cleanup(w.Close)
	w.sender = notify.NewSender(w.policy(t, "127.0.0.1"), notify.Options{Clock: func() time.Time { return now }})
	return w
}

func (w *world) policy(t *testing.T, private ...string) *egress.Policy {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(w.Certificate())
	p, err := egress.New(egress.Rules{Hosts: []string{strings.TrimPrefix(w.URL, "https://"), "qyapi.weixin.qq.com"}, Private: private, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// failure checks that err is a Failure that shows no secret.
func failure(t *testing.T, err error) *notify.Failure {
	t.Helper()
	var f *notify.Failure
	if !errors.As(err, &f) || notify.AsFailure(err) != f {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(err.Error(), "secret-") {
		t.Errorf("%q tells a secret", err)
	}
	return f
}

func answer(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func content(t *testing.T, body []byte) string {
	t.Helper()
	var m struct {
		Type     string                   `json:"msgtype"`
		Markdown struct{ Content string } `json:"markdown"`
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Type != "markdown" {
		t.Fatalf("%s: %v", body, err)
	}
	return m.Markdown.Content
}
