package main

import (
	"errors"
	"io/fs"
	"os"
	"time"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/terminal"
)

// count writes a number so that a person can read it: 1,234,567.
func count(n int64) string { return i18n.Grouped(n) }

// moment writes a time for a person: local, to the second.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// printable keeps texts from outside (labels, messages, file names) from steering the terminal that they are shown on.
func printable(s string) string { return terminal.Printable(s) }

// cell is printable on one line, and cut to a length in characters.
func cell(s string, most int) string {
	s = terminal.Line(s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)
	return string(runes[:most-1]) + "…"
}

// cause is why a file operation failed, without the path, which the sentence around it names.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	if e := (*os.LinkError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
