package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/web"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// screens is a variable that names a folder for the screenshots, such as docs/screenshots.
const screens = "STORELINK_SCREENSHOTS"

// chromium is a real browser with a tab for each of a test's views. What its pages complain of fails the test.
type chromium struct {
	*world
	ctx context.Context // the browser's
	dir string

	mu       sync.Mutex
	troubles []string
}

func newChromium(w *world) *chromium {
	w.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		w.Skip("there is no chromium here: apt-get install chromium")
	}
	dir := os.Getenv(screens)
	if dir == "" {
		dir = w.TempDir()
	}
	w.must(os.MkdirAll(dir, 0o755))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(w.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancel := chromedp.NewExecAllocator(w.ctx, options...)
	w.Cleanup(cancel)
	c := &chromium{world: w, dir: dir}
	ctx, cancel := chromedp.NewContext(allocator)
	w.Cleanup(cancel)
	c.ctx = ctx
	w.must(chromedp.Do(ctx))
	return c
}

// view is a tab of a width, in a language.
type view struct {
	*chromium
	ctx   context.Context
	name  string
	phone bool
	size  emulation.SetDeviceMetricsOverrideParams
}

func (c *chromium) view(name, lang string, width, height int64, phone bool) *view {
	c.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx)
	c.Cleanup(cancel)
	scale := 1.0
	if phone {
		scale = 2
	}
	v := &view{c, ctx, name, phone, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height,
		DeviceScaleFactor: scale, Mobile: phone}}
	v.must(chromedp.Listen(ctx, func(event any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			c.troubles = append(c.troubles, name+": "+e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				c.troubles = append(c.troubles, fmt.Sprintf("%s: %s (%s)", name, e.Entry.Text, e.Entry.URL))
			}
		}
	}))
	call(v, log.Enable, cdp.Empty{})
	call(v, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Shanghai"})
	call(v, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "storelink-test", AcceptLanguage: lang})
	call(v, emulation.SetDeviceMetricsOverride, v.size)
	return v
}

func call[P, R any](v *view, command cdp.Command[P, R], params P) {
	v.Helper()
	_, err := chromedp.Call(v.ctx, command, params)
	v.must(err)
}

func (v *view) do(actions ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, 40*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		v.Fatalf("%s: %v; the page says:\n%s", v.name, err, v.text())
	}
}

func (v *view) text() string {
	text, _ := chromedp.Run(v.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return text
}

// until waits for an expression to be true, across pages.
func (v *view) until(expression string) {
	v.Helper()
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
	}
	v.Fatalf("%s: never %s; the page says:\n%s", v.name, expression, v.text())
}

// says waits until a part of the page has a text.
func (v *view) says(selector, text string) {
	v.Helper()
	v.until(fmt.Sprintf(`document.querySelector(%q)?.innerText.includes(%q) === true`, selector, text))
}

// has waits until a page has a part.
func (v *view) has(selector string) {
	v.Helper()
	v.until(fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q) !== null`, selector))
}

// shoot takes a picture of the whole page, which must fit its width.
func (v *view) shoot(name string) {
	v.Helper()
	over := v.over(v.size.Width)
	picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	v.must(err)
	if over > 0 {
		v.Errorf("%s: %s is %d pixels too wide", v.name, name, over)
	}
	if v.phone {
		v.fitsSmallest(name)
	}
	v.must(os.WriteFile(filepath.Join(v.dir, name+"-"+v.name+".png"), picture, 0o644))
}

// over is by how many pixels the page is wider than its window should be: a phone's grows with what is in it.
func (v *view) over(width int64) int64 {
	v.Helper()
	wide, err := chromedp.Run(v.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
	v.must(err)
	return wide - width
}

// fitsSmallest checks that the page fits the smallest of phones, and that a thumb hits what there is to hit.
func (v *view) fitsSmallest(name string) {
	v.Helper()
	small := v.size
	small.Width = 320
	call(v, emulation.SetDeviceMetricsOverride, small)
	if over := v.over(small.Width); over > 0 {
		v.Errorf("%s: %s is %d pixels too wide for 320", v.name, name, over)
	}
	tiny, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("nav a, .who a, button, .button, select, input")]
		.filter((e) => e.offsetHeight > 0 && e.offsetHeight < 38).map((e) => e.innerText + " " + e.offsetHeight).join(", ")`))
	v.must(err)
	if tiny != "" {
		v.Errorf("%s: %s has what a thumb misses: %s", v.name, name, tiny)
	}
	call(v, emulation.SetDeviceMetricsOverride, v.size)
}

// faint names the texts of a page that stand out too little from what is behind them (WCAG 2: 4.5 to 1).
const faint = `(() => {
	const rgba = (s) => { const m = s.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
	const light = (c) => { const [r, g, b] = c.map((x) => (x /= 255) <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
		return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255]; };
	const bad = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const e = n.parentElement;
		if (!n.data.trim() || !e.checkVisibility()) continue;
		const a = light(rgba(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e).slice(0, 3));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) bad.add(n.data.trim().slice(0, 30) + " " + ratio.toFixed(2));
	}
	return [...bad].join("; ");
})()`

func TestPageMovesUnderNobodysHand(t *testing.T) {
	t.Parallel()
	srv := redistest.Real(t)
	var passed atomic.Int64 // hours
	w := newWorld(t, srv.Client, func(c *web.Config) {
		c.LoginToSee = true
		c.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load()) * time.Hour) }
	})
	c := newChromium(w)
	other := newJob("前一个")
	other.Target.StockID = "1123457"
	older, id := w.submit(other, 400), w.submit(newJob("全国门店"), 400)
	v := c.view("hand", "zh-CN", 1280, 900, false)
	v.do(chromedp.Navigate(w.url + "/jobs/" + id))
	v.do(chromedp.SendKeys(`input[name=token]`, token), chromedp.Click(`form.login button`))
	v.says("#progress", "进行中")

	// What is unfolded, has the focus or is selected stays so while things move around it.
	v.do(chromedp.Click(`#actions details summary.danger`))
	w.must(w.ledger.Pause(w.ctx, id, "by wang@desk"))
	v.says("#progress", "已暂停")
	v.says("#progress", "操作人 wang@desk")
	v.until(`document.querySelector("#actions details").open && document.querySelector('form[action$="/resume"]') !== null`)
	v.do(chromedp.Navigate(w.url + "/"))
	v.says("#at-work", "前一个")
	link := fmt.Sprintf(`document.querySelector('#at-work a[href="/jobs/%s"]')`, older)
	v.until(link + `.focus() === undefined && getSelection().selectAllChildren(` + link + `) === undefined`)
	third := newJob("后来的")
	third.Target.StockID = "1123458"
	w.submit(third, 400)
	v.says("#at-work", "后来的")
	w.must(w.ledger.Cancel(w.ctx, id, "by wang@desk"))
	v.until(`!document.querySelector("#at-work").innerText.includes("全国门店")`)
	v.until(`document.activeElement === ` + link + ` && getSelection().toString().includes("前一个")`)

	for _, scheme := range []string{"light", "dark"} {
		call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		for _, path := range []string{"/", "/nowhere", "/jobs/" + older + "/stores", "/jobs", "/jobs/" + id} {
			v.do(chromedp.Navigate(w.url + path))
			bad, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](faint))
			w.must(err)
			if bad != "" {
				t.Errorf("%s, %s: %s", path, scheme, bad)
			}
		}
		v.shoot(scheme)
	}

	// Redis goes and comes, and the page says so; then the session ends.
	v.do(chromedp.Navigate(w.url + "/"))
	v.says("#at-work", "前一个")
	srv.Kill()
	v.says("#lost", "连接不上 Redis")
	srv.Restart()
	v.until(`document.querySelector("#lost").hidden`)
	passed.Store(13)
	v.until(`location.pathname === "/login"`)
}

func TestJobsLifeInARealBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Real(t).Client, nil)
	c := newChromium(w)
	faults := bad()
	faults.Faults.PassingStores = 0.001
	faults.Faults.FailingStoreIDs = append(faults.Faults.FailingStoreIDs, sandbox.StoreFailure{StoreID: "100000022", Code: "STORE_CLOSED", Message: "门店已关闭"})
	w.work(15, withoutRate(faults))
	_, err := w.book.Add(w.ctx, nightly(), false)
	w.must(err)
	failed := w.submit(newJob("华东一期"), 2000)
	w.wait(failed, "the job has ended", ended)
	id := w.submit(newJob("全国门店"), 200_000)
	w.wait(id, "some stores are decided", func(s job.Status) bool { return s.Succeeded > 20_000 })

	desk := c.view("desk-zh", "zh-CN", 1280, 900, false)
	views := []*view{desk, c.view("phone-zh", "zh-CN", 390, 844, true), c.view("desk-en", "en", 1280, 900, false),
		c.view("phone-en", "en", 390, 844, true)}

	// In by the token, not by another.
	desk.do(chromedp.Navigate(w.url + "/login?next=/"))
	desk.do(chromedp.SendKeys(`input[name=token]`, "not-the-token-at-all"), chromedp.Click(`form.login button`))
	desk.says("form.login", "令牌不对")
	desk.do(chromedp.SendKeys(`input[name=token]`, token), chromedp.Click(`form.login button`))
	desk.says("#main", "已登录")
	desk.says("#at-work", "全国门店")
	desk.shoot("overview")

	// To the job that runs, which moves by itself.
	desk.do(chromedp.Click(`#at-work tbody a`))
	desk.says("#progress", "进行中")
	first, err := chromedp.Run(desk.ctx, chromedp.Text(`#progress .figures .ok b`))
	w.must(err)
	desk.until(fmt.Sprintf(`document.querySelector("#progress .figures .ok b").innerText !== %q`, first))
	desk.says("#progress .figures", "家门店/秒")
	for _, v := range views {
		v.do(chromedp.Navigate(w.url + "/jobs/" + id))
		v.has(`#progress .bar`)
		v.shoot("running")
	}

	// Pause, go on, cancel.
	desk.do(chromedp.Click(`form[action$="/pause"] button`))
	desk.says("#progress", "已暂停")
	if s, err := w.ledger.Status(w.ctx, id); err != nil || s.State != job.Paused {
		t.Errorf("paused by a click: %s (%v)", s.State, err)
	}
	desk.do(chromedp.Click(`form[action$="/resume"] button`))
	desk.says("#progress", "进行中")
	desk.do(chromedp.Click(`#actions details summary.danger`), chromedp.WaitVisible(`form[action$="/cancel"] button`))
	desk.do(chromedp.Click(`form[action$="/cancel"] button`))
	desk.says("#progress", "已取消")

	// The one that ended: why, which stores, again.
	for _, v := range views {
		v.do(chromedp.Navigate(w.url + "/jobs/" + failed))
		v.has(`#failures table`)
		v.shoot("ended")
		v.do(chromedp.Navigate(w.url + "/jobs/" + failed + "/stores?outcome=failed"))
		v.has(`table.cards`)
		v.shoot("stores")
	}
	desk.do(chromedp.Navigate(w.url+"/jobs/"+failed), chromedp.Click(`#failures a[href*="STORE_CLOSED"]`))
	desk.says("table.cards", "100000022")
	desk.do(chromedp.SetValue(`select[name=outcome]`, "succeeded"), chromedp.SetValue(`select[name=code]`, ""),
		chromedp.SendKeys(`input[name=q]`, "100000729"), chromedp.Click(`form.filter button`))
	desk.says("table.cards", "100000729")
	desk.do(chromedp.Navigate(w.url+"/jobs/"+failed), chromedp.Click(`#actions details summary`),
		chromedp.WaitVisible(`form[action$="/retry"] button`), chromedp.Click(`form[action$="/retry"] button`))
	desk.until(fmt.Sprintf(`!location.pathname.endsWith(%q)`, failed))
	desk.says("#progress .figures", "3")
	desk.says("#progress", "已完成") // by itself
	at, err := chromedp.Run(desk.ctx, chromedp.Location())
	w.must(err)
	again := at[strings.LastIndex(at, "/")+1:]
	if s, err := w.ledger.Status(w.ctx, again); err != nil || again == failed || s.Total != 3 {
		t.Errorf("retried by a click: %s, %+v (%v)", again, s, err)
	}

	// The schedule, the queues, and the rest on a phone.
	desk.do(chromedp.Navigate(w.url+"/schedules/nightly"), chromedp.Click(`form[action$="/run"] button`))
	desk.says("#main", "worker 马上就会运行它")
	for _, path := range []string{"/", "/jobs", "/schedules", "/schedules/nightly", "/login"} {
		views[1].do(chromedp.Navigate(w.url + path))
		views[1].has("main")
		views[1].shoot("page" + strings.ReplaceAll(path, "/", "-"))
	}
	desk.do(chromedp.Navigate(w.url + "/queues"))
	desk.says("#queues", "sandbox-partner")
	desk.shoot("queues")

	c.mu.Lock()
	defer c.mu.Unlock()
	for _, trouble := range c.troubles {
		if !strings.Contains(trouble, "status of 403") { // the wrong token is refused
			t.Error(trouble)
		}
	}
}

// withoutRate is a sandbox that takes calls as fast as they come.
func withoutRate(o sandbox.Options) sandbox.Options {
	o.Rate = sandbox.NoRate
	return o
}
