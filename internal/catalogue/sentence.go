package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/storelink/storelink/internal/i18n"
)

func init() { i18n.Legacy = func(s string) string { return Sentence(s, Chinese) } }

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

// Message puts into a language what storelink itself says in the message of a store, and nothing else: most messages, and
// most of what stands in others, are WeChat Pay's.
func Message(s string, l Lang) string {
	if l != Chinese || len(s) > longestSentence {
		return s
	}
	if said, ok := known(messageForms(), s, func(arg string) string { return Message(arg, l) }); ok {
		return said
	}
	return s
}

// form is a sentence with gaps, and what it is in Chinese.
type form struct {
	english *regexp.Regexp
	chinese string
}

// gaps are what the verbs of sentences.go take: a word, a number, a text in quotes, anything.
var gaps = strings.NewReplacer("%w", `(\S+)`, "%d", `([0-9][0-9,.]*)`, "%q", `("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+')`, "%s", `(.+?)`)

var (
	sentenceForms = sync.OnceValue(func() []form { return formsOf(slices.Concat(sentences, keySentences, messages)) })
	messageForms  = sync.OnceValue(func() []form { return formsOf(messages) })
)

func formsOf(texts []Text) []form {
	all := make([]form, len(texts))
	for i, s := range texts {
		all[i] = form{regexp.MustCompile("^" + gaps.Replace(regexp.QuoteMeta(s.EN)) + "$"), s.ZH}
	}
	return all
}

// Of what is looked at: how long a sentence may be, how many places, each with a ": " behind it, may stand before it, and how
// many sentences may stand in one another. What is beyond that is some other text, and is left alone.
const (
	longestSentence = 2000
	mostPlaces      = 8
	deepest         = 6 // sentences in one another
)

// answered is how what WeChat Pay answered begins (wxapi.Failure).
var answered = regexp.MustCompile(`(^|: )HTTP [0-9]{3}( [^ ]+)?$`)

func translated(s string, depth int) string {
	if len(s) > longestSentence || depth == 0 {
		return s
	}
	inner := func(arg string) string { return translated(arg, depth-1) }
	if said, ok := known(sentenceForms(), s, inner); ok {
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
		if answered.MatchString(head) { // what follows are WeChat Pay's own words
			break
		}
		if said, ok := known(sentenceForms(), tail, inner); ok {
			return translated(head, depth-1) + "：" + said
		}
		at += next + len(": ")
	}
	return s
}

// known puts a sentence of one of some forms into Chinese, and by inner what stands in its gaps.
func known(forms []form, s string, inner func(string) string) (string, bool) {
	for _, f := range forms {
		found := f.english.FindStringSubmatch(s)
		if found == nil {
			continue
		}
		args := make([]any, len(found)-1)
		for i, arg := range found[1:] {
			args[i] = inner(arg)
		}
		return fmt.Sprintf(f.chinese, args...), true
	}
	return s, false
}
