package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	lua "github.com/yuin/gopher-lua"

	"github.com/storelink/storelink/internal/ratelimit"
)

// simRedis is a Redis of a simulated world: it runs the scripts that it is given, on a clock and a network of the test's.
// It has what the rate limit's scripts use and no more.
type simRedis struct {
	way func(r *rand.Rand) (there, back time.Duration) // how long a command and its answer take

	mu     sync.Mutex
	random *rand.Rand
	far    *redis.Client // one that is 800 ms away; nil for none
	clock  time.Duration // how far its clock is from the world's
	away   bool
	hash   map[string]string
	state  *lua.LState
	loaded map[string]*lua.LFunction
}

func newSimRedis(seed uint64) *simRedis {
	s := &simRedis{hash: map[string]string{}, loaded: map[string]*lua.LFunction{}, state: lua.NewState(),
		random: rand.New(rand.NewPCG(seed, 1)),
		way:    func(*rand.Rand) (there, back time.Duration) { return 500 * time.Microsecond, 500 * time.Microsecond }}
	table := s.state.NewTable()
	s.state.SetField(table, "call", s.state.NewFunction(s.call))
	s.state.SetGlobal("redis", table)
	return s
}

// call is redis.call.
func (s *simRedis) call(l *lua.LState) int {
	reply := l.NewTable()
	switch name := l.CheckString(1); name {
	case "TIME":
		now := time.Now().Add(s.clock)
		reply.Append(lua.LString(strconv.FormatInt(now.Unix(), 10)))
		reply.Append(lua.LString(strconv.Itoa(now.Nanosecond() / 1000)))
	case "HGETALL":
		for k, v := range s.hash {
			reply.Append(lua.LString(k))
			reply.Append(lua.LString(v))
		}
	case "HSET":
		for i := 3; i < l.GetTop(); i += 2 {
			s.hash[l.CheckString(i)] = l.CheckString(i + 1)
		}
	case "PEXPIRE":
	default:
		l.RaiseError("no such command: %s", name)
	}
	l.Push(reply)
	return 1
}

func (s *simRedis) run(source string, key any, args []any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.loaded[source]
	if f == nil {
		var err error
		if f, err = s.state.LoadString(source); err != nil {
			return nil, err
		}
		s.loaded[source] = f
	}
	keys, argv := s.state.NewTable(), s.state.NewTable()
	keys.Append(lua.LString(fmt.Sprint(key)))
	for _, a := range args {
		argv.Append(lua.LString(fmt.Sprint(a)))
	}
	s.state.SetGlobal("KEYS", keys)
	s.state.SetGlobal("ARGV", argv)
	s.state.Push(f)
	if err := s.state.PCall(0, 1, nil); err != nil {
		return nil, err
	}
	table := s.state.CheckTable(-1)
	s.state.Pop(1)
	var reply []any
	table.ForEach(func(_, v lua.LValue) { reply = append(reply, v.String()) })
	return reply, nil
}

// set changes something of the world's Redis.
func (s *simRedis) set(change func(*simRedis)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

var errAway = errors.New("connection refused")

// client is a client whose commands go to s over the simulated network.
func (s *simRedis) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	c.AddHook(simHook{s, c})
	return c
}

type simHook struct {
	s *simRedis
	c *redis.Client
}

func (h simHook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h simHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (h simHook) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.s.mu.Lock()
		there, back := h.s.way(h.s.random)
		if h.c == h.s.far {
			there, back = 400*time.Millisecond, 400*time.Millisecond
		}
		h.s.mu.Unlock()
		err := travel(ctx, there)
		var reply any
		h.s.set(func(s *simRedis) {
			if err == nil && s.away {
				err = errAway
			}
		})
		if err == nil {
			args := cmd.Args()
			source, ok := h.s.source(args)
			if !ok {
				err = noScript{}
			} else {
				reply, err = h.s.run(source, args[3], args[4:])
			}
		}
		if err == nil || errors.As(err, &noScript{}) {
			if e := travel(ctx, back); e != nil {
				err = e
			}
		}
		cmd.SetErr(err)
		if err == nil {
			cmd.(*redis.Cmd).SetVal(reply)
		}
		return err
	}
}

type noScript struct{}

func (noScript) Error() string { return "NOSCRIPT No matching script." }
func (noScript) RedisError()   {}

// source finds a command's script: EVAL brings it, EVALSHA names it.
func (s *simRedis) source(args []any) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := args[1].(string)
	if strings.EqualFold(args[0].(string), "eval") {
		s.hash["\x00"+redis.NewScript(text).Hash()] = text
		return text, true
	}
	source, ok := s.hash["\x00"+text]
	return source, ok
}

func travel(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// simServer is WeChat Pay: it counts a true sliding second.
type simServer struct {
	allowed      int           // calls in any period; 0 for 20
	period       time.Duration // 0 for a second
	jitter       time.Duration // calls take up to this longer on their way there
	work         time.Duration // and what the server does takes this
	spread       time.Duration // and up to this more
	countRefused bool

	mu      sync.Mutex
	random  *rand.Rand
	storm   bool // refuses everything
	window  []time.Time
	began   time.Time
	seconds map[int]*second
}

// second is what came in within one second of the world.
type second struct{ admitted, refused, theirs, theirsRefused int }

// set changes something of the server.
func (s *simServer) set(change func(*simServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *simServer) draw(most time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.random.Float64() * float64(most))
}

// arrive counts a call that has come in.
func (s *simServer) arrive(ours bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for len(s.window) > 0 && now.Sub(s.window[0]) >= s.period {
		s.window = s.window[1:]
	}
	ok := len(s.window) < s.allowed && !s.storm
	if ok || s.countRefused {
		s.window = append(s.window, now)
		if len(s.window) > s.allowed {
			s.window = s.window[1:]
		}
	}
	i := int(now.Sub(s.began) / time.Second)
	n := s.seconds[i]
	if n == nil {
		n = &second{}
		s.seconds[i] = n
	}
	switch {
	case ours && ok:
		n.admitted++
	case ours:
		n.refused++
	case ok:
		n.theirs++
	default:
		n.theirsRefused++
	}
	return ok
}

// sum adds up the seconds from one to before another.
func (s *simServer) sum(from, to int) (n second) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := from; i < to; i++ {
		if x := s.seconds[i]; x != nil {
			n.admitted += x.admitted
			n.refused += x.refused
			n.theirs += x.theirs
			n.theirsRefused += x.theirsRefused
		}
	}
	return n
}

// simWorld is a Redis, a server, and workers that always have calls to make.
type simWorld struct {
	seed     uint64
	redis    *simRedis
	server   *simServer
	limiters []*ratelimit.Limiter
	clients  []*redis.Client
	ctx      context.Context
	end      context.CancelFunc
	going    sync.WaitGroup
}

// simulate runs a test in a world of its own, with so many workers of so many runs each.
func simulate(t *testing.T, seed uint64, workers, runs int, server *simServer, test func(*simWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &simWorld{seed: seed, redis: newSimRedis(seed), server: server}
		defer w.redis.state.Close()
		if server.allowed == 0 {
			server.allowed = 20
		}
		if server.period == 0 {
			server.period = time.Second
		}
		server.random = rand.New(rand.NewPCG(seed, 2))
		server.began, server.seconds = time.Now(), map[int]*second{}
		w.ctx, w.end = context.WithCancel(context.Background())
		for range workers {
			l := w.limiter("sim")
			for range runs {
				w.going.Go(func() { w.work(l) })
			}
		}
		test(w)
		w.end()
		w.going.Wait()
		for i, l := range w.limiters {
			l.Close()
			_ = w.clients[i].Close()
		}
	})
}

// limiter is one more worker's rate limit.
func (w *simWorld) limiter(name string) *ratelimit.Limiter {
	rdb := w.redis.client()
	l := ratelimit.New(rdb, name, ratelimit.Options{Rate: float64(w.server.allowed) / w.server.period.Seconds()})
	w.limiters, w.clients = append(w.limiters, l), append(w.clients, rdb)
	return l
}

// micros is a moment as Redis has it.
func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// work makes calls until the world ends.
func (w *simWorld) work(l *ratelimit.Limiter) {
	s := w.server
	for {
		p, err := l.Wait(w.ctx, 0)
		if err != nil {
			return
		}
		time.Sleep(s.draw(2*time.Millisecond) / 4)
		sent := time.Now()
		time.Sleep(20*time.Millisecond + s.draw(s.jitter))
		ok := s.arrive(true)
		time.Sleep(20*time.Millisecond + s.work + s.draw(s.spread))
		if ok {
			p.Answered(ratelimit.Sent{At: sent, Elapsed: time.Since(sent)})
		} else {
			_ = p.Refused(w.ctx)
		}
	}
}

// manner is how another client spreads its calls: the moment of its nth call in seconds, by that of the one before.
type manner func(r *rand.Rand, perSecond float64, n int, before float64) float64

// The manners of other clients.
var (
	uneven manner = func(r *rand.Rand, perSecond float64, n int, _ float64) float64 { // as the sandbox has it
		return (float64(n) + r.Float64()/2) / perSecond
	}
	even    manner = func(_ *rand.Rand, perSecond float64, n int, _ float64) float64 { return float64(n) / perSecond }
	poisson manner = func(r *rand.Rand, perSecond float64, _ int, before float64) float64 {
		return before + r.ExpFloat64()/perSecond
	}
	bursts manner = func(_ *rand.Rand, perSecond float64, n int, _ float64) float64 { // all of a second's at once
		return float64(n / int(perSecond))
	}
)

// another has somebody else use the allowance until the world ends or stop is called.
func (w *simWorld) another(perSecond float64, how manner) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	r := rand.New(rand.NewPCG(w.seed, 3))
	began := time.Now().Add(time.Duration(r.Float64() * float64(time.Second)))
	w.going.Go(func() {
		at := 0.0
		for n := 0; ; n++ {
			at = how(r, perSecond, n, at)
			if travel(ctx, time.Until(began.Add(time.Duration(at*float64(time.Second))))) != nil {
				return
			}
			w.server.arrive(false)
		}
	})
	return cancel
}
