package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Printable keeps a text from outside from steering the terminal: what is no visible character or space (control
// characters, and with them escape sequences; marks that turn the direction of writing; broken UTF-8) becomes U+FFFD. Line
// breaks stay.
func Printable(s string) string {
	return masked(s, func(rune) string { return "\uFFFD" })
}

// JSON does for a JSON document what Printable does for a text, by the escapes that JSON has for any character: what it says
// stays the same.
func JSON(document string) string {
	return masked(document, func(r rune) string {
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		return b.String()
	})
}

// masked puts something else in the place of each character that is not printable.
func masked(s string, mask func(rune) string) string {
	clean := func(r rune) bool { return r == '\n' || r != utf8.RuneError && unicode.IsGraphic(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if clean(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(mask(r))
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

// Wrap breaks a text into lines of at most so many columns, at spaces and between Chinese characters, none of which is left
// without the mark that closes it; a word that is wider than a line is broken where the line ends. 0 is no bound, and two
// columns, a Chinese character's room, are the least.
func Wrap(s string, most int) []string {
	if most <= 0 || Width(s) <= most {
		return []string{s}
	}
	most = max(2, most)
	var lines []string
	line := ""
	for _, word := range words(s) {
		if Width(line)+Width(strings.TrimRight(word, " ")) <= most {
			line += word
			continue
		}
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
		for Width(strings.TrimRight(word, " ")) > most {
			head := ansi.Truncate(word, most, "")
			if head == "" {
				break // one character that is wider than any that is known
			}
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line = strings.TrimRight(line, " "); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// words cuts a text into what stays on one line where it can, each with the spaces behind it.
func words(s string) []string {
	var out []string
	from, last, ink := 0, ' ', ' ' // ink is the last that is no space
	for at, r := range s {
		counted := last == ' ' && wide(r) && unicode.IsDigit(ink) // 4 秒
		begins := r != ' ' && (last == ' ' || wide(r) || wide(last)) && !counted
		if begins && at > from && !strings.ContainsRune("，。、；：！？）》”’", r) && !strings.ContainsRune("（《“‘", last) {
			out, from = append(out, s[from:at]), at
		}
		if last = r; r != ' ' {
			ink = r
		}
	}
	return append(out, s[from:])
}

func wide(r rune) bool { return r >= 0x1100 && Width(string(r)) == 2 }
