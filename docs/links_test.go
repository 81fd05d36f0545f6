package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
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

// An exported name of a package of ours, as `ledger.Moved`, in a document that tells how storelink is built.
var exportedName = regexp.MustCompile(`^([a-z][a-z0-9]*)\.([A-Z]\w*)(?:\.([A-Z]\w*))?(?:\(\))?$`)

func TestEveryNameOfTheCodeThatADocumentHasIsThere(t *testing.T) {
	t.Parallel()
	found := 0
	for _, path := range []string{"docs/architecture.md", "docs/adding-an-operation.md", "docs/asynq.md", "docs/glossary.md", "CONTRIBUTING.md"} {
		for _, s := range markdown(path, read(t, path)).spans {
			m := exportedName.FindStringSubmatch(s.text)
			if m == nil {
				continue
			}
			files := append(glob(t, "internal/"+m[1]+"/*.go"), glob(t, "internal/*/"+m[1]+"/*.go")...)
			if len(files) == 0 {
				continue // http.CrossOriginProtection, job IDs, …: another's
			}
			found++
			name := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?` + m[2] + `\b|type ` + m[2] + `\b|\t?` + m[2] + `\s|var ` + m[2] + `\b|const ` + m[2] + `\b)`)
			if !slices.ContainsFunc(files, func(f string) bool { return name.MatchString(read(t, f)) }) {
				t.Errorf("%s:%d: package %s has no %s", path, s.line, m[1], m[2])
			}
		}
	}
	if found < 3 {
		t.Errorf("they name %d", found)
	}
}
