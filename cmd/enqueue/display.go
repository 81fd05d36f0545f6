package main

import (
	"fmt"
	"io"
	"time"

	"github.com/storelink/storelink/internal/terminal"
)

// newDisplay gives the display that fits standard error.
func (a *app) newDisplay() display {
	t := a.tongue(a.errors)
	if a.errors.Moves {
		return &bar{w: a.err, width: a.errors.Width, tongue: t}
	}
	return &lines{w: a.err, tongue: t, now: time.Now, next: firstLine}
}

// bar draws over one line of a terminal. What cannot be written there is lost, and nothing else.
type bar struct {
	w      io.Writer
	tongue tongue
	width  func() int // of the terminal, in columns
	drawn  string     // what stands there; "" for nothing
}

// Of a bar: its bounds in columns, and what stands beside it ("100% ", " ", and a column to spare).
const (
	barMost   = 42
	barLeast  = 12
	barBeside = 7
)

// clearLine is what clears the line that the cursor is on.
const clearLine = "\x1b[2K\r"

func (b *bar) show(f figures) {
	text := b.tongue.figures(f)
	wide := b.width()
	room := min(barMost, wide-barBeside-terminal.Width(text))
	if room < barLeast {
		room = barLeast
		text = terminal.Cut(text, max(0, wide-barBeside-room))
	}
	b.drawn = fmt.Sprintf("%3d%% %s %s", f.percent(), terminal.Bar(f.done, max(f.total, 1), room), text)
	fmt.Fprint(b.w, clearLine+b.drawn)
}

func (b *bar) note(text string) {
	fmt.Fprint(b.w, clearLine+printable(text)+"\n"+b.drawn)
}

func (b *bar) close() {
	if b.drawn != "" {
		fmt.Fprint(b.w, clearLine)
		b.drawn = ""
	}
}

// lines writes a line now and then: soon at first, then seldom, so that a log of hours stays short.
type lines struct {
	w      io.Writer
	tongue tongue
	now    func() time.Time
	next   time.Duration // until the next line
	last   time.Time
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
	fmt.Fprintf(l.w, "%d %%: %s\n", f.percent(), l.tongue.figures(f))
	l.last, l.next = now, min(2*l.next, seldomLine)
}

func (l *lines) note(text string) { fmt.Fprintln(l.w, printable(text)) }

func (l *lines) close() {}
