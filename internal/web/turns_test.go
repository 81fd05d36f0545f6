package web

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// These look inside: they are about time, which no test from outside may wait for.
func TestWhoAsksWithoutEndGetsAPartOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		searches := newTurns(1, searchRest)
		began, busy := time.Now(), time.Duration(0)
		for range 20 {
			done := searches.take(t.Context())
			if done == nil {
				t.Fatal("nobody has a turn for five seconds")
			}
			time.Sleep(time.Second) // of work
			busy += time.Second
			done()
		}
		if all := time.Since(began) + searchRest*time.Second; busy*4 != all {
			t.Errorf("of %v, searches took %v", all, busy)
		}
	})
}

func TestARestHasABoundAndATurnIsWaitedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		searches := newTurns(1, searchRest)
		done := searches.take(t.Context())
		began := time.Now()
		if searches.take(t.Context()) != nil || time.Since(began) != turnTimeout {
			t.Errorf("a turn that is taken is had, or waited for for %v", time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if searches.take(ctx) != nil {
			t.Error("who has gone has a turn")
		}
		time.Sleep(time.Hour)
		done()
		began = time.Now()
		for searches.take(t.Context()) == nil {
		}
		if rest := time.Since(began); rest > mostRest {
			t.Errorf("after an hour the rest is %v", rest)
		}
	})
}
