package wxapi

import (
	"encoding/json"
	"slices"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// What an answer has said of a store so far.
const (
	saidSucceeded = 1 << iota
	saidFailed
)

// tally turns an answer's two lists into an Answer: what each store of the call is said to be.
type tally struct {
	ids    []string
	next   int            // where the next store is looked for first: answers mostly keep the request's order
	places map[string]int // made when that does not find it
	said   [job.MaxStoresPerCall]uint8
	failed []StoreFailure // in the answer's order
}

// place finds a store in the call; -1 where the call did not have it.
func (t *tally) place(id []byte) int {
	// A list leaves out the stores that are in the other one, so look a few places ahead.
	for i := t.next; i < len(t.ids) && i < t.next+8; i++ {
		if t.ids[i] == string(id) {
			t.next = i + 1
			return i
		}
	}
	if t.places == nil {
		t.places = make(map[string]int, len(t.ids))
		for i, id := range t.ids {
			t.places[id] = i
		}
	}
	i, ok := t.places[string(id)]
	if !ok {
		return -1
	}
	t.next = i + 1
	return i
}

// readStores reads a verified 200. A store that the call did not have is passed over; one named twice in a list counts
// once, as it was first named; one in both lists, like one in neither, is missing.
func (c *Client) readStores(body []byte, ids []string) (*Answer, error) {
	t := tally{ids: ids}
	if err := decodeStores(body, &t, c.codes); err != nil {
		return nil, err
	}
	a := &Answer{Succeeded: make([]int, 0, len(ids))}
	for _, f := range t.failed {
		switch {
		case t.said[f.Index] != saidFailed:
		case f.Class == job.ClassAlready:
			t.said[f.Index] = saidSucceeded
		default:
			a.Failed = append(a.Failed, f)
		}
	}
	slices.SortFunc(a.Failed, func(x, y StoreFailure) int { return x.Index - y.Index })
	for i := range ids {
		switch t.said[i] {
		case saidSucceeded:
			a.Succeeded = append(a.Succeeded, i)
		case saidFailed:
		default:
			a.Missing = append(a.Missing, i)
		}
	}
	return a, nil
}

// decodeStores reads a StoresAnswer into t, straight from its bytes: encoding/json would take as long as everything
// else about an answer, its signature included. It is stricter, too: a list that comes twice is refused, and names
// must fit exactly.
func decodeStores(body []byte, t *tally, codes storeCodes) error {
	d := decoder{b: body}
	var seen [3]bool // total_count, success_store_list, failed_store_list
	var once = func(i int) bool {
		again := seen[i]
		seen[i] = true
		return !again
	}
	ok := d.object(func(name []byte) bool {
		switch string(name) {
		case "total_count":
			return once(0) && d.skip(0)
		case "success_store_list":
			t.next = 0
			return once(1) && d.array(func() bool {
				id, _, _, ok := d.store()
				if i := t.place(id); ok && i >= 0 {
					t.said[i] |= saidSucceeded
				}
				return ok
			})
		case "failed_store_list":
			t.next = 0
			return once(2) && d.array(func() bool {
				id, code, message, ok := d.store()
				if i := t.place(id); ok && i >= 0 && t.said[i]&saidFailed == 0 {
					t.said[i] |= saidFailed
					kept := cut(string(code), maxCode)
					t.failed = append(t.failed, StoreFailure{Index: i, Code: kept,
						Message: cut(string(message), maxMessage), Class: codes.class(kept)})
				}
				return ok
			})
		}
		return d.skip(0)
	}) && d.end()
	switch {
	case !ok:
		return i18n.E("wxapi.no_two_lists")
	case seen == [3]bool{}:
		return i18n.E("wxapi.no_fields")
	}
	return nil
}

// store reads one store of a list. Its parts are valid until the next one is read.
func (d *decoder) store() (id, code, message []byte, ok bool) {
	ok = d.object(func(name []byte) bool {
		switch string(name) {
		case "store_id":
			return d.text(&id)
		case "code":
			return d.text(&code)
		case "message":
			return d.text(&message)
		}
		return d.skip(0)
	})
	return id, code, message, ok
}

// readPage reads a verified 200 of associated-stores.
func readPage(body []byte) (*ListPage, error) {
	var present struct {
		TotalCount *int     `json:"total_count"`
		StoreList  *[]Store `json:"store_list"`
	}
	var page ListAnswer
	if json.Unmarshal(body, &page) != nil || json.Unmarshal(body, &present) != nil {
		return nil, i18n.E("wxapi.no_list")
	}
	if present.TotalCount == nil && present.StoreList == nil {
		return nil, i18n.E("wxapi.no_list_fields")
	}
	p := &ListPage{TotalCount: page.TotalCount, NextPageToken: page.NextPageToken,
		StoreIDs: make([]string, len(page.StoreList))}
	for i, s := range page.StoreList {
		p.StoreIDs[i] = s.StoreID
	}
	return p, nil
}
