package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/secret"
)

func TestAnEventIsPostedSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(204, ""))
	if err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL + "/hooks/secret-1?k=secret-2"}, key, event()); err != nil {
		t.Fatal(err)
	}
	g := <-w.got
	if g.path != "/hooks/secret-1?k=secret-2" || g.header.Get("Content-Type") != "application/json; charset=utf-8" ||
		g.header.Get("Storelink-Event-Id") != event().ID {
		t.Fatalf("%s %v", g.path, g.header)
	}
	if err := notify.Verify(key, g.header.Get("Storelink-Signature"), g.body, now.Add(time.Minute), 0); err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(g.body, &document); err != nil {
		t.Fatal(err)
	}
	about, _ := document["job"].(map[string]any)
	if document["id"] != event().ID || document["type"] != "job.ended" || document["at"] != "2026-11-23T18:30:00Z" ||
		document["attempt"] != 2.0 || about["failed"] != 12.0 || about["label"] != "春季，华北" || len(document) != 5 {
		t.Fatalf("%s", g.body)
	}
	var back notify.Event
	if err := json.Unmarshal(g.body, &back); err != nil || !reflect.DeepEqual(back, event()) {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestEventsOfBatchesAndSchedulesArePostedAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, "thanks"))
	e := notify.Event{ID: "1", Type: "batch.ended", At: now, Batch: map[string]int{"jobs": 3}}
	if err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL, Format: notify.JSON}, key, e); err != nil {
		t.Fatal(err)
	}
	if g := <-w.got; string(g.body) != `{"id":"1","type":"batch.ended","at":"2026-11-23T18:30:00Z","batch":{"jobs":3}}` {
		t.Fatalf("%s", g.body)
	}
	e = notify.Event{ID: "2", Type: "schedule.failed", Schedule: make(chan int)}
	for _, hook := range []notify.Hook{{URL: w.URL}, {URL: w.URL + robot, Format: notify.WeCom}} {
		if f := failure(t, w.sender.Send(t.Context(), hook, key, e)); f.Passing {
			t.Errorf("what cannot be written: %+v", f)
		}
	}
}

func TestAHookCanBeNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, ""))
	named := map[string]notify.Hook{"ops": {URL: w.URL + "/hooks/secret-1"}}
	sender := notify.NewSender(w.policy(t, "127.0.0.1"), notify.Options{Named: named})
	hook := notify.HookOf(job.Hook{Name: "ops"})
	if err := sender.Send(t.Context(), hook, key, event()); err != nil {
		t.Fatal(err)
	}
	if g := <-w.got; g.path != "/hooks/secret-1" {
		t.Fatalf("%s", g.path)
	}
	if got := fmt.Sprintf("%v %+v %#v", hook, hook, hook); got != "ops ops ops" {
		t.Errorf("it is shown as %s", got)
	}
	f := failure(t, sender.Send(t.Context(), notify.Hook{Name: "nobody"}, key, event()))
	if !f.Passing || !strings.Contains(f.Message, "no hook of the name nobody is configured") {
		t.Errorf("%+v", f)
	}
}

func TestFailuresThatPassAreToldFromFinalOnes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		passing bool
		after   time.Duration
		says    string
	}{
		"500":                  {answer: answer(500, "secret-x"), passing: true, says: "HTTP 500"},
		"503 with seconds":     {answer: later(503, "120"), passing: true, after: 2 * time.Minute, says: "HTTP 503"},
		"429 with a date":      {answer: later(429, now.Add(90*time.Second).Format(http.TimeFormat)), passing: true, after: 90 * time.Second},
		"429 in the past":      {answer: later(429, now.Add(-time.Hour).Format(http.TimeFormat)), passing: true},
		"429 for ever":         {answer: later(429, "4000000000"), passing: true, after: time.Hour},
		"429 with nonsense":    {answer: later(429, "-1"), passing: true},
		"408":                  {answer: answer(408, ""), passing: true},
		"425":                  {answer: answer(425, ""), passing: true},
		"400":                  {answer: answer(400, ""), says: "HTTP 400"},
		"404 with Retry-After": {answer: later(404, "1"), says: "HTTP 404"},
		"410":                  {answer: answer(410, "")},
		"a redirect":           {answer: redirect, says: "redirects (HTTP 307)"},
		"broken off":           {answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, passing: true, says: "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.answer)
			err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL + "/secret-1?k=secret-2"}, key, event())
			f := failure(t, err)
			if f.Passing != c.passing || f.RetryAfter != c.after || !strings.Contains(err.Error(), c.says) ||
				!strings.Contains(err.Error(), strings.TrimPrefix(w.URL, "https://")) {
				t.Fatalf("%+v", f)
			}
			if len(w.got) != 1 {
				t.Fatalf("%d requests", len(w.got))
			}
		})
	}
}

func later(code int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(code)
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func TestAHookThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	begins := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("key") { // a robot's answer is read, so it may drip
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
	w := newWorld(t, begins)
	sender := notify.NewSender(w.policy(t, "127.0.0.1"), notify.Options{Timeout: 100 * time.Millisecond})
	for _, hook := range []notify.Hook{{URL: w.URL}, {URL: w.URL + robot, Format: notify.WeCom}} {
		err := sender.Send(t.Context(), hook, key, event())
		if f := failure(t, err); !f.Passing || !strings.Contains(err.Error(), "in time") {
			t.Errorf("%+v", f)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.sender.Send(ctx, notify.Hook{URL: w.URL}, key, event()); !failure(t, err).Passing || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRefusedAddressesAreFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, `{"errcode":0}`))
	for name, c := range map[string]struct {
		url    string
		format notify.Format
		says   string
	}{
		"http":              {url: strings.Replace(w.URL, "https", "http", 1) + "/secret-1", says: "http is refused"},
		"not listed":        {url: "https://example.com/secret-1", says: "example.com is not on"},
		"user":              {url: "https://u:secret-1@" + strings.TrimPrefix(w.URL, "https://"), says: "user or password"},
		"nonsense":          {url: "https://secret-1 x/", says: "understood"},
		"no robot":          {url: "https://QYAPI.weixin.qq.com/secret-1", format: notify.WeCom, says: "not that of a WeCom robot"},
		"a robot's key":     {url: "secret-693a91f6", format: notify.WeCom, says: "https://"},
		"without its key":   {url: w.URL + "/cgi-bin/webhook/send?key=", format: notify.WeCom, says: "not that of a WeCom robot"},
		"a robot in JSON":   {url: w.URL + robot, says: "choose the format wecom"},
		"an unknown format": {url: w.URL, format: "xml", says: `"xml"`},
	} {
		err := w.sender.Check(c.url, c.format)
		if err == nil || job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret-") {
			t.Errorf("%s: %v; want %q", name, err, c.says)
		}
		f := failure(t, w.sender.Send(t.Context(), notify.Hook{URL: c.url, Format: c.format}, key, event()))
		if f.Passing || !strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	// What only the connection tells is final too.
	strict := notify.NewSender(w.policy(t), notify.Options{})
	if err := strict.Check(w.URL, notify.JSON); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("a private address: %v", err)
	}
	if len(w.got) > 0 {
		t.Errorf("%d requests", len(w.got))
	}
	for _, good := range []notify.Hook{{URL: w.URL}, {URL: w.URL, Format: notify.JSON}, {URL: w.URL + robot, Format: notify.WeCom}} {
		if err := w.sender.Check(good.URL, good.Format); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
}

func TestNothingIsSentUnsigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, ""))
	err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL}, secret.Text{}, event())
	if f := failure(t, err); f.Passing || !strings.Contains(err.Error(), "no secret") || job.ExitStatus(err) != 2 || len(w.got) != 0 {
		t.Fatalf("%+v", f)
	}
}

func TestAHookIsShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://u:secret-0@example.com/secret-1?key=secret-2#secret-3", "secret-4", "https://%zz/secret-5"} {
		h := notify.Hook{URL: url, Format: notify.WeCom}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "hook", h)
		all := fmt.Sprintf("%v %+v %#v %s %q %x %v %v", h, h, h, h, h, h, &h, []notify.Hook{h}) + log.String()
		if strings.Contains(all, "secret-") || !strings.Contains(all, "wecom") {
			t.Errorf("%s", all)
		}
	}
	if s := (notify.Hook{URL: "https://example.com/x"}).String(); s != "json https://example.com/…" {
		t.Errorf("%s", s)
	}
}

func TestFormatsAreParsed(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]notify.Format{"": notify.JSON, "json": notify.JSON, "wecom": notify.WeCom} {
		if f, err := notify.ParseFormat(s); err != nil || f != want {
			t.Errorf("%q: %v, %v", s, f, err)
		}
	}
	if _, err := notify.ParseFormat("JSON"); job.ExitStatus(err) != 2 {
		t.Errorf("got %v", err)
	}
}
