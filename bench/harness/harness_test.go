package harness_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/bench/harness"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in     []float64
		median float64
		spread []float64
	}{{nil, 0, nil}, {[]float64{3}, 3, []float64{3, 3}}, {[]float64{9, 1, 2}, 2, []float64{1, 9}},
		{[]float64{4, 1, 2, 3}, 2.5, []float64{1, 4}}} {
		m, s := harness.Median(tc.in)
		if m != tc.median || !slices.Equal(s, tc.spread) {
			t.Errorf("%v: %v, %v", tc.in, m, s)
		}
	}
}

func TestTableTellsWhatWasMissed(t *testing.T) {
	t.Parallel()
	table := harness.Table([]harness.Figure{
		harness.Figure{Group: "a", Name: "b", Value: 0.84, Unit: "ratio", Spread: []float64{0.8, 0.9}}.AtLeast(0.85),
		harness.Figure{Group: "a", Name: "c", Value: 61, Unit: "MiB"}.AtMost(64),
	})
	for _, want := range []string{"| a | b | 0.84 ratio | 0.8 to 0.9 | ≥ 0.85 | **missed** |", "| a | c | 61 MiB |  | ≤ 64 | met |"} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is not in\n%s", want, table)
		}
	}
}

func TestProcessesAreMeasured(t *testing.T) {
	t.Parallel()
	p, err := harness.Start(t.TempDir(), nil, "sh", "-c", "exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err == nil {
		t.Error("an exit status of 3 is taken for a success")
	}
	if err := p.Wait(3); err != nil || p.PeakMiB() <= 0 {
		t.Errorf("%v, %v MiB", err, p.PeakMiB())
	}
}
