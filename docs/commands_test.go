package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// command is one that a document shows.
type command struct {
	doc    string
	line   int
	text   string  // on one line, without a comment behind it
	prints *string // what a transcript says that it prints, or nil
}

func (c command) String() string { return fmt.Sprintf("%s:%d: %s", c.doc, c.line, c.text) }

// commands are those of a document's blocks, in order.
func (d *document) commands() []command {
	var all []command
	for _, b := range d.blocks {
		switch {
		case b.lang == "console" || b.lang == "" && strings.HasPrefix(b.lines[0], "$ "):
			all = append(all, transcript(d.path, b)...)
		case slices.Contains(shells, b.lang):
			all = append(all, script(d.path, b)...)
		}
	}
	return all
}

// script reads a block whose every line is a command, or the rest of one that ends with a backslash.
func script(doc string, b block) []command {
	var all []command
	var text string
	start := 0
	for i, line := range b.lines {
		if text == "" {
			start = b.line + i
		}
		line = strings.TrimSpace(uncommented(line))
		line = said.ReplaceAllString(line, "")
		if rest, goes := strings.CutSuffix(line, `\`); goes {
			text += rest
			continue
		}
		if text += line; text != "" {
			all = append(all, command{doc: doc, line: start, text: strings.Join(strings.Fields(text), " ")})
		}
		text = ""
	}
	return all
}

// transcript reads a block of commands behind "$ " and, after each, what it prints.
func transcript(doc string, b block) []command {
	var all []command
	for i, line := range b.lines {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, command{doc: doc, line: b.line + i, text: uncommented(text)})
			continue
		}
		if len(all) == 0 {
			continue
		}
		last := &all[len(all)-1]
		if last.prints == nil {
			last.prints = new(string)
		}
		*last.prints += line + "\n"
	}
	return all
}

// said is what stands behind an example, far to the right.
var said = regexp.MustCompile(` {4,}[^-\s].*$`)

var comment = regexp.MustCompile(`(^|\s)#\s.*$`)

// uncommented cuts a comment off, which begins with a # that stands free.
func uncommented(line string) string {
	return strings.TrimRight(comment.ReplaceAllString(line, ""), " ")
}
