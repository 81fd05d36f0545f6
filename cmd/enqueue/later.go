package main

import (
	"strings"
	"time"
	_ "time/tzdata" // for images without any

	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// atLayouts are what --at takes, beside RFC 3339.
var atLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// laterFlags say when to send.
type laterFlags struct{ at, timezone string }

func (f *laterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.at, "at", "", "send it at `TIME`, and not before: '2026-12-01 02:00', or RFC 3339")
	flags.StringVar(&f.timezone, "timezone", "", "of --at: its `NAME`, such as Asia/Shanghai (default: this machine's)")
}

// read reads them; nil where there is no --at.
func (f *laterFlags) read(now time.Time) (*time.Time, error) {
	at, timezone := f.at, f.timezone
	if at == "" {
		if timezone != "" {
			return nil, job.Errorf(job.CodeUsage, "--timezone needs --at, which it is for")
		}
		return nil, nil
	}
	zone := time.Local
	if timezone != "" {
		var err error
		if zone, err = time.LoadLocation(timezone); err != nil || timezone == "Local" {
			return nil, job.Errorf(job.CodeUsage, "--timezone %q: there is no such time zone (Asia/Shanghai is one)", timezone)
		}
	}
	at = strings.TrimSpace(at)
	t, err := time.Parse(time.RFC3339, at)
	if err == nil && timezone != "" {
		return nil, job.Errorf(job.CodeUsage, "--at %s has a time zone of its own: leave --timezone out", at)
	}
	for _, layout := range atLayouts {
		if err == nil {
			break
		}
		var wall time.Time
		if wall, err = time.Parse(layout, at); err == nil {
			if t, err = onTheClock(wall, zone); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case err != nil:
		return nil, job.Errorf(job.CodeUsage, "--at %q: it is a time like '2026-12-01 02:00' or 2026-12-01T02:00:00+08:00", at)
	case !t.After(now):
		return nil, job.Errorf(job.CodeUsage, "--at %s has passed", t.Format("2006-01-02 15:04:05 -07:00"))
	case t.Sub(now) > ledger.MaxAhead:
		return nil, job.Errorf(job.CodeUsage, "--at %s is more than a year ahead", t.Format("2006-01-02 15:04:05 -07:00"))
	}
	t = t.UTC()
	return &t, nil
}

// onTheClock gives the moment at which the clocks of a zone show a time: there is none where they are put forward over it,
// and which of two is meant where they are put back is not to be guessed.
func onTheClock(wall time.Time, zone *time.Location) (time.Time, error) {
	const change = 26 * time.Hour // further apart than two zones are
	var at []time.Time
	naive := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, time.UTC)
	for _, near := range []time.Time{naive.Add(-change), naive.Add(change)} {
		_, offset := near.In(zone).Zone()
		t := naive.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, is := t.Zone(); is == offset && (len(at) == 0 || !at[0].Equal(t)) {
			at = append(at, t)
		}
	}
	shown, where := wall.Format("2006-01-02 15:04:05"), zone.String()
	if zone == time.Local {
		where = "this machine's time zone"
	}
	switch len(at) {
	case 0:
		return wall, job.Errorf(job.CodeUsage, "--at %s does not exist in %s: the clocks are put forward over it", shown, where)
	case 1:
		return at[0], nil
	}
	return wall, job.Errorf(job.CodeUsage, "--at %s comes twice in %s, where the clocks are put back: say %s or %s", shown, where,
		at[0].Format(time.RFC3339), at[1].Format(time.RFC3339))
}

// notLaterHere refuses what is for later and would be gone with this process.
func notLaterHere(p place, at *time.Time) error {
	if p.here && !p.dry && at != nil {
		return job.Errorf(job.CodeUsage, "--at needs Redis and a worker: what runs here is gone when this command ends")
	}
	return nil
}
