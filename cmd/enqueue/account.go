package main

import (
	"context"
	"slices"
	"strings"

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
	who := "none is known"
	if len(known) > 0 {
		all := make([]string, 0, len(known))
		for n := range known {
			all = append(all, n)
		}
		slices.Sort(all)
		more := ""
		if len(all) > maxNamed {
			all, more = all[:maxNamed], ", …"
		}
		who = "known are: " + strings.Join(all, ", ") + more
	}
	return job.Errorf(job.CodeUnknownAccount, "--account %q: no worker has published it and no configuration names it (%s)",
		name, who)
}

// complete fills in and checks what hangs on the account's mode.
func (k accountKnown) complete(t *job.Target) error {
	if k.mode == job.Brand {
		if t.BrandID != "" && t.BrandID != k.identity {
			return job.Errorf(job.CodeUsage, "--brand %s: account %s is brand %s itself, and can act for no other", t.BrandID, k.name,
				k.identity)
		}
		t.BrandID = k.identity
	}
	return t.Validate(k.mode)
}

// unserved says in a word and in a sentence why nobody serves the account at the moment; empty if somebody does.
func (k accountKnown) unserved() (word, why string) {
	if len(k.workers) == 0 {
		return job.LaneUnserved, "no worker serves account " + k.name + " at the moment"
	}
	for _, w := range k.workers {
		if w.State != job.LaneRefused && w.State != job.LaneConflict {
			return "", ""
		}
	}
	return k.workers[0].State, "no worker can serve account " + k.name + " at the moment (" + k.workers[0].Reason + ")"
}
