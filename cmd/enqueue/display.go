package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// newDisplay gives the display that fits standard error.
func (a *app) newDisplay() display {
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !a.dumb() {
		return &bar{w: f, width: func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return 80
			}
			return width
		}}
	}
	return &lines{w: a.err, now: time.Now, next: firstLine}
}

// dumb says whether the terminal has said that it cannot move its cursor.
func (a *app) dumb() bool {
	for _, kv := range a.environ {
		if kv == "TERM=dumb" {
			return true
		}
	}
	return false
}

// bar draws over one line of a terminal. What cannot be written there is lost, and nothing else.
type bar struct {
	w     io.Writer
	width func() int
	line  string // what stands there; empty if nothing does
}

// Of a bar: its bounds in characters, and what goes to the line's start and clears it.
const (
	barMost   = 40
	barLeast  = 10
	clearLine = "\r\x1b[K"
)

func (b *bar) show(f figures) {
	text := f.text()
	most := b.width() - 1 // a full line would wrap
	room := min(barMost, most-utf8.RuneCountInString(text)-3)
	line := text
	if room >= barLeast {
		full := 0
		if f.total > 0 {
			full = int(f.done * int64(room) / f.total)
		}
		line = "[" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "] " + text
	} else if runes := []rune(text); len(runes) > most {
		line = string(runes[:max(most, 0)])
	}
	if line != b.line {
		fmt.Fprint(b.w, clearLine+line)
		b.line = line
	}
}

func (b *bar) note(text string) {
	fmt.Fprint(b.w, clearLine+printable(text)+"\n"+b.line)
}

func (b *bar) close() {
	if b.line != "" {
		fmt.Fprint(b.w, clearLine)
		b.line = ""
	}
}

// lines writes a line now and then: soon at first, then seldom, so that a log of hours stays short.
type lines struct {
	w    io.Writer
	now  func() time.Time
	next time.Duration // until the next line
	last time.Time
}

// When lines are written.
const (
	firstLine  = time.Second
	seldomLine = 30 * time.Second
)

func (l *lines) show(f figures) {
	now := l.now()
	if l.last.IsZero() {
		l.last = now
		return
	}
	if now.Sub(l.last) < l.next {
		return
	}
	fmt.Fprintln(l.w, f.text())
	l.last, l.next = now, min(2*l.next, seldomLine)
}

func (l *lines) note(text string) { fmt.Fprintln(l.w, printable(text)) }

func (l *lines) close() {}
