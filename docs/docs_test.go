package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryCommandOfADocumentWorks(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t) {
		commands := append(d.commands(), d.mentioned(t)...)
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

var (
	ours    = regexp.MustCompile(`^(go run \./cmd/)?(enqueue|worker|sandbox) \S`)
	leftOut = regexp.MustCompile(`…|\.\.\.|NAME\b|PERCENT|\bN\b`)
)

// mentioned are the commands of ours in a document's text, where they are whole: `enqueue status JOB` is, while
// `enqueue resync` is its name alone.
func (d *document) mentioned(t *testing.T) []command {
	t.Helper()
	var all []command
	for _, s := range d.spans {
		c := command{doc: d.path, line: s.line, text: s.text}
		if !ours.MatchString(s.text) || leftOut.MatchString(strings.ReplaceAll(s.text, "LIST …", "")) {
			continue
		}
		name, rest := subcommand(t, s.text)
		u := usages(t)[name]
		if u.takes && rest == "" || slices.ContainsFunc(u.valued, func(f string) bool { return strings.HasSuffix(rest, "--"+f) }) {
			continue
		}
		if !slices.ContainsFunc(all, func(o command) bool { return o.text == c.text }) {
			all = append(all, c)
		}
	}
	return all
}
