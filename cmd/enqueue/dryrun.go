package main

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/config"
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
	text := t.say("Nothing was sent. The list is good: %s %s with %s, in %s and as many calls%s.", t.term(string(j.Operation)),
		t.stores(d.Total), t.target(j.Target), t.plural(d.Chunks, "chunk"), t.leftOut(d.Repeats, d.SetAside)) + "\n" +
		t.reading(&d.List)
	switch {
	case d.Seconds == nil:
		return text + t.say("The account has no pace: how long it takes is up to WeChat Pay.")
	case known:
		text += t.say("At %g calls a second", d.Rate)
	default:
		text += t.say("Account %s is not in this configuration; at %g calls a second, as WeChat Pay allows,", j.Account, d.Rate)
	}
	return text + t.say(" it takes %s; stores that must be sent again come on top, and other jobs of the account take their turns.",
		t.atLeast(*d.Seconds))
}

// atLeast is a time in seconds that something cannot take less than.
func (t tongue) atLeast(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return t.span(d)
	}
	return t.say("at least %s", t.span(d))
}
