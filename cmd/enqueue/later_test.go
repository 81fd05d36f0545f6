package main

import (
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
)

func TestLaterReadsTheClockOfItsZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct{ at, zone, want string }{
		"no summer time":            {"2026-12-01 02:00", "Asia/Shanghai", "2026-11-30T18:00:00Z"},
		"with seconds":              {" 2026-12-01T02:00:01 ", "UTC", "2026-12-01T02:00:01Z"},
		"RFC 3339":                  {"2026-12-01T02:00:00+08:00", "", "2026-11-30T18:00:00Z"},
		"before the clocks skip":    {"2026-03-29 01:59", "Europe/Berlin", "2026-03-29T00:59:00Z"},
		"what the clocks skip":      {"2026-03-29 02:30", "Europe/Berlin", "does not exist in Europe/Berlin"},
		"after they skipped":        {"2026-03-29 03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"},
		"what comes twice":          {"2026-10-25 02:30", "Europe/Berlin", "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"},
		"after it came twice":       {"2026-10-25 03:00", "Europe/Berlin", "2026-10-25T02:00:00Z"},
		"half an hour of summer":    {"2026-10-04 02:15", "Australia/Lord_Howe", "does not exist"},
		"two zones":                 {"2026-12-01T02:00:00+08:00", "Asia/Shanghai", "leave --timezone out"},
		"a zone that is none":       {"2026-12-01 02:00", "Asia/Atlantis", "there is no such time zone"},
		"a zone and no time":        {"", "Asia/Shanghai", "needs --at"},
		"a day alone":               {"2026-12-01", "", "it is a time like"},
		"a day that there is not":   {"2026-02-30 02:00", "", "it is a time like"},
		"just past":                 {"2026-02-01 00:00", "UTC", "has passed"},
		"more than a year ahead":    {"2027-02-03 00:00", "UTC", "more than a year"},
		"a zone out of its folder":  {"2026-12-01 02:00", "../../etc/passwd", "there is no such time zone"},
		"this machine's, by a name": {"2026-12-01 02:00", "Local", "there is no such time zone"},
	} {
		at, err := (&laterFlags{tc.at, tc.zone}).read(now)
		got := ""
		if err == nil {
			got = at.Format(time.RFC3339)
		} else if got = err.Error(); job.AsError(err).Code != job.CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
