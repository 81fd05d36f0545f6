package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Printable keeps a text from outside from steering the terminal: what is no visible character or space (control
// characters, and with them escape sequences; marks that turn the direction of writing; broken UTF-8) becomes U+FFFD. Line
// breaks stay.
func Printable(s string) string {
	clean := func(r rune) bool { return r == '\n' || r != utf8.RuneError && unicode.IsGraphic(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if clean(r) {
			b.WriteRune(r)
		} else {
			b.WriteRune('\uFFFD')
		}
	}
	return b.String()
}

// Line is Printable on one line.
func Line(s string) string { return strings.ReplaceAll(Printable(s), "\n", " ") }

// Width is how many columns a text takes: two for a Chinese character. Sequences of our own (Paint) take none.
func Width(s string) int { return ansi.StringWidth(s) }

// Cut gives a text in at most so many columns, with an ellipsis where something is missing.
func Cut(s string, most int) string {
	switch {
	case most <= 0:
		return ""
	case Width(s) <= most:
		return s
	}
	return ansi.Truncate(s, most, "…")
}

// Pad gives a text in exactly so many columns, or in more if it is wider: it stands at the left, or at the right.
func Pad(s string, columns int, right bool) string {
	blank := strings.Repeat(" ", max(0, columns-Width(s)))
	if right {
		return blank + s
	}
	return s + blank
}

// Wrap breaks a text into lines of at most so many columns, at spaces where it can and else anywhere, as between Chinese
// characters. 0 is no bound.
func Wrap(s string, most int) []string {
	if most <= 0 || Width(s) <= most {
		return []string{s}
	}
	return strings.Split(ansi.Wrap(s, max(2, most), ""), "\n") // two columns, so that a Chinese character has room
}
