package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/web"
)

func TestForgedPostsChangeNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		id := w.submit(newJob(""), 400)
		_, err := w.book.Add(w.ctx, nightly(), false)
		w.must(err)
		b := w.browser("en").login()
		right := b.csrf("/jobs/" + id)
		elsewhere := w.browser("en").login().csrf("/jobs/" + id)
		if right == elsewhere {
			t.Fatal("two sessions have the same token")
		}
		for name, forge := range map[string]func(path string) answer{
			"no token":           func(path string) answer { return b.post(path, nil) },
			"an empty token":     func(path string) answer { return b.post(path, url.Values{"csrf": {""}}) },
			"another's token":    func(path string) answer { return b.post(path, url.Values{"csrf": {elsewhere}}) },
			"the token in query": func(path string) answer { return b.post(path+"?csrf="+url.QueryEscape(right), nil) },
			"another site": func(path string) answer {
				return b.post(path, url.Values{"csrf": {right}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
			},
			"another site, old browser": func(path string) answer {
				return b.post(path, url.Values{"csrf": {right}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "")
			},
			"no session": func(path string) answer { return w.browser("en").post(path, url.Values{"csrf": {right}}) },
			"a made-up session": func(path string) answer {
				return w.browser("en").post(path, url.Values{"csrf": {right}}, "Cookie", "storelink_session="+strings.Repeat("A", 75))
			},
		} {
			for _, path := range []string{"/jobs/" + id + "/pause", "/jobs/" + id + "/cancel", "/jobs/" + id + "/retry",
				"/schedules/nightly/run", "/schedules/nightly/pause"} {
				if a := forge(path); a.status != http.StatusForbidden {
					t.Errorf("%s: POST %s is %d", name, path, a.status)
				}
			}
		}
		for _, verb := range []string{"pause", "cancel", "retry", "resume"} {
			if a := b.get("/jobs/" + id + "/" + verb + "?csrf=" + url.QueryEscape(right)); a.status != http.StatusNotFound &&
				a.status != http.StatusMethodNotAllowed {
				t.Errorf("GET of %s is %d", verb, a.status)
			}
		}
		s, err := w.ledger.Status(w.ctx, id)
		w.must(err)
		plan, err := w.book.Get(w.ctx, "nightly")
		w.must(err)
		if s.State != job.Running || plan.Paused || len(plan.Runs) != 0 {
			t.Errorf("something was changed: %s, %+v", s.State, plan)
		}
	})
}

func TestGuessingTheTokenIsSlow(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Now = func() time.Time { return now } })
	b := w.browser("en")
	for i := range 5 {
		if a := b.post("/login", url.Values{"token": {fmt.Sprint("guess", i)}}); a.status != http.StatusForbidden {
			t.Fatalf("guess %d is %d", i, a.status)
		}
	}
	for _, guess := range []string{"guess", token} { // the right one, too: nobody learns which it is
		a := b.post("/login", url.Values{"token": {guess}})
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "11" {
			t.Errorf("a sixth guess is %d (Retry-After: %s)", a.status, a.header.Get("Retry-After"))
		}
	}
	now = now.Add(11 * time.Second)
	if a := b.post("/login", url.Values{"token": {token}}); a.status != http.StatusOK {
		t.Errorf("the token, in its time, is %d", a.status)
	}
	if strings.Contains(w.log.String(), "guess") || strings.Contains(w.log.String(), token) {
		t.Error("what was guessed is in the log")
	}
	if !strings.Contains(w.log.String(), "a wrong token was given") {
		t.Error("nothing of the guesses is in the log")
	}
}

// guess tries a token from an address, with a cookie.
func (w *world) guess(from, token string, cookies ...*http.Cookie) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/login", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", fmt.Sprint(rand.Uint32())) // whoever asks may say anything
	r.RemoteAddr = from
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.page.ServeHTTP(answer, r)
	return answer.Result()
}

func TestGuessingFromManyAddressesIsSlowAndLocksNobodyOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Now = func() time.Time { return now } })
	in := w.guess("192.0.2.1:5000", token)
	if in.StatusCode != http.StatusSeeOther {
		t.Fatalf("the token is %d", in.StatusCode)
	}
	known := in.Cookies()
	tried := 0
	for i := range 1000 {
		switch status := w.guess(fmt.Sprintf("[2001:db8:%x::1]:5000", i), "guess").StatusCode; status {
		case http.StatusForbidden:
			tried++
		case http.StatusTooManyRequests:
		default:
			t.Fatalf("a guess is %d", status)
		}
	}
	if tried == 0 || tried > 30 {
		t.Errorf("a thousand addresses have %d guesses at once", tried)
	}
	if got := w.guess("192.0.2.9:5000", token).StatusCode; got != http.StatusTooManyRequests {
		t.Errorf("a stranger with the token, meanwhile, is %d", got)
	}
	for _, forged := range []string{"", "AAAA", strings.Repeat("A", 64)} {
		if got := w.guess("192.0.2.10:5000", token, &http.Cookie{Name: "storelink_browser", Value: forged}).StatusCode; got != http.StatusTooManyRequests {
			t.Errorf("who claims to be known by %q is %d", forged, got)
		}
	}
	if got := w.guess("192.0.2.9:5000", token, known...).StatusCode; got != http.StatusSeeOther {
		t.Errorf("a browser that has logged in before is locked out: %d", got)
	}
	if got := w.guess("127.0.0.1:5000", token).StatusCode; got != http.StatusSeeOther {
		t.Errorf("this machine is locked out: %d", got)
	}
	for range 10 {
		w.guess("192.0.2.9:5000", "guess", known...)
	}
	if got := w.guess("192.0.2.200:5000", "guess", known...).StatusCode; got != http.StatusTooManyRequests {
		t.Errorf("a browser that is known guesses without end: %d", got)
	}
	now = now.Add(2 * time.Second)
	if got := w.guess("192.0.2.9:5000", token).StatusCode; got != http.StatusSeeOther {
		t.Errorf("a stranger with the token, later, is %d", got)
	}
}

func TestOnlyWhatIsOfferedIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	id := w.submit(newJob("quiet"), 400)
	b := w.browser("en").login()
	for _, method := range []string{http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodPatch, http.MethodDelete, "BREW"} {
		for _, path := range []string{"/", "/jobs/" + id + "/pause", "/queues"} {
			req, err := http.NewRequestWithContext(w.ctx, method, b.url+path, nil)
			w.must(err)
			req.Header.Set("X-Echo", "not-to-be-echoed")
			if a := b.do(req); a.status != http.StatusMethodNotAllowed && a.status != http.StatusForbidden || strings.Contains(a.body, "echoed") {
				t.Errorf("%s %s is %d", method, path, a.status)
			}
		}
	}
	for path, want := range map[string]int{"/": 200, "/jobs/" + id: 200, "/jobs/" + id + "/report.csv": 200, "/jobs/" + id + "/report.xlsx": 200,
		"/jobs/" + id + "/pause": 404, "/nowhere": 404} {
		req, err := http.NewRequestWithContext(w.ctx, http.MethodHead, b.url+path, nil)
		w.must(err)
		if a := b.do(req); a.status != want || a.body != "" {
			t.Errorf("HEAD %s is %d %q", path, a.status, a.body)
		}
	}
	for _, query := range []string{"outcome=failed%0d%0aX-Evil:1", "encoding=%0d%0aX-Evil:1", "outcome=%22;filename=x.exe"} {
		a := b.get("/jobs/" + id + "/report.csv?" + query)
		if a.header.Get("X-Evil") != "" || a.header.Get("Content-Disposition") != `attachment; filename="`+id+`.csv"` {
			t.Errorf("with %s a download has %v", query, a.header)
		}
	}
	if s, err := w.ledger.Status(w.ctx, id); err != nil || s.State != job.Running {
		t.Errorf("the job is %s (%v)", s.State, err)
	}
}

func TestBrowsersAreHeldToHTTPSWhereItsNameIsOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Hosts = []string{"storelink.example.com"} })
	for url, want := range map[string]bool{"https://storelink.example.com:8443/": true, "https://localhost/": false,
		"https://192.0.2.1/": false, "http://storelink.example.com/": false} {
		answer := httptest.NewRecorder()
		w.page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, url, nil))
		if got := answer.Header().Get("Strict-Transport-Security"); (got != "") != want {
			t.Errorf("%s has Strict-Transport-Security: %q", url, got)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "https://localhost/login", strings.NewReader("token="+token))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	w.page.ServeHTTP(answer, r)
	for _, c := range answer.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("by HTTPS, a cookie is %s", c)
		}
	}
	if len(answer.Result().Cookies()) != 2 {
		t.Errorf("logging in sets %v", answer.Result().Cookies())
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	clock := func(c *web.Config) { c.Now = func() time.Time { return now } }
	rdb := redistest.Mini(t)
	w := newWorld(t, rdb, clock)
	id := w.submit(newJob(""), 400)
	b := w.browser("en").login()
	if b.csrf("/jobs/"+id) == "" {
		t.Fatal("not logged in")
	}
	now = now.Add(12*time.Hour + time.Second)
	if a := b.get("/jobs/" + id); strings.Contains(a.body, "csrf") {
		t.Error("a session goes on after twelve hours")
	}
}

func TestScriptsStayText(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`
		w := newWorld(t, rdb, nil)
		w.work(0, bad())
		j := newJob(evil)
		j.Source, j.SubmittedBy = evil, evil
		id := w.submit(j, 600)
		d := nightly()
		d.Source = "/lists/" + evil
		d.Job.Label = evil
		_, err := w.book.Add(w.ctx, d, false)
		w.must(err)
		w.wait(id, "the job has ended", ended)
		b := w.browser("en").login()
		shown := 0
		for _, path := range []string{"/", "/jobs", "/jobs/" + id, "/jobs/" + id + "/stores?outcome=failed", "/schedules/nightly",
			"/jobs?brand=" + url.QueryEscape(evil) + "&account=" + url.QueryEscape(evil) + "&stock=" + url.QueryEscape(evil),
			"/jobs/" + id + "/stores?q=" + url.QueryEscape(evil) + "&code=" + url.QueryEscape(evil) + "&from=" + url.QueryEscape(evil),
			"/login?next=" + url.QueryEscape(evil), "/jobs/" + url.PathEscape(evil), "/?done=" + url.QueryEscape(evil),
			"/?lang=" + url.QueryEscape(evil), "/" + url.PathEscape(evil)} {
			a := b.get(path)
			if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
				t.Errorf("GET %s has the script as it came", path)
			}
			if strings.Contains(a.body, "&lt;script&gt;alert") {
				shown++
			}
			if p := a.header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'; script-src 'self'; style-src 'self';") {
				t.Errorf("GET %s has the policy %q", path, p)
			}
			if a.status < 400 {
				wellFormed(t, path, a.body)
			}
		}
		if shown < 5 {
			t.Errorf("the text is shown by %d pages alone", shown)
		}
	})
}

func TestNobodyLeavesTheirPath(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Now = func() time.Time { return now } })
	id := w.submit(newJob(""), 400)
	b := w.browser("en")
	for _, path := range []string{"/jobs/..%2f..%2fetc%2fpasswd/report.csv", "/jobs/%2e%2e/report.csv", "/jobs/" + id + "/report.csv%2f..%2f..",
		"/jobs/" + id + "%00/report.csv", "/jobs/*/report.csv", "/jobs/" + id + "/report.exe", "/assets/..%2fpage.go", "/assets/..%2f..%2fgo.mod",
		"/assets/style.css", "/assets/", "/schedules/..%2f..", "/jobs/{job}:x/report.csv", "/jobs/" + id + "-0x1/report.csv",
		"/jobs/" + strings.ToUpper(id), "/.git/config"} {
		a := b.get(path)
		if a.status != http.StatusNotFound {
			t.Errorf("GET %s is %d", path, a.status)
		}
		if a.header.Get("Content-Disposition") != "" {
			t.Errorf("GET %s is a download", path)
		}
	}
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/\t/evil.example", "/\x00/evil.example",
		"http:evil.example", "/%zz", "/\u0085/evil.example", "https:///evil.example", "///evil.example"} {
		b := w.browser("en")
		now = now.Add(time.Minute) // so that there are tries enough
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		a := b.post("/login", url.Values{"token": {token}, "next": {next}})
		if to := a.header.Get("Location"); to != "/?done=login" {
			t.Errorf("after logging in with next=%q one is sent to %q", next, to)
		}
	}
}

func storeJob(w *world) string { j := newJob(""); j.Target.StockID = j.ID; return w.submit(j, 3) }

func TestHugeRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser("en").login()
	for path, want := range map[string]int{
		"/jobs?brand=" + strings.Repeat("x", 3000):                                                http.StatusRequestURITooLong,
		"/" + strings.Repeat("a/", 2000):                                                          http.StatusRequestURITooLong,
		"/jobs?" + strings.Repeat("a=b&", 400):                                                    http.StatusOK,
		"/jobs/" + storeJob(w) + "?first=99999999999999999999&x=%00%ff":                           http.StatusOK,
		"/jobs/" + storeJob(w) + "/stores?from=-1.99999999999.2&q=%ff%00&code=%c3%28&outcome=%00": http.StatusOK,
		"/jobs?state=x&account=%ff%fe&brand=%00&before=%zz":                                       http.StatusOK,
		"/jobs?" + strings.Repeat("brand="+"y&", 200) + "id":                                      http.StatusOK,
	} {
		if a := b.get(path); a.status != want {
			t.Errorf("GET %.40s… is %d, not %d", path, a.status, want)
		}
	}
	if a := b.post("/login", url.Values{"token": {strings.Repeat("x", 100_000)}}); a.status != http.StatusBadRequest {
		t.Errorf("a form of 100 kB is %d", a.status)
	}
}

func TestPageOfAnotherNameIsNotOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Hosts = []string{"storelink.example.com"} })
	for host, want := range map[string]int{
		"evil.example": http.StatusMisdirectedRequest, "evil.example:80": http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example": http.StatusMisdirectedRequest, "storelink.example.com": 200, "STORELINK.example.com:8080": 200,
		"localhost:8080": 200, "10.0.0.7": 200, "[::1]:8080": 200, "localhost.": 200, "": 200,
	} {
		b := w.browser("en")
		req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.url+"/", nil)
		w.must(err)
		req.Host = host
		if host == "" {
			req.Host = req.URL.Host
		}
		if a := b.do(req); a.status != want {
			t.Errorf("Host: %s is %d, not %d", host, a.status, want)
		}
	}
}

func TestRedisAwayIsToldAndNotALie(t *testing.T) {
	t.Parallel()
	srv := redistest.Real(t)
	w := newWorld(t, srv.Client, nil)
	id := w.submit(newJob(""), 400)
	srv.Kill()
	var asked sync.WaitGroup
	for _, path := range []string{"/", "/jobs", "/jobs/" + id, "/jobs/" + id + "/stores", "/jobs/" + id + "/report.csv", "/schedules"} {
		asked.Go(func() {
			a := w.browser("en").get(path)
			if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "Redis cannot be reached") ||
				a.header.Get("Content-Disposition") != "" || a.header.Get("Refresh") == "" {
				t.Errorf("GET %s is %d: %s", path, a.status, a.body)
			}
		})
	}
	asked.Wait()
	srv.Restart()
	for a := w.browser("en").get("/jobs"); a.status != http.StatusOK; a = w.browser("en").get("/jobs") {
		if w.ctx.Err() != nil {
			t.Fatalf("the page does not come back: %d", a.status)
		}
	}
}
