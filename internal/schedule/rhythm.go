package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
	_ "time/tzdata" // for images without any

	"github.com/robfig/cron/v3"

	"github.com/storelink/storelink/internal/job"
)

// Rhythm is when a schedule's ticks come: at the times of day that a cron expression names, as the clocks of a time zone
// show them, or every so often (@every), counted from when the schedule was added.
//
// Where clocks are put forward, a time that they skip has its tick at the moment of the change; several of them, and one
// that has its tick then anyway, have one together. Where clocks are put back, a time that they show twice has one tick,
// the first time; but a schedule of every hour (* in the hour's field) goes on through both, so that it never rests for
// an hour.
//
// The expression is read by asynq's own library, which is not asked for the ticks: it has none for the times that are
// skipped, loses those at midnight where clocks change by half an hour (Australia/Lord_Howe), and never returns where a
// day is skipped (Pacific/Apia, December 2011).
type Rhythm struct {
	fields *cron.SpecSchedule // or
	every  time.Duration
	zone   *time.Location
}

// The bounds of @every.
const (
	minEvery = time.Second
	maxEvery = 366 * 24 * time.Hour
)

// maxExpression bounds an expression, in bytes.
const maxExpression = 200

// ParseRhythm reads a cron expression and the IANA name of a time zone. Its errors are of job.CodeUsage.
func ParseRhythm(expression, zone string) (r Rhythm, err error) {
	if zone == "" || zone == "Local" { // which is elsewhere on each machine
		return r, job.Errorf(job.CodeUsage, "--timezone %q: name a time zone, such as Asia/Shanghai or UTC", zone)
	}
	if r.zone, err = time.LoadLocation(zone); err != nil {
		return r, job.Errorf(job.CodeUsage, "--timezone %q: there is no such time zone (Asia/Shanghai is one)", shorten(zone, 60))
	}
	refuse := func(why string) (Rhythm, error) {
		return Rhythm{}, job.Errorf(job.CodeUsage, "--cron %q: %s (minute, hour, day of month, month and day of week, as in"+
			" '0 3 * * *'; or @daily, @hourly, @every 90m)", shorten(expression, maxExpression), why)
	}
	text := strings.TrimSpace(expression)
	switch {
	case text == "":
		return refuse("it is empty")
	case len(text) > maxExpression:
		return refuse(fmt.Sprintf("it is longer than %d characters", maxExpression))
	case strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="):
		return refuse("the time zone is given by --timezone")
	}
	if length, ok := strings.CutPrefix(text, "@every "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(length))
		if err != nil || d < minEvery || d > maxEvery || d%time.Second != 0 {
			return refuse("@every takes whole seconds, 1s to 8784h")
		}
		r.every = d
		return r, nil
	}
	if n := len(strings.Fields(text)); n != 5 && text[0] != '@' {
		why := fmt.Sprintf("it has %d fields instead of 5", n)
		if n == 6 {
			why += ", and seconds are none of them"
		}
		return refuse(why)
	}
	parsed, err := cron.ParseStandard(plainDays(text))
	if err != nil {
		if word, ok := strings.CutPrefix(err.Error(), "failed to parse int from "); ok { // what follows is Go's own
			word, _, _ = strings.Cut(word, ": ")
			return refuse(fmt.Sprintf("%q is neither a number nor a name that is known there", word))
		}
		return refuse(err.Error())
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return refuse("it cannot be understood")
	}
	r.fields = fields
	if r.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return refuse("such a time never comes")
	}
	return r, nil
}

// star is the bit that cron sets for a field that is * or ?.
const star = 1 << 63

// maxDays is how far ahead a tick is looked for: 29 February is eight years away at the most.
const maxDays = 9 * 366

// Next gives the first tick after t, in the rhythm's zone. Of @every, t is a tick, or when the schedule was added.
func (r Rhythm) Next(t time.Time) time.Time {
	if r.every > 0 {
		return t.Truncate(time.Second).Add(r.every).In(r.zone)
	}
	local := t.In(r.zone)
	day := time.Date(local.Year(), local.Month(), local.Day()-1, 0, 0, 0, 0, time.UTC)
	for range maxDays {
		if first := r.firstOf(day, t); !first.IsZero() {
			// Where clocks are put back over midnight, a time of the day after may come first.
			if second := r.firstOf(day.AddDate(0, 0, 1), t); !second.IsZero() && second.Before(first) {
				first = second
			}
			return first
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// firstOf gives the first tick of a day of the calendar that comes after t; the zero time where there is none. day is its
// midnight, in UTC whatever the zone.
func (r Rhythm) firstOf(day, after time.Time) (first time.Time) {
	if !r.matches(day) {
		return first
	}
	before, behind := r.offset(day.AddDate(0, 0, -1)), r.offset(day.AddDate(0, 0, 2))
	steady := before == behind // no clocks are changed
	for hours := r.fields.Hour &^ star; hours != 0; hours &= hours - 1 {
		hour := day.Add(time.Duration(bits.TrailingZeros64(hours)) * time.Hour)
		if steady && !hour.Add(time.Hour-before).After(after) {
			continue
		}
		for minutes := r.fields.Minute &^ star; minutes != 0; minutes &= minutes - 1 {
			wall := hour.Add(time.Duration(bits.TrailingZeros64(minutes)) * time.Minute)
			if steady {
				if t := wall.Add(-before); t.After(after) {
					return t.In(r.zone)
				}
				continue
			}
			for _, t := range r.moments(wall, before, behind) {
				if t.After(after) && (first.IsZero() || t.Before(first)) {
					first = t
				}
			}
		}
	}
	return first
}

// matches says whether a day is one of the expression's: where neither the day of the month nor that of the week is *,
// either will do, as in every cron.
func (r Rhythm) matches(day time.Time) bool {
	f := r.fields
	month, week := f.Dom>>day.Day()&1 == 1, f.Dow>>day.Weekday()&1 == 1
	if f.Month>>day.Month()&1 == 0 {
		return false
	}
	if f.Dom&star != 0 || f.Dow&star != 0 {
		return month && week
	}
	return month || week
}

// offset is how far the zone's clocks are ahead of UTC at a moment.
func (r Rhythm) offset(t time.Time) time.Duration {
	_, seconds := t.In(r.zone).Zone()
	return time.Duration(seconds) * time.Second
}

// moments gives when the zone's clocks show a time, given in UTC, around a change of their offset from before to behind.
func (r Rhythm) moments(wall time.Time, before, behind time.Duration) (all []time.Time) {
	for _, offset := range []time.Duration{max(before, behind), min(before, behind)} { // the earlier moment first
		if t := wall.Add(-offset); r.offset(t) == offset {
			all = append(all, t.In(r.zone))
		}
	}
	switch {
	case len(all) == 0: // skipped: by the clocks of before it is after the change, which ended their time
		start, _ := wall.Add(-before).In(r.zone).ZoneBounds()
		return []time.Time{start.In(r.zone)}
	case len(all) == 2 && r.fields.Hour&star == 0:
		return all[:1]
	}
	return all
}

// maxCount is how many ticks are counted at most.
const maxCount = 10_000

// between counts the ticks after one moment up to another, both ends given as to Next, and gives the latest of them. A
// count of maxCount is at least that.
func (r Rhythm) between(after, upTo time.Time) (count int64, latest time.Time) {
	if r.every > 0 {
		first := r.Next(after)
		if first.After(upTo) {
			return 0, latest
		}
		n := int64(upTo.Sub(first) / r.every)
		return min(n+1, maxCount), first.Add(time.Duration(n) * r.every)
	}
	for t := r.Next(after); !t.IsZero() && !t.After(upTo); t = r.Next(t) {
		if latest = t; count == maxCount {
			return count, r.latest(t, upTo)
		}
		count++
	}
	return count, latest
}

// latest gives the latest tick up to a moment, where there is known to be one at or after another.
func (r Rhythm) latest(known, upTo time.Time) time.Time {
	for window := time.Minute; ; window *= 2 {
		from := upTo.Add(-window)
		if from.Before(known) {
			from = known.Add(-time.Nanosecond)
		}
		t := r.Next(from)
		if t.IsZero() || t.After(upTo) {
			continue
		}
		for next := t; !next.IsZero() && !next.After(upTo); next = r.Next(next) {
			t = next
		}
		return t
	}
}
