package main

import (
	"context"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// dropped are rows that are not sent, and what else is to be told of the lists.
type dropped struct {
	repeats, setAside int64
	warnings          []i18n.Message // of how lists were read
}

// batchReceiptDocument is what submitting a batch prints with --json.
type batchReceiptDocument struct {
	job.Status
	Repeats  int64 `json:"repeats"`
	SetAside int64 `json:"set_aside"`
}

// onboarded tells of a batch that was committed, and follows it to its end where that is asked for, or where it can end
// nowhere else.
func (a *app) onboarded(ctx context.Context, s *site, id string, f waitFlags, left dropped) error {
	a.warnOf(left)
	lasting := context.WithoutCancel(ctx) // it is committed: whoever interrupts it now must learn of it
	status, err := s.ledger.Status(lasting, id)
	if err != nil {
		return committedAllTheSame(id, err)
	}
	if !s.isHere() {
		for name := range strings.SplitSeq(status.Account, ", ") {
			account, err := s.account(lasting, name)
			if err != nil {
				return committedAllTheSame(id, err)
			}
			if word, why := account.unserved(); word != "" {
				a.warn("%s; batch %s is committed and waits", why, id)
			}
		}
	}
	if !a.json {
		t := a.tongue(a.screen)
		a.line("Batch %s: %s for %s%s.", id, t.stores(status.Total), t.plural(status.Targets, "target"),
			t.leftOut(left.repeats, left.setAside))
		a.due(status.At)
	}
	if s.isHere() || f.wait {
		return a.wait(ctx, s, id, f, "")
	}
	if a.json {
		a.out.json(batchReceiptDocument{status, left.repeats, left.setAside})
		return nil
	}
	a.line("`enqueue watch %s` follows it, `enqueue results %[1]s` writes its report.", id)
	return nil
}

// committedAllTheSame is the error of a batch that was committed, and could not be looked at after that: whoever submits it
// once more, since they hear of an error, may send all of it twice.
func committedAllTheSame(id string, err error) error {
	e := *job.AsError(err)
	e.Job, e.Message = id, i18n.Plain("batch "+id+" is committed, and could not be looked at after that: "+e.Message.String())
	return &e
}

// due says when what was submitted for later is sent.
func (a *app) due(at *time.Time) {
	if at != nil {
		a.line("It is sent at %s, and can be cancelled until then.", moment(*at))
	}
}

// warnOf warns of how the lists of a batch were read.
func (a *app) warnOf(left dropped) {
	for _, said := range left.warnings {
		a.warning(said)
	}
}
