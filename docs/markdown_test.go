package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// document is a text of this repository that tells people what to type.
type document struct {
	path   string // relative to the repository's root, with slashes
	lines  []string
	blocks []block
	spans  []span
}

// block is a fenced or an indented block of code, or the commands of a comment.
type block struct {
	lang  string // "" where the fence names none
	line  int    // of its first line, from 1
	lines []string
}

// span is a piece of `code` within a line.
type span struct {
	line int
	text string
}

// The languages of blocks that hold commands.
var shells = []string{"sh", "bash", "shell", "console"}

// programs are those that a comment's indented line begins with where it is a command.
var programs = []string{"worker", "enqueue", "sandbox", "docker", "cp", "export", "go", "curl", "systemctl", "sudo",
	"journalctl", "install"}

// documents are all that are checked: what people read, and what has commands in its comments.
func documents(t *testing.T) []*document {
	t.Helper()
	var all []*document
	for _, pattern := range []string{"*.md", "docs/*.md", ".github/*.md", "examples/*.md", "bench/*.md", "deploy/*.md",
		"deploy/*/*.md"} {
		for _, path := range glob(t, pattern) {
			all = append(all, markdown(path, read(t, path)))
		}
	}
	for _, pattern := range []string{"storelink.example.yaml", "docker-compose.yml", "Dockerfile", "deploy/*/*.service",
		"deploy/*/*.example", "deploy/*/*.yml", "deploy/*/*.yaml"} {
		for _, path := range glob(t, pattern) {
			all = append(all, comments(path, read(t, path)))
		}
	}
	return all
}

// root is the repository's.
const root = ".."

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range found {
		if found[i], err = filepath.Rel(root, path); err != nil {
			t.Fatal(err)
		}
		found[i] = filepath.ToSlash(found[i])
	}
	slices.Sort(found)
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

var (
	fence    = regexp.MustCompile("^( *)(```+|~~~+) *([A-Za-z0-9_-]*) *$")
	code     = regexp.MustCompile("(`+)([^`\n]+)(`+)")
	listItem = regexp.MustCompile(`^ *([-*+]|[0-9]+\.) `)
)

// markdown reads as much of Markdown as these documents use.
func markdown(path, text string) *document {
	d := &document{path: path, lines: strings.Split(text, "\n")}
	var open *block // the fenced block that is being read
	var indent, mark string
	inList, blank := false, true
	for i, line := range d.lines {
		if m := fence.FindStringSubmatch(line); m != nil && (open == nil || strings.HasPrefix(m[2], mark) && m[3] == "") {
			if open == nil {
				open, indent, mark = &block{lang: m[3], line: i + 2}, m[1], m[2]
				continue
			}
			d.blocks = append(d.blocks, *open)
			open, blank = nil, true
			continue
		}
		switch {
		case open != nil:
			open.lines = append(open.lines, strings.TrimPrefix(line, indent))
			continue
		case line == "":
			blank = true
			continue
		case strings.HasPrefix(line, "    ") && !inList && (blank || indented(d, i)):
			if !indented(d, i) {
				d.blocks = append(d.blocks, block{lang: "sh", line: i + 1})
			}
			last := &d.blocks[len(d.blocks)-1]
			last.lines = append(last.lines, line[4:])
			blank = false
			continue
		}
		inList = listItem.MatchString(line) || inList && strings.HasPrefix(line, " ")
		blank = false
		for _, m := range code.FindAllStringSubmatch(line, -1) {
			d.spans = append(d.spans, span{line: i + 1, text: strings.TrimSpace(m[2])})
		}
	}
	return d
}

// indented tells whether the line before the one at index i is the last of an indented block.
func indented(d *document, i int) bool {
	if len(d.blocks) == 0 {
		return false
	}
	b := d.blocks[len(d.blocks)-1]
	return b.line+len(b.lines) == i+1 && i > 0 && strings.HasPrefix(d.lines[i-1], "    ")
}

// comments reads the commands that stand in a file's comments: lines that are indented there and begin with a program.
func comments(path, text string) *document {
	d := &document{path: path, lines: strings.Split(text, "\n")}
	goes := false // on in the next line
	for i, line := range d.lines {
		said, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		said, deep := strings.CutPrefix(said, "    ")
		said = strings.TrimSpace(said)
		first, _, _ := strings.Cut(said, " ")
		switch {
		case ok && goes:
			last := &d.blocks[len(d.blocks)-1]
			last.lines = append(last.lines, said)
		case ok && deep && slices.Contains(programs, first):
			d.blocks = append(d.blocks, block{lang: "sh", line: i + 1, lines: []string{said}})
		default:
			goes = false
			continue
		}
		goes = strings.HasSuffix(said, `\`)
	}
	return d
}

// headings are the levels and texts of a Markdown document's.
func (d *document) headings() []string {
	var all []string
	for i, line := range d.lines {
		if strings.HasPrefix(line, "#") && strings.Contains(line, "# ") && !d.within(i+1) {
			all = append(all, line)
		}
	}
	return all
}

// within tells whether a line, counted from 1, is one of a block.
func (d *document) within(line int) bool {
	return slices.ContainsFunc(d.blocks, func(b block) bool { return b.line <= line && line < b.line+len(b.lines) })
}

// tables are the numbers of rows and of columns of each table, its header among them.
func (d *document) tables() [][2]int {
	var all [][2]int
	var rows, columns int
	for i, line := range append(slices.Clone(d.lines), "") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "|") && !d.within(i+1) {
			rows++
			columns = max(columns, strings.Count(code.ReplaceAllString(line, ""), "|")-1)
		} else if rows > 0 {
			all = append(all, [2]int{rows, columns})
			rows, columns = 0, 0
		}
	}
	return all
}
