package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestResyncsBatchesAndSchedulesInARealBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Real(t).Client, nil)
	c := newChromium(w)
	all := storeIDs(8000)
	s := w.work(20, sandbox.Options{Rate: sandbox.NoRate, Faults: sandbox.Faults{OpenStocks: []string{"2000003"},
		FailingStoreIDs: bad().Faults.FailingStoreIDs}})
	w.plan()
	desk, phone := c.view("desk-zh", "zh-CN", 1280, 900, false), c.view("phone-en", "en", 390, 844, true)
	desk.do(chromedp.Navigate(w.url + "/login"))
	desk.do(chromedp.SendKeys(`input[name=token]`, token), chromedp.Click(`form.login button`))
	desk.has(`form[action="/logout"]`)

	// A resync lists, writes and verifies before one's eyes. What fails is done by somebody else meanwhile.
	at := target
	at.StockID = "3000001"
	s.Put(at, all[2000:]...)
	drift := newResync("每晚同步", at.StockID)
	drift.Resync.MaxPrunePercent = new(float64)
	*drift.Resync.MaxPrunePercent = 50
	resync := w.submit(drift, 7600)
	w.wait(resync, "some is listed", func(s job.Status) bool { return s.Resync.Listed > 0 && s.Resync.ToList == 6000 })
	w.must(w.ledger.Pause(w.ctx, resync, "by wang@desk")) // so that there is time to look
	desk.do(chromedp.Navigate(w.url + "/jobs/" + resync))
	desk.says("#progress .steps .now", "读取现有关联")
	desk.says("#progress .share", " / 6,000")
	desk.shoot("listing")
	phone.do(chromedp.Navigate(w.url + "/"))
	phone.says("#at-work .figure", "listing")
	phone.shoot("listing")
	desk.do(chromedp.Click(`form[action$="/resume"] button`))
	desk.says("#main", "已继续")
	w.wait(resync, "it writes", func(s job.Status) bool { return s.Resync.Phase == job.PhaseWrite && s.Failed > 0 })
	s.Put(at, all[1])
	desk.says("#progress", "已完成")
	desk.says("#resync .note", "1")
	desk.says("#resync .tiles", "5,600\n已一致")
	desk.says(`#resync tr[data-key=associate]`, "2,000 / 2,000")
	desk.says(`#resync tr[data-key=disassociate]`, "400 / 400")
	desk.has(`#report a[download]`)
	for _, v := range []*view{desk, phone} {
		v.do(chromedp.Navigate(w.url + "/jobs/" + resync))
		v.has(`#resync .note.bad`)
		v.shoot("resync")
		v.do(chromedp.Click(`#resync .note.bad a`))
		v.says("#stores", "100000008")
		v.until(`document.querySelectorAll("#stores tbody tr").length === 1`)
		v.shoot("contradicted")
	}

	// Again what failed: the plan is made.
	desk.do(chromedp.Navigate(w.url+"/jobs/"+resync), chromedp.Click(`#actions details summary`),
		chromedp.WaitVisible(`form[action$="/retry"] button`), chromedp.Click(`form[action$="/retry"] button`))
	desk.until(fmt.Sprintf(`!location.pathname.endsWith(%q)`, resync))
	desk.says("#progress", "已完成")
	desk.says("#resync", "缺少 2")
	desk.until(`document.querySelectorAll("#progress .steps li").length === 2 && document.querySelector("#resync .tiles") === null`)
	desk.shoot("resync-again")

	// A batch, one of whose jobs has to wait for another, and one that is for later.
	other := newJob("占用")
	other.Target.StockID = "2100002"
	w.must(w.ledger.Pause(w.ctx, w.submit(other, 400), "by wang@desk"))
	batch, later := w.submitBatch(3, 400, time.Now().Add(100*time.Millisecond)), w.submitBatch(3, 400, time.Now().Add(time.Hour))
	now := w.submitBatch(3, 400)
	w.wait(now, "it has ended", ended)
	w.wait(batch, "one waits", func(s job.Status) bool { return s.Succeeded+s.Failed == 800 })
	w.wait(batch+"-2", "it says why", func(s job.Status) bool { return s.Reason != "" })
	desk.do(chromedp.Navigate(w.url + "/jobs/" + batch))
	desk.says(fmt.Sprintf(`#jobs tr[data-key="%s-2"]`, batch), "任务 "+other.ID+" 正在处理同一对象")
	desk.shoot("batch")
	phone.do(chromedp.Navigate(w.url + "/jobs/" + now))
	phone.says("#jobs .states", "aborted")
	phone.shoot("batch")
	desk.do(chromedp.Navigate(w.url + "/jobs/" + later))
	desk.says("#progress", "预约时间")
	desk.shoot("later")
	desk.do(chromedp.Click(`#actions summary.danger`), chromedp.WaitVisible(`form[action$="/cancel"] button`),
		chromedp.Click(`form[action$="/cancel"] button`))
	desk.says("#progress", "已取消")

	// A schedule whose list cannot be had.
	nightly := nightly()
	nightly.Source, nightly.Job.Notify = "/nowhere/stores.csv", &job.Hook{Name: "ops-robot"}
	nightly.Job.Resync = &job.ResyncOptions{Prune: true, Verify: true}
	_, err := w.book.Add(w.ctx, nightly, false)
	w.must(err)
	for _, v := range []*view{desk, phone} {
		v.do(chromedp.Navigate(w.url + "/schedules/nightly"))
		v.says("#plan", "ops-robot")
		if v == desk {
			v.do(chromedp.Click(`form[action$="/run"] button`))
			v.says("#runs", "/nowhere/stores.csv：文件不在")
		}
		v.says("#runs", "/nowhere/stores.csv")
		v.shoot("schedule")
	}

	var pages strings.Builder
	for _, path := range []string{"/", "/jobs", "/jobs/" + resync, "/jobs/" + resync + "/stores", "/jobs/" + batch, "/jobs/" + batch + "-2",
		"/jobs/" + later, "/schedules", "/schedules/nightly"} {
		a := w.browser("zh-CN").get(path)
		wellFormed(t, path, a.body)
		pages.WriteString(a.body)
	}
	for _, word := range english(pages.String()) {
		t.Errorf("%q is left in English", word)
	}
}
