package egress_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func hostOf(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

func TestLoopbackIsReachedWhereItIsListedOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	listed := policy(t, egress.Rules{Hosts: []string{hostOf(s)}, Private: []string{"127.0.0.1"}, Roots: roots(s)})
	if body, err := get(t, listed, egress.ClientOptions{}, s.URL); err != nil || body != "ok" {
		t.Fatalf("%q, %v", body, err)
	}
	unlisted := policy(t, egress.Rules{Hosts: []string{hostOf(s)}, Roots: roots(s)})
	_, err := get(t, unlisted, egress.ClientOptions{}, s.URL)
	if job.ExitStatus(err) != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestANameThatLeadsToAPrivateAddressIsRefusedAtTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	address := "https://example.com:" + portOf(t, s.URL) + "/"
	p := policy(t, egress.Rules{Hosts: []string{"example.com:" + portOf(t, s.URL)}, Private: []string{"127.0.0.1"}, Roots: roots(s),
		Resolver: newNames([]string{"127.0.0.1"}, []string{"127.0.0.2"})})
	if body, err := get(t, p, egress.ClientOptions{}, address); err != nil || body != "ok" {
		t.Fatalf("%q, %v", body, err)
	}
	// The same name now leads elsewhere (DNS rebinding).
	_, err := get(t, p, egress.ClientOptions{}, address)
	says, cause, passing := egress.Cause(err)
	if passing || job.ExitStatus(cause) != 2 {
		t.Fatalf("%v, %v", err, cause)
	}
	contains(t, says.String(), "example.com leads to", "127.0.0.2", "loopback")
}

func TestOfSeveralAddressesThePrivateOnesAreNotConnectedTo(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	port := portOf(t, s.URL)
	p := policy(t, egress.Rules{Hosts: []string{"example.com:" + port}, Private: []string{"127.0.0.1"}, Roots: roots(s),
		Resolver: newNames([]string{"127.0.0.3", "10.0.0.1", "127.0.0.1"})})
	if body, err := get(t, p, egress.ClientOptions{}, "https://example.com:"+port+"/"); err != nil || body != "ok" {
		t.Fatalf("%q, %v", body, err)
	}
}

func TestRedirectsAreCheckedAsTheFirstAddressWas(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if r.Referer() != "" {
			t.Errorf("the Referer %q tells what is secret", r.Referer())
		}
		ok(w, r)
	})
	plain := httptest.NewServer(http.HandlerFunc(ok))
	t.Cleanup(plain.Close)
	p := policy(t, egress.Rules{Hosts: []string{hostOf(s), "10.0.0.1", "[::1]:1"}, Private: []string{"127.0.0.1"}, Roots: roots(s)})
	for to, says := range map[string]string{
		"/next?key=secret2":                         "",
		s.URL + "/next":                             "",
		plain.URL:                                   "http is refused",
		"https://other.example.com/?key=secret2":    "other.example.com is not on",
		"https://10.0.0.1/":                         "private address",
		"https://[::1]:1/":                          "loopback",
		"https://u:secret2@" + hostOf(s):            "user or password",
		"ftp://example.com/":                        "does not begin with https",
		"https://127.0.0.1:" + portOf(t, plain.URL): "not on the configuration's list",
	} {
		body, err := get(t, p, egress.ClientOptions{MaxRedirects: 5}, s.URL+"/?key=secret1&to="+url.QueryEscape(to))
		if says == "" {
			if err != nil || body != "ok" {
				t.Errorf("%s: %q, %v", to, body, err)
			}
			continue
		}
		said, cause, passing := egress.Cause(err)
		sentence := said.String()
		if passing || job.ExitStatus(cause) != 2 || strings.Contains(sentence, "secret") {
			t.Errorf("%s: %q (%v)", to, sentence, cause)
		}
		contains(t, sentence, "redirects", says)
	}
}

func TestRedirectsAreCounted(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := len(r.URL.Path)
		if n >= 7 {
			ok(w, r)
			return
		}
		http.Redirect(w, r, r.URL.Path+"x", http.StatusMovedPermanently)
	})
	p := policy(t, egress.Rules{Hosts: []string{hostOf(s)}, Private: []string{"127.0.0.1"}, Roots: roots(s)})
	if _, err := get(t, p, egress.ClientOptions{MaxRedirects: 5}, s.URL+"/x"); err != nil {
		t.Errorf("five redirects: %v", err)
	}
	_, err := get(t, p, egress.ClientOptions{MaxRedirects: 5}, s.URL+"/")
	said, _, passing := egress.Cause(err)
	sentence := said.String()
	if err == nil || passing {
		t.Fatalf("six redirects: %v", err)
	}
	contains(t, sentence, "more than 5 times")
	if _, err := get(t, p, egress.ClientOptions{}, s.URL+"/"); err != nil {
		t.Errorf("a redirect that is not to be followed: %v", err)
	}
}

// A proxy would be asked for any host but this very machine, and so would its name server.
func TestNoProxyIsTakenFromTheEnvironment(t *testing.T) {
	s := serve(t, ok)
	host := "example.com:" + portOf(t, s.URL)
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("https_proxy", "http://127.0.0.1:1")
	p := policy(t, egress.Rules{Hosts: []string{host}, Private: []string{"127.0.0.1"}, Roots: roots(s),
		Resolver: newNames([]string{"127.0.0.1"})})
	if _, err := get(t, p, egress.ClientOptions{}, "https://"+host+"/"); err != nil {
		t.Fatal(err)
	}
}

func TestFailuresAreToldInWordsWithoutTheAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
		case "/break":
			panic(http.ErrAbortHandler)
		case "/strange":
			w.Header().Set("Location", "https://[secret")
			w.WriteHeader(http.StatusFound)
		case "/long":
			w.Header().Set("X", strings.Repeat("secret", 20_000))
		}
	})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := silent.Addr().String()
	_ = silent.Close() // its address is free now, or somebody else's, who has no certificate of ours
	plain := httptest.NewServer(http.HandlerFunc(ok))
	t.Cleanup(plain.Close)
	rules := egress.Rules{Hosts: []string{hostOf(s), free, strings.TrimPrefix(plain.URL, "http://"), "gone.example.com"}, Private: []string{"127.0.0.1"},
		Roots: roots(s), Resolver: newNames()}
	believed := policy(t, rules)
	rules.Roots = nil
	unbelieved := policy(t, rules)
	for name, c := range map[string]struct {
		policy  *egress.Policy
		address string
		says    string
	}{
		"refused connection": {believed, "https://" + free + "/?secret", "cannot be reached"},
		"no TLS":             {believed, "https://" + strings.TrimPrefix(plain.URL, "http://") + "/?secret", "does not speak TLS"},
		"certificate":        {unbelieved, s.URL + "/?secret", "certificate is not believed"},
		"no such host":       {believed, "https://gone.example.com/?secret", "cannot be found"},
		"no answer":          {believed, s.URL + "/hang?secret", "in time"},
		"broken off":         {believed, s.URL + "/break?secret", "broke off"},
		"strange redirect":   {believed, s.URL + "/strange?secret", "no answer"},
		"endless header":     {believed, s.URL + "/long?secret", "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, c.policy, egress.ClientOptions{MaxRedirects: 5, HeaderTimeout: 100 * time.Millisecond}, c.address)
			said, cause, passing := egress.Cause(err)
			sentence := said.String()
			if err == nil || !passing {
				t.Fatalf("%v: %q", err, sentence)
			}
			if !strings.Contains(sentence, c.says) || strings.Contains(sentence+fmt.Sprintf("%v %+v", cause, cause), "secret") {
				t.Fatalf("%q (%v); want %q", sentence, cause, c.says)
			}
		})
	}
}

func TestACancelledExchangeIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	p := policy(t, egress.Rules{Hosts: []string{hostOf(s)}, Private: []string{"127.0.0.1"}, Roots: roots(s)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Client(egress.ClientOptions{}).Do(req)
	if _, cause, _ := egress.Cause(err); !errors.Is(cause, context.Canceled) {
		t.Fatalf("%v: %v", err, cause)
	}
}
