package chunker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/job"
)

func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int]int{0: 200, 1: 1, 200: 200} {
		if got, err := chunker.Size(asked); got != want || err != nil {
			t.Errorf("Size(%d) = %d, %v", asked, got, err)
		}
	}
	for _, asked := range []int{-1, 201, 1 << 30} {
		if _, err := chunker.Size(asked); job.ExitStatus(err) != 2 {
			t.Errorf("Size(%d): %v", asked, err)
		}
	}
}

func TestChunksHoldTheListInItsOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9, 10, 11, 20, 95} {
		c := chunker.New(10)
		var want, got []string
		for i := range n {
			id := fmt.Sprint(i)
			want = append(want, id)
			if chunk := c.Add(id); chunk != nil {
				if len(chunk) != 10 {
					t.Fatalf("a chunk of %d", len(chunk))
				}
				got = append(got, chunk...)
			}
		}
		got = append(got, c.Rest()...)
		if !slices.Equal(got, want) {
			t.Errorf("%d IDs: got %v", n, got)
		}
	}
}

// lists are the shapes that lists of IDs have.
func lists() map[string][]string {
	r := rand.New(rand.NewPCG(1, 2))
	make200 := func(f func(i int) string) []string {
		ids := make([]string, 200)
		for i := range ids {
			ids[i] = f(i)
		}
		return ids
	}
	const chars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abcdefghijklmnopqrstuvwxyz"
	return map[string][]string{
		"nine digits":      make200(func(int) string { return fmt.Sprintf("%09d", r.IntN(1e9)) }),
		"sorted":           make200(func(i int) string { return fmt.Sprintf("%09d", 100000001+3*i) }),
		"falling":          make200(func(i int) string { return fmt.Sprintf("%09d", 900000001-i) }),
		"leading zeros":    make200(func(i int) string { return fmt.Sprintf("%012d", i) }),
		"mixed lengths":    make200(func(i int) string { return fmt.Sprint(i * i) }),
		"prefixed":         make200(func(i int) string { return fmt.Sprintf("SH-%06d", r.IntN(1e6)) }),
		"prefix of digits": make200(func(i int) string { return fmt.Sprintf("86%030d%06d", 7, r.IntN(1e6)) }),
		"uuid":             make200(func(int) string { return fmt.Sprintf("%08x-%04x", r.Uint32(), r.IntN(1<<16)) }),
		"eighteen digits":  make200(func(int) string { return fmt.Sprintf("%018d", r.Int64N(1e18)) }),
		"the longest": make200(func(int) string {
			b := make([]byte, 64)
			for i := range b {
				b[i] = chars[r.IntN(64)]
			}
			return string(b)
		}),
		"one":            {"7"},
		"all the same":   {"7", "7", "7"},
		"7 and 007":      {"7", "007", "07"},
		"one in another": {"ab", "abc", "a"},
		"same but last":  {"a1", "a2", "ab"},
	}
}

func TestChunksSurviveTheirCodec(t *testing.T) {
	t.Parallel()
	for name, ids := range lists() {
		b := chunker.Encode([]byte("before"), ids)[len("before"):]
		got, err := chunker.Decode(b)
		if err != nil || !slices.Equal(got, ids) {
			t.Errorf("%s: %v\n got %v\nwant %v", name, err, got, ids)
		}
		if n := chunker.Count(b); n != len(ids) {
			t.Errorf("%s: counted %d", name, n)
		}
	}
}

func TestNineDigitsFitTheirSizeClass(t *testing.T) {
	t.Parallel()
	if n := len(chunker.Encode(nil, lists()["nine digits"])); n > 762 {
		t.Errorf("%d bytes: with Redis' own 6 it leaves the size class of 768", n)
	}
	if n := len(chunker.Encode(nil, lists()["sorted"])); n > 100 {
		t.Errorf("a sorted list takes %d bytes", n)
	}
}

func TestGarbageIsRefused(t *testing.T) {
	t.Parallel()
	for name, ids := range lists() {
		b := chunker.Encode(nil, ids)
		for cut := range b {
			if _, err := chunker.Decode(b[:cut]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes were read", name, cut, len(b))
			}
		}
		if _, err := chunker.Decode(append(slices.Clone(b), 0)); err == nil {
			t.Errorf("%s: a byte too many was read", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, ids := range lists() {
		f.Add(chunker.Encode(nil, ids))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := chunker.Decode(b)
		if err != nil {
			return
		}
		if len(ids) == 0 || len(ids) > job.MaxStoresPerCall {
			t.Fatalf("%d IDs", len(ids))
		}
		for _, id := range ids {
			if !job.ValidID(id) {
				t.Fatalf("read %q", id)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, ids := range lists() {
		f.Add(strings.Join(ids, " "))
	}
	f.Fuzz(func(t *testing.T, s string) {
		var ids []string
		for _, id := range strings.Fields(s) {
			if job.ValidID(id) && len(ids) < job.MaxStoresPerCall {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			return
		}
		got, err := chunker.Decode(chunker.Encode(nil, ids))
		if err != nil || !slices.Equal(got, ids) {
			t.Fatalf("%v: got %q, want %q", err, got, ids)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"nine digits", "uuid"} {
		ids := lists()[name]
		b.Run(name, func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = chunker.Encode(dst[:0], ids)
			}
			b.ReportMetric(float64(len(dst))/200, "B/ID")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"nine digits", "uuid"} {
		blob := chunker.Encode(nil, lists()[name])
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := chunker.Decode(blob); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
