package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pairs are the documents that are there in both languages and say the same, English first. docs/architecture.zh-CN.md is a
// short form, and no pair of another.
func pairs(t *testing.T) (all [][2]*document) {
	t.Helper()
	for _, path := range append(glob(t, "*.zh-CN.md"), glob(t, "docs/*.zh-CN.md")...) {
		if path == "docs/architecture.zh-CN.md" {
			continue
		}
		english := strings.Replace(path, ".zh-CN.md", ".md", 1)
		all = append(all, [2]*document{markdown(english, read(t, english)), markdown(path, read(t, path))})
	}
	if len(all) < 3 {
		t.Fatalf("there are %d documents in both languages", len(all))
	}
	return all
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	for _, pair := range pairs(t) {
		t.Run(pair[0].path, func(t *testing.T) {
			t.Parallel()
			sameForm(t, pair[0], pair[1])
		})
	}
}

func sameForm(t *testing.T, english, chinese *document) {
	t.Helper()
	levels := func(d *document) []string {
		var all []string
		for _, h := range d.headings() {
			all = append(all, strings.Repeat("#", strings.Index(h, " ")))
		}
		return all
	}
	if a, b := levels(english), levels(chinese); !slices.Equal(a, b) {
		t.Errorf("their sections differ:\n%q\n%q", english.headings(), chinese.headings())
	}
	if a, b := english.tables(), chinese.tables(); !slices.Equal(a, b) {
		t.Errorf("their tables' rows and columns differ: %v, %v", a, b)
	}
	if len(english.blocks) != len(chinese.blocks) {
		t.Fatalf("%s has %d blocks of code, %s has %d", english.path, len(english.blocks), chinese.path, len(chinese.blocks))
	}
	for i, b := range english.blocks {
		other := chinese.blocks[i]
		if b.lang != other.lang || !slices.Equal(without(b.lines), without(other.lines)) {
			t.Errorf("%s:%d and %s:%d differ in more than their comments", english.path, b.line, chinese.path, other.line)
		}
	}
	for _, s := range english.spans {
		if strings.HasPrefix(s.text, "--") || strings.HasPrefix(s.text, "enqueue ") {
			if !slices.ContainsFunc(chinese.spans, func(o span) bool { return o.text == s.text }) {
				t.Errorf("%s:%d has %q, which %s lacks", english.path, s.line, s.text, chinese.path)
			}
		}
	}
}

// without are lines without their comments.
func without(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, uncommented(line))
	}
	return all
}

func TestBothLanguagesLeadToOneAnother(t *testing.T) {
	t.Parallel()
	for _, path := range append(glob(t, "*.zh-CN.md"), glob(t, "docs/*.zh-CN.md")...) {
		english := strings.Replace(path, ".zh-CN.md", ".md", 1)
		for from, to := range map[string]string{english: path, path: english} {
			link := "(" + to[strings.LastIndex(to, "/")+1:] + ")"
			if first, _, _ := strings.Cut(read(t, from), "\n# "); !strings.Contains(first, link) {
				t.Errorf("%s has no link %s above its title", from, link)
			}
		}
	}
}

// rows are those of a document's tables, by their cells, without headers and rules.
func (d *document) rows() (all [][]string) {
	for i, line := range d.lines {
		if !strings.HasPrefix(line, "| ") || d.within(i+1) || i+1 < len(d.lines) && strings.HasPrefix(d.lines[i+1], "| ---") ||
			strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		all = append(all, cells)
	}
	return all
}

var number = regexp.MustCompile(`[0-9]+(?:[.,][0-9]+)*`)

// Figures stand in one place, docs/performance.md: its Chinese form has the same ones, row by row.
func TestFiguresAreTheSameInBothLanguages(t *testing.T) {
	t.Parallel()
	english := markdown("", read(t, "docs/performance.md")).rows()
	chinese := markdown("", read(t, "docs/performance.zh-CN.md")).rows()
	if len(english) < 20 || len(english) != len(chinese) {
		t.Fatalf("%d rows and %d", len(english), len(chinese))
	}
	for i, row := range english {
		for j, cell := range row {
			a, b := number.FindAllString(cell, -1), number.FindAllString(chinese[i][j], -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("they differ:\n%s\n%s", cell, chinese[i][j])
			}
		}
	}
}

// The READMEs repeat a few figures, as they stand in docs/performance.md.
func TestFiguresOfTheReadmesAreThoseOfPerformance(t *testing.T) {
	t.Parallel()
	for readme, source := range map[string]string{"README.md": "docs/performance.md", "README.zh-CN.md": "docs/performance.zh-CN.md"} {
		text, found := read(t, source), 0
		for _, row := range markdown(readme, read(t, readme)).rows() {
			if len(row) != 2 || !number.MatchString(row[1]) || strings.Contains(row[1], "](") {
				continue
			}
			if found++; !strings.Contains(text, row[1]) {
				t.Errorf("%s has %q, which is not in %s", readme, row[1], source)
			}
		}
		if found < 4 {
			t.Errorf("%s has %d figures", readme, found)
		}
	}
}
