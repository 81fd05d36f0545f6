package docs_test

import (
	"slices"
	"strings"
	"testing"
)

func TestBothReadmesSayTheSame(t *testing.T) {
	t.Parallel()
	english, chinese := markdown("README.md", read(t, "README.md")), markdown("README.zh-CN.md", read(t, "README.zh-CN.md"))
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
		t.Fatalf("README.md has %d blocks of code, README.zh-CN.md has %d", len(english.blocks), len(chinese.blocks))
	}
	for i, b := range english.blocks {
		other := chinese.blocks[i]
		if b.lang != other.lang || !slices.Equal(without(b.lines), without(other.lines)) {
			t.Errorf("README.md:%d and README.zh-CN.md:%d differ in more than their comments", b.line, other.line)
		}
	}
	for _, s := range english.spans {
		if strings.HasPrefix(s.text, "--") || strings.HasPrefix(s.text, "enqueue ") {
			if !slices.ContainsFunc(chinese.spans, func(o span) bool { return o.text == s.text }) {
				t.Errorf("README.md:%d has %q, which README.zh-CN.md lacks", s.line, s.text)
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

func TestReadmesLeadToOneAnother(t *testing.T) {
	t.Parallel()
	for path, other := range map[string]string{"README.md": "(README.zh-CN.md)", "README.zh-CN.md": "(README.md)"} {
		if first, _, _ := strings.Cut(read(t, path), "\n# "); !strings.Contains(first, other) {
			t.Errorf("%s has no link %s above its title", path, other)
		}
	}
}
