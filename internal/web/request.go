package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// request is one request and what answers it.
type request struct {
	*http.Request
	w    http.ResponseWriter
	p    *Dashboard
	lang catalogue.Lang
	csrf string // "" where nobody is logged in
	away error  // why it could not be seen whether the session was ended; nil where it could
}

// frame is what every template gets.
type frame struct {
	Title    string
	Nav      string // which entry of the navigation it is
	Lang     catalogue.Lang
	Here     string // the path and query without lang, for the other language
	Join     string // what lang is put behind there: ? or &
	Open     bool   // a token is configured
	CSRF     string // "" where nobody is logged in
	Notice   string // a key of the words
	Now      time.Time
	Worker   string
	Version  string
	Settled  bool // nothing on it moves any more
	Contents any
}

// handle makes a handler of what shows or does something. change says that it takes a session, and its form's token.
func (p *Dashboard) handle(timeout time.Duration, change bool, do func(*request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		req := &request{Request: r.WithContext(ctx), w: w, p: p, lang: langOf(r)}
		if head, _ := p.sessions.session(r); head != "" {
			over, err := p.sessions.isOver(ctx, head)
			if req.away = err; !over {
				req.csrf = p.sessions.csrf(head)
			}
		}
		if l := r.URL.Query().Get("lang"); l == string(req.lang) {
			http.SetCookie(w, &http.Cookie{Name: langCookie, Value: l, Path: "/", SameSite: http.SameSiteLaxMode, HttpOnly: true,
				Secure: p.proxies().secure(r), MaxAge: 365 * 24 * 3600})
		}
		if timeout > lookTimeout {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout))
		}
		if err := req.answer(change, do); err != nil {
			p.failed(req, err)
		}
	})
}

func (r *request) answer(change bool, do func(*request) error) error {
	switch {
	case r.p.cfg.LoginToSee && r.csrf == "" && r.URL.Path != "/login":
		if r.Method == http.MethodPost {
			return r.refuse(http.StatusForbidden, "log-in-first")
		}
		return r.redirect("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
	case change && !r.p.sessions.open():
		return r.refuse(http.StatusForbidden, "read-only")
	case change && r.away != nil: // nobody changes anything by a session that may have ended
		return r.away
	case change && r.csrf == "":
		return r.refuse(http.StatusForbidden, "log-in-first")
	case r.Method == http.MethodPost:
		if err := r.ParseForm(); err != nil {
			return r.refuse(http.StatusBadRequest, "bad-form")
		}
		if change && !hmac.Equal([]byte(r.PostForm.Get("csrf")), []byte(r.csrf)) {
			return r.refuse(http.StatusForbidden, "forged")
		}
	}
	return do(r)
}

// refusal is an answer that is not what was asked for.
type refusal struct {
	status int
	word   string // a key of the words
}

func (e *refusal) Error() string { return e.word }

func (r *request) refuse(status int, word string) error { return &refusal{status, word} }
func (r *request) notFound() error                      { return r.refuse(http.StatusNotFound, "not-found") }

// failed answers with an error.
func (p *Dashboard) failed(r *request, err error) {
	what := failure{Status: http.StatusInternalServerError, Word: "internal"}
	var no *refusal
	switch e := (*job.Error)(nil); {
	case errors.As(err, &no):
		what = failure{Status: no.status, Word: no.word}
	case errors.Is(err, errGone): // nobody is there to be answered
		return
	case errors.As(err, &e):
		what.Word, what.Detail = "", e.Error()
		switch e.Code {
		case job.CodeUnknownJob, job.CodeUnknownSchedule:
			what.Status, what.Word = http.StatusNotFound, "not-found"
		case job.CodeBadState:
			what.Status, what.Word = http.StatusConflict, "bad-state"
		case job.CodeJobAtWork:
			what.Status, what.Word = http.StatusConflict, "job-at-work"
		case job.CodeRedis:
			what.Status, what.Word = http.StatusServiceUnavailable, "redis-away"
			r.again()
		case job.CodeInternal:
			what.Word, what.Detail = "internal", ""
		}
	case errors.Is(err, context.DeadlineExceeded):
		what = failure{Status: http.StatusServiceUnavailable, Word: "redis-away"}
		r.again()
	}
	if what.Status == http.StatusInternalServerError {
		p.cfg.Logger.Error("the page failed", "path", r.URL.Path, "error", err)
	}
	if err := r.show(what.Status, "error", frame{Title: strconv.Itoa(what.Status), Contents: what}); err != nil {
		p.cfg.Logger.Error("the page failed to tell of an error", "path", r.URL.Path, "error", err)
		http.Error(r.w, http.StatusText(what.Status), what.Status)
	}
}

// again lets whoever looked look again in a moment, by themselves.
func (r *request) again() {
	r.w.Header().Set("Retry-After", "5")
	if r.Method == http.MethodGet {
		r.w.Header().Set("Refresh", "5")
	}
}

// failure is what error.html shows.
type failure struct {
	Status int
	Word   string // a key of the words; "" where Detail says it all
	Detail string
}

// show answers with a template.
func (r *request) show(status int, name string, f frame) error {
	f.Lang, f.Open, f.CSRF, f.Now = r.lang, r.p.sessions.open(), r.csrf, r.p.cfg.Now()
	f.Worker, f.Version = r.p.cfg.Worker, r.p.cfg.Version
	q := r.URL.Query()
	q.Del("lang")
	q.Del("done")
	f.Here, f.Join = ownPath(r.URL), "?"
	if r.Method == http.MethodPost {
		f.Here, q = "/", nil
	}
	if len(q) > 0 {
		f.Here, f.Join = f.Here+"?"+q.Encode(), "&"
	}
	if done := r.URL.Query().Get("done"); notices[done] {
		f.Notice = "done-" + done
	}
	var b bytes.Buffer
	if err := r.p.pages[r.lang].ExecuteTemplate(&b, name+".html", f); err != nil {
		return fmt.Errorf("write %s.html: %w", name, err)
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(r.lang))
	h.Add("Vary", "Accept-Language, Cookie")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	r.w.WriteHeader(status)
	_, _ = r.w.Write(b.Bytes()) // whoever went away does not want it
	return nil
}

// ownPath is a request's path as a link to it: one that begins with // would lead to a host of that name.
func ownPath(u *url.URL) string { return "/" + strings.TrimLeft(u.EscapedPath(), `/\`) }

// redirect answers with another of our own addresses, to be asked for by GET.
func (r *request) redirect(to string) error {
	http.Redirect(r.w, r.Request, to, http.StatusSeeOther)
	return nil
}

// notices are what ?done= may tell of.
var notices = map[string]bool{"pause": true, "resume": true, "cancel": true, "retry": true, "login": true, "logout": true,
	"schedule-pause": true, "schedule-resume": true, "schedule-run": true}
