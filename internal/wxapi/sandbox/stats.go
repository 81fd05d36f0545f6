package sandbox

import (
	"maps"
	"sync"
	"time"

	"github.com/storelink/storelink/internal/job"
)

// Stats are what a sandbox has seen since it was made, or since Forget or ForgetStats.
type Stats struct {
	Calls      int64            `json:"calls"`      // with a good signature
	Stores     int64            `json:"stores"`     // named in calls that were well formed, repeats in a call removed
	Answers    map[int]int64    `json:"answers"`    // by HTTP status
	Codes      map[string]int64 `json:"codes"`      // refusals by code
	Injected   map[string]int64 `json:"injected"`   // calls by the fault that they met
	Violations Violations       `json:"violations"` // what a good client never does
	Interfaces []InterfaceStats `json:"interfaces"` // of each account, those that have been called
	Targets    []TargetStats    `json:"targets"`
}

// Violations are what only a server sees of a client that is not as good as it should be. A good run has none.
type Violations struct {
	TooManyStores int64 `json:"too_many_stores"` // calls with more than 200 stores
	Repeats       int64 `json:"repeats"`         // stores that a call named once more
	NoAccept      int64 `json:"no_accept"`       // calls without an Accept header
	NoUserAgent   int64 `json:"no_user_agent"`   // calls without a User-Agent header

	// Stores that were sent again, in the same operation, after an answer that decided them: as a success, or as a
	// failure whose code is no passing one or a PARAM_ERROR that could only mean this store. Only answers that were
	// written whole and unspoilt count, so calls that met a fault after the work never do; where the client's time-out
	// is nearer than the latency, or the client is killed, an answer may have been written to nobody.
	SentAgainAfterSuccess int64    `json:"sent_again_after_success"`
	SentAgainAfterFailure int64    `json:"sent_again_after_failure"`
	Examples              []string `json:"examples,omitempty"` // the first of those stores
}

// maxExamples is how many stores Violations names.
const maxExamples = 20

func (v *Violations) sentAgain(answered uint8, id []byte) {
	if answered&answeredSuccess != 0 {
		v.SentAgainAfterSuccess++
	} else {
		v.SentAgainAfterFailure++
	}
	if len(v.Examples) < maxExamples {
		v.Examples = append(v.Examples, string(id))
	}
}

func (v *Violations) add(w Violations) {
	v.TooManyStores += w.TooManyStores
	v.Repeats += w.Repeats
	v.NoAccept += w.NoAccept
	v.NoUserAgent += w.NoUserAgent
	v.SentAgainAfterSuccess += w.SentAgainAfterSuccess
	v.SentAgainAfterFailure += w.SentAgainAfterFailure
	v.Examples = append(v.Examples, w.Examples[:min(len(w.Examples), maxExamples-len(v.Examples))]...)
}

// InterfaceStats are the calls of one account at one interface.
type InterfaceStats struct {
	Account     string    `json:"account"`
	Mode        job.Mode  `json:"mode"`
	Identity    string    `json:"identity"`
	Interface   string    `json:"interface"`
	Calls       int64     `json:"calls"`           // with a good signature
	Admitted    int64     `json:"admitted"`        // those of them that kept the pace
	Refused     int64     `json:"refused"`         // those that did not: 429
	MaxInSecond int       `json:"max_in_a_second"` // most calls, refused ones too, in any sliding second
	First       time.Time `json:"first"`           // when the first call had come in
	Last        time.Time `json:"last"`

	// AlsoUsed are the calls of the other client since First (Faults.AlsoUsed); no other figure has them.
	AlsoUsed OtherStats `json:"also_used,omitzero"`
}

// TargetStats are the stores of one target.
type TargetStats struct {
	job.Target
	Associated int   `json:"associated"`
	Seen       int   `json:"seen"` // stores named in a call, or put
	Calls      int64 `json:"calls"`
}

// stats is what is counted beside the windows and the targets.
type stats struct {
	mu         sync.Mutex
	stores     int64
	answers    map[int]int64
	codes      map[string]int64
	injected   [faultCount]int64
	violations Violations
}

func (st *stats) addStores(n int, v Violations) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.stores += int64(n)
	st.violations.add(v)
}

func (st *stats) addViolations(v Violations) { st.addStores(0, v) }

func (st *stats) addFault(kind fault) {
	if kind == faultNone {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.injected[kind]++
}

func (st *stats) addAnswer(status int, code string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.answers == nil {
		st.answers, st.codes = make(map[int]int64), make(map[string]int64)
	}
	st.answers[status]++
	if code != "" {
		st.codes[code]++
	}
}

func (st *stats) forget() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.stores, st.answers, st.codes, st.injected, st.violations = 0, nil, nil, [faultCount]int64{}, Violations{}
}

// Stats tells what the sandbox has seen. While calls come in, its parts are not of the same instant.
func (s *Sandbox) Stats() Stats {
	all := Stats{Injected: make(map[string]int64), Interfaces: []InterfaceStats{}, Targets: []TargetStats{}}
	s.stats.mu.Lock()
	all.Stores, all.Answers, all.Codes = s.stats.stores, maps.Clone(s.stats.answers), maps.Clone(s.stats.codes)
	all.Violations = s.stats.violations
	all.Violations.Examples = append([]string(nil), s.stats.violations.Examples...)
	for kind, n := range s.stats.injected {
		if n > 0 {
			all.Injected[faultNames[kind]] = n
		}
	}
	s.stats.mu.Unlock()
	for _, a := range s.accounts {
		for i := range a.windows {
			if one := a.windows[i].stats(s.now()); one.Calls > 0 {
				one.Account, one.Mode, one.Identity = a.Name, a.Mode, a.Identity
				one.Interface = iface(i).String()
				all.Calls += one.Calls
				all.Interfaces = append(all.Interfaces, one)
			}
		}
	}
	s.truth.each(func(target job.Target, a *associations) {
		a.mu.Lock()
		defer a.mu.Unlock()
		all.Targets = append(all.Targets, TargetStats{target, a.count, len(a.stores), a.calls})
	})
	return all
}

func (w *window) stats(now time.Time) InterfaceStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callOther(now)
	return InterfaceStats{Calls: w.calls, Admitted: w.admitted, Refused: w.calls - w.admitted, MaxInSecond: w.busiest,
		First: w.first, Last: w.lastCall, AlsoUsed: OtherStats{Calls: w.other.calls, Refused: w.other.refused}}
}
