//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// hangups gives the signals that tell the worker to read its accounts again, and what stops them.
func hangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1) // of several that come during a reload one is enough
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
