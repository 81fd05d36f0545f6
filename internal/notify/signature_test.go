package notify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/secret"
)

func TestSignaturesAreThoseOfTheScheme(t *testing.T) {
	t.Parallel()
	// printf '1795458600.{"id":"1"}' | openssl dgst -sha256 -hmac whsec_test
	const want = "t=1795458600,v1=a5652d3fa8ff7bc821985bb3484f286d7e0c5fc73f2eac4763893b4d69866ac7"
	if s := notify.Sign(key, []byte(`{"id":"1"}`), now); s != want {
		t.Fatalf("got %s", s)
	}
}

func TestSignaturesAreChecked(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"1"}`)
	good := notify.Sign(key, body, now)
	stamp, signature, _ := strings.Cut(good, ",")
	other := notify.Sign(secret.NewText("other"), body, now)
	_, wrong, _ := strings.Cut(other, ",")
	for name, c := range map[string]struct {
		key    secret.Text
		header string
		body   string
		now    time.Time
		want   error
	}{
		"good":                      {key: key, header: good},
		"within the tolerance":      {key: key, header: good, now: now.Add(5 * time.Minute)},
		"the sender's clock ahead":  {key: key, header: good, now: now.Add(-5 * time.Minute)},
		"an old copy":               {key: key, header: good, now: now.Add(5*time.Minute + time.Second), want: notify.ErrTime},
		"from the future":           {key: key, header: good, now: now.Add(-6 * time.Minute), want: notify.ErrTime},
		"another body":              {key: key, header: good, body: `{"id":"2"}`, want: notify.ErrSignature},
		"another secret":            {key: key, header: other, want: notify.ErrSignature},
		"no secret":                 {header: notify.Sign(secret.Text{}, body, now), want: notify.ErrNoSecret},
		"another time":              {key: key, header: "t=1795458601," + signature, want: notify.ErrSignature},
		"the same time otherwise":   {key: key, header: "t=01795458600," + signature, want: notify.ErrSignature},
		"two secrets in turn":       {key: key, header: stamp + "," + wrong + "," + signature},
		"schemes to come":           {key: key, header: good + ",v2=x,x=y"},
		"another scheme alone":      {key: key, header: stamp + ",v0=" + strings.TrimPrefix(signature, "v1="), want: notify.ErrMalformed},
		"two times":                 {key: key, header: "t=1," + good, want: notify.ErrMalformed},
		"no time":                   {key: key, header: signature, want: notify.ErrMalformed},
		"no signature":              {key: key, header: stamp, want: notify.ErrMalformed},
		"an empty signature":        {key: key, header: stamp + ",v1=", want: notify.ErrSignature},
		"a signature cut short":     {key: key, header: good[:len(good)-2], want: notify.ErrSignature},
		"no hexadecimal":            {key: key, header: stamp + ",v1=zz", want: notify.ErrMalformed},
		"nothing":                   {key: key, header: "", want: notify.ErrMalformed},
		"no time that is a number":  {key: key, header: "t=x," + signature, want: notify.ErrMalformed},
		"a time beyond all numbers": {key: key, header: "t=99999999999999999999," + signature, want: notify.ErrMalformed},
	} {
		at, text := now, string(body)
		if !c.now.IsZero() {
			at = c.now
		}
		if c.body != "" {
			text = c.body
		}
		if err := notify.Verify(c.key, c.header, []byte(text), at, 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	body := []byte(`{"id":"1"}`)
	for _, s := range []string{notify.Sign(key, body, now), "t=1,v1=00", "t=,v1=", ",,,", "t=1", "v1=1,t=2", "t=-9223372036854775808,v1=ab"} {
		f.Add(s, body)
	}
	good := notify.Sign(key, body, now)
	_, signature, _ := strings.Cut(good, "v1=")
	f.Fuzz(func(t *testing.T, header string, text []byte) {
		err := notify.Verify(key, header, text, now, 0)
		if err == nil && (string(text) != string(body) || !strings.Contains(strings.ToLower(header), signature)) {
			t.Fatalf("%q passed for %q", header, text)
		}
	})
}
