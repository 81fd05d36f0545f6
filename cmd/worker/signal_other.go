//go:build !unix

package main

import "os"

// hangups gives no signals: there is no SIGHUP here, and the worker is started again to read its accounts.
func hangups() (<-chan os.Signal, func()) { return nil, func() {} }
