package web

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
		"not-found", "forged", "log-in-first", "read-only", "bad-form", "too-long", "misdirected", "downloads-busy", "searches-busy", "looks-busy", "bad-state",
		"job-at-work", "redis-away", "internal",
		// formats of reports
		"xlsx", "csv", "jsonl",
		"step-list", "step-write", "step-planned", "step-verified", "dry-run",
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

func TestAResyncThatListsIsAsFarAsItsListing(t *testing.T) {
	t.Parallel()
	r := newRates()
	now, started := time.Now(), time.Now()
	resync := func(phase job.Phase, listed, toList, succeeded int64) jobView {
		s := job.Status{Job: "j", State: job.Running, StartedAt: &started, Total: 1000, Succeeded: succeeded,
			Resync: &job.ResyncStatus{Phase: phase, Listed: listed, ToList: toList}}
		now = now.Add(4 * time.Second)
		return jobView{Status: s, Rate: r.of(s, now)}
	}
	for _, c := range []struct {
		view    jobView
		percent string
		read    float64
		rate    float64
	}{
		{resync(job.PhaseList, 0, 0, 0), "0%", 0, 0}, // WeChat Pay has not said yet how many there are
		{resync(job.PhaseList, 4000, 16_000, 0), "25.0%", 25, 1000},
		{resync(job.PhaseWrite, 16_000, 16_000, 500), "50.0%", 100, 0}, // a phase's rate is its own
		{resync(job.PhaseWrite, 16_000, 16_000, 900), "90.0%", 100, 100},
		{resync(job.PhaseVerify, 17_000, 16_000, 1000), "100%", 100, 0}, // more than there were
	} {
		if c.view.Percent() != c.percent || c.view.Listing() && c.view.Read() != c.read || c.view.Rate != c.rate {
			t.Errorf("%+v: %s, %g wide, %g a second", c.view.Resync, c.view.Percent(), c.view.Read(), c.view.Rate)
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
