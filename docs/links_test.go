package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var link = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t) {
		if !strings.HasSuffix(d.path, ".md") {
			continue
		}
		for i, line := range d.lines {
			if d.within(i + 1) {
				continue
			}
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				file, anchor, _ := strings.Cut(m[1], "#")
				if file = path.Join(path.Dir(d.path), file); m[1][0] == '#' {
					file = d.path
				}
				if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
					t.Errorf("%s:%d: %s leads nowhere", d.path, i+1, m[1])
				} else if anchor != "" && !anchors(t, file)[anchor] {
					t.Errorf("%s:%d: %s has no section #%s", d.path, i+1, file, anchor)
				}
			}
		}
	}
}

// anchors are the sections of a document as GitHub names them.
func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, h := range markdown(file, read(t, file)).headings() {
		h = strings.ToLower(strings.TrimSpace(strings.TrimLeft(h, "#")))
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
				return r
			}
			return -1
		}, h)] = true
	}
	return all
}

var inTree = regexp.MustCompile(`^(internal|cmd|docs|bench|deploy|examples|\.ci)/[\w./*-]*$`)

func TestEveryFileThatADocumentNamesIsThere(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t) {
		for _, s := range d.spans {
			if inTree.MatchString(s.text) && len(glob(t, strings.TrimSuffix(s.text, "/"))) == 0 {
				t.Errorf("%s:%d: there is no %s", d.path, s.line, s.text)
			}
		}
	}
}
