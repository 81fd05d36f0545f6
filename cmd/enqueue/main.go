// Command enqueue is the operator's command line: it submits jobs, follows them, steers them and writes their reports.
//
// It must never send a store of a list that was not read to a clean end, never print anything but the one document to
// standard output with --json, and never show a key or a password.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/storelink/storelink/internal/redisconn"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops what is under way, a second one kills the process as usual
	redisconn.LogTo(slog.New(slog.DiscardHandler))
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(status)
}
