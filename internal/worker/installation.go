package worker

import (
	"context"
	"errors"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/registry"
)

// claim is whether a lane may serve its account: another worker may serve the name as another merchant, or send its calls
// to another host, and then whoever came first goes on. Until the first answer of Redis nothing is served. The publisher
// renews all claims of a worker; it lives in the lane, under its mutex.
type claim struct {
	held    bool
	other   string        // why not, for a person; empty as long as nothing is known
	changed chan struct{} // it is held, or not any more
}

// elsewhereWait is for how long a task of a job is given back that another installation has begun with.
const elsewhereWait = 5 * time.Second

// errElsewhere gives such a task back.
var errElsewhere = errors.New("the job is another installation's")

// maxVerdicts bounds how many jobs a lane remembers to be its own or another's.
const maxVerdicts = 1000

// installation is what the account's name stands for here.
func (a Account) installation() job.Installation {
	return job.Installation{Mode: a.Mode, Identity: a.Identity, Hosts: a.Hosts}
}

// claimAll asks for all lanes whether they may serve, and renews what they have. A failure leaves everything as it is.
func (w *Worker) claimAll(ctx context.Context) error {
	lanes := w.all()
	wanted := make([]registry.Serving, len(lanes))
	for i, l := range lanes {
		wanted[i] = registry.Serving{Account: l.account.Name, As: l.account.installation()}
	}
	others, err := w.cfg.Ledger.Serve(ctx, w.cfg.ID, wanted)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		other, taken := others[l.account.Name]
		l.claimed(!taken, other)
	}
	return nil
}

// letGo gives all claims of a worker that stops back, at the most in the time that ctx has.
func (w *Worker) letGo(ctx context.Context) error {
	var all []registry.Serving
	for _, l := range w.all() {
		all = append(all, registry.Serving{Account: l.account.Name, As: l.account.installation()})
	}
	return w.cfg.Ledger.LetGo(ctx, w.cfg.ID, all)
}

// unclaimed says whether there is a lane that waits for its first answer.
func (w *Worker) unclaimed() bool {
	for _, l := range w.all() {
		l.mu.Lock()
		waits := !l.claim.held && l.claim.other == ""
		l.mu.Unlock()
		if waits {
			return true
		}
	}
	return false
}

// claimed tells the lane whether it may serve, and who does otherwise.
func (l *lane) claimed(held bool, other job.Installation) {
	why := ""
	if !held {
		why = "other workers serve account " + l.account.Name + " as " + other.String() + ", and this one would as " +
			l.account.installation().String() + ": give each installation a Redis of its own, or its accounts other names"
	}
	l.mu.Lock()
	same := l.claim.held == held && l.claim.other == why
	l.claim.held, l.claim.other = held, why
	l.mu.Unlock()
	if same {
		return
	}
	if !held {
		l.log.Error("account not served: another installation serves it", "this", l.account.installation().String(), "other", other.String())
	}
	select {
	case l.claim.changed <- struct{}{}:
	default:
	}
}

// mayServe says whether the claim is held.
func (l *lane) mayServe() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.claim.held
}

// standsAside waits, where the lane may not serve, until something has changed, and says whether it did.
func (l *lane) standsAside(ctx context.Context) bool {
	l.mu.Lock()
	held, other := l.claim.held, l.claim.other
	l.mu.Unlock()
	if held {
		return false
	}
	if other != "" {
		l.become(job.LaneConflict, other)
	}
	select {
	case <-ctx.Done():
	case <-l.claim.changed:
	}
	return true
}

// owns says whether this worker may work on a job: no other installation has begun with it. It asks once a job.
func (l *lane) owns(ctx context.Context, id string) (bool, error) {
	l.mu.Lock()
	mine, known := l.verdicts[id]
	l.mu.Unlock()
	if known {
		return mine, nil
	}
	as := l.account.installation()
	first, err := l.w.cfg.Ledger.SentTo(ctx, id, as)
	if err != nil {
		return false, err
	}
	mine = first.Same(as)
	if !mine {
		l.log.Error("job not worked on: another installation has begun with it", "job", id, "this", as.String(), "other", first.String())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.verdicts == nil || len(l.verdicts) >= maxVerdicts {
		l.verdicts = map[string]bool{}
	}
	l.verdicts[id] = mine
	return mine, nil
}
