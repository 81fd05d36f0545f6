package sandbox

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// Truth is the IDs of all stores that are associated with a target, sorted as text. The target has its brand, whoever
// called.
func (s *Sandbox) Truth(target job.Target) []string {
	var ids []string
	s.eachStore(target, func(a *associations, st *store) {
		if st.flags&associated != 0 {
			ids = append(ids, string(a.appendID(nil, st)))
		}
	})
	slices.Sort(ids)
	return ids
}

// Has says whether a store is associated with a target.
func (s *Sandbox) Has(target job.Target, storeID string) bool {
	return s.storeOf(target, storeID).flags&associated != 0
}

// Count is how many stores are associated with a target.
func (s *Sandbox) Count(target job.Target) int {
	a := s.truth.lookUp(target)
	if a == nil {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// Sent is how many calls named a store for a target: calls that kept the pace and were well formed, whatever became of
// them then. A store named twice in one call counts once.
func (s *Sandbox) Sent(target job.Target, storeID string) int {
	return int(s.storeOf(target, storeID).sent)
}

// SentAgain is how many of those calls came after the store's outcome had been answered: see Violations.
func (s *Sandbox) SentAgain(target job.Target, storeID string) int {
	return int(s.storeOf(target, storeID).again)
}

// Put associates stores with a target, without a call.
func (s *Sandbox) Put(target job.Target, storeIDs ...string) {
	a := s.truth.of(target)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range storeIDs {
		at, _ := a.place([]byte(id), true)
		a.set(&a.stores[at], true)
	}
}

// Forget forgets all stores and figures, as if the sandbox were new; accounts, faults and the pace go on.
func (s *Sandbox) Forget() {
	s.truth.forget()
	s.ForgetStats()
}

// ForgetStats forgets the figures (Stats, Arrivals, Sent, SentAgain) and keeps what is associated.
func (s *Sandbox) ForgetStats() {
	s.truth.each(func(_ job.Target, a *associations) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls = 0
		for i := range a.stores {
			st := &a.stores[i]
			st.sent, st.again, st.flags = 0, 0, st.flags&associated
		}
	})
	for _, a := range s.accounts {
		for i := range a.windows {
			a.windows[i].forgetCounts()
		}
	}
	s.arrivals.forget()
	s.stats.forget()
}

func (s *Sandbox) storeOf(target job.Target, storeID string) store {
	a := s.truth.lookUp(target)
	if a == nil {
		return store{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	at, known := a.place([]byte(storeID), false)
	if !known {
		return store{}
	}
	return a.stores[at]
}

// eachStore calls f for every store that a target has seen, in the order in which they came.
func (s *Sandbox) eachStore(target job.Target, f func(*associations, *store)) {
	a := s.truth.lookUp(target)
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.stores {
		f(a, &a.stores[i])
	}
}

// page is one page of associated-stores. Stores come in the order in which they were first heard of; a page token says
// where the next page begins.
func (s *Sandbox) page(target job.Target, q listRequest) wxapi.ListAnswer {
	var answer wxapi.ListAnswer
	a := s.truth.lookUp(target)
	if a == nil {
		return answer
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	answer.TotalCount = a.count
	for i := min(q.from, len(a.stores)); i < len(a.stores); i++ {
		if a.stores[i].flags&associated == 0 {
			continue
		}
		if len(answer.StoreList) == q.pageSize {
			answer.NextPageToken = pageToken(i)
			break
		}
		answer.StoreList = append(answer.StoreList, wxapi.Store{StoreID: string(a.appendID(nil, &a.stores[i]))})
	}
	return answer
}

const pageTokenPrefix = "from:"

func pageToken(from int) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt([]byte(pageTokenPrefix), int64(from), 10))
}

func readPageToken(token string) (from int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	digits, isOurs := bytes.CutPrefix(text, []byte(pageTokenPrefix))
	if err != nil || !isOurs || strings.HasPrefix(string(digits), "+") {
		return 0, false
	}
	from, err = strconv.Atoi(string(digits))
	return from, err == nil && from >= 0
}
