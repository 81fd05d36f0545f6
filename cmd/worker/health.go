package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/worker"
)

// server is what the worker serves by HTTP: its health for machines, and the page for people. Its zero value serves
// nothing.
type server struct {
	srv      *http.Server
	listener net.Listener
	log      *slog.Logger
}

// listen begins to listen, so that an address in use is told at the start. The page goes by HTTPS where it has a
// certificate, and everything with it.
func listen(addr string, w *worker.Worker, people, figures http.Handler, hosts []string, certificate *web.Certificate,
	log *slog.Logger) (server, error) {
	if addr == "" {
		return server{}, nil
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return server{}, job.Errorf(job.CodeIO, "--http %s: %w", addr, err)
	}
	mux := http.NewServeMux()
	machines := func(pattern string, h http.Handler) { mux.Handle(pattern, web.ForMachines(hosts, h)) }
	machines("GET /healthz", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, http.StatusOK, "ok")
	}))
	machines("GET /readyz", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if err := w.Ready(); err != nil {
			answer(rw, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(rw, http.StatusOK, "ok")
	}))
	machines("GET /metrics", figures)
	mux.Handle("/", people)
	scheme, secure := "http", (*tls.Config)(nil)
	if certificate != nil {
		scheme, secure = "https", certificate.TLS()
	}
	log.Info("the page and the health are served", "address", scheme+"://"+ln.Addr().String())
	return server{listener: ln, log: log, srv: &http.Server{
		Handler: mux, TLSConfig: secure, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: web.LookTimeout + 4*time.Second,
		IdleTimeout:  time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}, nil
}

func answer(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	fmt.Fprintln(rw, text)
}

func (s server) serve() {
	if s.srv == nil {
		return
	}
	serve := s.srv.Serve
	if s.srv.TLSConfig != nil {
		serve = func(ln net.Listener) error { return s.srv.ServeTLS(ln, "", "") }
	}
	if err := serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("the page and the health are not served any more", "error", err)
	}
}

// close lets what is being answered come to its end, for a moment: a report that is being downloaded breaks off.
func (s server) close() error {
	if s.srv == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.srv.Close()
}

// healthcheck asks a running worker, for a container that has no other program to ask with.
func healthcheck(ctx context.Context, o options) error {
	c, err := o.load(config.LoadWithoutKeys)
	if err != nil {
		return err
	}
	if c.HTTP == "" {
		return job.Errorf(job.CodeUsage, "--healthcheck needs --http: without it the worker serves no health")
	}
	host, port, err := net.SplitHostPort(c.HTTP)
	if err != nil {
		return job.Errorf(job.CodeUsage, "--http %s: %w", c.HTTP, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here too
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	scheme, client := "http", &http.Client{}
	if c.Page.HTTPS {
		// The certificate is for other names than this address, and nothing is told to whoever answers.
		scheme = "https"
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return job.Errorf(job.CodeLane, "the worker does not answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil || res.StatusCode != http.StatusOK {
		return job.Errorf(job.CodeLane, "the worker answers %s %s", res.Status, body)
	}
	return nil
}
