package main

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// dryRun reads and checks the whole list, and says what would be sent. It asks nobody: what only Redis knows is not
// checked.
func (a *app) dryRun(ctx context.Context, p place, j job.Job, path string, f *submitFlags) error {
	rate, known := float64(config.DefaultRate), p.sandbox
	if p.sandbox {
		rate = sandbox.DefaultRate
	} else if c, ok := p.config.Account(j.Account); ok {
		rate, known = c.Rate, true
		account := accountKnown{name: c.Name, mode: c.Mode, identity: c.Identity()}
		if err := account.complete(&j.Target); err != nil {
			return err
		}
	}
	l, err := a.openList(ctx, path, f)
	if err != nil {
		return err
	}
	defer l.close()
	d := dryRunDocument{DryRun: true, Rate: rate}
	for _, err := range l.all() {
		if err != nil {
			return err
		}
		d.Total++
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	d.Repeats, d.SetAside = l.counts()
	d.List = l.read()
	a.tellDryRun(d, j, known)
	return nil
}

// tellDryRun tells what would be sent, of Total stores at Rate; known says that the rate is the account's.
func (a *app) tellDryRun(d dryRunDocument, j job.Job, known bool) {
	d.Chunks = (d.Total + int64(j.ChunkSize) - 1) / int64(j.ChunkSize)
	d.Calls = d.Chunks
	if d.Rate > 0 {
		seconds := float64(d.Calls) / d.Rate
		d.Seconds = &seconds
	}
	if a.json {
		a.out.json(d)
		return
	}
	a.out.printf("%s\n", printable(a.tongue(a.screen).dryRun(d, j, known)))
}

func (t tongue) dryRun(d dryRunDocument, j job.Job, known bool) string {
	text := t.say("cmd.dry_run_submit", "operation", i18n.Term(j.Operation), "stores", d.Total, "target", about(j.Target),
		"chunks", d.Chunks, "left_out", leftOut(d.Repeats, d.SetAside)) + "\n" +
		t.reading(&d.List)
	switch {
	case d.Seconds == nil:
		return text + t.say("cmd.no_rate")
	case known:
		text += t.say("cmd.at_rate", "rate", d.Rate)
	default:
		text += t.say("cmd.at_rate_unknown", "account", j.Account, "rate", d.Rate)
	}
	return text + t.say("cmd.dry_run_takes", "time", atLeast(*d.Seconds))
}

// atLeast is a time in seconds that something cannot take less than.
func atLeast(seconds float64) i18n.Message {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return i18n.Rough(d)
	}
	return i18n.M("cmd.at_least", "time", i18n.Rough(d))
}
