package main

import (
	"strings"
	"time"
	_ "time/tzdata" // for images without any

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// atLayouts are what --at takes, beside RFC 3339.
var atLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// laterFlags say when to send.
type laterFlags struct{ at, timezone string }

func (f *laterFlags) register(flags flagSet) {
	flags.addString(&f.at, "at", "", "help.flag_at")
	flags.addString(&f.timezone, "timezone", "", "help.flag_timezone")
}

// read reads them; nil where there is no --at.
func (f *laterFlags) read(now time.Time) (*time.Time, error) {
	at, timezone := f.at, f.timezone
	if at == "" {
		if timezone != "" {
			return nil, job.Fail(job.CodeUsage, "flag.timezone_alone")
		}
		return nil, nil
	}
	zone := time.Local
	if timezone != "" {
		var err error
		if zone, err = time.LoadLocation(timezone); err != nil || timezone == "Local" {
			return nil, job.Fail(job.CodeUsage, "flag.timezone", "value", timezone)
		}
	}
	at = strings.TrimSpace(at)
	t, err := time.Parse(time.RFC3339, at)
	if err == nil && timezone != "" {
		return nil, job.Fail(job.CodeUsage, "flag.timezone_twice", "at", at)
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
		return nil, job.Fail(job.CodeUsage, "flag.at", "at", at)
	case !t.After(now):
		return nil, job.Fail(job.CodeUsage, "flag.at_past", "at", t.Format("2006-01-02 15:04:05 -07:00"))
	case t.Sub(now) > ledger.MaxAhead:
		return nil, job.Fail(job.CodeUsage, "flag.at_far", "at", t.Format("2006-01-02 15:04:05 -07:00"))
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
		return wall, job.Fail(job.CodeUsage, "flag.at_skipped", "at", shown, "zone", where)
	case 1:
		return at[0], nil
	}
	return wall, job.Fail(job.CodeUsage, "flag.at_twice", "at", shown, "zone", where, "first", at[0].Format(time.RFC3339),
		"second", at[1].Format(time.RFC3339))
}

// notLaterHere refuses what is for later and would be gone with this process.
func notLaterHere(p place, at *time.Time) error {
	if p.here && !p.dry && at != nil {
		return job.Fail(job.CodeUsage, "flag.at_here")
	}
	return nil
}
