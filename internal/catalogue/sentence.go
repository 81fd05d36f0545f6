package catalogue

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Sentence puts what storelink says of itself into a language: an error, a warning, the reason that is kept with a job. These
// are made in English wherever something happens, and go so into Redis, logs and JSON; here they are known again by their
// form (sentences.go), whole or behind a "file: " before them, line by line. A sentence that is not known stays as it is,
// and so does what came from WeChat Pay.
func Sentence(s string, l Lang) string {
	if l != Chinese {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		text := strings.TrimLeft(line, " ")
		lines[i] = line[:len(line)-len(text)] + translated(text)
	}
	return strings.Join(lines, "\n")
}

// form is a sentence with gaps, and what it is in Chinese.
type form struct {
	english *regexp.Regexp
	chinese string
}

// gaps are what the verbs of sentences.go take: a number, a text in quotes, anything.
var gaps = strings.NewReplacer("%d", `([0-9][0-9,.]*)`, "%q", `("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+')`, "%s", `(.+?)`)

var forms = sync.OnceValue(func() []form {
	all := make([]form, len(sentences))
	for i, s := range sentences {
		all[i] = form{regexp.MustCompile("^" + gaps.Replace(regexp.QuoteMeta(s.EN)) + "$"), s.ZH}
	}
	return all
})

func translated(s string) string {
	for _, f := range forms() {
		found := f.english.FindStringSubmatch(s)
		if found == nil {
			continue
		}
		args := make([]any, len(found)-1)
		for i, arg := range found[1:] {
			args[i] = translated(arg)
		}
		return fmt.Sprintf(f.chinese, args...)
	}
	// A name, a place or a sentence before it: "list.csv:5: …".
	for at := strings.Index(s, ": "); at >= 0; {
		head, tail := s[:at], s[at+len(": "):]
		if said := translated(tail); said != tail {
			return translated(head) + "：" + said
		}
		next := strings.Index(tail, ": ")
		if next < 0 {
			break
		}
		at += len(": ") + next
	}
	return s
}
