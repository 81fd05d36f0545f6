package schedule_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/schedule"
)

func rhythm(t testing.TB, expression, zone string) schedule.Rhythm {
	t.Helper()
	r, err := schedule.ParseRhythm(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ticks gives the first ticks after a moment, as the zone's clocks show them.
func ticks(t *testing.T, expression, zone, after string, n int) (out []string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, after)
	if err != nil {
		t.Fatal(err)
	}
	r := rhythm(t, expression, zone)
	for range n {
		next := r.Next(at)
		if !next.After(at) {
			t.Fatalf("after %v comes %v", at, next)
		}
		at = next
		out = append(out, at.Format("01-02 15:04 -07:00"))
	}
	return out
}

func TestTicks(t *testing.T) {
	t.Parallel()
	const shanghai, newYork = "Asia/Shanghai", "America/New_York"
	for _, c := range []struct{ name, cron, zone, after, want string }{
		{"nightly", "0 3 * * *", shanghai, "2026-07-01T02:59:59+08:00", "07-01 03:00 +08:00, 07-02 03:00 +08:00"},
		{"a tick is not its own next", "0 3 * * *", shanghai, "2026-07-01T03:00:00+08:00", "07-02 03:00 +08:00, 07-03 03:00 +08:00"},
		{"every ten minutes", "*/10 * * * *", shanghai, "2026-07-01T23:45:00+08:00", "07-01 23:50 +08:00, 07-02 00:00 +08:00"},
		{"month and week", "0 9 1 * mon", "UTC", "2026-07-01T09:00:00Z", "07-06 09:00 +00:00, 07-13 09:00 +00:00"},
		{"weekdays", "30 8 * * mon-fri", "UTC", "2026-07-03T08:30:00Z", "07-06 08:30 +00:00, 07-07 08:30 +00:00"},
		{"leap day", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "02-29 00:00 +00:00, 02-29 00:00 +00:00"},
		{"@daily", "@daily", shanghai, "2026-12-31T00:00:00+08:00", "01-01 00:00 +08:00, 01-02 00:00 +08:00"},
		{"@every", "@every 90m", shanghai, "2026-07-01T00:00:07.9+08:00", "07-01 01:30 +08:00, 07-01 03:00 +08:00"},

		{"a time that is skipped comes at the change", "30 2 * * *", newYork, "2026-03-07T12:00:00-05:00",
			"03-08 03:00 -04:00, 03-09 02:30 -04:00"},
		{"with what comes then anyway it is one", "0 2,3 * * *", newYork, "2026-03-07T12:00:00-05:00",
			"03-08 03:00 -04:00, 03-09 02:00 -04:00"},
		{"every hour has nothing to make up", "15 * * * *", newYork, "2026-03-08T00:30:00-05:00",
			"03-08 01:15 -05:00, 03-08 03:00 -04:00, 03-08 03:15 -04:00"},
		{"a time that comes twice counts the first time", "30 1 * * *", newYork, "2026-10-31T12:00:00-04:00",
			"11-01 01:30 -04:00, 11-02 01:30 -05:00"},
		{"a schedule of every hour does not rest", "30 * * * *", newYork, "2026-11-01T00:45:00-04:00",
			"11-01 01:30 -04:00, 11-01 01:30 -05:00, 11-01 02:30 -05:00"},
		{"midnight that is skipped", "0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00+02:00",
			"04-24 01:00 +03:00, 04-25 00:00 +03:00"},
		{"half an hour", "0 0 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00",
			"04-05 00:00 +11:00, 04-06 00:00 +10:30"},
		{"a day that is skipped", "30 0 * * *", "Pacific/Apia", "2011-12-28T12:00:00-10:00",
			"12-29 00:30 -10:00, 12-31 00:00 +14:00, 12-31 00:30 +14:00"},
		{"put back over midnight", "30 0,23 * * *", "America/St_Johns", "2010-11-06T12:00:00-02:30",
			"11-06 23:30 -02:30, 11-07 00:30 -03:30, 11-07 23:30 -03:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(ticks(t, c.cron, c.zone, c.after, strings.Count(c.want, ",")+1), ", ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWhatIsNoRhythmIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cron, zone, says string }{
		{"", "UTC", "empty"},
		{"0 3 * *", "UTC", "4 fields instead of 5 ("},
		{"0 0 3 * * *", "UTC", "6 fields instead of 5, and seconds"},
		{"0 3 * * never", "UTC", `"never" is neither a number nor a name that is known there (`},
		{"60 3 * * *", "UTC", "above maximum"},
		{"0 0 31 2 *", "UTC", "never comes"},
		{", * * * *", "UTC", "never comes"},
		{"TZ=", "UTC", "--timezone"},
		{"TZ=UTC 0 3 * * *", "UTC", "--timezone"},
		{"CRON_TZ=UTC", "UTC", "--timezone"},
		{"@reboot", "UTC", "unrecognized"},
		{"@every", "UTC", "unrecognized"},
		{"@every 0s", "UTC", "whole seconds"},
		{"@every -5m", "UTC", "whole seconds"},
		{"@every 1500ms", "UTC", "whole seconds"},
		{"@every 9000h", "UTC", "whole seconds"},
		{strings.Repeat("0,", 200) + " 3 * * *", "UTC", "longer"},
		{"0 3 * * *", "", "--timezone"},
		{"0 3 * * *", "Local", "--timezone"},
		{"0 3 * * *", "Asia/Peking", "no such time zone"},
		{"0 3 * * *", "../../etc/passwd", "no such time zone"},
	} {
		_, err := schedule.ParseRhythm(c.cron, c.zone)
		if err == nil || job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q in %q: %v", c.cron, c.zone, err)
		}
	}
}

func TestMissedTicksAreCountedAndTheLatestFound(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	for _, c := range []struct {
		cron   string
		upTo   time.Time
		count  int64
		latest time.Time
	}{
		{"0 3 * * *", from.Add(time.Hour), 0, time.Time{}},
		{"0 3 * * *", from.AddDate(0, 0, 3), 3, time.Date(2026, 1, 3, 3, 0, 0, 0, time.UTC)},
		{"* * * * *", from.AddDate(1, 0, 0), schedule.MaxCount, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"* 0 1 1 *", from.AddDate(300, 6, 0), schedule.MaxCount, time.Date(2326, 1, 1, 0, 59, 0, 0, time.UTC)},
		{"@every 10s", from.Add(9 * time.Second), 0, time.Time{}},
		{"@every 10s", from.Add(10 * time.Second), 1, from.Add(10 * time.Second)},
		{"@every 1s", from.AddDate(10, 0, 0), schedule.MaxCount, from.AddDate(10, 0, 0)},
	} {
		count, latest := schedule.Between(rhythm(t, c.cron, "UTC"), from, c.upTo)
		if count != c.count || !latest.Equal(c.latest) {
			t.Errorf("%s: %d, the latest at %v; want %d, %v", c.cron, count, latest, c.count, c.latest)
		}
	}
}

// TestEveryZoneHasItsNights asks of all time zones that no night goes without its tick, over fifty years.
func TestEveryZoneHasItsNights(t *testing.T) {
	t.Parallel()
	zones := []string{"Africa/Cairo", "America/New_York", "America/Santiago", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut",
		"Asia/Gaza", "Asia/Shanghai", "Australia/Lord_Howe", "Europe/London", "Pacific/Apia", "Pacific/Kwajalein"}
	if os.Getenv("STORELINK_LONG") != "" {
		zones = allZones(t)
	}
	for _, zone := range zones {
		r := rhythm(t, "0 0 * * *", zone)
		from, to := time.Date(1990, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2040, 1, 1, 12, 0, 0, 0, time.UTC)
		nights := 0
		for at := from; ; nights++ {
			next := r.Next(at)
			if !next.After(at) || next.Sub(at) > 49*time.Hour {
				t.Fatalf("%s: after %v comes %v", zone, at, next)
			}
			if at = next; at.After(to) {
				break
			}
		}
		if days := int(to.Sub(from).Hours() / 24); nights < days-1 || nights > days+1 {
			t.Errorf("%s: %d nights in %d days", zone, nights, days)
		}
	}
}

// allZones are those that this machine has.
func allZones(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("/usr/share/zoneinfo/tzdata.zi")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 1 && f[0] == "Z":
			all = append(all, f[1])
		case len(f) > 2 && f[0] == "L":
			all = append(all, f[2])
		}
	}
	return all
}

func FuzzRhythm(f *testing.F) {
	for _, seed := range []string{"0 3 * * *", "*/5 1-5 ? jan,feb mon", "@every 90m", "@weekly", "TZ=UTC", "59 23 31 12 6", "0/7 * 29 2 *"} {
		f.Add(seed, "America/St_Johns", int64(1289096940))
	}
	f.Add("30 0 * * 1", "Pacific/Apia", int64(1325152800))
	f.Fuzz(func(t *testing.T, expression, zone string, at int64) {
		r, err := schedule.ParseRhythm(expression, zone)
		if err != nil {
			if job.AsError(err).Code != job.CodeUsage {
				t.Fatal(err)
			}
			return
		}
		from := time.Unix(at%4e9, 0)
		for range 20 {
			next := r.Next(from)
			if !next.After(from) || next.Sub(from) > 41*366*24*time.Hour {
				t.Fatalf("%q in %q: after %v comes %v", expression, zone, from, next)
			}
			from = next
		}
	})
}
