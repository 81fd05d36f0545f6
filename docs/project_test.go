package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fuzzes sees whether a package has the fuzz test that a command names.
func fuzzes(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	for _, path := range glob(t, strings.TrimPrefix(m[1], "./")+"/*_test.go") {
		if strings.Contains(read(t, path), "\nfunc "+m[2]+"(f *testing.F)") {
			return
		}
	}
	t.Errorf("%s\n%s has no %s", c, m[1], m[2])
}

// makes sees whether the Makefile has a target.
func makes(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	if _, ok := targets(t)[m[1]]; !ok {
		t.Errorf("%s\nthe Makefile has no target %s", c, m[1])
	}
}

// targets are those of the Makefile, with the lines of their recipes.
func targets(t *testing.T) map[string][]string {
	t.Helper()
	all, last := map[string][]string{}, ""
	for line := range strings.Lines(read(t, "Makefile")) {
		if recipe, ok := strings.CutPrefix(line, "\t"); ok {
			all[last] = append(all[last], strings.TrimSpace(recipe))
		} else if name, _, ok := strings.Cut(line, ":"); ok && regexp.MustCompile(`^[a-z]+$`).MatchString(name) {
			last, all[name] = name, nil
		}
	}
	return all
}

// What the Makefile runs is what CONTRIBUTING.md, README.md and .ci/run tell people to run, and is printed.
func TestTheMakefileHidesNothing(t *testing.T) {
	t.Parallel()
	told := read(t, "CONTRIBUTING.md") + read(t, "README.md")
	told += strings.ReplaceAll(read(t, ".ci/run"), `"$staticcheck"`, staticcheck(t))
	all := targets(t)
	if len(all) < 8 {
		t.Fatalf("it has %d targets", len(all))
	}
	for name, recipe := range all {
		for _, line := range recipe {
			known := name == "help" || strings.Contains(told, line) ||
				name == "race" || name == "fmt" // .ci/run builds these from parts
			if regexp.MustCompile(`^[@+-]`).MatchString(line) || !known {
				t.Errorf("make %s runs %q, which is hidden, or told nowhere else", name, line)
			}
			for _, path := range regexp.MustCompile(`\./[a-z][\w/]*`).FindAllString(line, -1) {
				if len(glob(t, path)) == 0 {
					t.Errorf("make %s: there is no %s", name, path)
				}
			}
		}
	}
}

// staticcheck is what .ci/run checks with, and its version.
func staticcheck(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^staticcheck=(\S+)$`).FindStringSubmatch(read(t, ".ci/run"))
	if m == nil {
		t.Fatal(".ci/run names no staticcheck")
	}
	return m[1]
}

// The workflow runs .ci/run, so that CI and people run the same.
func TestTheWorkflowRunsWhatPeopleRun(t *testing.T) {
	t.Parallel()
	var ci struct {
		Jobs map[string]struct {
			Container string
			Steps     []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, ".github/workflows/ci.yml")), &ci); err != nil {
		t.Fatal(err)
	}
	steps := ci.Jobs["run"].Steps
	if len(steps) == 0 || steps[len(steps)-1].Run != ".ci/run" {
		t.Errorf("its last step is not .ci/run: %+v", steps)
	}
	image, _, _ := strings.Cut(strings.TrimPrefix(ci.Jobs["run"].Container, "golang:"), "-")
	if version := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindStringSubmatch(read(t, "go.mod")); image != version[1] {
		t.Errorf("it runs Go %s, go.mod asks for %s", image, version[1])
	}
}

func TestIssueTemplatesAreWhole(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, ".github/ISSUE_TEMPLATE/*.yml") {
		var form struct {
			Name, Description string
			Body              []struct {
				Type       string
				ID         string
				Attributes map[string]any
			}
		}
		if err := yaml.Unmarshal([]byte(read(t, path)), &form); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if filepath.Base(path) == "config.yml" {
			continue
		}
		if form.Name == "" || form.Description == "" || len(form.Body) == 0 {
			t.Errorf("%s lacks a name, a description or fields", path)
		}
		for _, field := range form.Body {
			if field.Type != "markdown" && (field.ID == "" || field.Attributes["label"] == nil) {
				t.Errorf("%s: a field without an ID or a label: %+v", path, field)
			}
		}
	}
}

// A merge that takes both sides of CHANGELOG.md can bring entries back that were rewritten: they come without an empty line
// before them.
func TestTheChangelogIsWhole(t *testing.T) {
	t.Parallel()
	lines, seen := strings.Split(read(t, "CHANGELOG.md"), "\n"), map[string]bool{}
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			if i+1 < len(lines) && lines[i+1] != "" || i > 0 && lines[i-1] != "" {
				t.Errorf("CHANGELOG.md:%d: no empty line around %q", i+1, line)
			}
			if seen[line] {
				t.Errorf("CHANGELOG.md:%d: %q is there twice", i+1, line)
			}
			seen[line] = true
		}
	}
}

var logLine = regexp.MustCompile("^[a-z]+( [a-z]+;?){2,}$")

// What the runbook says that a log has is what the code logs.
func TestLogLinesOfTheRunbookAreLogged(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, pattern := range []string{"cmd/*/*.go", "internal/*/*.go", "internal/*/*/*.go"} {
		for _, path := range glob(t, pattern) {
			if !strings.HasSuffix(path, "_test.go") {
				code.WriteString(read(t, path))
			}
		}
	}
	found := 0
	for _, s := range markdown("docs/runbook.md", read(t, "docs/runbook.md")).spans {
		if !logLine.MatchString(s.text) || ours.MatchString(s.text) || strings.HasPrefix(s.text, "docker ") ||
			strings.HasPrefix(s.text, "systemctl ") {
			continue
		}
		if found++; !strings.Contains(code.String(), s.text) {
			t.Errorf("docs/runbook.md:%d: nothing logs %q", s.line, s.text)
		}
	}
	if found < 5 {
		t.Errorf("it quotes %d log lines", found)
	}
}
