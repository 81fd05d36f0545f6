package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/secret"
)

const word = "hunter2"

// holder has a secret where fmt calls no method: in unexported fields.
type holder struct {
	text secret.Text
	url  secret.URL
	deep []map[string]secret.Text
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	text, url := secret.NewText(word), secret.NewURL("redis://user:"+word+"@db.example:6379/2")
	values := []any{
		text, &text, url, &url, []any{text, url}, map[string]any{"k": text},
		holder{text, url, []map[string]secret.Text{{"k": text}}}, &holder{text: text, url: url},
		struct{ Key secret.Text }{text},
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %[1]v"} {
			if s := fmt.Sprintf(verb, v); leaks(s) {
				t.Errorf("%s of %T shows the secret: %s", verb, v, s)
			}
		}
		j, err := json.Marshal(v)
		if err != nil || leaks(string(j)) {
			t.Errorf("as JSON, %T shows the secret or fails: %s, %v", v, j, err)
		}
		for _, h := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(h(&b)).Info("here", "v", v)
			if leaks(b.String()) {
				t.Errorf("logged, %T shows the secret: %s", v, b.String())
			}
		}
	}
	if text.Reveal() != word || !strings.Contains(url.Reveal(), word) {
		t.Error("Reveal does not give the secret")
	}
}

func TestZeroValuesAreEmpty(t *testing.T) {
	t.Parallel()
	var text secret.Text
	var url secret.URL
	if !text.Empty() || !url.Empty() || text.String() != "" || url.String() != "" || text.Reveal() != "" || url.Reveal() != "" {
		t.Error("a zero value is not empty")
	}
}

func TestRedactShowsTheHostAlone(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                     "",
		"redis://127.0.0.1:6379/0":             "redis://127.0.0.1:6379/0",
		"redis://:hunter2@db:6379/0":           "redis://***@db:6379/0",
		"rediss://hunter2@db":                  "rediss://***@db",
		"redis://u:hun/ter2?hunter2#x@db:6379": "redis://***@db:6379",
		"redis://u:p@hunter2@db":               "redis://***@db",
		"redis-sentinel://a,b/0?master=m&sentinel_password=hunter2": "redis-sentinel://a,b/0?master=m&sentinel_password=***",
		"redis://db?hunter2":                              "redis://db?***",
		"redis://:hunter2":                                "redis://***",
		"redis://user:hunter2/0":                          "redis://***/0",
		"redis://:hunter2@":                               "redis://***@",
		"redis-cluster://[::1]:1,b,c:2/":                  "redis-cluster://[::1]:1,b,c:2/",
		"redis:hunter2@db":                                "[secret]",
		"hunter2":                                         "[secret]",
		"unix:///run/redis.sock?db=1":                     "unix:///run/redis.sock?db=1",
		"unix:///run/redis.sock?password=hunter2#hunter2": "unix:///run/redis.sock?password=***",
	} {
		if got := secret.Redact(url); got != want {
			t.Errorf("Redact(%q) = %q, want %q", url, got, want)
		}
	}
}

func FuzzRedactHidesAPassword(f *testing.F) {
	for _, s := range []string{"redis://u:%s@h", "redis://h?x=%s", "%s", "a:%s://@", "redis://%s@h/@", "redis://h#%s", "x://%s@a?%s=%s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, form string) {
		const password = "p@ss/w?rd#&=7"
		if strings.Contains(form, "ss/w") || strings.Contains(form, "rd#") {
			return
		}
		scheme, rest, ok := strings.Cut(form, "://")
		if !ok {
			return
		}
		// Whatever stands around it, a password before an @ is never shown.
		if s := secret.Redact(scheme + "://user:" + password + "@" + rest); strings.Contains(s, "ss/w") || strings.Contains(s, "rd#") {
			t.Errorf("%q shows the password", s)
		}
	})
}

// leaks says whether s has the secret, or its bytes as numbers or hexadecimal.
func leaks(s string) bool {
	return strings.Contains(s, word) || strings.Contains(s, "104 117 110") || strings.Contains(strings.ToLower(s), "68756e746572")
}
