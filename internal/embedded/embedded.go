// Package embedded is Redis in this process, for a run without a server: miniredis, which runs the same scripts. What it
// holds is gone with the process. It must never be reachable for others: it listens on loopback alone, behind a
// password that is made anew every time.
package embedded

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tick is how often time is moved on: the precision of what expires. (miniredis' own clock, by which the scripts
// measure, needs no help; only the lives of keys do.)
const tick = time.Second

// Server is an embedded Redis.
type Server struct {
	mini     *miniredis.Miniredis
	password string

	stop    chan struct{}
	stopped sync.WaitGroup
	close   func()
}

// Start starts one.
func Start() (*Server, error) {
	ticker := time.NewTicker(tick)
	s, err := start(ticker.C)
	if err != nil {
		ticker.Stop()
		return nil, err
	}
	s.stopped.Go(func() {
		<-s.stop
		ticker.Stop()
	})
	return s, nil
}

// start takes its time from ticks, each by how long it is since the one before.
func start(ticks <-chan time.Time) (*Server, error) {
	s := &Server{mini: miniredis.NewMiniRedis(), password: rand.Text(), stop: make(chan struct{})}
	s.mini.RequireAuth(s.password)
	if err := s.mini.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	last := time.Now()
	s.stopped.Go(func() {
		for {
			select {
			case <-s.stop:
				return
			case now := <-ticks:
				if d := now.Sub(last); d > 0 {
					s.mini.FastForward(d)
					last = now
				}
			}
		}
	})
	s.close = sync.OnceFunc(func() {
		close(s.stop)
		s.stopped.Wait()
		s.mini.Close()
	})
	return s, nil
}

// Options are what a client of this server is made with.
func (s *Server) Options() *redis.Options {
	return &redis.Options{Addr: s.mini.Addr(), Password: s.password, ContextTimeoutEnabled: true}
}

// Close ends the server and all that it holds.
func (s *Server) Close() { s.close() }
