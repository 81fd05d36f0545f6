package main

import (
	"context"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/job"
)

// dropped are rows that are not sent, and what else is to be told of the lists.
type dropped struct {
	repeats, setAside int64
	warnings          []i18n.Message // of how lists were read
}

// readSoFar is what there is to tell of a manifest, before its lists are read.
func readSoFar(m *manifest.Manifest) dropped {
	return dropped{m.Stats.Repeats, m.Stats.SetAside, m.Stats.Warnings}
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
				a.warn("cmd.committed_waits", "why", why, "batch", id)
			}
		}
	}
	if !a.json {
		a.line("cmd.batch_submitted", "batch", id, "stores", status.Total, "targets", status.Targets, "left_out",
			leftOut(left.repeats, left.setAside))
		a.due(status.At)
	}
	if s.isHere() || f.wait {
		return a.wait(ctx, s, id, f, "")
	}
	if a.json {
		a.out.json(batchReceiptDocument{status, left.repeats, left.setAside})
		return nil
	}
	a.line("cmd.follow_it", "job", id)
	return nil
}

// committedAllTheSame is the error of a batch that was committed, and could not be looked at after that: whoever submits it
// once more, since they hear of an error, may send all of it twice.
func committedAllTheSame(id string, err error) error {
	e := *job.AsError(err)
	e.Job, e.Message = id, i18n.M("cmd.batch_committed", "batch", id, "error", e.Message)
	return &e
}

// due says when what was submitted for later is sent.
func (a *app) due(at *time.Time) {
	if at != nil {
		a.line("cmd.due", "at", moment(*at))
	}
}

// warnOf warns of how the lists of a batch were read.
func (a *app) warnOf(left dropped) {
	for _, said := range left.warnings {
		a.warning(said)
	}
}
