package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

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
	drawn  *progressbar.ProgressBar
	wide   int // the terminal's width when it was drawn
}

// Of a bar: its bounds in columns, and what stands beside it (" 100% [", "]  ", " ", and a column to spare).
const (
	barMost   = 40
	barLeast  = 10
	barBeside = 12
)

func (b *bar) show(f figures) {
	text := b.tongue.figures(f)
	wide := b.width()
	room := min(barMost, wide-barBeside-terminal.Width(text))
	if room < barLeast {
		room = barLeast
		text = terminal.Cut(text, wide-barBeside-room)
	}
	if b.drawn == nil || wide != b.wide {
		b.close()
		b.wide = wide
	}
	if b.drawn == nil {
		b.drawn = progressbar.NewOptions64(max(f.total, 1), progressbar.OptionSetWriter(b.w), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetWidth(room), progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionSetTheme(progressbar.ThemeASCII))
	}
	b.drawn.Describe(text)
	_ = b.drawn.Set64(min(f.done, f.total-1)) // the last step would end the bar: that is for close
}

func (b *bar) note(text string) {
	b.clear()
	fmt.Fprint(b.w, printable(text)+"\n")
	if b.drawn != nil {
		_ = b.drawn.RenderBlank()
	}
}

func (b *bar) close() {
	b.clear()
	b.drawn = nil
}

func (b *bar) clear() {
	if b.drawn != nil {
		_ = b.drawn.Clear()
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
