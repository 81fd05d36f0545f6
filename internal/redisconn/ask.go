package redisconn

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// askers are the connections by which Sentinels, or the nodes of a cluster, are asked where the masters are: apart from
// those of the commands, since these may all wait for a server that is frozen. They close by themselves when nobody has
// asked for a while, as nobody does of a client that was closed.
type askers struct {
	user, password string
	secure         *tls.Config

	mu     sync.Mutex
	open   map[string]*redis.Client // by address
	closer *time.Timer
}

// The times of asking.
const (
	askTimeout = time.Second            // of one server; it takes some ms, and one that is frozen never answers
	askMore    = 200 * time.Millisecond // for others' answers, once there is one
	askIdle    = time.Minute            // how long the connections outlive the last question
	askAtMost  = 6                      // servers at a time
)

// to gives the client that asks one server.
func (a *askers) to(addr string) *redis.Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closer == nil {
		a.closer = time.AfterFunc(askIdle, a.close)
	} else {
		a.closer.Reset(askIdle)
	}
	if a.open == nil {
		a.open = map[string]*redis.Client{}
	}
	c := a.open[addr]
	if c == nil {
		c = redis.NewClient(&redis.Options{Addr: addr, Username: a.user, Password: a.password, PoolSize: 2, MaxRetries: -1,
			DialTimeout: askTimeout, ReadTimeout: askTimeout, WriteTimeout: askTimeout, PoolTimeout: askTimeout,
			DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dial(ctx, network, addr, a.secure, askTimeout)
			}})
		a.open[addr] = c
	}
	return c
}

func (a *askers) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for addr, c := range a.open {
		_ = c.Close() // nobody waits on it
		delete(a.open, addr)
	}
}

// each asks servers at once, and gives their answers: those that come soon after the first good one, or the errors of all.
func each[T any](ctx context.Context, addrs []string, ask func(ctx context.Context, addr string) (T, error)) (answers []T, errs []error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	type answer struct {
		of  T
		err error
	}
	all := make(chan answer, len(addrs))
	var asking sync.WaitGroup
	for _, addr := range addrs {
		asking.Go(func() {
			of, err := ask(ctx, addr)
			all <- answer{of, err}
		})
	}
	var enough <-chan time.Time
	for range addrs {
		select {
		case a := <-all:
			if a.err != nil {
				errs = append(errs, a.err)
				continue
			}
			if answers = append(answers, a.of); enough == nil {
				t := time.NewTimer(askMore)
				defer t.Stop()
				enough = t.C
			}
		case <-enough:
			go func() { // they end with ctx
				asking.Wait()
				cancel()
			}()
			return answers, errs
		}
	}
	cancel()
	return answers, errs
}
