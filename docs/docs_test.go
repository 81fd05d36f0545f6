package docs_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryCommandOfADocumentWorks(t *testing.T) {
	t.Parallel()
	english := map[string]bool{} // the documents' commands
	for _, d := range documents(t) {
		if d.path == "CHANGELOG.md" { // it tells of what there is; how to use it is told elsewhere
			continue
		}
		commands := append(d.commands(), d.mentioned(t)...)
		commands = slices.DeleteFunc(commands, func(c command) bool {
			if base, ok := strings.CutSuffix(d.path, ".zh-CN.md"); ok {
				return english[base+".md "+c.text] // it has the same, in the same order (readme_test.go)
			}
			english[d.path+" "+c.text] = true
			return false
		})
		if len(commands) == 0 {
			continue
		}
		t.Run(d.path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, d)
			for _, c := range commands {
				t.Log(c)
				w.run(t, c)
			}
		})
	}
}

func TestEveryExampleOfAHelpWorks(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"enqueue", "worker", "sandbox"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, markdown("README.md", read(t, "README.md")))
			for _, c := range examples(t, program) {
				began := time.Now()
				w.run(t, c)
				t.Log(time.Since(began), c)
			}
		})
	}
}

// examples are those that a program and its subcommands show by --help.
func examples(t *testing.T, program string) []command {
	t.Helper()
	var all []command
	for _, name := range slices.Sorted(maps.Keys(usages(t))) {
		if name != program && !strings.HasPrefix(name, program+" ") {
			continue
		}
		_, text, _ := strings.Cut(usages(t)[name].text, "\nExamples:\n")
		text, _, _ = strings.Cut(text, "\n\n")
		all = append(all, script(name+" --help", block{line: 1, lines: strings.Split(text, "\n")})...)
	}
	return all
}

var (
	ours    = regexp.MustCompile(`^(go run \./cmd/)?(enqueue|worker|sandbox) \S`)
	tools   = regexp.MustCompile(`^(redis-cli .*-u |(STORELINK_\w+=\S+ )?go (test|run|build) \./|make [a-z])`) // of others, that are as whole
	leftOut = regexp.MustCompile(`…|\.\.\.|NAME\b|PERCENT|\bN\b`)
)

// mentioned are the commands of ours in a document's text, where they are whole: `enqueue status JOB` is, while
// `enqueue resync` is its name alone.
func (d *document) mentioned(t *testing.T) []command {
	t.Helper()
	var all []command
	for _, s := range d.spans {
		c := command{doc: d.path, line: s.line, text: s.text}
		if tools.MatchString(s.text) && !leftOut.MatchString(s.text) {
			all = append(all, c)
			continue
		}
		if !ours.MatchString(s.text) || leftOut.MatchString(strings.ReplaceAll(s.text, "LIST …", "")) {
			continue
		}
		name, rest := subcommand(t, s.text)
		u := usages(t)[name]
		open := slices.ContainsFunc(u.valued, func(f string) bool { return strings.HasSuffix(rest, "--"+f) })
		if open || u.takes && rest == "" {
			continue
		}
		if !slices.ContainsFunc(all, func(o command) bool { return o.text == c.text }) {
			all = append(all, c)
		}
	}
	return all
}
