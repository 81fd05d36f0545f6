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
		lines[i] = line[:len(line)-len(text)] + translated(text, deepest)
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

// Of what is looked at: how long a sentence may be, how many places, each with a ": " behind it, may stand before it, and how
// many sentences may stand in one another. What is beyond that is some other text, and is left alone.
const (
	longestSentence = 2000
	mostPlaces      = 8
	deepest         = 6 // sentences in one another
)

func translated(s string, depth int) string {
	if len(s) > longestSentence || depth == 0 {
		return s
	}
	if said, ok := known(s, depth); ok {
		return said
	}
	// A name, a place or a sentence before it: "list.csv:5: …".
	at := 0
	for range mostPlaces {
		next := strings.Index(s[at:], ": ")
		if next < 0 {
			break
		}
		head, tail := s[:at+next], s[at+next+len(": "):]
		if said, ok := known(tail, depth); ok {
			return translated(head, depth-1) + "：" + said
		}
		at += next + len(": ")
	}
	return s
}

// known puts a sentence of one of the forms into Chinese.
func known(s string, depth int) (string, bool) {
	for _, f := range forms() {
		found := f.english.FindStringSubmatch(s)
		if found == nil {
			continue
		}
		args := make([]any, len(found)-1)
		for i, arg := range found[1:] {
			args[i] = translated(arg, depth-1)
		}
		return fmt.Sprintf(f.chinese, args...), true
	}
	return s, false
}
