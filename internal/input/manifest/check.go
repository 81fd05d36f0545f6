package manifest

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// What is wrong with a value, for either form; empty where nothing is.

func wrongAccount(s string) i18n.Message {
	good := len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			good = false
		}
	}
	if good {
		return i18n.Message{}
	}
	return i18n.M("manifest.no_account_name")
}

func wrongPriority(s string) i18n.Message {
	if slices.Contains(job.Priorities, job.Priority(s)) {
		return i18n.Message{}
	}
	return i18n.M("manifest.no_priority")
}

func wrongLabel(s string) i18n.Message {
	if utf8.RuneCountInString(s) > maxLabel {
		return i18n.M("manifest.long_label", "most", maxLabel)
	}
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return i18n.M("manifest.unshown", "character", fmt.Sprintf("%U", r))
		}
	}
	return i18n.Message{}
}

// problem is one thing that is wrong.
type problem struct {
	line    int
	message i18n.Message
}

// problems are all that is wrong with a YAML manifest.
type problems []problem

func (ps *problems) say(line int, message string, args ...any) {
	*ps = append(*ps, problem{line, i18n.M(message, args...)})
}

// err makes one error of all problems, in the manifest's order.
func (ps problems) err(name string) error {
	var sorted problems
	seen := map[int][]i18n.Message{} // by line: what is wrong in the defaults is wrong once
	for _, p := range ps {
		if !slices.ContainsFunc(seen[p.line], p.message.Equal) {
			seen[p.line] = append(seen[p.line], p.message)
			sorted = append(sorted, p)
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	slices.SortStableFunc(sorted, func(a, b problem) int { return a.line - b.line })
	first := &job.Error{Code: job.CodeBadList, Message: sorted[0].message, File: name, Line: sorted[0].line}
	if len(sorted) == 1 {
		return first
	}
	var others []i18n.Message
	for _, p := range sorted[1:min(len(sorted), maxTold)] {
		others = append(others, (&job.Error{File: name, Line: p.line, Message: p.message}).AsMessage())
	}
	if more := len(sorted) - maxTold; more > 0 {
		others = append(others, i18n.M("manifest.more_mistakes", "n", more))
	}
	first.Message = i18n.M("manifest.mistakes", "first", first.Message, "others", others)
	return first
}

// shown are values as an error shows them.
func shown(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = storelist.Shown(s)
	}
	return out
}
