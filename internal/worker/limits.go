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
	"github.com/storelink/storelink/internal/wxapi"
)

// limits are the rate limits of one identity, one for each interface that was used.
type limits struct {
	rdb     redis.UniversalClient
	account Account
	log     *slog.Logger

	mu  sync.Mutex
	all map[string]*ratelimit.Limiter
}

func newLimits(rdb redis.UniversalClient, a Account, log *slog.Logger) *limits {
	return &limits{rdb: rdb, account: a, log: log, all: map[string]*ratelimit.Limiter{}}
}

// of returns the rate limit of the interface that an operation on a target uses.
func (l *limits) of(op job.Operation, t job.Target) processor.RateLimit {
	name := job.Interface(op, t)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[name] == nil {
		l.all[name] = ratelimit.New(l.rdb, limitName(l.account, name), ratelimit.Options{Rate: l.account.Rate,
			Logger: l.log.With("interface", name)})
	}
	return limiter{l.all[name]}
}

// limiter is a ratelimit.Limiter as the processor wants it.
type limiter struct{ *ratelimit.Limiter }

func (l limiter) Wait(ctx context.Context, urgency int) (processor.Permit, error) {
	p, err := l.Limiter.Wait(ctx, urgency)
	if err != nil {
		return nil, err
	}
	return permit{p}, nil
}

type permit struct{ *ratelimit.Permit }

func (p permit) Answered(way wxapi.Way, elapsed time.Duration) {
	p.Permit.Answered(ratelimit.Sent{At: way.At, Elapsed: elapsed, RTTVar: way.RTTVar})
}

// limitName is what the rate limit of an interface is called in Redis: it belongs to the identity, whatever the account is
// called.
func limitName(a Account, iface string) string {
	return string(a.Mode) + ":" + a.Identity + ":" + iface
}

// OpenLimit returns the rate limit of the interface that an operation on a target uses, for calls outside of any lane. What
// becomes of a call is told to its permit, so that the workers hear of it. close gives the slots back that it still has.
func OpenLimit(rdb redis.UniversalClient, a Account, op job.Operation, t job.Target) (limit processor.RateLimit, close func()) {
	l := ratelimit.New(rdb, limitName(a, job.Interface(op, t)), ratelimit.Options{Rate: a.Rate})
	return limiter{l}, l.Close
}

// inForce returns how the rate limits stand, by interface, and which one stops calls if one does. It is nothing for an
// account without a rate limit.
func (l *limits) inForce() (all map[string]job.RateLimit, stopped string) {
	if l.account.Rate == 0 {
		return nil, ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all = make(map[string]job.RateLimit, len(l.all))
	for _, name := range job.Interfaces() {
		all[name] = job.RateLimit{Rate: l.account.Rate * ratelimit.Begin, Allowed: l.account.Rate}
	}
	for name, limit := range l.all {
		s := limit.State()
		if s.At.IsZero() || s.Rate <= 0 {
			continue
		}
		all[name] = rateLimit(s)
		if time.Now().Before(s.StoppedUntil) {
			stopped = name + ": WeChat Pay refused calls for their rate (429): nobody calls for a while"
		}
	}
	return all, stopped
}

// rateLimit is a limiter's state as it is published.
func rateLimit(s ratelimit.State) job.RateLimit {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC().Truncate(time.Second)
		return &t
	}
	return job.RateLimit{Rate: s.Rate, Allowed: s.Allowed, At: s.At, RateLimitedAt: at(s.Refused),
		StoppedUntil: at(s.StoppedUntil), AnotherClient: s.Another,
		RoundTrip: float64(s.RoundTrip.Microseconds()) / 1000, WastingSince: at(s.Wasting), Wasted: s.Wasted}
}

func (l *limits) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, limit := range l.all {
		limit.Close()
	}
}

// farMost is how many more chunks are worked on at a time at the most where Redis is far away.
const farMost = 64

// far is how many more chunks a lane works on at a time for the way to Redis: while one is begun, waits for its slot and is
// recorded, it makes no call.
func (l *lane) far(ctx context.Context) int {
	asked := time.Now()
	if l.account.Rate == 0 || l.w.cfg.Redis.Ping(ctx).Err() != nil {
		return 0
	}
	return min(int(2*time.Since(asked).Seconds()*l.account.Rate), farMost)
}
