package main

import (
	"context"
	"maps"
	"slices"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// accountKnown is an account as a worker has published it, or the configuration names it.
type accountKnown struct {
	name     string
	mode     job.Mode
	identity string
	workers  []job.WorkerLane
}

// account looks an account up; one that nobody knows is refused with those that are known.
func (s *site) account(ctx context.Context, name string) (accountKnown, error) {
	published, err := s.ledger.Accounts(ctx)
	if err != nil {
		return accountKnown{}, err
	}
	names := map[string]bool{}
	for _, p := range published {
		if p.Name == name {
			return accountKnown{name: name, mode: p.Mode, identity: p.Identity, workers: p.Workers}, nil
		}
		names[p.Name] = true
	}
	for _, k := range s.known {
		if k.name == name {
			return k, nil
		}
		names[k.name] = true
	}
	return accountKnown{}, unknownAccount(name, names)
}

// maxNamed is how many accounts an error names.
const maxNamed = 10

func unknownAccount(name string, known map[string]bool) error {
	if len(known) == 0 {
		return job.Fail(job.CodeUnknownAccount, "flag.account_unknown_all", "account", name)
	}
	all := slices.Sorted(maps.Keys(known))
	if len(all) > maxNamed {
		all = append(all[:maxNamed], "…")
	}
	return job.Fail(job.CodeUnknownAccount, "flag.account_unknown", "account", name, "known", all)
}

// complete fills in and checks what hangs on the account's mode.
func (k accountKnown) complete(t *job.Target) error {
	if k.mode == job.Brand {
		if t.BrandID != "" && t.BrandID != k.identity {
			return job.Fail(job.CodeUsage, "flag.brand_other", "brand", t.BrandID, "account", k.name, "identity", k.identity)
		}
		t.BrandID = k.identity
	}
	return t.Validate(k.mode)
}

// unserved is the lane's state and the reason for which nobody serves the account at the moment; empty if somebody does.
func (k accountKnown) unserved() (state string, why i18n.Message) {
	if len(k.workers) == 0 {
		return job.LaneUnserved, i18n.M("cmd.unserved", "account", k.name)
	}
	for _, w := range k.workers {
		if w.State != job.LaneRefused && w.State != job.LaneConflict {
			return "", i18n.Message{}
		}
	}
	return k.workers[0].State, i18n.M("cmd.unservable", "account", k.name, "reason", i18n.Plain(k.workers[0].Reason))
}
