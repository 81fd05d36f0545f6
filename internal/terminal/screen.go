// Package terminal is what a person's terminal can do, and how texts and tables are laid out on it: colours where it has
// them, tables that fit its width, and Chinese characters counted as the two columns that they take.
//
// It must never let a text from outside (a store's ID, a message, a label) steer the terminal that it is shown on, and never
// change what a program reads: where the output is no terminal, a table is plain and keeps every column whole.
package terminal

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Screen is what is known of an output. The zero value is an output that is no terminal: no width, no colours.
type Screen struct {
	Terminal bool       // a person is looking at it
	Colour   bool       // SGR sequences may be written to it
	Moves    bool       // its cursor can be moved: it is a terminal, and not a dumb one
	Size     func() int // its width in columns as it is now; nil for one without end
}

// unknownWidth is a terminal's that does not tell it.
const unknownWidth = 80

// Of tells what an output can do, by what it is and by the environment: NO_COLOR set to anything takes the colours away
// (no-color.org), CLICOLOR_FORCE set to anything but 0 gives them even to what is no terminal, CLICOLOR=0 and TERM=dumb
// have none (bixense.com/clicolors).
func Of(out io.Writer, environ []string) Screen {
	env := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			env[name] = value
		}
	}
	var s Screen
	f, isFile := out.(*os.File)
	if isFile && term.IsTerminal(int(f.Fd())) {
		s.Terminal, s.Moves = true, env["TERM"] != "dumb"
		s.Size = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return unknownWidth
			}
			return width
		}
	}
	force := env["CLICOLOR_FORCE"]
	switch {
	case env["NO_COLOR"] != "":
	case force != "" && force != "0":
		s.Colour = true
	default:
		s.Colour = s.Moves && env["CLICOLOR"] != "0"
	}
	return s
}

// Typed says whether an input is a terminal, at which a person types.
func Typed(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width is how many columns there are now; 0 for no bound.
func (s Screen) Width() int {
	if s.Size == nil {
		return 0
	}
	return max(1, s.Size())
}

// Plain says that the output is for programs as much as for people: no terminal, and no colours asked for.
func (s Screen) Plain() bool { return !s.Terminal && !s.Colour }

// Style is how a text looks, an SGR sequence's parameters. There are but the sixteen colours that a terminal's owner has
// chosen: they can be read on any background.
type Style string

// The styles.
const (
	None   Style = ""
	Bold   Style = "1"
	Faint  Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// Paint gives a text in a style, where there are colours.
func (s Screen) Paint(style Style, text string) string {
	if !s.Colour || style == None || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}
