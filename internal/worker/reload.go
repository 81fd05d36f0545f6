package worker

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/processor"
)

// Reloaded is what a reload has changed: names of accounts, in order.
type Reloaded struct {
	Added   []string
	Changed []string
	Removed []string
	Kept    int // accounts that were not disturbed
}

// reload is a Reload on its way to Run.
type reload struct {
	accounts []Account
	done     chan Reloaded
}

// Why a lane is stopped though its worker goes on.
var (
	errRemoved = errors.New("this worker is letting go of the account: it is no longer in its configuration")
	errChanged = errors.New("this worker is letting go of the account, to serve it with its new configuration")
)

// farewell says why a lane ends.
func farewell(ctx context.Context) string {
	if cause := context.Cause(ctx); errors.Is(cause, errRemoved) || errors.Is(cause, errChanged) {
		return cause.Error()
	}
	return "this worker is stopping"
}

// Reload lets a running worker serve these accounts from now on. Lanes of accounts that are the same are not disturbed.
// Those of accounts that are gone finish the calls in flight, record them and give back what waits; those of accounts
// that have changed do so and are started anew. It returns when all that is done: while Redis is
// away, what has come cannot be recorded, and is not given up either.
// Two accounts of one name are refused; so is a worker that is stopping, or was never started, once ctx ends.
func (w *Worker) Reload(ctx context.Context, accounts []Account) (Reloaded, error) {
	seen := map[string]bool{}
	for _, a := range accounts {
		if seen[a.Name] {
			return Reloaded{}, job.Errorf(job.CodeBadConfig, "account %s stands twice", a.Name)
		}
		seen[a.Name] = true
	}
	r := reload{accounts, make(chan Reloaded, 1)}
	select {
	case w.reloads <- r:
		return <-r.done, nil // Run always answers
	case <-w.stopped:
		return Reloaded{}, job.Errorf(job.CodeInterrupted, "the worker is stopping")
	case <-ctx.Done():
		return Reloaded{}, ctx.Err()
	}
}

// reload is Reload within Run. New lanes are of the services, as those that Run itself began.
func (w *Worker) reload(ctx context.Context, services *sync.WaitGroup, accounts []Account) Reloaded {
	var out Reloaded
	begin := func(a Account) {
		l := newLane(w, a)
		w.place(l)
		services.Go(l.begin(ctx))
		l.poke() // there may be jobs that wait for it
	}
	var draining sync.WaitGroup
	drain := func(l *lane, why error, next processor.Client, then func()) {
		l.stop(why)
		draining.Go(func() {
			<-l.done
			if c, ok := l.account.Client.(interface{ Close() }); ok && l.account.Client != next {
				c.Close()
			}
			then()
		})
	}
	wanted := make([]string, 0, len(accounts))
	for _, a := range accounts {
		wanted = append(wanted, a.Name)
		switch l := w.lane(a.Name); {
		case l == nil:
			out.Added = append(out.Added, a.Name)
			begin(a)
		case l.account.same(a):
			out.Kept++
		default:
			out.Changed = append(out.Changed, a.Name)
			drain(l, errChanged, a.Client, func() { begin(a) })
		}
	}
	for _, l := range w.all() {
		if name := l.account.Name; !slices.Contains(wanted, name) {
			out.Removed = append(out.Removed, name)
			drain(l, errRemoved, nil, func() { w.remove(l) })
		}
	}
	await(w.hard, stopRest/2, draining.Wait)
	w.sort(wanted)
	w.others.Store(true)
	w.noteChange()
	return out
}

// lane gives an account's lane; nil where this worker does not serve it.
func (w *Worker) lane(account string) *lane {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.lanes[account]
}

// all gives the lanes as they are now.
func (w *Worker) all() []*lane {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.order)
}

// place puts a lane in: in the place of that of the same name, or at the end.
func (w *Worker) place(l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.lanes[l.account.Name]; old != nil {
		w.order[slices.Index(w.order, old)] = l
	} else {
		w.order = append(w.order, l)
	}
	w.lanes[l.account.Name] = l
}

// remove takes a lane out.
func (w *Worker) remove(l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lanes, l.account.Name)
	w.order = slices.DeleteFunc(w.order, func(o *lane) bool { return o == l })
}

// sort brings the lanes into the order of their accounts' names in wanted.
func (w *Worker) sort(wanted []string) {
	place := make(map[string]int, len(wanted))
	for i, name := range wanted {
		place[name] = i
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.order, func(a, b *lane) int { return place[a.account.Name] - place[b.account.Name] })
}
