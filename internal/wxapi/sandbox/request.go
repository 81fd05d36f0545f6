package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/job"
)

// storesRequest is the body of associate-stores and disassociate-stores, decoded but not yet judged.
type storesRequest struct {
	hasBrand bool
	brandID  []byte
	storeIDs [][]byte // as they were sent, repeats too; they point into the body where that can be
}

// decodeStores reads a body into q, whose slices are used again. What is usual is read without an allocation; whatever
// is not (an escape, an unknown member, a wrong type) goes the thorough way, which says what is wrong with it.
func (q *storesRequest) decodeStores(body []byte) *refusal {
	if q.decodePlain(body) {
		return nil
	}
	return q.decodeAny(body)
}

func (q *storesRequest) reset() {
	q.hasBrand, q.brandID, q.storeIDs = false, nil, q.storeIDs[:0]
}

// decodePlain reads a body that has nothing in it but brand_id and store_list, each once and without escapes. False
// says nothing about the body.
func (q *storesRequest) decodePlain(body []byte) bool {
	q.reset()
	p := plain{rest: body}
	if !p.take('{') {
		return false
	}
	hasList := false
	for first := true; ; first = false {
		if p.take('}') {
			return hasList && p.end() // an empty object too has no list: the thorough way says so
		}
		if !first && !p.take(',') {
			return false
		}
		key, ok := p.text()
		if !ok || !p.take(':') {
			return false
		}
		switch {
		case string(key) == "brand_id" && !q.hasBrand:
			if q.brandID, q.hasBrand = p.text(); !q.hasBrand {
				return false
			}
		case string(key) == "store_list" && !hasList:
			if hasList = q.decodePlainList(&p); !hasList {
				return false
			}
		default:
			return false
		}
	}
}

func (q *storesRequest) decodePlainList(p *plain) bool {
	if !p.take('[') {
		return false
	}
	for first := true; ; first = false {
		if first && p.take(']') {
			return true
		}
		if !p.take('{') {
			return false
		}
		if key, ok := p.text(); !ok || string(key) != "store_id" || !p.take(':') {
			return false
		}
		id, ok := p.text()
		if !ok || !p.take('}') {
			return false
		}
		q.storeIDs = append(q.storeIDs, id)
		if p.take(']') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// plain reads JSON of which it knows what must come next.
type plain struct{ rest []byte }

func (p *plain) space() {
	for len(p.rest) > 0 && (p.rest[0] == ' ' || p.rest[0] == '\n' || p.rest[0] == '\t' || p.rest[0] == '\r') {
		p.rest = p.rest[1:]
	}
}

func (p *plain) end() bool { p.space(); return len(p.rest) == 0 }

func (p *plain) take(c byte) bool {
	p.space()
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// text reads a string of printable ASCII without escapes.
func (p *plain) text() ([]byte, bool) {
	if !p.take('"') {
		return nil, false
	}
	for i, c := range p.rest {
		switch {
		case c == '"':
			s := p.rest[:i:i]
			p.rest = p.rest[i+1:]
			return s, true
		case c == '\\' || c < ' ' || c >= utf8.RuneSelf:
			return nil, false
		}
	}
	return nil, false
}

// decodeAny reads any body: members that are not known are passed over, of one that is there twice the last counts.
func (q *storesRequest) decodeAny(body []byte) *refusal {
	q.reset()
	var members map[string]json.RawMessage
	if !utf8.Valid(body) {
		return paramError("body", "", "", "the body is not UTF-8")
	}
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return paramError("body", "", "", "the body is no JSON object")
	}
	if raw, ok := members["brand_id"]; ok {
		s, isText := asText(raw)
		if !isText {
			return paramError("body", "/brand_id", string(raw), "brand_id must be a string")
		}
		q.hasBrand, q.brandID = true, []byte(s)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(members["store_list"], &list); err != nil || list == nil {
		return paramError("body", "/store_list", string(members["store_list"]), "store_list must be an array")
	}
	for i, raw := range list {
		var store map[string]json.RawMessage
		place := "/store_list/" + strconv.Itoa(i)
		if err := json.Unmarshal(raw, &store); err != nil || store == nil {
			return paramError("body", place, string(raw), "a store must be an object")
		}
		id, ok := asText(store["store_id"])
		if !ok {
			return paramError("body", place+"/store_id", string(store["store_id"]), "store_id must be a string")
		}
		q.storeIDs = append(q.storeIDs, []byte(id))
	}
	return nil
}

// asText reads a JSON string; null is none.
func asText(raw json.RawMessage) (s string, ok bool) {
	raw = bytes.TrimSpace(raw)
	return s, len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
}

// check judges a decoded body by the bounds and rules of docs/wechatpay.md.
func (q *storesRequest) check(mode job.Mode) *refusal {
	switch {
	case mode == job.Brand && q.hasBrand:
		return paramError("body", "/brand_id", string(q.brandID), "brand_id must be absent from a brand's own call")
	case mode == job.Partner && !q.hasBrand:
		return paramError("body", "/brand_id", "", "brand_id is required from a partner")
	case mode == job.Partner && !job.ValidID(string(q.brandID)):
		return paramError("body", "/brand_id", string(q.brandID), "brand_id is no ID")
	case len(q.storeIDs) == 0:
		return paramError("body", "/store_list", "", "store_list must not be empty")
	case len(q.storeIDs) > job.MaxStoresPerCall:
		return paramError("body", "/store_list", "",
			fmt.Sprintf("store_list has %d stores: %d is the most", len(q.storeIDs), job.MaxStoresPerCall))
	}
	for i, id := range q.storeIDs {
		if !job.ValidID(string(id)) {
			return paramError("body", fmt.Sprintf("/store_list/%d/store_id", i), string(id), "store_id is no ID")
		}
	}
	return nil
}

// The bounds of page_size (partner/4015781546).
const (
	defaultPageSize = 20
	maxPageSize     = 200
)

// listRequest is the query of associated-stores.
type listRequest struct {
	brandID  string // empty from a brand
	pageSize int
	from     int // where the page begins
}

// parseList reads the query of associated-stores.
func parseList(query string, mode job.Mode) (listRequest, *refusal) {
	q := listRequest{pageSize: defaultPageSize}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, paramError("query", "", query, "the query cannot be read")
	}
	q.brandID = values.Get("brand_id")
	switch {
	case mode == job.Brand && values.Has("brand_id"):
		return q, paramError("query", "/brand_id", q.brandID, "brand_id must be absent from a brand's own call")
	case mode == job.Partner && !values.Has("brand_id"):
		return q, paramError("query", "/brand_id", "", "brand_id is required from a partner")
	case mode == job.Partner && !job.ValidID(q.brandID):
		return q, paramError("query", "/brand_id", q.brandID, "brand_id is no ID")
	}
	if size := values.Get("page_size"); values.Has("page_size") {
		if q.pageSize, err = strconv.Atoi(size); err != nil || q.pageSize < 1 || q.pageSize > maxPageSize {
			return q, paramError("query", "/page_size", size, fmt.Sprintf("page_size is 1 to %d", maxPageSize))
		}
	}
	if token := values.Get("page_token"); token != "" {
		var ok bool
		if q.from, ok = readPageToken(token); !ok {
			return q, paramError("query", "/page_token", token, "page_token is none of WeChat Pay's")
		}
	}
	return q, nil
}
