package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"github.com/storelink/storelink/internal/job"
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
// as one, whatever its addresses: whoever guesses elsewhere locks neither of them out.
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
// token: so every worker knows those of all, and a new token ends them. Redis knows those that were logged out before their
// end, so that a cookie that was kept is of no use.
type sessions struct {
	token   secret.Text
	key     []byte
	now     func() time.Time
	proxies proxies
	rdb     redis.UniversalClient // where all workers find who has logged out

	mu        sync.Mutex
	tries     map[string]*tries // by address or browser
	strangers *rate.Limiter
	over      map[string]time.Time // sessions that were logged out here, until they end by themselves
}

type tries struct {
	limit *rate.Limiter
	last  time.Time
}

func newSessions(c Config) *sessions {
	s := &sessions{token: c.Token, now: c.Now, proxies: c.TrustedProxies, rdb: c.Redis, tries: map[string]*tries{}, over: map[string]time.Time{},
		strangers: rate.NewLimiter(rate.Every(strangersEvery), strangersAtOnce)}
	if !c.Token.Empty() {
		s.key = s.sum([]byte(c.Token.Reveal()), "storelink page session 1")
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
	who, here := counted(s.proxies.client(r))
	stranger := !here
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

// forget gives the cookie that takes a session away from the browser.
func (s *sessions) forget(secure bool) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
		MaxAge: -1}
}

// session gives what a request's session is made of, without its signature, and when it ends; "" where there is none.
func (s *sessions) session(r *http.Request) (head string, ends time.Time) {
	b, err := base64.RawURLEncoding.DecodeString(cookie(r, sessionCookie))
	if err != nil || len(b) != sessionLen || !s.open() {
		return "", ends
	}
	head = string(b[:sessionHead])
	if !hmac.Equal(b[sessionHead:], s.sum(s.key, "session"+head)) {
		return "", ends
	}
	if ends = time.Unix(int64(binary.BigEndian.Uint64(b[:8])), 0); !s.now().Before(ends) {
		return "", ends
	}
	return head, ends
}

// csrf gives the token that forms of a session carry.
func (s *sessions) csrf(head string) string {
	return base64.RawURLEncoding.EncodeToString(s.sum(s.key, "form"+head))
}

// endedKey is where Redis remembers that a session was ended, until it would have ended by itself. A session cannot be made
// of it.
func (s *sessions) endedKey(head string) string {
	return "storelink:1:page:ended:" + hex.EncodeToString(s.sum(s.key, "ended"+head)[:16])
}

// end ends a session, here at once and, by Redis, with all workers.
func (s *sessions) end(ctx context.Context, head string, ends time.Time) error {
	left := ends.Sub(s.now())
	if left <= 0 {
		return nil
	}
	s.mu.Lock()
	for other, at := range s.over {
		if !s.now().Before(at) {
			delete(s.over, other)
		}
	}
	if len(s.over) < maxCounted { // Redis has the others
		s.over[head] = ends
	}
	s.mu.Unlock()
	if err := s.rdb.Set(ctx, s.endedKey(head), 1, left+time.Minute).Err(); err != nil {
		return job.Errorf(job.CodeRedis, "Redis: end the session: %w", err)
	}
	return nil
}

// isOver says whether a session was ended before its time. Where Redis cannot be asked, that is the error.
func (s *sessions) isOver(ctx context.Context, head string) (bool, error) {
	s.mu.Lock()
	_, here := s.over[head]
	s.mu.Unlock()
	if here {
		return true, nil
	}
	n, err := s.rdb.Exists(ctx, s.endedKey(head)).Result()
	if err != nil {
		return false, job.Errorf(job.CodeRedis, "Redis: look at the session: %w", err)
	}
	return n > 0, nil
}
