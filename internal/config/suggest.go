package config

import (
	"fmt"
	"strings"

	"github.com/storelink/storelink/internal/suggest"
)

// unknown is the sentence for a word that is not among those that may stand there, with the one that was meant if that
// can be told. A word that may be anything but a key's name, a secret even, is not shown.
func unknown(what, word string, known []string) string {
	for i := 0; i < len(word); i++ {
		c := word[i]
		if len(word) > 40 || !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("_-. ", c) >= 0) {
			return fmt.Sprintf("there is a %s that is not known; the known ones are %s", what, strings.Join(known, ", "))
		}
	}
	if near := suggest.Nearest(word, known); near != "" {
		return fmt.Sprintf("the %s %q is not known; did you mean %q?", what, word, near)
	}
	return fmt.Sprintf("the %s %q is not known; the known ones are %s", what, word, strings.Join(known, ", "))
}
