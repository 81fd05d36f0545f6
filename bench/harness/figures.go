package harness

import (
	"fmt"
	"slices"
	"strings"
)

// Figure is one line of the table.
type Figure struct {
	Comparison string `json:"comparison"`

	Group  string    `json:"group"` // the comparison
	Name   string    `json:"name"`
	Value  float64   `json:"value"` // the median
	Unit   string    `json:"unit"`  // ratio, %, calls, ms, MiB, bytes/store, s, …
	Spread []float64 `json:"spread,omitempty"`
	Bar    string    `json:"bar,omitempty"` // the target, from docs/performance.md
	Met    *bool     `json:"met,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// Median and the spread, least and most, of some values.
func Median(values []float64) (median float64, spread []float64) {
	if len(values) == 0 {
		return 0, nil
	}
	s := slices.Sorted(slices.Values(values))
	median = s[len(s)/2]
	if len(s)%2 == 0 {
		median = (s[len(s)/2-1] + median) / 2
	}
	return median, []float64{s[0], s[len(s)-1]}
}

// AtLeast and AtMost hold a figure against its bar.
func (f Figure) AtLeast(bar float64) Figure {
	met := f.Value >= bar
	f.Bar, f.Met = fmt.Sprintf("≥ %g", bar), &met
	return f
}

// AtMost is AtLeast the other way round.
func (f Figure) AtMost(bar float64) Figure {
	met := f.Value <= bar
	f.Bar, f.Met = fmt.Sprintf("≤ %g", bar), &met
	return f
}

// Table gives the figures as a Markdown table.
func Table(figures []Figure) string {
	var b strings.Builder
	b.WriteString("| what | | median | spread | bar | |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range figures {
		spread, met := "", ""
		if len(f.Spread) == 2 && f.Spread[0] != f.Spread[1] {
			spread = number(f.Spread[0]) + " to " + number(f.Spread[1])
		}
		if f.Met != nil {
			met = map[bool]string{true: "met", false: "**missed**"}[*f.Met]
		}
		if f.Note != "" {
			met = strings.TrimPrefix(met+"; "+f.Note, "; ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s %s | %s | %s | %s |\n", f.Group, f.Name, number(f.Value), f.Unit, spread, f.Bar, met)
	}
	return b.String()
}

func number(v float64) string {
	switch {
	case v != 0 && v < 10 && v > -10:
		return fmt.Sprintf("%.3g", v)
	case v < 1000 && v > -1000:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	return fmt.Sprintf("%.0f", v)
}
