package main

import (
	"context"
	"fmt"
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
	d.Chunks = (d.Total + int64(j.ChunkSize) - 1) / int64(j.ChunkSize)
	d.Calls = d.Chunks
	if rate > 0 {
		seconds := float64(d.Calls) / rate
		d.Seconds = &seconds
	}
	if a.json {
		a.out.json(d)
		return nil
	}
	a.out.printf("%s\n", printable(dryRunText(d, j, known)))
	return nil
}

func dryRunText(d dryRunDocument, j job.Job, known bool) string {
	text := fmt.Sprintf("Nothing was sent. The list is good: %s %s with %s, in %s and as many calls%s.\n", j.Operation,
		stores(d.Total), j.Target, plural(d.Chunks, "chunk"), leftOut(d.Repeats, d.SetAside))
	switch {
	case d.Seconds == nil:
		return text + "The account has no pace: how long it takes is up to WeChat Pay."
	case known:
		text += fmt.Sprintf("At %g calls a second", d.Rate)
	default:
		text += fmt.Sprintf("Account %s is not in this configuration; at %g calls a second, as WeChat Pay allows,", j.Account,
			d.Rate)
	}
	return text + fmt.Sprintf(" it takes at least %s; stores that must be sent again come on top, and other jobs of the account"+
		" take their turns.", span(time.Duration(*d.Seconds*float64(time.Second))))
}
