package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/storelink/storelink/internal/secret"
)

// The cookies.
const (
	sessionCookie = "storelink_session"
	browserCookie = "storelink_browser"
	langCookie    = "storelink_lang"
)

// How long a session lasts, and how often a token may be tried: from one address, and from all together, so that whoever
// has many addresses gains nothing by them. A browser that has logged in before is counted by itself, and this machine
// by its address alone: whoever guesses locks neither of them out.
const (
	sessionLife     = 12 * time.Hour
	browserLife     = 180 * 24 * time.Hour
	triesAtOnce     = 5
	triesEvery      = 10 * time.Second
	strangersAtOnce = 30
	strangersEvery  = 2 * time.Second
	maxCounted      = 4096 // addresses and browsers whose tries are counted at a time
)

// sessions knows who has logged in. A session is in the browser's cookie alone, signed by a key that is derived from the
// token: so every worker knows those of all, and a new token ends them.
type sessions struct {
	token secret.Text
	key   []byte
	now   func() time.Time

	mu        sync.Mutex
	tries     map[string]*tries // by address or browser
	strangers *rate.Limiter
}

type tries struct {
	limit *rate.Limiter
	last  time.Time
}

func newSessions(token secret.Text, now func() time.Time) *sessions {
	s := &sessions{token: token, now: now, tries: map[string]*tries{},
		strangers: rate.NewLimiter(rate.Every(strangersEvery), strangersAtOnce)}
	if !token.Empty() {
		s.key = s.sum([]byte(token.Reveal()), "storelink page session 1")
	}
	return s
}

// open says whether anybody can log in.
func (s *sessions) open() bool { return s.key != nil }

func (s *sessions) sum(key []byte, what string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(what))
	return m.Sum(nil)
}

// matches says whether a text is the token, in a time that does not depend on it.
func (s *sessions) matches(text string) bool {
	if !s.open() {
		return false
	}
	a, b := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(s.token.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// may says whether whoever makes a request may try a token now; otherwise when they may.
func (s *sessions) may(r *http.Request) (ok bool, wait time.Duration) {
	from := address(r)
	who, stranger := from.String(), !from.Addr().IsLoopback()
	if id := s.browser(r); id != "" {
		who, stranger = id, false
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tries[who]
	if t == nil {
		if len(s.tries) >= maxCounted {
			s.makeRoom(now)
		}
		t = &tries{limit: rate.NewLimiter(rate.Every(triesEvery), triesAtOnce)}
		s.tries[who] = t
	}
	t.last = now
	limits := []*rate.Limiter{t.limit}
	if stranger {
		limits = append(limits, s.strangers)
	}
	var taken []*rate.Reservation
	for _, l := range limits {
		one := l.ReserveN(now, 1)
		taken, wait = append(taken, one), max(wait, one.DelayFrom(now))
	}
	if wait > 0 { // who may not try has not tried
		for _, one := range taken {
			one.CancelAt(now)
		}
	}
	return wait == 0, wait
}

// makeRoom forgets who has not tried for long enough to have all tries again, or else whoever tried longest ago.
func (s *sessions) makeRoom(now time.Time) {
	var oldest string
	var at time.Time
	for who, t := range s.tries {
		if now.Sub(t.last) > triesAtOnce*triesEvery {
			delete(s.tries, who)
		} else if at.IsZero() || t.last.Before(at) {
			oldest, at = who, t.last
		}
	}
	if len(s.tries) >= maxCounted {
		delete(s.tries, oldest)
	}
}

// browserID is how many random bytes tell a browser from others.
const browserID = 16

// browser gives what a browser that has logged in before is known by, "" for any other. It lets nobody in.
func (s *sessions) browser(r *http.Request) string {
	value := cookie(r, browserCookie)
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(b) != browserID+sha256.Size || !s.open() ||
		!hmac.Equal(b[browserID:], s.sum(s.key, "browser"+string(b[:browserID]))) {
		return ""
	}
	return "browser " + string(b[:browserID])
}

// remember gives the cookie that a browser which has logged in is known by from then on.
func (s *sessions) remember(secure bool) *http.Cookie {
	b := make([]byte, browserID, browserID+sha256.Size)
	_, _ = rand.Read(b) // it never fails
	b = append(b, s.sum(s.key, "browser"+string(b))...)
	return &http.Cookie{Name: browserCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/login", HttpOnly: true,
		Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(browserLife / time.Second)}
}

// A session is when it ends (8 bytes, Unix seconds), 16 random bytes, and the signature of both.
const (
	sessionHead = 8 + 16
	sessionLen  = sessionHead + sha256.Size
)

// begin gives a new session's cookie.
func (s *sessions) begin(secure bool) *http.Cookie {
	b := make([]byte, sessionHead, sessionLen)
	binary.BigEndian.PutUint64(b, uint64(s.now().Add(sessionLife).Unix()))
	_, _ = rand.Read(b[8:]) // it never fails
	b = append(b, s.sum(s.key, "session"+string(b))...)
	return &http.Cookie{Name: sessionCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", HttpOnly: true,
		Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)}
}

// end gives the cookie that takes a session away.
func (s *sessions) end(secure bool) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
		MaxAge: -1}
}

// csrf gives the token that forms of a request's session carry; "" where there is no session.
func (s *sessions) csrf(r *http.Request) string {
	b, err := base64.RawURLEncoding.DecodeString(cookie(r, sessionCookie))
	if err != nil || len(b) != sessionLen || !s.open() {
		return ""
	}
	head := string(b[:sessionHead])
	if !hmac.Equal(b[sessionHead:], s.sum(s.key, "session"+head)) {
		return ""
	}
	if s.now().Unix() >= int64(binary.BigEndian.Uint64(b[:8])) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.sum(s.key, "form"+head))
}
