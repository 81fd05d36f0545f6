package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/registry"
	"github.com/storelink/storelink/internal/web"
)

func TestSearchesTakeTurnsAndHoldUpNobodyWhoIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	id := w.submit(newJob(""), 3)
	known := w.browser("en").login()
	free := w.page.FillSearches()
	defer free()
	gone, leave := context.WithCancel(w.ctx) // so that nobody waits
	leave()
	for _, path := range []string{"/jobs?brand=1", "/jobs?account=x", "/jobs?stock=1", "/jobs?state=running", "/jobs/" + id + "/stores"} {
		answer := httptest.NewRecorder()
		w.page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil).WithContext(gone))
		if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" ||
			!strings.Contains(answer.Body.String(), "Too many searches") {
			t.Errorf("a stranger's GET %s, with all turns taken, is %d", path, answer.Code)
		}
		if a := known.get(path); a.status != http.StatusOK {
			t.Errorf("GET %s of who has logged in is %d", path, a.status)
		}
	}
	for _, path := range []string{"/", "/jobs", "/jobs/" + id, "/schedules"} {
		if a := w.browser("en").get(path); a.status != http.StatusOK {
			t.Errorf("a look that is none of a search, GET %s, is %d", path, a.status)
		}
	}
}

func TestASearchGoesOnBehindItsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Real(t).Client, nil)
	oldest := w.submit(newJob(""), 1)
	later := time.Now().Add(time.Hour)
	var gone []redis.Z // of most jobs nothing is left but their place in the index
	for range 5100 {
		gone = append(gone, redis.Z{Score: float64(later.UnixMilli()), Member: job.NewID(later)})
	}
	w.must(w.rdb.ZAdd(w.ctx, "storelink:1:jobs", gone...).Err())
	b := w.browser("en")
	a := b.get("/jobs?stock=" + target.StockID)
	if strings.Contains(a.body, oldest) || !strings.Contains(a.body, "Go on searching") {
		t.Fatalf("a search looks at everything at once: %d", a.status)
	}
	for looks := 0; !strings.Contains(a.body, oldest); looks++ { // it is bounded in time, too
		_, next, on := strings.Cut(a.body, `before=`)
		if !on || looks > 50 {
			t.Fatalf("it does not go on after %d looks", looks)
		}
		next, _, _ = strings.Cut(next, `"`)
		a = b.get("/jobs?stock=" + target.StockID + "&before=" + next)
	}
}

func TestThousandsOfAccountsMakeNoHugePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	var lanes []registry.Lane
	for i := range 5000 {
		state := job.LaneIdle
		if i%2 == 0 {
			state = job.LaneServing
		}
		lanes = append(lanes, registry.Lane{Account: fmt.Sprintf("brand-%04d", i), Mode: job.Brand, Identity: fmt.Sprint(i), State: state})
	}
	lanes[4321].State, lanes[4321].Reason = job.LaneRefused, "its key is wrong"
	w.must(w.ledger.Publish(w.ctx, "here-1", lanes, true))
	b := w.browser("en")
	for _, path := range []string{"/", "/jobs", "/schedules"} {
		if a := b.get(path); a.status != http.StatusOK || len(a.body) > 80<<10 {
			t.Errorf("GET %s is %d, of %d bytes", path, a.status, len(a.body))
		}
	}
	a := b.get("/")
	if !strings.Contains(a.body, "brand-4321") || !strings.Contains(a.body, "4,880 more accounts") {
		t.Error("the account in trouble is not shown, or that there are more is not said")
	}
	if a = b.get("/?account=brand-3999"); !strings.Contains(a.body, "brand-3999") || strings.Contains(a.body, "brand-4321") {
		t.Error("an account is not found by its name")
	}
}

func TestACookieThatWasKeptIsNoSessionAfterLoggingOut(t *testing.T) {
	t.Parallel()
	rdb := redistest.Mini(t)
	w, other := newWorld(t, rdb, nil), newWorld(t, rdb, nil) // two workers
	id := w.submit(newJob(""), 400)
	b := w.browser("en").login()
	form := url.Values{"csrf": {b.csrf("/jobs/" + id)}}
	at, err := url.Parse(w.url)
	w.must(err)
	kept := b.client.Jar.Cookies(at)
	if a := b.post("/logout", nil); a.status != http.StatusOK {
		t.Fatalf("logging out is %d", a.status)
	}
	for name, of := range map[string]*world{"this worker": w, "another worker": other} {
		thief := of.browser("en")
		there, err := url.Parse(of.url)
		w.must(err)
		thief.client.Jar, _ = cookiejar.New(nil)
		thief.client.Jar.SetCookies(there, kept)
		if a := thief.get("/jobs/" + id); strings.Contains(a.body, "csrf") {
			t.Errorf("%s takes the cookie for a session", name)
		}
		if a := thief.post("/jobs/"+id+"/pause", form); a.status != http.StatusForbidden {
			t.Errorf("%s lets it pause a job: %d", name, a.status)
		}
		if !w.browser("en").login().get("/jobs/" + id).loggedIn() {
			t.Errorf("%s lets nobody in any more", name)
		}
	}
	if ttl := rdb.TTL(w.ctx, rdb.Keys(w.ctx, "storelink:1:page:ended:*").Val()[0]).Val(); ttl <= 11*time.Hour || ttl > 13*time.Hour {
		t.Errorf("it is remembered for %v", ttl)
	}
}

func (a answer) loggedIn() bool { return strings.Contains(a.body, `action="/logout"`) }

func TestNobodyChangesAnythingWhereItCannotBeSeenWhetherTheyHaveLoggedOut(t *testing.T) {
	t.Parallel()
	srv := redistest.Real(t)
	w := newWorld(t, srv.Client, nil)
	id := w.submit(newJob(""), 400)
	b := w.browser("en").login()
	form := url.Values{"csrf": {b.csrf("/jobs/" + id)}}
	w.must(w.rdb.Do(w.ctx, "ACL", "SETUSER", "default", "-exists").Err())
	if a := b.post("/jobs/"+id+"/pause", form); a.status != http.StatusServiceUnavailable {
		t.Errorf("a change is %d", a.status)
	}
	w.must(w.rdb.Do(w.ctx, "ACL", "SETUSER", "default", "+exists").Err())
	if s, err := w.ledger.Status(w.ctx, id); err != nil || s.State != job.Running {
		t.Errorf("the job is %s, %v", s.State, err)
	}
}

// behind is a guess by somebody behind proxies.
func (w *world) behind(proxy, forwarded, token string, cookies ...*http.Cookie) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/login", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", forwarded)
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = proxy + ":4000"
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.page.ServeHTTP(answer, r)
	return answer.Result()
}

func TestOneStrangerBehindAProxyLocksNobodyElseOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16")}
	})
	for i := range 20 { // who says of themselves to be somebody else each time
		got := w.behind("127.0.0.1", fmt.Sprintf("192.0.2.%d, 203.0.113.66, 10.1.2.3", i), "guess").StatusCode
		if want := map[bool]int{true: http.StatusForbidden, false: http.StatusTooManyRequests}[i < 5]; got != want {
			t.Fatalf("guess %d is %d, want %d", i, got, want)
		}
	}
	in := w.behind("127.0.0.1", "198.51.100.7, 10.1.2.3", token)
	if in.StatusCode != http.StatusSeeOther {
		t.Errorf("somebody else behind the same proxies is %d", in.StatusCode)
	}
	for _, c := range in.Cookies() {
		if !c.Secure {
			t.Errorf("by a proxy with HTTPS, a cookie is %s", c)
		}
	}
	// Who is no trusted proxy is believed nothing.
	for i := range 6 {
		in = w.behind("203.0.113.9", fmt.Sprintf("127.0.0.%d", i), map[bool]string{true: token}[i == 5])
	}
	if in.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a sixth guess that names this machine is %d", in.StatusCode)
	}
	if got := w.behind("10.1.2.3", "198.51.100.8:7777", token).StatusCode; got != http.StatusSeeOther {
		t.Errorf("an address with a port is %d", got)
	}
	if got := w.behind("10.1.2.3", "nonsense", "guess").StatusCode; got != http.StatusForbidden {
		t.Errorf("nonsense is %d", got)
	}
}

func TestAProxyThatIsNotNamedIsToldOfOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for range 3 {
		if c := w.behind("127.0.0.1", "198.51.100.7", "guess").Cookies(); len(c) > 0 && c[0].Secure {
			t.Error("its word is taken")
		}
	}
	if n := strings.Count(w.log.String(), "page.trusted_proxies"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

func TestThisMachineIsOneWhateverAddressItTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	tried := 0
	for i := range 300 {
		from := fmt.Sprintf("127.0.%d.%d:5000", i/250, i%250+1)
		if i%10 == 0 {
			from = "[::1]:5000"
		}
		if w.guess(from, "guess").StatusCode == http.StatusForbidden {
			tried++
		}
	}
	if tried != 5 {
		t.Errorf("from this machine's addresses, %d guesses are had at once", tried)
	}
}

func TestNoPathLeadsToAnotherHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for _, path := range []string{"//evil.example/", "//evil.example/%2e%2e", `/\evil.example/`, "///evil.example", "/%2f/evil.example", "//evil.example/jobs?x=1"} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead} {
			for _, host := range []string{"127.0.0.1", "evil.example"} {
				r := httptest.NewRequest(method, "http://"+host+"/", nil)
				r.URL.Path, r.URL.RawPath = path, ""
				if at := strings.IndexByte(path, '?'); at >= 0 {
					r.URL.Path, r.URL.RawQuery = path[:at], path[at+1:]
				}
				answer := httptest.NewRecorder()
				w.page.ServeHTTP(answer, r)
				if to := answer.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
					t.Errorf("%s %s at %s leads to %s", method, path, host, to)
				}
				for _, link := range []string{`href="//`, `href="/\`, `action="//`} {
					if strings.Contains(answer.Body.String(), link) {
						t.Errorf("%s %s at %s has a link to another host", method, path, host)
					}
				}
			}
		}
	}
}

func TestWhatIsForMachinesGoesByNoNameOfSomebodyElses(t *testing.T) {
	t.Parallel()
	self, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	h := web.ForMachines([]string{"storelink.example.com"}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "figures")
	}))
	for host, ours := range map[string]bool{"127.0.0.1:8080": true, "10.2.3.4:8080": true, "[fd00::1]:8080": true, "localhost:8080": true,
		"worker:8080": true, "storelink.example.com": true, self: true, "": true, "evil.example": false, "evil.example:8080": false,
		"127.0.0.1.evil.example": false, "localhost.evil.example:8080": false} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
		r.Host = host
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if got := answer.Body.String() == "figures"; got != ours {
			t.Errorf("Host: %s is %d", host, answer.Code)
		}
	}
}

func TestAJobThatCannotBeReadIsNamedAndHidesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	torn, whole := w.submit(newJob(""), 3), storeJob(w)
	w.must(w.rdb.HSet(w.ctx, "storelink:1:{"+torn+"}:job", "meta", "{torn").Err())
	b := w.browser("en")
	if a := b.get("/jobs"); a.status != http.StatusOK || !strings.Contains(a.body, whole) || !strings.Contains(a.body, "cannot be read") ||
		!strings.Contains(a.body, torn) {
		t.Errorf("the list is %d", a.status)
	}
	if a := b.get("/"); a.status != http.StatusOK || !strings.Contains(a.body, whole) {
		t.Errorf("the overview is %d", a.status)
	}
}
