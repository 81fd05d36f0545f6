package storelist

import "fmt"

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

// warning tells of the ID that comes most often, where that is suspiciously often; "" where it is not.
func (r *repeats) warning() string {
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
		return ""
	}
	atLeast := ""
	if r.missed > 0 {
		atLeast = "at least "
	}
	said := fmt.Sprintf("the store ID %q stands on %s%d rows: is it a placeholder? It is sent once, like any other", id, atLeast, most+1)
	if others > 1 {
		said += fmt.Sprintf("; so many rows have %d other IDs too", others-1)
	}
	return said
}
