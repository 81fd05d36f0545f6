package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

type loginView struct {
	Next  string
	Wrong bool
	ToSee bool
	Wait  int // seconds until another try; 0 for now
}

func (r *request) showLogin(status int, v loginView) error {
	v.ToSee = r.p.cfg.LoginToSee
	return r.show(status, "login", frame{Title: "log-in", Nav: "login", Contents: v})
}

func (p *Dashboard) loginForm(r *request) error {
	if !p.sessions.open() {
		return r.refuse(http.StatusNotFound, "read-only")
	}
	return r.showLogin(http.StatusOK, loginView{Next: local(r.URL.Query().Get("next"))})
}

func (p *Dashboard) login(r *request) error {
	if !p.sessions.open() {
		return r.refuse(http.StatusForbidden, "read-only")
	}
	v := loginView{Next: local(r.PostForm.Get("next"))}
	from := p.proxies().client(r.Request)
	p.noteProxy(r.Request)
	if ok, wait := p.sessions.may(r.Request); !ok {
		v.Wait = int(wait/time.Second) + 1
		r.w.Header().Set("Retry-After", strconv.Itoa(v.Wait))
		p.cfg.Logger.Warn("too many attempts to log in to the page", "from", from)
		return r.showLogin(http.StatusTooManyRequests, v)
	}
	if !p.sessions.matches(strings.TrimSpace(r.PostForm.Get("token"))) {
		p.cfg.Logger.Warn("a wrong token was given to the page", "from", from)
		v.Wrong = true
		return r.showLogin(http.StatusForbidden, v)
	}
	p.cfg.Logger.Info("somebody logged in to the page", "from", from)
	secure := p.proxies().secure(r.Request)
	http.SetCookie(r.w, p.sessions.begin(secure))
	http.SetCookie(r.w, p.sessions.remember(secure))
	return r.redirect(withDone(v.Next, "login"))
}

// logout ends the session, with the cookie that may have been kept elsewhere. It takes no form's token: all that a forged
// one does is to log out.
func (p *Dashboard) logout(r *request) error {
	http.SetCookie(r.w, p.sessions.forget(p.proxies().secure(r.Request)))
	if head, ends := p.sessions.session(r.Request); head != "" {
		if err := p.sessions.end(r.Context(), head, ends); err != nil {
			return err
		}
	}
	return r.redirect("/?done=logout")
}

// noteProxy says once that people come by a reverse proxy whose word is not taken, so that they are all counted as one.
func (p *Dashboard) noteProxy(r *http.Request) {
	if r.Header.Get("X-Forwarded-For") == "" || p.proxies().has(peer(r)) {
		return
	}
	p.proxyNoted.Do(func() {
		p.cfg.Logger.Warn("people come by a proxy that is not trusted, and attempts to log in are counted for all of them together: "+
			"if it is yours, name it in page.trusted_proxies", "proxy", peer(r))
	})
}

// local gives an address of our own that a person is sent to after logging in; / where it is none.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" || !strings.HasPrefix(to, "/") ||
		strings.HasPrefix(to, "//") || strings.Contains(to, `\`) || strings.ContainsFunc(to, unicode.IsControl) || len(to) > maxQuery {
		return "/"
	}
	return to
}

// withDone adds what was done to an address of our own.
func withDone(to, what string) string {
	if strings.Contains(to, "?") {
		return to + "&done=" + what
	}
	return to + "?done=" + what
}
