package main

import (
	"strings"
	"time"
	_ "time/tzdata" // for images without any

	"github.com/storelink/storelink/internal/job"
)

// maxLater is how far ahead a job may be submitted.
const maxLater = 366 * 24 * time.Hour

// atLayouts are what --at takes, beside RFC 3339.
var atLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// later reads --at; nil where there is none.
func later(at, timezone string, now time.Time) (*time.Time, error) {
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
	t, err := time.Parse(time.RFC3339, at)
	if err == nil && timezone != "" {
		return nil, job.Errorf(job.CodeUsage, "--at %s has a time zone of its own: leave --timezone out", at)
	}
	for _, layout := range atLayouts {
		if err != nil {
			t, err = time.ParseInLocation(layout, strings.TrimSpace(at), zone)
		}
	}
	switch {
	case err != nil:
		return nil, job.Errorf(job.CodeUsage, "--at %q: it is a time like '2026-12-01 02:00' or 2026-12-01T02:00:00+08:00", at)
	case !t.After(now):
		return nil, job.Errorf(job.CodeUsage, "--at %s has passed", t.Format("2006-01-02 15:04:05 -07:00"))
	case t.Sub(now) > maxLater:
		return nil, job.Errorf(job.CodeUsage, "--at %s is more than a year ahead", t.Format("2006-01-02 15:04:05 -07:00"))
	}
	t = t.UTC()
	return &t, nil
}

// notLaterHere refuses a job for later that would be gone with this process.
func notLaterHere(p place, j job.Job) error {
	if p.here && j.At != nil {
		return job.Errorf(job.CodeUsage, "--at needs Redis and a worker: what runs here is gone when this command ends")
	}
	return nil
}
