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
	text   string   // on one line, without a comment behind it
	prints *string  // what a transcript says that it prints, or nil
	shows  []string // lines that a block behind it says are among what it prints, but for figures
}

func (c command) String() string { return fmt.Sprintf("%s:%d: %s", c.doc, c.line, c.text) }

// commands are those of a document's blocks, in order.
func (d *document) commands() []command {
	var all []command
	for i, b := range d.blocks {
		switch {
		case b.lang == "" && d.follows(i) && len(all) > 0 && len(d.blocks[i-1].lines) == 1:
			all[len(all)-1].shows = b.lines
		case b.lang == "console" || b.lang == "" && strings.HasPrefix(b.lines[0], "$ "):
			all = append(all, transcript(d.path, b)...)
		case slices.Contains(shells, b.lang):
			all = append(all, script(d.path, b)...)
		}
	}
	return all
}

// follows tells whether nothing stands between a block of commands and the block at index i, the next one.
func (d *document) follows(i int) bool {
	if i == 0 || !slices.Contains(shells, d.blocks[i-1].lang) {
		return false
	}
	from := d.blocks[i-1].line + len(d.blocks[i-1].lines) // the closing fence, from 0 it is the line after it
	return strings.TrimSpace(strings.Join(d.lines[from:d.blocks[i].line-2], "")) == ""
}

var (
	figure  = regexp.MustCompile(`[0-9]{8}-[0-9]{6}-[a-z0-9]{8}|under [0-9]+|[0-9][0-9,]*`)
	spaces  = regexp.MustCompile(` +`)
	retried = regexp.MustCompile(`(calls N) N .*`)
)

// plain is a line without what differs from one run to the next: IDs, numbers, the spaces that line them up, and how
// many calls were made again.
func plain(line string) string {
	line = figure.ReplaceAllString(line, "N")
	return retried.ReplaceAllString(strings.TrimSpace(spaces.ReplaceAllString(line, " ")), "$1")
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
