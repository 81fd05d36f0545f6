package storelist

import "github.com/storelink/storelink/internal/i18n"

// What of repeats is told: an ID on so many rows is a placeholder more often than a store that is named again and again. Of IDs
// that come again so many are counted at a time.
const (
	manyRepeats  = 100
	countedAtOne = 1024
)

// repeats counts how often IDs come again, in bounded memory: where more different ones do than can be counted, those that come
// rarely are forgotten, and the count of the others is short by at most what missed says (Misra and Gries).
type repeats struct {
	count  map[string]int64
	missed int64
}

func (r *repeats) add(id string) {
	if n, ok := r.count[id]; ok || len(r.count) < countedAtOne {
		if r.count == nil {
			r.count = map[string]int64{}
		}
		r.count[string([]byte(id))] = n + 1
		return
	}
	r.missed++
	for id, n := range r.count {
		if n == 1 {
			delete(r.count, id)
		} else {
			r.count[id] = n - 1
		}
	}
}

// warning tells of the ID that comes most often, where that is suspiciously often; none where it is not.
func (r *repeats) warning() i18n.Message {
	most, others, id := int64(0), 0, ""
	for i, n := range r.count {
		if n+1 >= manyRepeats {
			others++
		}
		if n > most || n == most && i < id {
			most, id = n, i
		}
	}
	if most+1 < manyRepeats {
		return i18n.Message{}
	}
	rows := i18n.M("list.rows", "n", most+1)
	if r.missed > 0 {
		rows = i18n.M("list.rows_at_least", "n", most+1)
	}
	if others > 1 {
		return i18n.M("list.placeholders", "id", id, "rows", rows, "others", others-1)
	}
	return i18n.M("list.placeholder", "id", id, "rows", rows)
}
