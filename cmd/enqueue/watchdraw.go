package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"

	"github.com/storelink/storelink/internal/job"
)

// redrawEvery is how often watch looks, and tells how long something has lasted.
const redrawEvery = time.Second

// What the model is told.
type (
	seen   struct{ sight sight }
	missed struct {
		err       error
		since, at time.Time
	}
	leave struct{ err error } // the end, and what it is an error of
)

// watching is the program that draws: all that it knows comes in messages.
type watching struct {
	frames *frames
	width  int
	height int
	err    error // why it ended; nil where the job did, or everything was watched and that is enough
}

func (w *watching) Init() tea.Cmd { return nil }

func (w *watching) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		w.width, w.height = m.Width, m.Height
	case seen:
		w.frames.see(m.sight)
		if s := m.sight.subject; s != nil && s.State.Ended() {
			return w, tea.Quit
		}
	case missed:
		w.frames.miss(m)
	case leave:
		w.err = m.err
		return w, tea.Quit
	case tea.KeyPressMsg:
		switch m.String() {
		case "ctrl+c":
			w.err = w.interrupted()
			return w, tea.Quit
		case "q", "esc":
			if w.frames.id != "" {
				w.err = w.interrupted()
			}
			return w, tea.Quit
		case "ctrl+z":
			return w, tea.Suspend
		}
	}
	return w, nil
}

// interrupted is the error of a person who leaves before the end.
func (w *watching) interrupted() error {
	if w.frames.id == "" {
		return job.Fail(job.CodeInterrupted, "cmd.interrupted_watch")
	}
	return (&follow{id: w.frames.id}).interrupted()
}

func (w *watching) View() tea.View {
	v := tea.NewView(strings.Join(w.frames.draw(w.width, w.height), "\n"))
	v.AltScreen = true
	return v
}

// draws says whether watch draws: where a person looks at a terminal whose cursor can be moved.
func (a *app) draws() bool { return !a.json && a.screen.Moves && a.errors.Moves }

// watch draws a job or batch, or everything at work where id is "", until it ends or the person leaves.
func (a *app) watch(ctx context.Context, s *site, id string, timeout time.Duration) error {
	t := a.tongue(a.screen)
	w := &watching{frames: &frames{tongue: t, screen: a.screen, id: id}}
	profile := colorprofile.Ascii
	if a.screen.Colour {
		profile = colorprofile.ANSI
	}
	// Signals are the command's, and end ctx.
	opts := []tea.ProgramOption{tea.WithOutput(a.out.w), tea.WithInput(nil), tea.WithEnvironment(a.environ), tea.WithFPS(20),
		tea.WithColorProfile(profile), tea.WithoutSignalHandler()}
	if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		opts = append(opts, tea.WithInput(f))
	}
	p := tea.NewProgram(w, opts...)
	looking, stop := context.WithCancel(ctx)
	var lookers sync.WaitGroup
	lookers.Go(func() {
		err := (&looker{ledger: s.ledger, id: id}).keep(looking, timeout, p.Send)
		if ctx.Err() != nil {
			err = w.interrupted()
		}
		p.Send(leave{err}) // after the end nobody listens
	})
	_, err := p.Run()
	stop()
	lookers.Wait()
	switch {
	case err != nil:
		return job.Fail(job.CodeIO, "cmd.no_drawing", "error", err)
	case w.err != nil:
		return w.err
	case w.frames.last.subject == nil:
		return nil
	}
	return a.ended(*w.frames.last.subject, "")
}
