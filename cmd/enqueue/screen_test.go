//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// screen is a terminal with a person before it, on which a test runs the command.
type screen struct {
	t   *testing.T
	pty *os.File // the person's end
	tty *os.File // the command's end

	mu      sync.Mutex
	vt      *vt.Emulator
	raw     strings.Builder
	changed chan struct{} // closed at the next change
}

// newScreen opens a terminal of so many columns and rows.
func newScreen(t *testing.T, columns, rows int) *screen {
	t.Helper()
	s := &screen{t: t, vt: vt.NewEmulator(columns, rows), changed: make(chan struct{})}
	var err error
	if s.pty, s.tty, err = pty.Open(); err != nil {
		t.Skipf("there is no pseudo-terminal: %v", err)
	}
	if err := pty.Setsize(s.pty, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := s.pty.Read(buf)
			if n > 0 {
				s.mu.Lock()
				s.raw.Write(buf[:n])
				_, _ = s.vt.Write(buf[:n])
				close(s.changed)
				s.changed = make(chan struct{})
				s.mu.Unlock()
			}
			if err != nil {
				return // the command's end was closed
			}
		}
	})
	busy.Go(func() { // what the terminal answers when it is asked what it can do
		buf := make([]byte, 4<<10)
		for {
			n, err := s.vt.Read(buf)
			if n > 0 {
				_, _ = s.pty.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = s.tty.Close()
		if c, ok := s.vt.InputPipe().(io.Closer); ok { // what Close does, without the race with Read that it has
			_ = c.Close()
		}
		_ = s.pty.Close()
		busy.Wait()
	})
	return s
}

// enqueue runs the command on the terminal until it ends.
func (s *screen) enqueue(ctx context.Context, environ []string, args ...string) <-chan int {
	return s.enqueueFrom(ctx, s.tty, environ, args...)
}

// enqueueFrom is enqueue with another standard input than the terminal.
func (s *screen) enqueueFrom(ctx context.Context, stdin io.Reader, environ []string, args ...string) <-chan int {
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, stdin, s.tty, s.tty, append([]string{"TERM=xterm-256color"}, environ...))
	}()
	return ended
}

// restored says whether the terminal is as a shell expects it: its cursor to be seen, its keys echoed.
func (s *screen) restored(before *term.State) bool {
	s.t.Helper()
	after, err := term.GetState(int(s.tty.Fd()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return reflect.DeepEqual(before, after) && !s.vt.CursorHidden()
}

// text is what is on the screen, without colours.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown()
}

func (s *screen) shown() string {
	lines := strings.Split(ansi.Strip(s.vt.Render()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(lines[i], unicode.IsSpace)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// screenPatience ends a wait for what never comes. On a busy machine a call may be made again first.
const screenPatience = 90 * time.Second

// until waits until the screen shows all of the texts, and gives what it shows.
func (s *screen) until(texts ...string) string {
	s.t.Helper()
	return s.when(fmt.Sprintf("all of %q", texts), func(shown string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(shown, text) })
	})
}

// when waits until it is so on the screen, and gives what it shows.
func (s *screen) when(what string, so func(shown string) bool) string {
	s.t.Helper()
	late := time.After(screenPatience)
	for {
		s.mu.Lock()
		shown, changed := s.shown(), s.changed
		s.mu.Unlock()
		if so(shown) {
			return shown
		}
		select {
		case <-changed:
		case <-late:
			s.t.Fatalf("the screen never showed %s:\n%s", what, shown)
		}
	}
}

// exits waits for the command's end.
func (s *screen) exits(ended <-chan int, status int) {
	s.t.Helper()
	select {
	case got := <-ended:
		if got != status {
			s.t.Errorf("exit status %d, want %d:\n%s", got, status, s.text())
		}
	case <-time.After(screenPatience):
		s.t.Fatalf("the command never ends:\n%s", s.text())
	}
}

// presses presses keys.
func (s *screen) presses(keys string) {
	s.t.Helper()
	if _, err := s.pty.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// resize makes the window of another size, and tells the process.
func (s *screen) resize(columns, rows int) {
	s.t.Helper()
	s.mu.Lock()
	s.vt.Resize(columns, rows)
	s.mu.Unlock()
	if err := pty.Setsize(s.pty, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)}); err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		s.t.Fatal(err)
	}
}
