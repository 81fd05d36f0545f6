package catalogue

import "github.com/storelink/storelink/internal/i18n"

// Term names, in a language, what a document calls by a word of its own: a state, an operation, an outcome, a lane's state,
// a field. A word that is not known stands for itself.
func Term[T ~string](word T, l Lang) string { return i18n.Term(word).In(l) }
