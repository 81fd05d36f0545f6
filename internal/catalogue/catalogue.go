// Package catalogue says what the codes mean that stand beside a store or a job: what happened, and what to do about it,
// in Chinese and English, for the operations staff who read a report and know the coupon and the stores, not the API. Its
// facts are those of WeChat Pay's documentation (partner/4015781302 and its siblings).
//
// It must never explain a code that it does not know, nor stand in for the code and the message that came: those are
// shown as they are, and an entry beside them.
package catalogue

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Entry is what is known of one code, or of one of its finer numbers.
type Entry struct {
	Code     string
	Number   string // the finer error number, the digits after a Request-Id's last "-"; "" for the code as such
	Happened Text
	Do       Text
}

// Text is a text in every language that there is.
type Text struct{ ZH, EN string }

// In gives the text in a language; in English where the language is not known.
func (t Text) In(l Lang) string {
	if l == Chinese {
		return t.ZH
	}
	return t.EN
}

// Say gives what happened and what to do, in one line.
func (e Entry) Say(l Lang) string {
	if l == Chinese {
		return e.Happened.ZH + e.Do.ZH
	}
	return e.Happened.EN + " " + e.Do.EN
}

// What joins a list with a job's outcomes says of rows that have none, beside the outcomes themselves.
const (
	SetAside = "set aside"
	NotInJob = "not in the job"
)

// Lookup finds the entry of a code, as it came, or of a finer number alone.
func Lookup(code string) (Entry, bool) {
	if e, ok := Find(code, ""); ok {
		return e, true
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Number != "" && e.Number == code })
	if i < 0 {
		return Entry{}, false
	}
	return entries[i], true
}

// Find finds the entry of a code with a finer number, or of the code as such where nothing is known of the number.
func Find(code, number string) (Entry, bool) {
	found := -1
	for i := range entries {
		if entries[i].Code != code {
			continue
		}
		if number != "" && entries[i].Number == number {
			return entries[i], true
		}
		if entries[i].Number == "" {
			found = i
		}
	}
	if found < 0 {
		return Entry{}, false
	}
	return entries[found], true
}

// Of finds the entry for a store of a report: of its code, with the number that its Request-Id ends in, or of its outcome
// where it has no code.
func Of(r job.Row) (Entry, bool) {
	if r.Code == "" {
		return Find(string(r.Outcome), "")
	}
	if e, ok := Find(r.Code, r.RequestID[strings.LastIndexByte(r.RequestID, '-')+1:]); ok && e.Number != "" {
		return e, true
	}
	return OfStore(r.Code)
}

// OfStore finds the entry of a code as single stores fail with it, which may mean something else than the same code of a
// whole call.
func OfStore(code string) (Entry, bool) {
	if i := slices.IndexFunc(ofStores, func(e Entry) bool { return e.Code == code }); i >= 0 {
		return ofStores[i], true
	}
	return Lookup(code)
}

// Entries gives all that there are.
func Entries() []Entry { return slices.Clone(entries) }

// OfReason finds the entry of the code that a job's reason names: the first word in it that is a known code, with the
// number that its Request-Id ends in.
func OfReason(reason string) (Entry, bool) {
	for _, word := range strings.FieldsFunc(reason, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }) {
		if !strings.Contains(word, "_") {
			continue
		}
		if _, ok := Find(word, ""); ok {
			_, id, _ := strings.Cut(reason, "Request-Id ")
			id = strings.TrimRight(id, ")")
			return Find(word, id[strings.LastIndexByte(id, '-')+1:])
		}
	}
	return Entry{}, false
}

// ByCount gives codes, those of most stores first.
func ByCount(stores map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(stores), func(a, b string) int {
		return cmp.Or(cmp.Compare(stores[b], stores[a]), cmp.Compare(a, b))
	})
}
