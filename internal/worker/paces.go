package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/processor"
	"github.com/storelink/storelink/internal/ratelimit"
	"github.com/storelink/storelink/internal/results"
)

// paces are the allowances of one identity, one for each interface that was used.
type paces struct {
	rdb     redis.UniversalClient
	account Account
	log     *slog.Logger

	mu  sync.Mutex
	all map[string]*ratelimit.Pace
}

func newPaces(rdb redis.UniversalClient, a Account, log *slog.Logger) *paces {
	return &paces{rdb: rdb, account: a, log: log, all: map[string]*ratelimit.Pace{}}
}

// of gives the pace of the interface that an operation on a target uses.
func (p *paces) of(op job.Operation, t job.Target) processor.Pace {
	name := job.Interface(op, t)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all[name] == nil {
		p.all[name] = ratelimit.New(p.rdb, paceName(p.account, name), ratelimit.Options{Rate: p.account.Rate,
			Logger: p.log.With("interface", name)})
	}
	return p.all[name]
}

// paceName is what the pace of an interface is called in Redis: it belongs to the identity, whatever the account is
// called.
func paceName(a Account, iface string) string { return string(a.Mode) + ":" + a.Identity + ":" + iface }

// AwaitPace waits for one slot of an account's pace, for a call outside of any lane.
func AwaitPace(ctx context.Context, rdb redis.UniversalClient, a Account, op job.Operation, t job.Target) error {
	p := ratelimit.New(rdb, paceName(a, job.Interface(op, t)), ratelimit.Options{Rate: a.Rate})
	defer p.Close()
	return p.Wait(ctx, 0)
}

// inForce gives the calls a second in force, by interface, and why calls are stopped if they are. It is nothing for an
// account without a pace.
func (p *paces) inForce() (rates map[string]results.Pace, stopped string) {
	if p.account.Rate == 0 {
		return nil, ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	rates = make(map[string]results.Pace, len(p.all))
	for _, name := range job.Interfaces() {
		rates[name] = results.Pace{Rate: ratelimit.FirstRate(p.account.Rate)}
	}
	for name, pace := range p.all {
		s := pace.State()
		if s.At.IsZero() || s.Rate <= 0 {
			continue
		}
		rates[name] = results.Pace{Rate: s.Rate, Why: s.Why, At: s.At}
		if time.Now().Before(s.StoppedUntil) {
			stopped = name + ": " + s.Why
		}
	}
	return rates, stopped
}

func (p *paces) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pace := range p.all {
		pace.Close()
	}
}
