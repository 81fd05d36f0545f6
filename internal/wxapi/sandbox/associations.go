package sandbox

import (
	"sync"

	"github.com/storelink/storelink/internal/job"
)

// truth is what is associated with what, whoever said so: a partner and its brand see the same.
type truth struct {
	mu      sync.RWMutex
	targets map[job.Target]*associations
}

// of gives a target's associations, and makes them where there are none.
func (t *truth) of(target job.Target) *associations {
	if a := t.lookUp(target); a != nil {
		return a
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.targets[target]
	if a == nil {
		if t.targets == nil {
			t.targets = make(map[job.Target]*associations)
		}
		a = &associations{byNumber: make(map[uint64]uint32), byText: make(map[string]uint32)}
		t.targets[target] = a
	}
	return a
}

// lookUp gives a target's associations, or nil.
func (t *truth) lookUp(target job.Target) *associations {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.targets[target]
}

func (t *truth) each(f func(job.Target, *associations)) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for target, a := range t.targets {
		f(target, a)
	}
}

func (t *truth) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.targets = nil
}

// associations are the stores that one target has seen. A short numeric ID, as nearly all are, costs some 55 bytes and
// no pointer, so that a million of them burden neither the memory nor the collector of a process that is measured
// beside the client.
type associations struct {
	mu       sync.Mutex
	byNumber map[uint64]uint32 // place in stores, by packed ID
	byText   map[string]uint32 // place in stores, of IDs that cannot be packed
	texts    []string          // those IDs
	stores   []store           // in the order in which they came
	count    int               // how many are associated
	calls    int64
}

// store is what is known of one store.
type store struct {
	id       uint64 // packed; a number below 1<<32 is a place in texts
	lastCall uint32 // the call that named it last, so that repeats in one call are seen
	sent     uint16 // calls that named it; stays at the most that it can hold
	flags    uint8
	again    uint8 // calls that named it although its outcome had been answered; the same
}

// The flags of a store. "Answered" means that a good answer with the store's outcome in it was written whole, to a call
// of the interface whose number the flags from 1<<aboutShift on are.
const (
	associated uint8 = 1 << iota
	answeredSuccess
	answeredFailure

	aboutShift = 3
)

// about is the interface that the flags are about.
func (s *store) about() iface { return iface(s.flags >> aboutShift) }

// pack makes a number of an ID of 1 to 15 digits: its length and its value, since 007 and 7 are two stores.
func pack(id []byte) (uint64, bool) {
	if len(id) == 0 || len(id) > 15 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range id {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return uint64(len(id))<<60 | n, true
}

// appendID appends the ID of a store.
func (a *associations) appendID(b []byte, s *store) []byte {
	digits := int(s.id >> 60)
	if digits == 0 {
		return append(b, a.texts[s.id]...)
	}
	var text [15]byte
	n := s.id & (1<<60 - 1)
	for i := digits - 1; i >= 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, text[:digits]...)
}

// place finds a store, and gives it a place if it has none and make says so.
func (a *associations) place(id []byte, make bool) (uint32, bool) {
	packed, isNumber := pack(id)
	var at uint32
	var known bool
	if isNumber {
		at, known = a.byNumber[packed]
	} else {
		at, known = a.byText[string(id)]
	}
	if known || !make {
		return at, known
	}
	at = uint32(len(a.stores))
	if isNumber {
		a.byNumber[packed] = at
	} else {
		text := string(id)
		packed = uint64(len(a.texts))
		a.texts = append(a.texts, text)
		a.byText[text] = at
	}
	a.stores = append(a.stores, store{id: packed})
	return at, true
}

// set makes a store associated or not, and says whether that changed it.
func (a *associations) set(s *store, on bool) bool {
	switch was := s.flags&associated != 0; {
	case was == on:
		return false
	case on:
		s.flags |= associated
		a.count++
	default:
		s.flags &^= associated
		a.count--
	}
	return true
}

// name notes that a call names a store. It gives what had been answered about the store in the same operation before
// (0: nothing), or repeat if this same call named it already.
func (s *store) name(call uint32, of iface) (answered uint8, repeat bool) {
	if s.sent > 0 && s.lastCall == call {
		return 0, true
	}
	s.lastCall = call
	if s.sent < 1<<16-1 {
		s.sent++
	}
	if s.about() == of {
		answered = s.flags & (answeredSuccess | answeredFailure)
	} else { // another operation: what was answered about the one before is past
		s.flags = s.flags&associated | uint8(of)<<aboutShift
	}
	if answered != 0 && s.again < 1<<8-1 {
		s.again++
	}
	return answered, false
}
