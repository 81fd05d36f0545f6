package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// schedules runs enqueue schedule add for target, with the flags given.
func (w *world) schedules(name, op, source string, flags ...string) outcome {
	w.t.Helper()
	return enqueue(w.t, w.env, slices.Concat([]string{"schedule", "add", name, op, source, "--cron", "0 3 1 1 *", "--timezone",
		"Asia/Shanghai"}, asPartner, flags)...)
}

func TestAScheduleFromItsAddingToItsRemoval(t *testing.T) {
	t.Parallel()
	withRedis(t, sandbox.Faults{}, func(t *testing.T, w *world) {
		list := w.list(300)
		d := document[scheduleDocument](t, w.schedules("nightly", "resync", list, "--prune", "--max-prune", "5%", "--label", "spring",
			"--priority", "low", "--catch-up", "--json").expect(t, 0))
		if d.Name != "nightly" || d.Operation != job.Resync || d.BrandID != sandbox.BrandID || d.StockID != "3000" || d.Source != list ||
			d.Resync == nil || *d.Resync.MaxPrunePercent != 5 || d.Priority != job.Low || !d.CatchUp || d.Next == nil || d.LastRun != nil ||
			d.Runs == nil || !strings.Contains(d.AddedBy, "@") || d.Next.Format("01-02 15:04 -07:00") != "01-01 03:00 +08:00" {
			t.Errorf("got %+v", d)
		}
		if e := w.schedules("nightly", "resync", list, "--json").failed(t, 2, job.CodeUsage); !strings.Contains(e.Message, "--replace") {
			t.Errorf("a second: %+v", e)
		}
		w.schedules("nightly", "resync", list, "--replace").expect(t, 0)

		w.do("schedule", "run", "nightly", "--wait", "--timeout", "10ms", "--json").failed(t, 1, job.CodeTimeout) // nobody is there
		for _, verb := range [][]string{{"list"}, {"show", "nightly"}} {
			if o := w.do(append([]string{"schedule"}, verb...)...).expect(t, 0); !strings.Contains(o.out, "no worker serves account sandbox-partner") {
				t.Errorf("%v does not say what the run waits for:\n%s", verb, o.out)
			}
		}
		w.work()
		r := document[schedule.Run](t, w.do("schedule", "run", "nightly", "--wait", "--json").expect(t, 0))
		if r.Kind != schedule.Manual || r.Number != 2 || r.Job == "" {
			t.Errorf("got %+v", r)
		}
		s := document[job.Status](t, w.do("status", r.Job, "--json").expect(t, 0))
		if s.Operation != job.Resync || s.Schedule != "nightly" || s.Source != list {
			t.Errorf("its job is %+v", s)
		}
		var shown scheduleDocument
		w.until(func() bool {
			shown = document[scheduleDocument](t, w.do("schedule", "show", "nightly", "--json").expect(t, 0))
			return (*shown.Runs)[0].State == schedule.Ended && (*shown.Runs)[1].State == schedule.Ended
		})
		// The first of them associated all, the second found nothing to do.
		first, second := (*shown.Runs)[1].Outcome, (*shown.Runs)[0].Outcome
		if first.State != job.Completed || first.Succeeded != 300 || first.Drift == nil || first.Drift.Missing != 300 {
			t.Errorf("the first ended with %+v", first)
		}
		if second.State != job.Completed || second.Total != 0 || second.Drift == nil || second.Drift.InLine != 300 {
			t.Errorf("the second ended with %+v", second)
		}
		for _, says := range []string{"0 3 1 1 * (Asia/Shanghai)", r.Job, "completed", "manual", "300"} {
			if o := w.do("schedule", "show", "nightly").expect(t, 0); !strings.Contains(o.out, says) {
				t.Errorf("show does not say %q:\n%s", says, o.out)
			}
		}

		if d := document[scheduleDocument](t, w.do("schedule", "pause", "nightly", "--json").expect(t, 0)); !d.Paused || d.Next != nil {
			t.Errorf("after pause: %+v", d)
		}
		if o := w.schedules("nightly", "resync", list, "--replace").expect(t, 0); !strings.Contains(o.out, "still paused") {
			t.Errorf("got %s", o.out)
		}
		if d := document[scheduleDocument](t, w.do("schedule", "resume", "nightly", "--json").expect(t, 0)); d.Paused || d.Next == nil {
			t.Errorf("after resume: %+v", d)
		}
		all := document[[]scheduleDocument](t, w.do("schedule", "list", "--json").expect(t, 0))
		if len(all) != 1 || all[0].LastRun == nil || all[0].LastRun.Number != 2 || all[0].Runs != nil {
			t.Errorf("listed are %+v", all)
		}
		w.do("schedule", "remove", "nightly").expect(t, 0)
		if all := document[[]scheduleDocument](t, w.do("schedule", "list", "--json").expect(t, 0)); len(all) != 0 {
			t.Errorf("listed are %+v", all)
		}
		for _, verb := range []string{"show", "pause", "resume", "run", "remove"} {
			w.do("schedule", verb, "nightly", "--json").failed(t, 2, job.CodeUnknownSchedule)
		}
	})
}

func TestARunWithABadListTellsWhy(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	list := w.write("bad.csv", "store_id\n1\n1.0E+08\n")
	w.schedules("nightly", "associate", list).expect(t, 0)
	e := w.do("schedule", "run", "nightly", "--wait", "--json").failed(t, 2, job.CodeBadList)
	if !strings.Contains(e.Message, list+":3") {
		t.Errorf("got %+v", e)
	}
	if o := w.do("schedule", "list").expect(t, 0); !strings.Contains(o.out, "failed") || !strings.Contains(o.out, list+":3") {
		t.Errorf("got %s", o.out)
	}
	if w.calls.Load() != 0 {
		t.Errorf("%d calls were made", w.calls.Load())
	}
}

func TestWrongSchedulesAreRefused(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	list := w.list(3)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"nothing to do":        {[]string{"schedule"}, "add, list, show"},
		"something strange":    {[]string{"schedule", "delete", "nightly"}, "add, list, show"},
		"no operation":         {[]string{"schedule", "add", "nightly", list, "--cron", "@daily"}, "three arguments"},
		"an operation of ours": {[]string{"schedule", "add", "nightly", "list", list, "--cron", "@daily"}, `"list" cannot be scheduled`},
		"no cron":              {[]string{"schedule", "add", "nightly", "resync", list}, "--cron is missing"},
		"run's time-out":       {[]string{"schedule", "run", "nightly", "--timeout", "1s"}, "--timeout needs --wait"},
	} {
		if e := w.do(append(c.args, "--json")...).failed(t, 2, job.CodeUsage); !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %s", name, e.Message)
		}
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a name":             {[]string{"Nightly", "associate", list}, "is no name for a schedule"},
		"a cron":             {[]string{"n", "associate", list, "--cron", "tonight"}, "--cron"},
		"a zone":             {[]string{"n", "associate", list, "--timezone", "Asia/Peking"}, "no such time zone"},
		"a bundle's resync":  {[]string{"n", "resync", list, "--stock", "", "--bundle", "1"}, "schedule `associate` for a bundle"},
		"a prune of nothing": {[]string{"n", "associate", list, "--prune"}, "are for resync"},
		"a maximum alone":    {[]string{"n", "resync", list, "--max-prune", "5"}, "--max-prune needs --prune"},
		"a priority":         {[]string{"n", "associate", list, "--priority", "urgent"}, "--priority"},
		"two targets":        {[]string{"n", "associate", list, "--bundle", "1"}, "exclude each other"},
		"a path outside":     {[]string{"n", "associate", "/etc/passwd"}, "outside of the folders"},
		"a relative path":    {[]string{"n", "associate", "stores.csv"}, "relative"},
		"standard input":     {[]string{"n", "associate", "-"}, "standard input"},
		"http":               {[]string{"n", "associate", "http://example.com/a.csv"}, "http is refused"},
		"a host":             {[]string{"n", "associate", "https://example.com/a.csv"}, "not on the configuration's list"},
		"a hook":             {[]string{"n", "associate", list, "--notify", "http://example.com/"}, "http is refused"},
		"a hook's name":      {[]string{"n", "associate", list, "--notify", "Ops!"}, "it is a hook's name"},
		"a hook's format":    {[]string{"n", "associate", list, "--notify", "ops", "--notify-format", "json"}, "goes with an address"},
	} {
		args := slices.Concat([]string{"schedule", "add", "--cron", "@daily", "--timezone", "UTC", "--json"}, asPartner, c.args)
		if e := w.do(args...).failed(t, 2, job.CodeUsage); !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %s", name, e.Message)
		}
	}
	w.schedules("n", "associate", list, "--account", "acme", "--json").failed(t, 2, job.CodeUnknownAccount)
	if keys, err := w.redis.Keys(t.Context(), "*").Result(); err != nil || len(keys) != 0 {
		t.Errorf("left in Redis: %v, %v", keys, err)
	}
}

func TestWhereNoSourcesAreConfiguredTheWorkersDecide(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	w.until(func() bool {
		return len(document[[]job.AccountInfo](t, w.do("accounts", "--json").expect(t, 0))) == 2
	})
	w.env = w.env[:1] // no configuration
	w.schedules("n", "associate", "relative.csv", "--json").failed(t, 2, job.CodeUsage)
	w.schedules("n", "associate", "https://user:hunter2@example.com/", "--json").failed(t, 2, job.CodeUsage)
	w.schedules("n", "associate", "https://exa mple/", "--json").failed(t, 2, job.CodeUsage)
	w.schedules("n", "associate", "ftp://example.com/", "--json").failed(t, 2, job.CodeUsage)
	o := w.schedules("n", "associate", "https://10.1.2.3/stores.csv?sig=hunter2", "--notify", "https://example.com/hunter2",
		"--json").expect(t, 0)
	d := document[scheduleDocument](t, o)
	if d.Source != "https://10.1.2.3/stores.csv?…" || !strings.Contains(d.Notify, "https://example.com/…") {
		t.Errorf("got %+v", d)
	}
	d = document[scheduleDocument](t, w.schedules("named", "associate", "https://10.1.2.3/a.csv", "--notify", "ops", "--json").expect(t, 0))
	if d.Notify != "ops" {
		t.Errorf("got %+v", d)
	}
	w.do("schedule", "show", "n").expect(t, 0) // none of them shows hunter2: enqueueWith looks
	e := w.do("schedule", "run", "n", "--wait", "--json").failed(t, 2, job.CodeUsage)
	if !strings.Contains(e.Message, "not on the configuration's list") {
		t.Errorf("got %+v", e)
	}
}

func TestEveryScheduleCommandHasExamples(t *testing.T) {
	t.Parallel()
	a := &app{out: &printer{w: &strings.Builder{}}}
	for _, cmd := range a.scheduleCommand().Commands() {
		o := enqueue(t, nil, "schedule", cmd.Name(), "--help").expect(t, 0)
		if cmd.Short == "" || !strings.Contains(cmd.Example, "enqueue schedule "+cmd.Name()) && cmd.Name() != "run" {
			t.Errorf("%s has no example", cmd.Name())
		}
		for line := range strings.Lines(o.out) {
			if len([]rune(line)) > 160 {
				t.Errorf("the help of %s has a line of %d characters: %s", cmd.Name(), len([]rune(line)), line)
			}
		}
	}
}

func TestThisMachinesTimeZoneHasAName(t *testing.T) {
	for _, c := range []struct{ tz, link, want string }{
		{"Asia/Shanghai", "", "Asia/Shanghai"},
		{":Europe/Paris", "", "Europe/Paris"},
		{"CST-8", "", ""},
		{"unset", "/usr/share/zoneinfo/Asia/Shanghai", "Asia/Shanghai"},
		{"unset", "../usr/share/zoneinfo/Etc/UTC", "Etc/UTC"},
		{"unset", "/somewhere/else", ""},
	} {
		zone, err := zoneOf(func(string) (string, bool) { return c.tz, c.tz != "unset" }, func(string) (string, error) {
			if c.link == "" {
				return "", errors.New("none")
			}
			return c.link, nil
		})
		if zone != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %q, %v", c, zone, err)
		}
	}
}
