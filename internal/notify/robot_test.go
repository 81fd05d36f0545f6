package notify_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/secret"
)

func TestARobotIsToldInChinese(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, `{"errcode":0,"errmsg":"ok"}`))
	if err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL + robot, Format: notify.WeCom}, secret.Text{}, event()); err != nil {
		t.Fatal(err)
	}
	g := <-w.got
	const want = `### 门店关联 任务已结束
> 状态：<font color="info">已完成</font>
> 任务：20261123-182754-h5z6sle3
> 操作：关联门店
> 账号：acme
> 品牌：120344
> 商品券：1000000013
> 批次：98065001
> 标签：春季，华北
> 门店总数：50,000
> 成功：49,988
> 失败：<font color="warning">12</font>
> 失败代码：STORE_NOT_FOUND 11，RETRIES_EXHAUSTED 1
> 创建时间：2026-11-24 02:29:00
> 开始时间：2026-11-24 02:29:00
> 结束时间：2026-11-24 02:30:00
<font color="comment">2026-11-24 02:30:00 · 20261123-182754-h5z6sle3.ended</font>`
	if s := content(t, g.body); s != want {
		t.Fatalf("got\n%s", s)
	}
	if g.path != robot || g.header.Get("Storelink-Signature") != "" {
		t.Fatalf("%s %v", g.path, g.header)
	}
}

func TestARobotIsToldOfBatchesAndSchedules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, `{"errcode":0}`))
	hook := notify.Hook{URL: w.URL + robot, Format: notify.WeCom}
	batch := job.Status{Job: "b1", Batch: "b1", State: job.Completed, Targets: 3, Total: 20_000_000, Unprocessed: 5,
		Jobs: map[job.State]int64{job.Completed: 2, job.Aborted: 1, job.Paused: 0}}
	for _, c := range []struct {
		event notify.Event
		says  []string
	}{
		{notify.Ended(batch, 1),
			[]string{"批量任务已结束", "> 批量任务：b1\n", "> 对象数：3\n> 各任务：已完成 2，已中止 1\n> 门店总数：20,000,000\n",
				`> 未处理：<font color="warning">5</font>`}},
		{notify.Ended(job.Status{Job: "r1", State: job.Aborted, Operation: job.Resync, Source: "retry of r0", Reason: "by wang@desk",
			Resync: &job.ResyncStatus{Phase: job.PhaseVerified, Wanted: 49_700, InLine: 49_000, Missing: 700, Surplus: 300, Contradicted: 2}}, 1),
			[]string{"> 原因：操作人 wang@desk\n", "> 来源：重试 r0\n",
				`> 与清单的差异：已一致 49,000，缺少 700，多出 300，<font color="warning">与微信支付列表不符 2</font>`}},
		{notify.Event{Type: "schedule.failed", Schedule: map[string]any{"name": "nightly", "state": "failed",
			"error": map[string]string{"code": "io", "message": "the list broke off"}}},
			[]string{"定时任务失败", "> 名称：nightly", "> 原因：the list broke off", `> 状态：<font color="warning">失败</font>`}},
		{notify.Event{Type: "schedule.failed", Schedule: map[string]any{"name": "nightly", "operation": "resync", "account": "acme", "run": 7,
			"kind": "tick", "tick": "2026-11-23T19:00:00Z", "state": "failed", "code": "bad_list", "reason": "/srv/a.csv: no such file or directory",
			"next": "2026-11-24T19:00:00Z"}},
			[]string{"### 门店关联 定时任务失败\n", `> 状态：<font color="warning">失败</font>`, "> 说明：清单无法使用，或有不正确的行；本次没有任何改动",
				"> 原因：/srv/a.csv：没有这个文件或文件夹", "> 错误代码：bad_list", "> 名称：nightly", "> 第几次运行：7", "> 触发方式：定时",
				"> 应运行时间：2026-11-24 03:00:00", "> 操作：同步门店", "> 账号：acme", "> 下次运行：2026-11-25 03:00:00"}},
		{notify.Event{Type: "schedule.failed", Schedule: map[string]any{"code": "strange"}}, []string{"> 说明：没能生成任务"}},
		{notify.Event{Type: "schedule.missed", Schedule: map[string]any{"state": "missed", "missed": 3, "kind": "caught_up"}},
			[]string{"定时任务已错过", `> 状态：<font color="warning">已错过</font>`, "> 说明：到点时没有", "> 错过次数：3", "> 触发方式：补运行"}},
		{notify.Event{Type: "schedule.skipped", Schedule: map[string]any{"state": "skipped", "code": "job_at_work"}},
			[]string{"定时任务已跳过", "> 说明：上一个任务"}},
		{notify.Event{Type: "schedule.skipped", Schedule: map[string]any{"state": "skipped"}}, []string{"> 说明：这个定时任务在"}},
		{notify.Event{Type: "schedule.unchanged", Schedule: map[string]any{"state": "unchanged"}}, []string{"定时任务无需运行", "> 状态：清单未变"}},
		{notify.Event{Type: "schedule.gone", Schedule: map[string]any{"state": "ended"}}, []string{"定时任务结果不明", "> 说明：任务已不在 Redis"}},
		{notify.Event{Type: "schedule.failed", Schedule: "nightly"}, []string{"定时任务失败"}},
		{notify.Event{Type: "x.y"}, []string{"x.y"}},
	} {
		if err := w.sender.Send(t.Context(), hook, key, c.event); err != nil {
			t.Fatal(err)
		}
		s := content(t, (<-w.got).body)
		for _, say := range c.says {
			if !strings.Contains(s, say) {
				t.Errorf("%q is not in\n%s", say, s)
			}
		}
		if c.event.Job == nil && strings.Contains(s, "> 任务：") {
			t.Errorf("it is told of as a job:\n%s", s)
		}
	}
}

func TestARobotsMessageIsBoundedAndMeansNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer(200, `{"errcode":0}`))
	hook := notify.Hook{URL: w.URL + robot, Format: notify.WeCom}
	long := strings.Repeat("门店", 5000)
	e := event()
	e.ID, e.Job.Label, e.Job.Reason, e.Job.Source, e.Job.SubmittedBy, e.Job.Account, e.Job.BrandID, e.Job.StockID = long, long, long, long, long,
		long, long, long
	e.Job.ProductCouponID, e.Job.Job = long, long
	if err := w.sender.Send(t.Context(), hook, key, e); err != nil {
		t.Fatal(err)
	}
	s := content(t, (<-w.got).body)
	if len(s) > 4096 || len(s) < 3000 || !utf8.ValidString(s) || !strings.HasSuffix(s, "</font>") || !strings.Contains(s, "> …\n") {
		t.Errorf("%d bytes: …%s", len(s), s[len(s)-100:])
	}
	e = event()
	e.Job.Label = "<@all> [x](https://evil.example) **a** `b`\n# c\x1b[2J \xff"
	e.Job.Failures = map[string]int64{"<@all>": 1}
	if err := w.sender.Send(t.Context(), hook, key, e); err != nil {
		t.Fatal(err)
	}
	s = content(t, (<-w.got).body)
	if strings.Contains(s, "<@") || strings.Contains(s, "](") || strings.Contains(s, "**") || strings.Contains(s, "\n#") || strings.Contains(s, "\x1b") {
		t.Errorf("got\n%s", s)
	}
}

func TestARobotSaysWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		passing bool
		after   time.Duration
		code    int
		says    string
	}{
		"too many in a minute": {answer(200, `{"errcode":45009,"errmsg":"api freq out of limit"}`), true, time.Minute, 45009, "api freq out of limit"},
		"busy":                 {answer(200, `{"errcode":-1,"errmsg":"system busy"}`), true, 0, -1, "errcode -1"},
		"too many at once":     {answer(200, `{"errcode":45033}`), true, 0, 45033, "errcode 45033"},
		"a wrong key":          {answer(200, `{"errcode":93000,"errmsg":"invalid webhook url, key secret-693a91f6\n"}`), false, 0, 93000, "key ***"},
		"too long":             {answer(200, `{"errcode":40058,"errmsg":"`+strings.Repeat("x", 1000)+`"}`), false, 0, 40058, "x…"},
		"a page":               {answer(200, "<html>"), true, 0, 0, "something else than an errcode"},
		"nothing":              {answer(200, ""), true, 0, 0, "something else than an errcode"},
		"another document":     {answer(200, `{"ok":true}`), true, 0, 0, "something else than an errcode"},
		"an endless answer":    {answer(200, `{"errcode":0,"errmsg":"`+strings.Repeat("x", 100_000)+`"}`), true, 0, 0, "more than it should"},
		"500":                  {answer(500, `{"errcode":0}`), true, 0, 0, "HTTP 500"},
		"404":                  {answer(404, `{"errcode":0}`), false, 0, 0, "HTTP 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.answer)
			err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL + robot, Format: notify.WeCom}, key, event())
			f := failure(t, err)
			if f.Passing != c.passing || f.RetryAfter != c.after || f.Code != c.code || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 400 {
				t.Fatalf("%+v", f)
			}
		})
	}
}

func TestARobotsMessageCanBeTakenByAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   int // of the failure; 0 for none
	}{
		"it says nothing":                     {answer: answer(204, "")},
		"it says something of its own":        {answer: answer(200, "ok")},
		"it says what the robot said":         {answer: answer(200, `{"errcode":0}`)},
		"it says what the robot did not take": {answer: answer(200, `{"errcode":93000,"errmsg":"/relay/secret-1"}`), code: 93000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.answer)
			err := w.sender.Send(t.Context(), notify.Hook{URL: w.URL + "/relay/secret-1", Format: notify.WeCom}, secret.Text{}, event())
			if len(w.got) != 1 {
				t.Fatalf("%d requests: %v", len(w.got), err)
			}
			if !strings.HasPrefix(content(t, (<-w.got).body), "### ") {
				t.Error("it is not told in the robot's format")
			}
			switch f := notify.AsFailure(err); {
			case c.code == 0 && err != nil, c.code != 0 && (f == nil || f.Code != c.code):
				t.Fatalf("%v", err)
			case f != nil && strings.Contains(f.Message, "secret-1"):
				t.Errorf("its address is told: %s", f.Message)
			}
		})
	}
}
