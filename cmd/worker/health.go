package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/worker"
)

// health is the worker's page for machines. Its zero value serves nothing.
type health struct {
	srv      *http.Server
	listener net.Listener
	log      *slog.Logger
}

// listen begins to listen, so that an address in use is told at the start.
func listen(addr string, w *worker.Worker, figures http.Handler, log *slog.Logger) (health, error) {
	if addr == "" {
		return health{}, nil
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return health{}, job.Errorf(job.CodeIO, "--http %s: %w", addr, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, _ *http.Request) {
		if err := w.Ready(); err != nil {
			answer(rw, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(rw, http.StatusOK, "ok")
	})
	mux.Handle("GET /metrics", figures)
	log.Info("health is served", "address", ln.Addr().String())
	return health{listener: ln, log: log, srv: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}, nil
}

func answer(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	fmt.Fprintln(rw, text)
}

func (h health) serve() {
	if h.srv == nil {
		return
	}
	if err := h.srv.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
		h.log.Error("health is not served any more", "error", err)
	}
}

func (h health) close() error {
	if h.srv == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return h.srv.Shutdown(ctx)
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
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
