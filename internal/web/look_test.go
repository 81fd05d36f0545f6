package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/net/html"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/queue"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/secret"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// bad are the stores that fail in these tests.
func bad() sandbox.Options {
	return sandbox.Options{Faults: sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{
		{StoreID: "100000008", Code: "NO_AUTH", Message: "门店不属于该品牌"},
		{StoreID: "100000015", Code: "NOT_IN_ANY_CATALOGUE", Message: `<script>alert("x")</script>`}}}}
}

func nightly() schedule.Definition {
	return schedule.Definition{Name: "nightly", Cron: "0 3 * * *", Timezone: "Asia/Shanghai", AddedAt: newJob("").CreatedAt,
		Source: "https://files.example.com/stores.csv?key=hush", Job: job.Job{Operation: job.Resync, Account: sandbox.PartnerAccount,
			Target: target, ChunkSize: 200, Priority: job.Default}}
}

func TestEveryPageIsShownInBothLanguages(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		_, err := w.book.Add(w.ctx, nightly(), false)
		w.must(err)
		w.work(0, bad())
		id := w.submit(newJob("华东一期"), 1000)
		batch := w.submitBatch(3, 400)
		w.wait(id, "the job has ended", ended)
		w.wait(batch, "the batch has ended", ended)
		for _, lang := range []struct {
			accept, html string
			words        []string
		}{
			{"zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", []string{"正在处理", "账号", "门店总数", "失败原因", "时间线", "时间"}},
			{"en-GB,en;q=0.9", "en", []string{"At work", "Accounts", "Stores", "Failures", "Timeline", "Times"}},
			{"fr", "en", nil},
			{"zh-Hant-TW", "zh-CN", nil},
		} {
			b := w.browser(lang.accept).login()
			var all strings.Builder
			for _, path := range []string{"/", "/jobs", "/jobs?state=completed&account=sandbox-partner&brand=" + target.BrandID, "/jobs/" + id,
				"/jobs/" + id + "/stores", "/jobs/" + id + "/stores?outcome=failed&code=NO_AUTH&q=0008", "/jobs/" + batch,
				"/jobs/" + batch + "-2", "/jobs/" + batch + "/stores?outcome=failed", "/schedules", "/schedules/nightly", "/login"} {
				a := b.get(path)
				if a.status != http.StatusOK {
					t.Fatalf("GET %s is %d: %s", path, a.status, a.body)
				}
				if !strings.Contains(a.body, `<html lang="`+lang.html+`">`) || a.header.Get("Content-Language") == "" {
					t.Errorf("%s is not in %s", path, lang.html)
				}
				wellFormed(t, path, a.body)
				all.WriteString(a.body)
			}
			if lang.html == "zh-CN" {
				for _, word := range english(all.String()) {
					t.Errorf("%q is left in English", word)
				}
			}
			for _, word := range lang.words {
				if !strings.Contains(all.String(), word) {
					t.Errorf("%q is nowhere in %s", word, lang.html)
				}
			}
			if strings.Contains(all.String(), "hush") {
				t.Error("the query of a source is shown")
			}
		}
	})
}

// asItIs are the words on a Chinese page that are names: of programs, formats, people, and what these tests made up.
var asItIs = regexp.MustCompile(`^(storelink|worker|here-1|asynq|English|Excel|CSV|GB18030|JSON|Lines|UTC|Request-Id|ID|v0.0.0-test|` +
	`script>alert\S+|sandbox-partner|nightly|Asia/Shanghai|stores.csv|nowhere/stores.csv|brands.yaml|wang@desk|page:127.0.0.1|ops-robot|https://\S+|page.token|[A-Z]+(_[A-Z]+)+|[0-9A-F]+-0|[0-9]{8}-\S+)$`)

// english gives the words that a Chinese page should not have.
func english(body string) (words []string) {
	z := html.NewTokenizer(strings.NewReader(body))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind != html.TextToken {
			continue
		}
		for _, word := range regexp.MustCompile(`[0-9A-Za-z][!-~]*`).FindAllString(z.Token().Data, -1) {
			word = strings.TrimRight(word, ".:,;)…?")
			if regexp.MustCompile(`[A-Za-z]{2}`).MatchString(word) && !asItIs.MatchString(word) {
				words = append(words, word)
			}
		}
	}
	return words
}

// wellFormed checks that every element that is opened is closed, that IDs are unique, and that nothing of a page would
// need a looser policy.
func wellFormed(t *testing.T, path, body string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "img": true, "input": true, "br": true}
	var open []string
	ids := map[string]bool{}
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(open) != 0 {
				t.Errorf("%s: %v is left open (%v)", path, open, z.Err())
			}
			return
		case html.StartTagToken:
			token := z.Token()
			for _, a := range token.Attr {
				if a.Key == "id" && ids[a.Val] {
					t.Errorf("%s: there are two #%s", path, a.Val)
				}
				if a.Key == "id" {
					ids[a.Val] = true
				}
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("%s: <%s %s=%q>", path, token.Data, a.Key, a.Val)
				}
			}
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			token := z.Token()
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Errorf("%s: </%s> closes %v", path, token.Data, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

func TestLanguageIsChosenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser("en")
	if a := b.get("/?lang=zh"); !strings.Contains(a.body, "概览") {
		t.Error("?lang=zh does not give Chinese")
	}
	if a := b.get("/jobs"); !strings.Contains(a.body, "任务") {
		t.Error("the choice is not kept")
	}
	if a := b.get("/jobs?lang=en"); !strings.Contains(a.body, "There are no jobs.") {
		t.Error("?lang=en does not give English")
	}
}

func TestPageIsReadOnlyWithoutAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.Token = secret.Text{} })
	id := w.submit(newJob(""), 400)
	b := w.browser("en")
	if a := b.get("/jobs/" + id); a.status != 200 || strings.Contains(a.body, "<button") || !strings.Contains(a.body, "Read-only") {
		t.Errorf("a read-only page: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/jobs/" + id + "/pause", "/jobs/" + id + "/cancel", "/jobs/" + id + "/retry", "/login"} {
		if a := b.post(path, url.Values{"csrf": {""}, "token": {""}}); a.status != http.StatusForbidden {
			t.Errorf("POST %s is %d", path, a.status)
		}
	}
	if s, err := w.ledger.Status(w.ctx, id); err != nil || s.State != job.Running {
		t.Errorf("the job is %s (%v)", s.State, err)
	}
}

func TestNothingIsSeenWithoutTheTokenWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *web.Config) { c.LoginToSee = true })
	id := w.submit(newJob("quiet"), 400)
	b := w.browser("en")
	for _, path := range []string{"/", "/jobs", "/jobs/" + id, "/jobs/" + id + "/stores", "/jobs/" + id + "/report.csv", "/schedules", "/queues",
		"/asynq/", "/nowhere"} {
		a := b.get(path)
		if a.url.Path != "/login" || a.url.Query().Get("next") != path || strings.Contains(a.body, "quiet") {
			t.Errorf("GET %s leads to %s", path, a.url)
		}
	}
	b.login()
	if a := b.get("/jobs/" + id); a.status != 200 || !strings.Contains(a.body, "quiet") {
		t.Errorf("who logged in sees %d %s", a.status, a.body)
	}
	b.post("/logout", nil)
	if a := b.get("/jobs/" + id); a.url.Path != "/login" {
		t.Error("who logged out still sees the job")
	}
}

func TestJobIsSteeredByThePage(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		id := w.submit(newJob(""), 400)
		b := w.browser("en").login()
		form := url.Values{"csrf": {b.csrf("/jobs/" + id)}}
		for _, step := range []struct {
			verb string
			want job.State
		}{{"pause", job.Paused}, {"resume", job.Running}, {"cancel", job.Cancelled}} {
			a := b.post("/jobs/"+id+"/"+step.verb, form)
			s, err := w.ledger.Status(w.ctx, id)
			w.must(err)
			if a.status != 200 || a.url.Path != "/jobs/"+id || s.State != step.want {
				t.Fatalf("%s: %d at %s, the job is %s", step.verb, a.status, a.url, s.State)
			}
			if step.verb != "resume" && !strings.Contains(s.Reason, "page:127.0.0.1") {
				t.Errorf("nobody can tell who did it: %q", s.Reason)
			}
		}
		timeline := b.get("/jobs/" + id).body
		timeline = timeline[strings.Index(timeline, `class="timeline"`):]
		for _, word := range []string{"submitted", "paused", "resumed", "cancelling", "cancelled"} {
			_, after, found := strings.Cut(timeline, "<span>"+word+"</span>")
			if !found {
				t.Fatalf("%s is not in the timeline, or not in its place: %s", word, timeline)
			}
			timeline = after
		}
		if a := b.post("/jobs/"+id+"/pause", form); a.status != http.StatusConflict {
			t.Errorf("a pause of an ended job is %d", a.status)
		}
		a := b.post("/jobs/"+id+"/retry", form)
		again := strings.TrimPrefix(a.url.Path, "/jobs/")
		if s, err := w.ledger.Status(w.ctx, again); a.status != 200 || again == id || err != nil || s.Total != 400 {
			t.Errorf("a retry: %d at %s, %+v (%v)", a.status, a.url, s, err)
		}
	})
}

func TestScheduleIsSteeredByThePage(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		_, err := w.book.Add(w.ctx, nightly(), false)
		w.must(err)
		b := w.browser("en").login()
		form := url.Values{"csrf": {b.csrf("/schedules/nightly")}}
		for _, verb := range []string{"pause", "resume", "run"} {
			if a := b.post("/schedules/nightly/"+verb, form); a.status != 200 {
				t.Errorf("%s is %d: %s", verb, a.status, a.body)
			}
			s, err := w.book.Get(w.ctx, "nightly")
			w.must(err)
			if s.Paused != (verb == "pause") || (verb == "run") != (len(s.Runs) == 1) {
				t.Errorf("after %s: paused %t, %d runs", verb, s.Paused, len(s.Runs))
			}
		}
		if a := b.get("/schedules/nightly"); !strings.Contains(a.body, "no worker serves account sandbox-partner at the moment") {
			t.Errorf("it does not say what the run waits for: %s", a.body)
		}
		if a := b.post("/schedules/none/pause", form); a.status != http.StatusNotFound {
			t.Errorf("a schedule that is not there: %d", a.status)
		}
	})
}

var (
	storeCell = regexp.MustCompile(`<td data-label="Store ID" class="first key"><code>([^<]*)</code>`)
	nextLink  = regexp.MustCompile(`<a class="button" href="([^"]*/stores[?][^"]*)"`)
)

func TestStoresAreFoundPageByPage(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		single, batch := w.submit(newJob(""), 1050), w.submitBatch(3, 410)
		for id, total := range map[string]int{single: 1050, batch: 3 * 410} {
			b := w.browser("en")
			seen, path := map[string]int{}, "/jobs/"+id+"/stores"
			for path != "" {
				a := b.get(path)
				if a.status != 200 {
					t.Fatalf("%s: %d", path, a.status)
				}
				for _, m := range storeCell.FindAllStringSubmatch(a.body, -1) {
					seen[m[1]]++
				}
				path = ""
				if m := nextLink.FindStringSubmatch(a.body); m != nil {
					path = html.UnescapeString(m[1])
				}
			}
			got := 0
			for _, n := range seen {
				got += n
			}
			if got != total {
				t.Errorf("%d stores were shown of %d", got, total)
			}
			a := b.get("/jobs/" + id + "/stores?q=100000008")
			if m := storeCell.FindAllStringSubmatch(a.body, -1); len(m) != (total+1049)/1050 && len(m) != 3 || m[0][1] != "100000008" {
				t.Errorf("a search finds %v", m)
			}
		}
	})
}

func TestQueuesAreShownByAccount(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		if a := w.browser("en").get("/queues"); a.status != 200 || !strings.Contains(a.body, "There are no queues yet.") {
			t.Errorf("without queues: %d %s", a.status, a.body)
		}
		w.must(w.queue.Remind(w.ctx, "acme", job.High, []job.Reminder{{Job: "x"}, {Job: "x", Chunk: 1}, {Job: "x", Chunk: 2, Delay: time.Hour}}))
		w.must(w.queue.Notify(w.ctx, "x"))
		orphan := asynq.NewTask("storelink:test", nil)
		_, err := asynq.NewClientFromRedisClient(rdb).EnqueueContext(w.ctx, orphan, asynq.Queue(queue.Name("bolt", job.Low)), asynq.TaskID("o"))
		w.must(err)
		// A worker takes it and vanishes: what is active has a lease that ran out.
		w.must(rdb.LMove(w.ctx, "asynq:{bolt:low}:pending", "asynq:{bolt:low}:active", "right", "left").Err())
		w.must(rdb.HSet(w.ctx, "asynq:{bolt:low}:t:o", "state", "active").Err())
		w.must(rdb.ZAdd(w.ctx, "asynq:{bolt:low}:lease", redis.Z{Score: 1, Member: "o"}).Err())
		b := w.browser("en")
		a := b.get("/asynq/")
		if a.url.Path != "/queues" {
			t.Errorf("the old address leads to %s", a.url)
		}
		wellFormed(t, "/queues", a.body)
		for _, want := range []string{`acme:high">,Waiting">2`, `acme:high">,Delayed">1`, `acme:high">,Orphans">0`, `bolt:low">,Active">1`,
			`bolt:low">,Orphans" class="bad">1`, `":">,Waiting">1`, `bolt:low">,Dead">0`} {
			row, cell, _ := strings.Cut(want, ",")
			if _, rest, _ := strings.Cut(a.body, row); !strings.Contains(strings.SplitN(rest, "</tr>", 2)[0], cell) {
				t.Errorf("row %s has no cell %s:\n%s", row, cell, a.body)
			}
		}
		if a := b.get("/queues?account=bolt"); strings.Contains(a.body, "acme") || !strings.Contains(a.body, "bolt") {
			t.Errorf("those of one account are %s", a.body)
		}
		if words := english(w.browser("zh").get("/queues").body); len(words) != 2 { // the accounts' names
			t.Errorf("a Chinese page says %q", words)
		}
		if a := b.login().post("/queues", nil); a.status < 400 {
			t.Errorf("something can be done: %d", a.status)
		}
	})
}

func TestManyAccountsQueuesComePageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for i := range 120 {
		w.must(w.queue.Remind(w.ctx, fmt.Sprintf("account-%03d", i), job.Default, []job.Reminder{{Job: "x"}}))
	}
	b := w.browser("en")
	seen := map[string]int{}
	path := "/queues"
	for pages := 0; path != "" && pages < 10; pages++ {
		body := b.get(path).body
		for _, m := range regexp.MustCompile(`data-key="(account-\d\d\d):default"`).FindAllStringSubmatch(body, -1) {
			seen[m[1]]++
		}
		path = ""
		if m := regexp.MustCompile(`class="button" href="(/queues\?after=[^"]+)"`).FindStringSubmatch(body); m != nil {
			path = m[1]
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s is shown %d times", name, n)
		}
	}
	if len(seen) != 120 {
		t.Errorf("%d accounts are shown", len(seen))
	}
}
