package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestChineseIsForWhoAsksOrLooks(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "100000003", Code: "PARAM_ERROR"}}})
	english := []string{"jobs", "accounts", "schedule list"}
	before := map[string]string{}
	for _, c := range english {
		before[c] = w.do(strings.Fields(c)...).expect(t, 0).out
	}
	for _, c := range english { // nobody looks: LANG changes nothing
		o := enqueue(t, append(w.env, "LANG=zh_CN.UTF-8"), strings.Fields(c)...).expect(t, 0)
		if o.out != before[c] {
			t.Errorf("%s: LANG changes what a program reads: %s", c, o.out)
		}
	}
	for _, ask := range []struct{ env, flag string }{{"STORELINK_LANG=zh", "--lang="}, {"LANG=C", "--lang=zh"}} {
		o := enqueue(t, append(w.env, ask.env), "jobs", ask.flag).expect(t, 0)
		if o.out != "没有这样的任务。\n" {
			t.Errorf("%+v: %s", ask, o.out)
		}
	}
	w.work()
	o := w.associate(w.list(300), "--lang", "zh", "--wait").expect(t, 3)
	for _, want := range []string{"任务 ", "关联门店，300 家门店，批次 3000（商品券 2000），分成 2 个分块。", "已完成", "成功", "失败", "PARAM_ERROR 1",
		"微信支付认为"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("there is no %q: %s", want, o.out)
		}
	}
	if strings.Contains(o.out, "succeeded") || !strings.Contains(o.err, "enqueue: 1 家门店失败，0 家门店未处理") {
		t.Errorf("the outcome is in another language: %s%s", o.out, o.err)
	}
	table := strings.Split(w.do("jobs", "--lang", "zh").expect(t, 0).out, "\n")
	if !strings.HasPrefix(table[0], "任务") || !strings.Contains(table[1], "已完成") {
		t.Errorf("got %q", table)
	}
	w.do("jobs", "--lang", "fr", "--json").failed(t, 2, job.CodeUsage)
}

func TestChineseSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "不到 1 秒", 59 * time.Second: "59 秒", 200 * time.Second: "3 分 20 秒",
		3 * time.Hour: "3 小时 0 分", 50 * time.Hour: "2 天 2 小时", -1: "0 秒"} {
		if got := tongue("zh").span(d); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
}

func TestTablesFitTheTerminalAndSayWhatHadNoRoom(t *testing.T) {
	t.Parallel()
	jobs := []job.Status{{Job: "20260701-093000-k3jq7w2p", State: job.Running, Operation: job.Associate, Account: "acme",
		StockID: "98065001",
		Total:   1_000_000, Succeeded: 20_000, Failed: 12, Label: "春季门店\x1b[2J上新", Lane: job.LaneState{State: job.LaneOutage}}}
	for _, width := range []int{1, 10, 30, 40, 60, 80, 100, 140, 300} {
		for _, lang := range []string{"zh", "en"} {
			var out strings.Builder
			a := &app{out: &printer{w: &out}, lang: lang, screen: terminal.Screen{Terminal: true, Size: func() int { return width }}}
			a.list(jobs)
			a.listAccounts([]job.AccountInfo{{Name: "acme", Mode: job.Partner, Pace: map[string]float64{"associate-stock": 20}}})
			for line := range strings.Lines(out.String()) {
				if line = strings.TrimSuffix(line, "\n"); terminal.Width(line) > max(2, width) || strings.ContainsRune(line, '\x1b') {
					t.Errorf("%d columns: %q", width, line)
				}
			}
			if all := out.String(); width >= 40 && !strings.Contains(all, jobs[0].Job) || width == 300 && strings.Contains(all, "--json") ||
				width == 80 && !strings.Contains(all, "--json") {
				t.Errorf("%d columns:\n%s", width, all)
			}
		}
	}
}

func TestRowLabelsFitTheirColumn(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../internal/i18n/cmd.go")
	if err != nil {
		t.Fatal(err)
	}
	labels := regexp.MustCompile(`"cmd\.row_[a-z_]+"`).FindAllString(string(source), -1)
	if len(labels) < 40 {
		t.Errorf("only %d labels were found", len(labels))
	}
	for _, quoted := range labels {
		code := strings.Trim(quoted, `"`)
		for _, lang := range []tongue{"zh", "en"} {
			if label := lang.label(code); terminal.Width(label) > 13 {
				t.Errorf("%s: %q is too wide for its column", code, label)
			}
		}
	}
}
