package page

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

// spoken are the words that templates say by a value, and not by a name that stands in them.
func spoken() []string {
	words := []string{"pause", "resume", "cancel", "retry", "other-lang",
		// titles
		"overview", "jobs", "stores", "schedules", "log-in",
		// errors
		"not-found", "forged", "log-in-first", "read-only", "bad-form", "too-long", "misdirected", "downloads-busy", "searches-busy", "bad-state",
		"job-at-work", "redis-away", "internal",
		// formats of reports
		"xlsx", "csv", "jsonl",
		// a timeline's
		"created", "due-at", "started", "resumed",
		job.LaneIdle, job.LaneServing, job.LaneThrottled, job.LaneOutage, job.LaneRefused, job.LaneUnserved,
		"partner", "brand", "associate-stock", "associate-bundle", "disassociate-stock", "disassociate-bundle", "list-stock"}
	for notice := range notices {
		words = append(words, "done-"+notice)
	}
	for _, s := range []job.State{job.Staging, job.Scheduled, job.Running, job.Paused, job.Completed, job.Cancelling, job.Cancelled,
		job.Aborting, job.Aborted} {
		words = append(words, string(s))
	}
	for _, o := range outcomes {
		words = append(words, string(o))
	}
	for _, p := range []job.Phase{job.PhaseList, job.PhaseWrite, job.PhaseVerify, job.PhasePlanned, job.PhaseVerified} {
		words = append(words, string(p))
	}
	for _, o := range []job.Operation{job.Associate, job.Disassociate, job.Resync} {
		words = append(words, string(o))
	}
	for _, p := range []job.Priority{job.High, job.Default, job.Low} {
		words = append(words, string(p))
	}
	for _, s := range []schedule.RunState{schedule.Due, schedule.Submitted, schedule.Ended, schedule.Skipped, schedule.Failed, schedule.Missed, schedule.Unchanged} {
		words = append(words, string(s))
	}
	return append(words, string(schedule.CaughtUp), string(schedule.Manual), string(job.Confirmed), string(job.Contradicted))
}

func TestEveryWordIsThereAndUsed(t *testing.T) {
	t.Parallel()
	said := spoken()
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var named []string
	say := regexp.MustCompile(`\bt "([a-z-]+)"`)
	for _, file := range files {
		b, err := templates.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range say.FindAllSubmatch(b, -1) {
			named = append(named, string(m[1]))
		}
	}
	said = append(said, named...)
	for _, word := range said {
		text, ok := vocabulary[word]
		if shared := catalogue.Term(word, catalogue.Chinese) != word; (!ok || text.ZH == "" || text.EN == "") && !shared {
			t.Errorf("there is no word for %q in both languages", word)
		}
	}
	for _, word := range named {
		if _, ok := vocabulary[word]; !ok {
			t.Errorf("a template says %q, which is not in the vocabulary", word)
		}
	}
	for word := range vocabulary {
		if !slices.Contains(said, word) {
			t.Errorf("nobody says %q", word)
		}
	}
}

func TestDurationsAreSaidInTheirTwoLargestUnits(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64][2]string{0: {"不到 1 秒", "< 1 s"}, 59: {"59 秒", "59 s"}, 61: {"1 分 1 秒", "1 min 1 s"},
		3600: {"1 小时", "1 h"}, 90061: {"1 天 1 小时", "1 d 1 h"}} {
		d := time.Duration(seconds) * time.Second
		if zh, en := span(d, catalogue.Chinese), span(d, catalogue.English); zh != want[0] || en != want[1] {
			t.Errorf("%d s is %q and %q", seconds, zh, en)
		}
	}
}

func TestReasonsOfOursAreSaidInChinese(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"by page:192.0.2.1": "操作人：page:192.0.2.1",
		"calls fail, the last with: HTTP 500 SYSTEM_ERROR: 系统异常":             "调用连续失败，最近一次：HTTP 500 SYSTEM_ERROR: 系统异常",
		"501 of 1000 decided stores failed: more than the threshold of 50 %": "已处理的 1000 家门店中有 501 家失败，超过了 50% 的阈值",
		"HTTP 403 NO_AUTH: by nobody":                                        "HTTP 403 NO_AUTH: by nobody",
		"by $1 (and others)":                                                 "by $1 (and others)",
		"retry of 20261126-003016-acdcxhsb":                                  "重试 20261126-003016-acdcxhsb",
		"with batch 20261126-003016-acdcxhsb":                                "随批量任务 20261126-003016-acdcxhsb",
	} {
		if zh, en := why(reason, catalogue.Chinese), why(reason, catalogue.English); zh != want || en != reason {
			t.Errorf("%q is %q and %q", reason, zh, en)
		}
	}
}

func TestBarsTellOfTheLeastFailureAndNeverOfMoreThanThereIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total, good, bad int64
		percent          string
	}{{0, 0, 0, "0%"}, {1_000_000, 999_998, 1, "99.9%"}, {1_000_000, 999_999, 1, "100%"}, {200_000, 10, 0, "0.0%"}, {3, 0, 3, "100%"}} {
		v := jobView{Status: job.Status{Total: c.total, Succeeded: c.good, Failed: c.bad}}
		if v.Percent() != c.percent || v.Good()+v.Bad() > 100 || (v.Bad() > 0) != (c.bad > 0) || v.Bad() > 0 && v.Bad() < leastBad {
			t.Errorf("%+v is %s, %g and %g wide", c, v.Percent(), v.Good(), v.Bad())
		}
	}
}

func TestCountsHaveTheirThousandsApart(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]string{0: "0", 999: "999", int64(1000): "1,000", 20000000: "20,000,000", -1000: "-1,000", -100: "-100"} {
		if got := count(v); got != want {
			t.Errorf("%v is %s", v, got)
		}
	}
}

func FuzzAccepted(f *testing.F) {
	f.Add("zh-CN,zh;q=0.9")
	f.Fuzz(func(t *testing.T, header string) {
		if l := accepted(header); l != catalogue.Chinese && l != catalogue.English {
			t.Errorf("%q is %q", header, l)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("1.2.3")
	f.Fuzz(func(t *testing.T, s string) {
		c := parseCursor(s)
		if c.job < 0 || c.place.Chunk < 0 || c.place.At < 0 || parseCursor(c.String()) != c {
			t.Errorf("%q is %+v", s, c)
		}
	})
}
