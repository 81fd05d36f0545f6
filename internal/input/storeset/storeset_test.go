package storeset_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storeset"
)

func TestSetTellsIDsApart(t *testing.T) {
	t.Parallel()
	ids := []string{"7", "07", "007", "0", "00", "123456789012345678", "1234567890123456789", strings.Repeat("9", 64), "A", "a",
		"a-1", "a_1", "-1", "1-", "18446744073709551616"}
	for i := range 1000 {
		ids = append(ids, fmt.Sprintf("%09d", i*7919), fmt.Sprintf("shop-%d", i))
	}
	var s storeset.Set
	for _, id := range ids {
		if s.Has(id) {
			t.Fatalf("%q is there before it was added", id)
		}
		if !s.Add(id) {
			t.Fatalf("%q is not new", id)
		}
	}
	for _, id := range ids {
		if !s.Has(id) || s.Add(id) {
			t.Fatalf("%q is forgotten", id)
		}
	}
}

// TestSetIsAMap compares a set with a map: numbers in order and in none, close together and far apart, of all lengths.
func TestSetIsAMap(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*rand.Rand, int) string{
		"in order":        func(_ *rand.Rand, i int) string { return fmt.Sprintf("%09d", 100_000_000+i) },
		"backwards":       func(_ *rand.Rand, i int) string { return fmt.Sprintf("%09d", 100_000_000-i) },
		"every other":     func(_ *rand.Rand, i int) string { return fmt.Sprintf("%09d", 2*i) },
		"close":           func(r *rand.Rand, _ int) string { return fmt.Sprintf("%09d", 500_000_000+r.IntN(150_000)) },
		"nine digits":     func(r *rand.Rand, _ int) string { return fmt.Sprintf("%09d", r.IntN(1_000_000_000)) },
		"eighteen digits": func(r *rand.Rand, _ int) string { return fmt.Sprintf("%018d", r.Int64N(1e18)) },
		"all lengths":     func(r *rand.Rand, _ int) string { return fmt.Sprintf("%0*d", 1+r.IntN(5), r.IntN(10)) },
		"of all kinds": func(r *rand.Rand, i int) string {
			return []string{"", "0", "A", "x-"}[r.IntN(4)] + fmt.Sprint(r.IntN(9999))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			var s storeset.Set
			want := map[string]bool{}
			for i := range 100_000 {
				id := next(r, i)
				if other := next(r, i+r.IntN(1000)); s.Has(other) != want[other] {
					t.Fatalf("after %d, %q is there: %v", i, other, !want[other])
				}
				if s.Add(id) == want[id] {
					t.Fatalf("after %d, %q is new: %v", i, id, want[id])
				}
				want[id] = true
			}
			for id := range want {
				if !s.Has(id) {
					t.Fatalf("%q is forgotten", id)
				}
			}
		})
	}
}

func TestSetCostsLittle(t *testing.T) { // not beside others, whose memory would be counted
	const many = 400_000
	r := rand.New(rand.NewPCG(3, 4))
	var before, after runtime.MemStats
	var s storeset.Set
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range many {
		s.Add(fmt.Sprintf("%09d", r.IntN(40_000_000))) // as close together as ten million of nine digits
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := float64(after.HeapAlloc-before.HeapAlloc) / many; each > 3.5 {
		t.Errorf("%.1f bytes a number", each)
	}
	runtime.KeepAlive(&s)
}
