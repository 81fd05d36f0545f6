// Package web is the dashboard: what people see of a worker in a browser: the accounts, the jobs, batches and schedules as they move,
// what became of every store, and the reports. Who has the token may pause, resume, cancel and retry; without one the page
// can only be looked at.
//
// It is HTML made by the server, with a little script that renews what has changed; everything it needs is in the program.
// It must never show a secret, put a text that came from outside into a page as anything but text, or change anything
// because another page asked for it.
package web

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/trace"
)

// Config is what a page is made of. Redis, Ledger, Queue and Book are needed, and lead to the same Redis.
type Config struct {
	Redis  redis.UniversalClient
	Ledger *ledger.Ledger
	Queue  *queue.Queue
	Book   *schedule.Book

	Token      secret.Text // who has it may change things; empty: nobody may
	LoginToSee bool        // it takes the token to see anything
	// TrustedProxies are the reverse proxies whose word is taken for whom a request comes from (X-Forwarded-For,
	// X-Forwarded-Proto).
	TrustedProxies []netip.Prefix
	Hosts          []string // names, in lower case, under which the page is reached, beside IP addresses and localhost
	Worker         string   // the worker's ID, for people
	Version        string
	Logger         *slog.Logger
	Tracer         *trace.Tracer // of what is retried; nil for none

	// Now is the clock; time.Now unless set.
	Now func() time.Time
}

// LookTimeout is how long it may take to show something. The server must give more than that: what took too long is told.
const LookTimeout = 8 * time.Second

// How long a request may take.
const (
	lookTimeout     = LookTimeout
	steerTimeout    = 5 * time.Minute // a retry reads the whole list
	downloadTimeout = time.Hour
	writeTimeout    = time.Minute // for a piece of a download to be taken
)

// How much a worker does at a time for those who look, so that it has time and memory left for its calls. Each of these
// reads the ledger as fast as it can; a workbook takes memory too, some 50 MiB for each million of stores.
const (
	downloadsAtOnce = 4
	workbooksAtOnce = 1
	searchesAtOnce  = 1
	looksAtOnce     = 6
	turnTimeout     = 5 * time.Second // until it is one's turn

	// How long a place stays empty after each, as a multiple of how long it was taken: so all searches together take a
	// quarter of the time at most, whoever asks for them without end.
	searchRest   = 3
	lookRest     = 1
	downloadRest = 0.25
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/*
var assets embed.FS

// Page serves the page. It is safe for concurrent use.
type Dashboard struct {
	cfg       Config
	desk      *control.Controller
	sessions  *sessions
	rates     *rates
	pages     map[catalogue.Lang]*template.Template
	assets    map[string]asset
	downloads turns
	workbooks turns
	searches  [2]turns // of strangers, and of those who have logged in, whom strangers cannot keep waiting
	looks     [2]turns

	proxyNoted sync.Once
	handler    http.Handler
}

// New gives a page. It holds nothing that would have to be given back; the Redis client stays its owner's.
func New(cfg Config) (*Dashboard, error) {
	if cfg.Redis == nil || cfg.Ledger == nil || cfg.Queue == nil || cfg.Book == nil {
		return nil, errors.New("a page needs Redis, a ledger, a queue and the schedules")
	}
	if cfg.LoginToSee && cfg.Token.Empty() {
		return nil, errors.New("a page that it takes a token to see needs a token")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Dashboard{cfg: cfg, desk: &control.Controller{Ledger: cfg.Ledger, Queue: cfg.Queue, Tracer: cfg.Tracer}, rates: newRates(),
		downloads: newTurns(downloadsAtOnce, downloadRest), workbooks: newTurns(workbooksAtOnce, downloadRest),
		searches: [2]turns{newTurns(searchesAtOnce, searchRest), newTurns(searchesAtOnce, searchRest)},
		looks:    [2]turns{newTurns(looksAtOnce, lookRest), newTurns(looksAtOnce, lookRest)}}
	p.sessions = newSessions(cfg)
	var err error
	if p.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("read the page's assets: %w", err)
	}
	p.pages = map[catalogue.Lang]*template.Template{}
	for _, lang := range []catalogue.Lang{catalogue.Chinese, catalogue.English} {
		if p.pages[lang], err = template.New("").Funcs(p.words(lang)).ParseFS(templates, "templates/*.html"); err != nil {
			return nil, fmt.Errorf("read the page's templates: %w", err)
		}
	}
	p.handler = p.guard(p.routes())
	return p, nil
}

// ServeHTTP serves all paths.
func (p *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// routes says what is served where.
func (p *Dashboard) routes() http.Handler {
	mux := http.NewServeMux()
	look := func(pattern string, show func(*request) error) {
		mux.Handle(pattern, p.handle(lookTimeout, false, func(r *request) error { return r.inTurn(p.looks, "looks-busy", show) }))
	}
	look("GET /{$}", p.home)
	mux.Handle("GET /jobs", p.handle(lookTimeout, false, p.jobs))
	look("GET /jobs/{id}", p.job)
	mux.Handle("GET /jobs/{id}/stores", p.handle(lookTimeout, false, p.stores))
	look("GET /schedules", p.schedules)
	look("GET /schedules/{name}", p.schedule)
	mux.Handle("GET /login", p.handle(lookTimeout, false, p.loginForm))
	mux.Handle("POST /login", p.handle(lookTimeout, false, p.login))
	mux.Handle("POST /logout", p.handle(lookTimeout, false, p.logout))
	for _, format := range formats {
		mux.Handle("GET /jobs/{id}/report."+string(format.format), p.handle(downloadTimeout, false, func(r *request) error {
			return p.download(r, format)
		}))
	}
	for _, verb := range []control.Verb{control.Pause, control.Resume, control.Cancel} {
		mux.Handle("POST /jobs/{id}/"+string(verb), p.handle(steerTimeout, true, func(r *request) error { return p.steer(r, verb) }))
	}
	mux.Handle("POST /jobs/{id}/retry", p.handle(steerTimeout, true, p.retry))
	for _, verb := range []string{"pause", "resume", "run"} {
		mux.Handle("POST /schedules/{name}/"+verb, p.handle(steerTimeout, true, func(r *request) error {
			return p.steerSchedule(r, verb)
		}))
	}
	mux.HandleFunc("GET /assets/{name}", p.asset)
	look("GET /queues", p.queues)
	mux.Handle("GET /asynq/", p.handle(lookTimeout, false, func(r *request) error { return r.redirect("/queues") })) // as it was called
	mux.Handle("/", p.handle(lookTimeout, false, func(r *request) error { return r.notFound() }))
	return mux
}

func (p *Dashboard) proxies() proxies { return p.cfg.TrustedProxies }

// inTurn does something when it is its turn; busy is the word for that there was none.
func (r *request) inTurn(t [2]turns, busy string, do func(*request) error) error {
	whose := 0
	if r.csrf != "" {
		whose = 1
	}
	done := t[whose].take(r.Context())
	if done == nil {
		r.w.Header().Set("Retry-After", "5")
		return r.refuse(http.StatusServiceUnavailable, busy)
	}
	defer done()
	return do(r)
}
