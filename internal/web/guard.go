package web

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/catalogue"
)

// The bounds of a request. The server bounds its head.
const (
	maxBody  = 4 << 10 // of a form, in bytes
	maxQuery = 2 << 10 // of an address, in bytes
)

// strictTransport lets browsers go to a name of page.hosts by HTTPS alone, for a month. Other ports of that name are
// concerned, too, so it is not for longer; this machine's own names and addresses never are.
const strictTransport = "max-age=2592000"

// policy is what a browser may do with our pages: show them with our own style and script, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets nobody in who should not be: pages of other sites, by a forged request or by a name of theirs that leads
// here, and requests that are too large.
func (p *Dashboard) guard(next http.Handler) http.Handler {
	forged := http.NewCrossOriginProtection()
	forged.SetDenyHandler(p.handle(lookTimeout, false, func(r *request) error {
		return r.refuse(http.StatusForbidden, "forged")
	}))
	next = forged.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if p.proxies().secure(r) && slices.Contains(p.cfg.Hosts, hostOf(r.Host)) {
			h.Set("Strict-Transport-Security", strictTransport)
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		switch {
		case !p.known(r.Host):
			p.handle(lookTimeout, false, func(r *request) error { return r.refuse(http.StatusMisdirectedRequest, "misdirected") }).
				ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			h.Set("Allow", "GET, HEAD, POST")
			p.handle(lookTimeout, false, func(r *request) error { return r.refuse(http.StatusMethodNotAllowed, "bad-form") }).
				ServeHTTP(w, r)
		case len(r.URL.RawQuery)+len(r.URL.Path) > maxQuery:
			p.handle(lookTimeout, false, func(r *request) error { return r.refuse(http.StatusRequestURITooLong, "too-long") }).
				ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// known says whether a request's Host is one that the page is reached under. A name of somebody else's that leads to this
// address (DNS rebinding) would make our page a part of their site.
func (p *Dashboard) known(host string) bool { return isOurs(p.cfg.Hosts, hostOf(host)) }

// isOurs says whether a name without port is an address, this machine's, or one of ours.
func isOurs(ours []string, name string) bool {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(ours, name)
}

// ForMachines lets nobody ask for what is made for machines (figures, health) under a name of somebody else's, by which a
// web page could have a browser read it. Probes ask by address, by the name of a container or a service, which has no dot,
// or name nobody, as HTTP/1.0 does; hosts are the names beside these.
func ForMachines(hosts []string, next http.Handler) http.Handler {
	self, _ := os.Hostname()
	self = hostOf(self)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		name := hostOf(r.Host)
		if !isOurs(hosts, name) && strings.Contains(name, ".") && (self == "" || name != self) {
			http.Error(w, "this worker does not go by the name that was asked for: add it to page.hosts, or use the IP address",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf gives the name of a request's Host, without its port, in lower case.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// langOf gives the language that a request asks for: by ?lang=, by the cookie that this has set, or by the browser's.
func langOf(r *http.Request) catalogue.Lang {
	for _, asked := range []string{r.URL.Query().Get("lang"), cookie(r, langCookie)} {
		if l := catalogue.Lang(asked); l == catalogue.Chinese || l == catalogue.English {
			return l
		}
	}
	return accepted(r.Header.Get("Accept-Language"))
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
