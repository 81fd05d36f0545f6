package manifest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// What is wrong with a value, for either form; empty where nothing is.

func wrongAccount(s string) string {
	good := len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			good = false
		}
	}
	if good {
		return ""
	}
	return "it is no account's name, which is 1 to 63 of a-z, 0-9 and -"
}

func wrongPriority(s string) string {
	if slices.Contains(job.Priorities, job.Priority(s)) {
		return ""
	}
	return "it is no priority, which is high, default or low"
}

func wrongLabel(s string) string {
	if utf8.RuneCountInString(s) > maxLabel {
		return fmt.Sprintf("it is longer than %d characters", maxLabel)
	}
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return fmt.Sprintf("it has a character that cannot be shown (%U)", r)
		}
	}
	return ""
}

// problem is one thing that is wrong.
type problem struct {
	line int
	text string
}

// problems are all that is wrong with a YAML manifest.
type problems []problem

func (ps *problems) addf(line int, format string, args ...any) {
	*ps = append(*ps, problem{line, fmt.Sprintf(format, args...)})
}

// err makes one error of all problems, in the manifest's order.
func (ps problems) err(name string) error {
	var sorted problems
	seen := map[problem]bool{} // what is wrong in the defaults is wrong once
	for _, p := range ps {
		if !seen[p] {
			seen[p] = true
			sorted = append(sorted, p)
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	slices.SortStableFunc(sorted, func(a, b problem) int { return a.line - b.line })
	var b strings.Builder
	for i, p := range sorted {
		if i == maxTold {
			fmt.Fprintf(&b, "\nand %d more mistakes", len(sorted)-maxTold)
			break
		}
		if i == 0 {
			b.WriteString(p.text)
			continue
		}
		b.WriteString("\n" + (&job.Error{File: name, Line: p.line, Message: i18n.Plain(p.text)}).Error())
	}
	return errorf(name, sorted[0].line, "%s", b.String())
}

// quote shows a value in an error.
func quote(s string) string { return fmt.Sprintf("%q", storelist.Shown(s)) }
